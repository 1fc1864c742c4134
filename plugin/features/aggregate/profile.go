package aggregate

import "slices"

// Profile is the state of one customer under one plan. The zero Profile belongs to
// no plan yet: [Plan.Reset] or [Codec.Decode] prepare it, and reuse its memory.
type Profile struct {
	Events uint64 // applied
	Oldest int64  // event time, Unix nanoseconds; 0 without events
	Newest int64

	tallies   []tally   // by measure
	registers []float64 // of all measures
}

// Reset makes the profile that of a customer without events.
func (p *Plan) Reset(c *Profile) {
	c.Events, c.Oldest, c.Newest = 0, 0, 0
	c.tallies = slices.Grow(c.tallies[:0], len(p.measures))[:len(p.measures)]
	c.registers = slices.Grow(c.registers[:0], p.registers)[:p.registers]
	clear(c.tallies)
	clear(c.registers)
}

func (p *Plan) registersOf(c *Profile, measure int) []float64 {
	m := &p.measures[measure]
	return c.registers[m.first : m.first+m.registers()]
}

// Apply adds an event, in time proportional to the number of measures that its
// kind belongs to.
func (p *Plan) Apply(c *Profile, e *Event) {
	if c.Events == 0 {
		c.Oldest, c.Newest = e.At, e.At
	}
	c.Events++
	c.Oldest, c.Newest = min(c.Oldest, e.At), max(c.Newest, e.At)

	measures, known := p.byKind[e.Kind]
	if !known {
		measures = p.anyKind
	}
	for _, i := range measures {
		p.measures[i].add(&c.tallies[i], p.registersOf(c, i), e)
	}
}
