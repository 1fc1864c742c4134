package detect

// nationalNumbers looks for the national numbers that are of digits alone. Their check digits are
// right by chance once in ten or a hundred numbers, which is why they are looked for only
// where they are named.
func (p *pass) nationalNumbers() {
	s := &p.seq
	for a := range s.starts {
		size := s.size(a)
		if size < 3 || size > 4 && size < 9 || !s.opens(a) {
			continue
		}
		if p.enabled[ukNHS] && size != 4 {
			p.national(ukNHS, a, nhsForms, mod11)
		}
		if p.enabled[brCPF] && size != 4 {
			p.national(brCPF, a, cpfForms, cpfDigits)
		}
		if p.enabled[inAadhaar] && size != 3 {
			p.national(inAadhaar, a, aadhaarForms, validAadhaar)
		}
	}
}

// form is a way to write a number: the sizes of its groups, what is between them, and the confidence
// in a number written so with a right checksum and no word nearby that speaks for it.
type form struct {
	sizes      []int
	gaps       []gap
	confidence float64
}

var (
	nhsForms = []form{
		{[]int{3, 3, 4}, []gap{space, space}, 0.6},
		{[]int{3, 3, 4}, []gap{hyphen, hyphen}, 0.4},
		{[]int{3, 3, 4}, []gap{dot, dot}, 0.4},
		{[]int{10}, nil, 0.35},
	}
	cpfForms = []form{
		{[]int{3, 3, 3, 2}, []gap{dot, dot, hyphen}, 0.95},
		{[]int{9, 2}, []gap{hyphen}, 0.85},
		{[]int{9, 2}, []gap{slash}, 0.85},
		{[]int{3, 3, 3, 2}, []gap{space, space, space}, 0.6},
		{[]int{3, 3, 3, 2}, []gap{space, space, hyphen}, 0.7},
		{[]int{11}, nil, 0.45},
	}
	aadhaarForms = []form{
		{[]int{4, 4, 4}, []gap{space, space}, 0.7},
		{[]int{4, 4, 4}, []gap{hyphen, hyphen}, 0.6},
		{[]int{4, 4, 4}, []gap{dot, dot}, 0.45},
		{[]int{12}, nil, 0.35},
	}
)

// national adds the number that begins with group a, if it is written in one of the forms.
func (p *pass) national(d detector, a int, forms []form, valid func([]byte) bool) {
	s := &p.seq
	for i := range forms {
		f := &forms[i]
		if f.sizes[0] != s.size(a) {
			continue
		}
		b := a + len(f.sizes) - 1
		if !s.written(a, f) || !s.closes(b) || s.sameAround(a, b) {
			continue
		}
		p.work += s.count(a, b)
		if !valid(s.of(a, b)) {
			continue
		}
		start, end, base := s.groups[a].start, s.groups[b].end, f.confidence
		if p.reference(d, start, end) {
			base -= 0.4
		}
		p.addNear(d, start, end, base, 0.5)
		return
	}
}

// written says that the groups from a on are of a form.
func (s *sequence) written(a int, f *form) bool {
	if a+len(f.sizes) > len(s.groups) {
		return false
	}
	for i, size := range f.sizes {
		if s.size(a+i) != size {
			return false
		}
		if i == 0 {
			continue
		}
		if kind := s.groups[a+i].gap; kind != f.gaps[i-1] && (kind != wideGap || f.gaps[i-1] != space) {
			return false
		}
	}
	return true
}

// sameAround says that groups a to b are of fours and so is the one before or after, with the
// same gap: then they are a part of a longer number, such as that of a card.
func (s *sequence) sameAround(a, b int) bool {
	if a == b || s.size(a) != 4 {
		return false
	}
	kind := s.groups[b].gap
	return a > 0 && s.size(a-1) == 4 && s.groups[a].gap == kind ||
		b+1 < len(s.groups) && s.size(b+1) >= 3 && s.groups[b+1].gap == kind
}

// validAadhaar says that twelve digits are given out and add up (UIDAI: the first is no 0 or 1).
func validAadhaar(d []byte) bool { return d[0] >= '2' && verhoeff(d) }
