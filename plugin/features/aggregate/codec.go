package aggregate

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"

	"github.com/shoal-stream/shoal/plugin/record"
)

// Codec reads and writes the record of a customer. It is immutable, and safe for
// concurrent use.
//
// A record is a version; the unit of its times, the coarsest that holds them all;
// uvarints of the number of events and varints of the newest time and how long
// before it the oldest was; then for each measure that has events, in the order of
// slots: how many slots were skipped, the number of events, how long before the
// customer's newest event its newest was, and the registers. Registers are written
// with their bytes reversed, as uvarints: 0 takes one byte and small integers two.
type Codec struct {
	plan      *Plan
	measures  []int // by slot; -1: no longer kept
	registers []int // by slot
}

const recordVersion = 1

// timeUnits are the units of times in nanoseconds, by their number in a record.
var timeUnits = [...]int64{1, 1e3, 1e6, 1e9}

// ErrRecord is wrapped by all errors of decoding.
var ErrRecord = errors.New("the record of a customer's features is damaged: restore the newest backup to a new path")

// Append appends the record of the profile to dst.
func (c *Codec) Append(dst []byte, profile *Profile) []byte {
	number := coarsest(profile)
	unit := timeUnits[number]
	dst = append(dst, recordVersion, byte(number))
	dst = binary.AppendUvarint(dst, profile.Events)
	dst = binary.AppendVarint(dst, profile.Newest/unit)
	dst = binary.AppendUvarint(dst, uint64(profile.Newest/unit-profile.Oldest/unit))

	skipped := uint64(0)
	for _, i := range c.measures {
		if i < 0 || profile.tallies[i].n == 0 {
			skipped++
			continue
		}
		t := profile.tallies[i]
		dst = binary.AppendUvarint(dst, skipped)
		dst = binary.AppendUvarint(dst, t.n)
		dst = binary.AppendUvarint(dst, uint64(profile.Newest/unit-t.newest/unit))
		for _, x := range c.plan.registersOf(profile, i) {
			dst = binary.AppendUvarint(dst, bits.ReverseBytes64(math.Float64bits(x)))
		}
		skipped = 0
	}
	return dst
}

// coarsest is the number of the coarsest unit that all times are multiples of.
func coarsest(c *Profile) int {
	number := len(timeUnits) - 1
	fit := func(t int64) {
		for t%timeUnits[number] != 0 {
			number--
		}
	}
	fit(c.Newest)
	fit(c.Oldest)
	for _, t := range c.tallies {
		fit(t.newest)
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
	r := reader{record.Read(stored[2:])}
	unit := timeUnits[stored[1]]

	profile.Events = r.Uvarint()
	newest := r.Varint()
	if limit := math.MaxInt64 / unit; newest > limit || newest < -limit {
		return ErrRecord
	}
	profile.Newest = newest * unit
	profile.Oldest = r.before(profile.Newest, unit)

	for slot := uint64(0); len(r.Rest()) > 0; slot++ {
		skipped := r.Uvarint()
		if skipped >= uint64(len(c.measures))-slot {
			return ErrRecord
		}
		slot += skipped
		t := tally{n: r.Uvarint(), newest: r.before(profile.Newest, unit)}
		if t.n == 0 { // never written
			return ErrRecord
		}
		i := c.measures[slot]
		if i < 0 {
			for range c.registers[slot] {
				r.Uvarint()
			}
		} else {
			profile.tallies[i] = t
			for place := range c.plan.registersOf(profile, i) {
				c.plan.registersOf(profile, i)[place] = math.Float64frombits(bits.ReverseBytes64(r.Uvarint()))
			}
		}
		if slot+1 == uint64(len(c.measures)) {
			break
		}
	}
	if !r.Complete() {
		return ErrRecord
	}
	return nil
}

// reader takes the times of a record, too.
type reader struct{ record.Reader }

// before reads how many units before an instant another was.
func (r *reader) before(instant, unit int64) int64 {
	units := r.Uvarint()
	if units > (uint64(instant)-1<<63)/uint64(unit) { // instant minus the earliest possible
		r.Refuse()
		return instant
	}
	return instant - int64(units)*unit
}
