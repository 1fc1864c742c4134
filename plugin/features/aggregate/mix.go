package aggregate

import (
	"slices"

	"github.com/shoal-stream/shoal/plugin/record"
)

// mix is the weight of each of the values that are named, and of all others.
type mix struct {
	values  []string // sorted
	weights []float64
}

func (m *mix) reset() { clear(m.weights) }

func (m *mix) add(e entry, _ tally) {
	place := slices.Index(m.values, e.text)
	if place < 0 {
		place = len(m.values)
	}
	m.weights[place] += e.weight
}

func (m *mix) fade(g float64) {
	for i := range m.weights {
		m.weights[i] *= g
	}
}

func (m *mix) merge(from state, g float64, _, _ tally) {
	for i, w := range from.(*mix).weights {
		m.weights[i] += g * w
	}
}

// share is that of the value at a place.
func (m *mix) share(place int) float64 {
	total := 0.0
	for _, w := range m.weights {
		total += w
	}
	return m.weights[place] / total
}

func (m *mix) append(dst []byte, _ frame) []byte {
	for _, w := range m.weights {
		dst = record.AppendCompact(dst, w)
	}
	return dst
}

func (m *mix) decode(r *reader, _ frame) {
	for i := range m.weights {
		m.weights[i] = r.Compact()
	}
}

func (m *mix) check(t tally) string {
	total := 0.0
	for _, w := range m.weights {
		if !(w >= 0) {
			return wrongWeight
		}
		total += w
	}
	if !plausible(total, t.n) {
		return wrongWeight
	}
	return ""
}
