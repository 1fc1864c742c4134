package detect

// cards looks for payment cards: digits that an issuer has, as many as it gives, in groups as
// printed on the card or in one, with the check digit of Luhn. Each place is tried, so that a
// code, a date or a second card beside one does not hide it. One in ten numbers checks by
// chance, so what stands around takes from the confidence, unless a word speaks for a card: the
// label of an order, more groups of the same kind, other digits that are joined to it.
// Lengths that are rare on cards and common elsewhere (13 digits on goods, 12 on parcels) need such a word.
func (p *pass) cards() {
	s := &p.seq
	for a := range s.starts {
		if s.size(a) < 4 || a == 0 && s.bindsLeft {
			continue
		}
		issued := issuedTo(s.of(a, a))
		if issued == nil {
			continue
		}
		for b := a; b < min(a+maxCardGroups, len(s.groups)); b++ {
			n := s.count(a, b)
			if n > maxCardDigits {
				break
			}
			if n >= minCardDigits && issued[n] > 0 && s.cardGroups(a, b) {
				p.card(a, b, issued[n])
			}
		}
	}
}

const (
	maxCardGroups = 6
	minCardDigits = 12
	maxCardDigits = 19
)

// card adds groups a to b if they check. Their issuer speaks for them by base.
func (p *pass) card(a, b int, base float64) {
	s := &p.seq
	digits := s.of(a, b)
	p.work += len(digits)
	if !luhn(digits) || b == len(s.groups)-1 && s.bindsRight {
		return
	}
	start, end := s.groups[a].start, s.groups[b].end
	if a < b {
		base += 0.1
	}
	around := s.foursAround(a, b)
	if (around == longerRow || a == b && !s.expires(b+1)) && p.reference(creditCard, start, end) {
		base -= 0.5
	}
	if around != noFours && !p.near(start, end, topicOf(creditCard)) {
		base -= [...]float64{besideFours: 0.1, longerRow: 0.25}[around]
	}
	if !s.opens(a) && (a == b || !s.beginsAfterCode(a)) || !s.closes(b) && !s.endsInCode(b) {
		base -= 0.5
	} else if base >= p.minConfidence {
		s.cards |= (1<<(b-a+1) - 1) << a
	}
	p.addNear(creditCard, start, end, min(base, certain), 0.3)
}

// What fours before or after a card say of it.
const (
	noFours     = iota
	besideFours // one before, or when the card expires after it: another number each
	longerRow   // more: a longer number may be written so
)

// foursAround returns what is before and after groups a to b, if they are fours and so are those around
// them, with the same spaces between.
func (s *sequence) foursAround(a, b int) int {
	if kind, _ := s.gaps(a, b); kind != space || s.size(a+1) == 6 {
		return noFours
	}
	follows := b+1 < len(s.groups) && s.groups[b+1].gap == space
	before := a > 0 && s.groups[a].gap == space && s.size(a-1) == 4
	after := follows && s.size(b+1) == 4
	switch {
	case !before && !after:
		return noFours
	case (!before || a == 1) && (!follows || s.expires(b+1)):
		return besideFours
	}
	return longerRow
}

// expires says that the groups from i on are when a card expires: 1226, 12/26, 2026, 12 2026.
func (s *sequence) expires(i int) bool {
	isMonth := func(d []byte) bool { return number(d) >= 1 && number(d) <= 12 }
	isYear := func(d []byte) bool { return number(d) >= 20 && number(d) < 50 }
	switch {
	case i >= len(s.groups):
		return false
	case s.size(i) == 4:
		d := s.of(i, i)
		return (isMonth(d[:2]) || string(d[:2]) == "20") && isYear(d[2:])
	case s.size(i) == 2 && i+1 < len(s.groups):
		d := s.of(i+1, i+1)
		return isMonth(s.of(i, i)) && (len(d) == 2 || len(d) == 4 && string(d[:2]) == "20") && isYear(d[len(d)-2:])
	}
	return false
}

// endsInCode says that what a mark joins to group b is short enough for what is said along with a card: when
// it expires, its code, the cents of an amount. That is up to four digits, or six in two groups.
func (s *sequence) endsInCode(b int) bool {
	digits, last := 0, b
	for last+1 < len(s.groups) && (last == b || !s.groups[last+1].gap.parts()) {
		last++
		digits += s.size(last)
	}
	return s.closes(last) && (last == b+1 && digits <= 4 || last == b+2 && digits <= 6)
}

// beginsAfterCode says the same of what a mark joins before group a.
func (s *sequence) beginsAfterCode(a int) bool {
	digits, first := 0, a
	for first > 0 && (first == a || !s.groups[first].gap.parts()) {
		first--
		digits += s.size(first)
	}
	return s.opens(first) && (first == a-1 && digits <= 4 || first == a-2 && digits <= 6)
}

// cardGroups says that groups a to b are cut as cards are: fours (or eights and twelves, where a
// separator was invisible), or four, six and the rest.
func (s *sequence) cardGroups(a, b int) bool {
	kind, uniform := s.gaps(a, b)
	if a == b {
		return true
	}
	if !uniform || kind == paren || kind == slash {
		return false
	}
	if b-a == 2 && s.size(a) == 4 && s.size(a+1) == 6 {
		return s.size(b) == 5 || s.size(b) == 4
	}
	for i := a; i < b; i++ {
		if s.size(i)%4 != 0 || s.size(i) > 12 {
			return false
		}
	}
	return s.size(b) <= 4 || s.size(b)%4 == 0
}

// issuers has the ranges of first digits, and the lengths that cards of a range have, with the
// confidence in ungrouped ones (ISO/IEC 7812 ranges as the networks publish them).
var issuers = []struct {
	from, to   int // of as many first digits as they have
	lengths    []int
	confidence float64
}{
	{4, 4, []int{16}, 0.85}, // Visa
	{4, 4, []int{19}, 0.6},
	{4, 4, []int{13}, 0.4},
	{51, 55, []int{16}, 0.85},     // Mastercard
	{2221, 2720, []int{16}, 0.85}, // Mastercard
	{34, 34, []int{15}, 0.85},     // American Express
	{37, 37, []int{15}, 0.85},
	{6011, 6011, []int{16, 19}, 0.85}, // Discover
	{644, 659, []int{16, 19}, 0.8},    // Discover, RuPay, Elo
	{60, 60, []int{16}, 0.75},         // RuPay, Hipercard
	{62, 62, []int{16, 17, 18, 19}, 0.75},
	{81, 82, []int{16, 17, 18, 19}, 0.6}, // UnionPay, RuPay
	{3528, 3589, []int{16, 17, 18, 19}, 0.85},
	{300, 305, []int{14, 16, 19}, 0.7}, // Diners Club
	{3095, 3095, []int{14, 16, 19}, 0.7},
	{36, 36, []int{14, 16, 19}, 0.7},
	{38, 39, []int{14, 16, 19}, 0.7},
	{2200, 2204, []int{16, 17, 18, 19}, 0.8}, // Mir
	{5018, 5018, []int{16}, 0.75},
	{5020, 5020, []int{16}, 0.75},
	{5038, 5038, []int{16}, 0.75}, // Maestro
	{5893, 5893, []int{16}, 0.75},
	{6304, 6304, []int{16}, 0.75},
	{6759, 6759, []int{16}, 0.75}, //
	{6761, 6763, []int{16}, 0.75},
	{6759, 6763, []int{18, 19}, 0.6},
	{6759, 6763, []int{12, 13, 14, 15, 17}, 0.35}, //
	{5018, 5038, []int{12, 13, 14, 15, 17, 18, 19}, 0.35},
	{508, 508, []int{16}, 0.75}, // RuPay
	{5060, 5061, []int{16, 18, 19}, 0.7},
	{6500, 6500, []int{16, 18}, 0.7}, // Verve
	{9792, 9792, []int{16}, 0.75},    // Troy
}

// issued has the confidence that digits of a right check digit are a card, by their number.
type issued [maxCardDigits + 1]float64

// issuedTo returns what issuers give out with these first digits, four or more; nil if nothing.
func issuedTo(digits []byte) *issued { return issuedByPrefix[number(digits[:4])] }

// issuedByPrefix is asked at each group of four digits or more.
var issuedByPrefix = func() (of [10000]*issued) {
	var ranges [len(of)]uint64 // a bit for each of the issuers
	for i, r := range issuers {
		scale := 1
		for r.to*scale*10 < len(of) {
			scale *= 10
		}
		for first := r.from * scale; first < (r.to+1)*scale; first++ {
			ranges[first] |= 1 << i
		}
	}
	known := map[uint64]*issued{0: nil}
	for first, set := range ranges {
		all, ok := known[set]
		if !ok {
			all = &issued{}
			for i, r := range issuers {
				for _, n := range r.lengths {
					all[n] = max(all[n], r.confidence*float64(set>>i&1))
				}
			}
			known[set] = all
		}
		of[first] = all
	}
	return of
}()
