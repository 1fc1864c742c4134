package detect

// digits looks at the digits that begin at i: at the numbers of the row of groups that they open,
// and at the token that they are part of. It returns where they end.
func (p *pass) digits(i int) int {
	text, end := p.text, i+1
	for end < len(text) && isDigit(text[end]) {
		end++
	}
	bindsRight := end < len(text) && isAlpha(text[end])
	if i >= p.tokenDone && (bindsRight || end < len(text) && text[end] == '_' || i > 0 && (isAlpha(text[i-1]) || text[i-1] == '_')) {
		p.token(i)
	}
	if p.enabled[iban] && end-i == 2 && i >= 3 && text[i-1] == ' ' && isUpper(text[i-2]) && isUpper(text[i-3]) {
		p.iban(i - 3)
	}
	if i > 0 && text[i-1] == '%' {
		if n := encodedAt(text[i:]); n > 0 {
			p.email(i-1, n+1)
		}
	}
	if p.enabled[dateOfBirth] && (end-i == 4 || end-i == 2) {
		if first, last, ok := namedDate(text, i, end); ok && free(text, first, last) {
			p.birthDate(first, last)
		}
	}
	if p.enabled[esNIF] && i > 1 && end-i == 7 && text[i-1] == '-' { // X-1234567-L
		p.hyphenNIE(i-2, end)
	}
	if i >= p.numbersDone && !bindsRight {
		p.numbers(i)
	}
	return end
}

// numbers looks for all kinds of numbers in the row of groups of digits that begins at i.
func (p *pass) numbers(i int) {
	s := &p.seq
	p.numbersDone = s.read(p.text, i)
	p.work += p.numbersDone - i
	if len(s.groups) == 0 {
		return
	}
	if p.enabled[dateOfBirth] {
		p.birthDates()
	}
	if len(s.digits) < 4 {
		return
	}
	if p.enabled[ipAddress] && len(s.groups) >= 4 {
		p.ipv4()
	}
	if len(s.digits) < 7 {
		return
	}
	if p.enabled[creditCard] {
		p.cards()
	}
	if p.enabled[phone] {
		p.phones()
	}
	if p.enabled[esNIF] {
		p.dni()
	}
	if len(s.digits) < 9 {
		return
	}
	if p.enabled[usSSN] {
		p.ssn()
	}
	p.nationalNumbers()
}

// reference says that a number is labelled as that of something else, and that no word nearby speaks for
// its detector. A number that may be a card has to be labelled as that of an order, a parcel or an article.
func (p *pass) reference(d detector, start, end int) bool {
	labels := aboutReference | aboutCode
	if d == creditCard {
		labels = aboutReference
	}
	return p.labelled(start, end, labels) && !p.near(start, end, topicOf(d))
}
