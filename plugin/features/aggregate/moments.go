package aggregate

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/record"
)

// moments are the mean of a column and the squares of the deviations from it, each
// value faded to the time of the newest. Sums of squares would cancel: a spread of 1
// around 10^9 would be lost in them. (Welford 1962; West 1979 for the weights; Chan,
// Golub and LeVeque 1979 for the merge.)
type moments struct {
	weight  float64
	mean    float64
	squares float64 // times their weights
}

func (m *moments) reset() { *m = moments{} }

func (m *moments) add(e entry, _ tally) { m.combine(moments{weight: e.weight, mean: e.number}) }

func (m *moments) fade(g float64) {
	m.weight *= g
	m.squares *= g
}

// combine adds the moments of other values.
func (m *moments) combine(o moments) {
	// What weighs nothing has no say: its deviation may be too large to be squared, and
	// nothing times that is no number.
	if o.weight == 0 {
		return
	}
	if m.weight == 0 {
		*m = o
		return
	}
	total := m.weight + o.weight
	share := o.weight / total
	delta := o.mean - m.mean
	// Not m.mean+delta*share: for two numbers near the largest there are, delta is none.
	mean := m.mean + delta*share
	if math.IsInf(delta, 0) {
		mean = m.mean*(1-share) + o.mean*share
	}
	m.squares = saturate(m.squares + o.squares + min(delta*delta, math.MaxFloat64)*m.weight*share)
	m.weight, m.mean = total, mean
}

func (m *moments) merge(from state, g float64, _, _ tally) {
	other := *from.(*moments)
	other.fade(g)
	m.combine(other)
}

func (m *moments) append(dst []byte, f frame) []byte {
	if f.fading {
		dst = record.AppendCompact(dst, m.weight)
	}
	return record.AppendCompact(record.AppendCompact(dst, m.mean), m.squares)
}

func (m *moments) decode(r *reader, f frame) {
	m.weight = float64(f.tally.n)
	if f.fading {
		m.weight = r.Compact()
	}
	m.mean, m.squares = r.Compact(), r.Compact()
}

func (m *moments) check(t tally) string {
	switch {
	case !plausible(m.weight, t.n):
		return wrongWeight
	case m.squares < 0:
		return wrongNumber
	}
	return ""
}

// variance is the mean square of the deviations: of the values there were, not an
// estimate for more of them. NaN without any.
func (m *moments) variance() float64 {
	if m.weight == 0 {
		return math.NaN()
	}
	return m.squares / m.weight
}
