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

// dni adds the DNI whose eight digits end the row of numbers, with its letter after a hyphen, a space or
// both: 12345678-Z, 12.345.678-Z, 12 345 678 Z, 12345678 - Z.
func (p *pass) dni() {
	s, text := &p.seq, p.text
	b := len(s.groups) - 1
	a := b
	if b >= 2 && s.size(b) == 3 && s.size(b-1) == 3 && s.size(b-2) == 2 && s.groups[b].gap == s.groups[b-1].gap {
		a = b - 2
	}
	if s.count(a, b) != 8 || a >= s.starts || !s.opens(a) {
		return
	}
	end := s.groups[b].end
	at := end
	for at < len(text) && at-end < maxGapBytes && (text[at] == ' ' || text[at] == '-') {
		at++
	}
	if at == len(text) || !isAlpha(text[at]) || at == end+1 && text[end] == ' ' && a == b && !isUpper(text[at]) {
		return
	}
	var digits [8]byte
	copy(digits[:], s.of(a, b))
	p.nifOf(s.groups[a].start, at+1, string(digits[:]), text[at:at+1])
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
