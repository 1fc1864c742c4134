package aggregate

import "fmt"

// check proves that the numbers of a profile can belong together. Errors hold no
// numbers of the customer.
func (p *Plan) check(c *Profile) error {
	if c.Events == 0 || c.Oldest > c.Newest {
		return fmt.Errorf("it has no events, or their times are reversed: %w", ErrRecord)
	}
	for i, t := range c.tallies {
		if t.n == 0 {
			continue
		}
		if t.n > c.Events || t.newest < c.Oldest || t.newest > c.Newest {
			return fmt.Errorf("slot %d: its events are not among those of the customer: %w", i, ErrRecord)
		}
		if wrong := c.states[i].check(t); wrong != "" {
			return fmt.Errorf("slot %d: %s: %w", i, wrong, ErrRecord)
		}
	}
	return nil
}
