package detect

// cards looks for payment cards: digits that an issuer has, as many as it gives, in groups as
// printed on the card or in one, with the check digit of Luhn. One in ten numbers has
// that by chance, so a number labelled as that of an order is none, and lengths that are
// rare on cards and common elsewhere (13 digits on goods, 12 on parcels) need a word that
// speaks for a card.
func (p *pass) cards() {
	s := &p.seq
	for a := 0; a < s.starts; a++ {
		if s.size(a) < 4 || !s.opens(a) || a > 0 && s.groups[a].gap == space && s.size(a-1) == 4 && s.size(a) == 4 {
			continue
		}
		for b := min(a+5, len(s.groups)-1); b >= a; b-- {
			if n := s.count(a, b); n < 12 || n > 19 || !s.closes(b) || !s.cardGroups(a, b) {
				continue
			}
			digits := s.of(a, b)
			if b+2 < len(s.groups) && s.size(b+1) == 4 && s.groups[b+1].gap == space && s.groups[b+2].gap == space {
				continue // four digits and more: a longer number
			}
			base := issuer(digits)
			p.work += len(digits)
			if base == 0 || !luhn(digits) {
				continue
			}
			if a < b {
				base += 0.1
			}
			start, end := s.groups[a].start, s.groups[b].end
			if a == b && p.reference(creditCard, start, end) {
				base -= 0.5
			}
			p.addNear(creditCard, start, end, min(base, certain), 0.3)
			a = b
			break
		}
	}
}

// cardGroups says that groups a to b are cut as cards are: fours (or eights, where a
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
		if s.size(i)%4 != 0 {
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

// issuer returns the confidence that digits of a right check digit are a card; 0 if no issuer has them.
func issuer(digits []byte) (confidence float64) {
	first := int(digits[0]-'0')*1000 + int(digits[1]-'0')*100 + int(digits[2]-'0')*10 + int(digits[3]-'0')
	for _, r := range issuers {
		scale := 1
		for r.to*scale*10 < 10000 {
			scale *= 10
		}
		if first < r.from*scale || first >= (r.to+1)*scale {
			continue
		}
		for _, n := range r.lengths {
			if n == len(digits) {
				confidence = max(confidence, r.confidence)
			}
		}
	}
	return confidence
}
