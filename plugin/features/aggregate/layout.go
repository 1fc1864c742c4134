package aggregate

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Layout gives each measure that the records of a set of customers may hold a
// slot. It only ever grows, so a slot means in an old record what it means in a
// new one, whatever became of the specs meanwhile. Keep it beside the records, and
// write it before the first record that needs it.
type Layout struct {
	slots []measure
}

// layoutRecord is the stored form: JSON, as there is one and people may look at it.
type layoutRecord struct {
	Version int       `json:"version"`
	Slots   []measure `json:"slots"`
}

const layoutVersion = 3

// DecodeLayout reads a stored layout. No bytes at all are the empty layout.
func DecodeLayout(data []byte) (Layout, error) {
	if len(data) == 0 {
		return Layout{}, nil
	}
	var record layoutRecord
	if err := json.Unmarshal(data, &record); err != nil {
		return Layout{}, fmt.Errorf("reading a layout of features: %w", err)
	}
	if record.Version != layoutVersion {
		return Layout{}, fmt.Errorf("reading a layout of features: it has version %d, and this program reads %d: use the program that wrote it, or begin with an empty store", record.Version, layoutVersion)
	}
	for i, m := range record.Slots {
		if !m.valid() {
			return Layout{}, fmt.Errorf("reading a layout of features: slot %d is of an unknown form: use the program that wrote it, or begin with an empty store", i)
		}
	}
	return Layout{slots: record.Slots}, nil
}

// Append appends the stored form to dst.
func (l Layout) Append(dst []byte) []byte {
	data, err := json.Marshal(layoutRecord{layoutVersion, l.slots})
	if err != nil {
		panic(err) // strings and integers always encode
	}
	return append(dst, data...)
}

// With returns the layout with slots for all that the plan keeps, and whether it
// had to grow.
func (l Layout) With(p *Plan) (grown Layout, grew bool) {
	grown.slots = slices.Clone(l.slots)
	for i := range p.measures {
		if l.slot(&p.measures[i]) < 0 {
			grown.slots = append(grown.slots, p.measures[i])
		}
	}
	return grown, len(grown.slots) > len(l.slots)
}

func (l Layout) slot(m *measure) int {
	return slices.IndexFunc(l.slots, func(o measure) bool { return o.same(m) })
}

// Codec returns what reads and writes the records of the layout for a plan; the
// layout must have slots for it.
func (l Layout) Codec(p *Plan) (*Codec, error) { return newCodec(p, l.slots) }

// Checker returns a function that proves a record consistent: it can be read, its
// times and counts fit together, and its numbers are finite and in range. The
// function is not safe for concurrent use.
func (l Layout) Checker() func(record []byte) error {
	everything := &Plan{measures: l.slots}
	codec, err := l.Codec(everything)
	var c Profile
	return func(record []byte) error {
		if err != nil {
			return err
		}
		if err := codec.Decode(record, &c); err != nil {
			return err
		}
		return everything.check(&c)
	}
}
