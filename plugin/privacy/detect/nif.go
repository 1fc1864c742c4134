package detect

// nif adds the run of letters and digits from start to end if it is a Spanish number of a person: a
// DNI, eight digits and a letter, or a NIE, whose first digit is X, Y or Z for 0, 1 or 2.
// A hyphen may stand before the letter, and after that of a NIE.
func (p *pass) nif(start, end int) {
	text := p.text
	if end-start == 9 {
		p.nifOf(start, end, text[start:end], "")
		return
	}
	if end-start == 8 && isAlpha(text[start]) && end+1 < len(text) && text[end] == '-' { // X1234567-L
		p.nifOf(start, end+2, text[start:end], text[end+1:end+2])
	}
}

// dni adds the DNI whose eight digits are groups a to b of the row of numbers, with a letter after a
// hyphen or a space, if there is one: 12345678-Z, 12.345.678-Z, 12345678 Z.
func (p *pass) dni() {
	s, text := &p.seq, p.text
	for a := range s.starts {
		b := a
		if s.size(a) == 2 && a+2 < len(s.groups) && s.groups[a+1].gap == dot && s.groups[a+2].gap == dot {
			b = a + 2
		}
		if end := s.groups[b].end; s.count(a, b) == 8 && s.opens(a) && b == len(s.groups)-1 {
			digits := string(s.of(a, b))
			switch {
			case end < len(text) && isAlpha(text[end]):
				p.nifOf(s.groups[a].start, end+1, digits, text[end:end+1])
			case end+1 < len(text) && (text[end] == '-' || text[end] == ' ' && isUpper(text[end+1])):
				p.nifOf(s.groups[a].start, end+2, digits, text[end+1:end+2])
			}
		}
	}
}

// hyphenNIE adds the NIE whose first letter is at start, with a hyphen after it, and whose digits end at end.
func (p *pass) hyphenNIE(start, end int) {
	text := p.text
	switch {
	case end < len(text) && isAlpha(text[end]):
		p.nifOf(start, end+1, text[start:start+1]+text[start+2:end], text[end:end+1])
	case end+1 < len(text) && text[end] == '-':
		p.nifOf(start, end+2, text[start:start+1]+text[start+2:end], text[end+1:end+2])
	}
}

// nifOf adds text[start:end] if the number of its digits has the letter that it ends in.
func (p *pass) nifOf(start, end int, number, letter string) {
	var buffer [9]byte
	if len(number)+len(letter) != len(buffer) {
		return
	}
	copy(buffer[copy(buffer[:], number):], letter)
	number = string(buffer[:])
	if !isAlpha(number[8]) || !free(p.text, start, end) || joined(p.text, start) || joins(p.text, end) {
		return
	}
	value := 0
	switch c := number[0] | 0x20; {
	case c >= 'x' && c <= 'z':
		value = int(c - 'x')
	case isDigit(number[0]):
		value = int(number[0] - '0')
	default:
		return
	}
	for i := 1; i < 8; i++ {
		if !isDigit(number[i]) {
			return
		}
		value = value*10 + int(number[i]-'0')
	}
	if !nifLetter(value, number[8]) {
		return
	}
	base := 0.75
	if end-start > 10 {
		base = 0.85
	}
	if p.reference(esNIF, start, end) {
		base -= 0.4
	}
	p.addNear(esNIF, start, end, base, 0.24)
}
