package sentiment

// is tells that a token of the text is a word that rules name.
func (r *reading) is(i int, named id) bool {
	return i >= 0 && i < len(r.tokens) && r.tokens[i].id == named
}

// valence is how the token at a place sounds where it stands. Mixed is a text in
// which some words, not all, are in upper case.
func (r *reading) valence(l *lexicon, i int, mixed bool) float64 {
	t := &r.tokens[i]
	if !t.rated || t.boosts || r.is(i, l.kind) && r.is(i+1, l.of) {
		return 0
	}
	valence := t.valence
	if t.id == l.no && i+1 < len(r.tokens) && r.tokens[i+1].rated {
		valence = 0 // it only negates the next
	}
	if r.is(i-1, l.no) || r.is(i-2, l.no) || r.is(i-3, l.no) && (r.is(i-1, l.or) || r.is(i-1, l.nor)) {
		valence = negation * t.valence
	}
	if t.upper && mixed {
		valence = away(valence, capitals)
	}
	for distance, damping := range [...]float64{1: 1, 2: secondBefore, 3: thirdBefore} {
		if distance == 0 || i < distance || r.tokens[i-distance].rated {
			continue
		}
		valence += damping * r.tokens[i-distance].boostOf(valence, mixed)
		valence = r.negate(l, valence, i, distance)
		if distance == 3 {
			valence = r.phrases(l, valence, i)
		}
	}
	if r.is(i-1, l.least) && !r.tokens[i-1].rated && !r.is(i-2, l.at) && !r.is(i-2, l.very) {
		valence *= negation
	}
	return valence
}

// away is a number moved away from zero, which itself moves down.
func away(x, by float64) float64 {
	if x > 0 {
		return x + by
	}
	return x - by
}

// boostOf is what the token adds to the valence of a later one.
func (t *token) boostOf(valence float64, mixed bool) float64 {
	if !t.boosts {
		return 0
	}
	boost := t.boost
	if valence < 0 {
		boost = -boost
	}
	if t.upper && mixed {
		if valence > 0 {
			return boost + capitals
		}
		return boost - capitals
	}
	return boost
}

// negate applies what a token a distance before another says about it: "never so"
// and "never this" strengthen, "without a doubt" does nothing.
func (r *reading) negate(l *lexicon, valence float64, i, distance int) float64 {
	strong := func(i int) bool { return r.is(i, l.so) || r.is(i, l.this) }
	switch distance {
	case 2:
		if r.is(i-2, l.never) && strong(i-1) {
			return never * valence
		}
		if r.is(i-2, l.without) && r.is(i-1, l.doubt) {
			return valence
		}
	case 3:
		// The authors' program takes "so" and "this" right before a word without "never", too.
		if r.is(i-3, l.never) && strong(i-2) || strong(i-1) {
			return never * valence
		}
		if r.is(i-3, l.without) && (r.is(i-2, l.doubt) || r.is(i-1, l.doubt)) {
			return valence
		}
	}
	if r.tokens[i-distance].negates {
		return negation * valence
	}
	return valence
}

// phrases are idioms around a token, which sound otherwise than their words, and boosters of
// several words before it.
func (r *reading) phrases(l *lexicon, valence float64, i int) float64 {
	for _, p := range [...]phrase{r.phrase(i-1, 2), r.phrase(i-2, 3), r.phrase(i-2, 2), r.phrase(i-3, 3), r.phrase(i-3, 2)} {
		if idiom, found := l.idioms[p]; found {
			valence = idiom
			break
		}
	}
	for _, p := range [...]phrase{r.phrase(i, 2), r.phrase(i, 3)} {
		if idiom, found := l.idioms[p]; found {
			valence = idiom
		}
	}
	for _, p := range [...]phrase{r.phrase(i-3, 3), r.phrase(i-3, 2), r.phrase(i-2, 2)} {
		valence += l.boosts[p]
	}
	return valence
}

// phrase is that of n tokens; without words, if there are not so many or one is in no phrase.
func (r *reading) phrase(from, n int) (p phrase) {
	if from+n > len(r.tokens) {
		return phrase{}
	}
	for i, t := range r.tokens[from : from+n] {
		if p[i] = t.id; t.id == 0 {
			return phrase{}
		}
	}
	return p
}
