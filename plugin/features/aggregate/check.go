package aggregate

import (
	"fmt"
	"math"
)

// check proves that the numbers of a profile can belong together. Errors hold no
// numbers of the customer.
func (p *Plan) check(c *Profile) error {
	// Rounding lets the weight of n events exceed n, by a few parts in 10^16 each.
	const tolerance = 1 + 1e-9

	if c.Events == 0 || c.Oldest > c.Newest {
		return fmt.Errorf("it has no events, or their times are reversed: %w", ErrRecord)
	}
	for i := range p.measures {
		m, t, registers := &p.measures[i], c.tallies[i], p.registersOf(c, i)
		if t.n == 0 {
			continue
		}
		if t.n > c.Events || t.newest < c.Oldest || t.newest > c.Newest {
			return fmt.Errorf("slot %d: its events are not among those of the customer: %w", i, ErrRecord)
		}
		weights := registers // that is, without the sum
		if m.Form == formSum {
			weights = registers[:len(registers)-1]
			if sum := registers[len(registers)-1]; math.IsNaN(sum) || math.IsInf(sum, 0) {
				return fmt.Errorf("slot %d: its sum is not finite: %w", i, ErrRecord)
			}
		}
		if len(weights) == 0 {
			continue
		}
		total := 0.0
		for _, weight := range weights {
			if !(weight >= 0) {
				return fmt.Errorf("slot %d: a weight is not a number from 0: %w", i, ErrRecord)
			}
			total += weight
		}
		if total*tolerance < 1 || total > float64(t.n)*tolerance {
			return fmt.Errorf("slot %d: its weights are not those of its number of events: %w", i, ErrRecord)
		}
	}
	return nil
}
