package population

import (
	"fmt"
	"math"
)

const (
	tolerance       = 1e-9 // the relative difference between a feature and the sum of its parts that rounding explains
	fadingTolerance = 1e-6 // the same where weights differ by many powers of two
)

// Check proves that every member is held by one number at most, that aliases lead to where
// they should, and that sums are right.
func (p *Population) Check() error {
	if err := p.checkAliases(); err != nil {
		return err
	}
	sum, members := 0.0, p.newSums()
	for id, m := range p.micros {
		sum += m.Members.N()
		switch into := members[m.Segment]; {
		case into != nil:
			into.Merge(&m.Members)
		case m.Segment != nil:
			return fmt.Errorf("micro-cluster %d is in segment %d, which is gone", id, m.Segment.ID)
		case len(p.Segments) > 0 && !p.config.Outliers:
			return fmt.Errorf("micro-cluster %d is in no segment", id)
		}
	}
	if d := math.Abs(p.Weight - sum); d > tolerance*max(p.Weight, sum) {
		return fmt.Errorf("the population counts %v, and its micro-clusters %v", p.Weight, sum)
	}
	whole, tolerance := p.whole(), tolerance
	if p.fades() {
		tolerance = fadingTolerance
	}
	for i, s := range p.Segments {
		if d := s.Members.Differs(members[s], whole); d > tolerance {
			return fmt.Errorf("segment %d differs from the sum of its micro-clusters by %g", s.ID, d)
		}
		if p.Lineage.Current(s.ID) != s.ID || i > 0 && s.ID <= p.Segments[i-1].ID {
			return fmt.Errorf("segment %d is out of order, or its life is not known", s.ID)
		}
	}
	return nil
}

// checkAliases proves that every alias leads to a micro-cluster that knows it.
func (p *Population) checkAliases() error {
	aliases := 0
	for id, m := range p.micros {
		held := m.carriers
		for _, other := range m.aliases {
			a := p.aliases[other]
			if a == nil {
				continue
			}
			if a.to != m || a.carriers == 0 {
				return fmt.Errorf("alias %d of micro-cluster %d does not lead there", other, id)
			}
			held += a.carriers
			aliases++
		}
		switch {
		case m.ID != id || m.gone || id > p.Last:
			return fmt.Errorf("micro-cluster %d is out of place", id)
		case !p.fades() && float64(held) > m.Members.N():
			return fmt.Errorf("micro-cluster %d has %v members, held by %d", id, m.Members.N(), held)
		}
	}
	if aliases != len(p.aliases) {
		return fmt.Errorf("%d aliases are known, and %d to their micro-clusters", len(p.aliases), aliases)
	}
	return nil
}
