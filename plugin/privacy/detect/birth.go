package detect

// birthDates looks for dates in the row of numbers that are said to be those of a birth.
func (p *pass) birthDates() {
	s := &p.seq
	for a := 0; a < s.starts; a++ {
		if !s.opens(a) {
			continue
		}
		if b, ok := s.date(a); ok && s.closes(b) {
			p.birthDate(s.groups[a].start, s.groups[b].end)
			a = b
		}
	}
}

// birthDate adds the date from start to end if a word nearby says that somebody was born then: one of
// the five before it, after any other date and any word for what else may happen on a day, or one of
// the five after it that has no date of its own. A date alone is never one.
func (p *pass) birthDate(start, end int) {
	if p.bornBefore(start) || p.bornAfter(end) {
		p.add(dateOfBirth, start, end, 0.85, true)
	}
	p.lastDate = max(p.lastDate, end)
}

func (p *pass) bornBefore(start int) bool {
	words, _ := p.wordsBefore(p.lastDate, start, aboutOtherDate)
	return words&topicOf(dateOfBirth) != 0
}

func (p *pass) bornAfter(end int) bool {
	first := p.firstWordAfter(end)
	for i := first; i < first+contextWordsAround && p.haveWord(i, end+contextReach); i++ {
		if w := p.words.words[i]; w.newLine || w.number {
			return false
		} else if w.topics&topicOf(dateOfBirth) != 0 {
			return !p.numberFollows(i+1, end+contextReach)
		}
	}
	return false
}

// numberFollows says that one of the three words from i on is a number on the same line.
func (p *pass) numberFollows(i, limit int) bool {
	for last := i + 3; i < last && p.haveWord(i, limit); i++ {
		if w := p.words.words[i]; w.newLine || w.number {
			return w.number && !w.newLine
		}
	}
	return false
}
