package detect

// birthDates looks for dates in the row of numbers that are said to be those of a birth.
func (p *pass) birthDates() {
	s := &p.seq
	for a := 0; a < len(s.groups); a++ {
		if !s.opens(a) {
			continue
		}
		if b, ok := s.date(a); ok && s.closes(b) {
			p.birthDate(s.groups[a].start, s.groups[b].end)
			a = b
		}
	}
}

// birthDate adds the date from start to end if a word nearby says that somebody was born then: one
// of the five before it, after any other date, or one of the five after it that is not
// followed by a date of its own. A date alone is never one.
func (p *pass) birthDate(start, end int) {
	if p.bornBefore(start) || p.bornAfter(end) {
		p.add(dateOfBirth, start, end, 0.85, true)
	}
	p.lastDate = max(p.lastDate, end)
}

func (p *pass) bornBefore(start int) bool {
	return p.wordsFrom(p.lastDate, start, contextWordsAround)&topicOf(dateOfBirth) != 0
}

func (p *pass) bornAfter(end int) bool {
	p.split(end-contextReach, min(end+contextReach, len(p.text)))
	words := p.words.words
	i := len(words)
	for i > 0 && words[i-1].start >= end {
		i--
	}
	for n := 0; i < len(words) && n < contextWordsAround && !words[i].newLine && !isDigit(p.text[words[i].start]); i, n = i+1, n+1 {
		if words[i].end >= end+contextReach {
			return false
		}
		if words[i].topics&topicOf(dateOfBirth) != 0 {
			return !p.dateFollows(words[i].end)
		}
	}
	return false
}

// dateFollows says that a digit is among the three words after end.
func (p *pass) dateFollows(end int) bool {
	words, n := p.words.words, 0
	for _, w := range words {
		if w.start >= end && n < 3 && !w.newLine {
			if n++; isDigit(p.text[w.start]) {
				return true
			}
		}
	}
	return false
}
