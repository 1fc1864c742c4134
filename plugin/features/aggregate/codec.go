package aggregate

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// Codec reads and writes the record of a customer. It is immutable, and safe for
// concurrent use.
//
// A record is a version; the unit of its times, the coarsest that holds them all;
// uvarints of the number of events and varints of the newest time and how long
// before it the oldest was; then for each measure that has events, in the order of
// slots: how many slots were skipped, with a bit that tells whether its tally is that of
// its peer, the nearest slot before it for the same kinds; unless so, the number of
// events and how long before the customer's newest event its newest was; and its state.
// Floats are written with their bytes reversed, as uvarints: 0 takes one byte and small
// integers two.
type Codec struct {
	plan  *Plan
	slots []slot
	kept  []measure // by slot
	timed []int     // measures whose states keep times
}

// slot is what to do with a place in the layout.
type slot struct {
	measure int  // -1: no longer kept
	peer    int  // the nearest slot before it for the same kinds; -1: none
	tiled   int  // the nearest slot before it with tiles as it has, for the same kinds; -1: none
	fading  bool // there is a half-life
}

const recordVersion = 4

// ErrRecord is wrapped by all errors of decoding.
var ErrRecord = errors.New("the record of a customer's features is damaged: restore the newest backup to a new path")

func newCodec(plan *Plan, kept []measure) (*Codec, error) {
	c := &Codec{plan: plan, slots: make([]slot, len(kept)), kept: kept}
	for i, m := range kept {
		sameKinds := func(o measure) bool { return slices.Equal(o.On, m.On) }
		c.slots[i] = slot{
			measure: slices.IndexFunc(plan.measures, func(o measure) bool { return o.same(&m) }),
			peer:    lastIndex(kept[:i], sameKinds),
			tiled:   lastIndex(kept[:i], func(o measure) bool { return sameKinds(o) && o.Base > 0 && o.Base == m.Base }),
			fading:  m.HalfLife > 0,
		}
	}
	for i := range plan.measures {
		if !slices.ContainsFunc(c.slots, func(s slot) bool { return s.measure == i }) {
			return nil, errors.New("the layout has no slot for a feature: extend it by Layout.With first")
		}
		if _, ok := newState(&plan.measures[i]).(timed); ok {
			c.timed = append(c.timed, i)
		}
	}
	return c, nil
}

func lastIndex(slots []measure, is func(measure) bool) int {
	for i, m := range slices.Backward(slots) {
		if is(m) {
			return i
		}
	}
	return -1
}

// Append appends the record of the profile to dst. It uses memory of the profile.
func (c *Codec) Append(dst []byte, profile *Profile) []byte {
	number := c.coarsest(profile)
	unit := timeUnits[number]
	dst = append(dst, recordVersion, byte(number))
	dst = binary.AppendUvarint(dst, profile.Events)
	dst = binary.AppendVarint(dst, profile.Newest/unit)
	dst = appendBefore(dst, profile.Newest, profile.Oldest, unit)

	profile.reading.clear(c)
	written := profile.reading.slots
	skipped := uint64(0)
	for i, s := range c.slots {
		if s.measure < 0 || profile.tallies[s.measure].n == 0 {
			skipped++
			continue
		}
		t := profile.tallies[s.measure]
		written[i] = t
		if s.peer >= 0 && written[s.peer] == t {
			dst = binary.AppendUvarint(dst, skipped<<1|1)
		} else {
			dst = binary.AppendUvarint(dst, skipped<<1)
			dst = binary.AppendUvarint(dst, t.n)
			dst = appendBefore(dst, profile.Newest, t.newest, unit)
		}
		dst = profile.states[s.measure].append(dst, c.frame(profile, i, unit))
		skipped = 0
	}
	return dst
}

// coarsest is the number of the coarsest unit that all times are multiples of.
func (c *Codec) coarsest(profile *Profile) int {
	number := coarsest(profile.Oldest, coarsest(profile.Newest, len(timeUnits)-1))
	for _, t := range profile.tallies {
		if t.newest != profile.Newest {
			number = coarsest(t.newest, number)
		}
	}
	for _, i := range c.timed {
		if profile.tallies[i].n > 0 {
			number = profile.states[i].(timed).coarsest(number)
		}
	}
	return number
}

// Decode reads a record into a profile. What the plan no longer keeps is left out,
// and what was not kept yet begins empty.
func (c *Codec) Decode(stored []byte, profile *Profile) error {
	c.plan.Reset(profile)
	if len(stored) < 2 || stored[0] != recordVersion || int(stored[1]) >= len(timeUnits) {
		return ErrRecord
	}
	unit := timeUnits[stored[1]]
	r := &profile.reading
	r.begin(c, stored[2:])
	defer func() { r.reader = reader{} }() // do not hold the record

	profile.Events = r.Uvarint()
	newest := r.Varint()
	if limit := math.MaxInt64 / unit; newest > limit || newest < -limit {
		return ErrRecord
	}
	profile.Newest = newest * unit
	profile.Oldest = r.before(profile.Newest, unit)

	for i := 0; len(r.Rest()) > 0; i++ {
		head := r.Uvarint()
		if head>>1 >= uint64(len(c.slots)-i) {
			return ErrRecord
		}
		i += int(head >> 1)
		s, t := c.slots[i], &r.slots[i]
		if head&1 == 0 {
			*t = tally{n: r.Uvarint(), newest: r.before(profile.Newest, unit)}
		} else if s.peer >= 0 {
			*t = r.slots[s.peer]
		}
		if t.n == 0 { // never written
			return ErrRecord
		}
		if s.measure >= 0 {
			profile.tallies[s.measure] = *t
		} else {
			r.past(i).reset()
		}
		c.state(profile, i).decode(&r.reader, c.frame(profile, i, unit))
		if i+1 == len(c.slots) {
			break
		}
	}
	if !r.Complete() {
		return ErrRecord
	}
	return nil
}

// frame is that of the state in a slot, whose tally and those before it are known.
func (c *Codec) frame(profile *Profile, i int, unit int64) frame {
	s := &c.slots[i]
	f := frame{unit: unit, tally: profile.reading.slots[i], fading: s.fading}
	if s.tiled >= 0 && profile.reading.slots[s.tiled].n > 0 {
		f.peer = c.state(profile, s.tiled)
	}
	return f
}

// state is the state in a slot of a record that is being read or written.
func (c *Codec) state(profile *Profile, i int) state {
	if m := c.slots[i].measure; m >= 0 {
		return profile.states[m]
	}
	return profile.reading.past(i)
}
