package aggregate

import (
	"slices"

	"github.com/shoal-stream/shoal/plugin/record"
)

// Profile is the state of one customer under one plan. The zero Profile belongs to
// no plan yet: [Plan.Reset] or [Codec.Decode] prepare it, and reuse its memory. It must
// not be copied.
type Profile struct {
	Events uint64 // applied
	Oldest int64  // event time, Unix nanoseconds; 0 without events
	Newest int64

	plan    *Plan
	tallies []tally // by measure
	states  []state // by measure
	reading reading
}

// reading is what decoding and encoding a record need memory for.
type reading struct {
	reader
	slots   []tally // by slot
	dropped []state // by slot: of what is no longer kept, to read past it
	codec   *Codec  // that dropped is of
}

// Reset makes the profile that of a customer without events.
func (p *Plan) Reset(c *Profile) {
	c.Events, c.Oldest, c.Newest = 0, 0, 0
	if c.plan == p {
		clear(c.tallies)
		for _, s := range c.states {
			s.reset()
		}
		return
	}
	c.plan = p
	c.tallies = make([]tally, len(p.measures))
	c.states = make([]state, len(p.measures))
	for i := range p.measures {
		c.states[i] = newState(&p.measures[i])
	}
}

// begin takes a record to read.
func (r *reading) begin(codec *Codec, stored []byte) {
	r.reader = reader{record.Read(stored)}
	r.clear(codec)
	if r.codec != codec {
		r.codec, r.dropped = codec, nil
	}
}

// clear makes the tallies of all slots empty.
func (r *reading) clear(codec *Codec) {
	r.slots = slices.Grow(r.slots[:0], len(codec.slots))[:len(codec.slots)]
	clear(r.slots)
}

// past is the state to read what is no longer kept into.
func (r *reading) past(slot int) state {
	if r.dropped == nil {
		r.dropped = make([]state, len(r.codec.slots))
	}
	if r.dropped[slot] == nil {
		r.dropped[slot] = newState(&r.codec.kept[slot])
	}
	return r.dropped[slot]
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
		p.measures[i].add(&c.tallies[i], c.states[i], e)
	}
}

// Merge adds to a profile the events of another one of the same plan and customer, which
// no event may be in both of. The other is left as it was.
func (p *Plan) Merge(into, from *Profile) {
	if from.Events == 0 {
		return
	}
	if into.Events == 0 {
		into.Oldest, into.Newest = from.Oldest, from.Newest
	}
	into.Events += from.Events
	into.Oldest, into.Newest = min(into.Oldest, from.Oldest), max(into.Newest, from.Newest)
	for i := range p.measures {
		p.measures[i].merge(&into.tallies[i], into.states[i], from.tallies[i], from.states[i])
	}
}
