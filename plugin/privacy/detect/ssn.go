package detect

// ssn looks for US social security numbers: three, two and four digits, of areas, groups and
// serials that are given out (SSA, "Social Security Number Randomization"). With hyphens all
// of them are found; with spaces, dots or nothing between, only near a word for it.
func (p *pass) ssn() {
	s := &p.seq
	for a := range s.starts {
		if size := s.size(a); size != 3 && size != 9 || !s.opens(a) {
			continue
		}
		b, base := a, 0.3
		if s.size(a) != 9 {
			if b = a + 2; b >= len(s.groups) || s.size(a) != 3 || s.size(a+1) != 2 || s.size(b) != 4 {
				continue
			}
			switch kind, uniform := s.gaps(a, b); {
			case uniform && kind == hyphen:
				base = sure
			case uniform && (kind == space || kind == wideGap || kind == dot):
			default:
				continue
			}
		}
		if s.closes(b) && validSSN(s.of(a, b)) {
			p.addNear(usSSN, s.groups[a].start, s.groups[b].end, base, 0.4)
		}
	}
}

func validSSN(d []byte) bool {
	area, group, serial := string(d[:3]), string(d[3:5]), string(d[5:])
	return area != "000" && area != "666" && area[0] != '9' && group != "00" && serial != "0000"
}
