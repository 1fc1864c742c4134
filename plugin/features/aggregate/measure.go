package aggregate

import (
	"math"
	"slices"
	"time"
)

// form is what a measure keeps besides the number and the newest time of its
// events.
type form string

const (
	formEvents form = "events" // nothing
	formSum    form = "sum"    // the sum of a column
	formMix    form = "mix"    // a weight for each of the values, and one for the others
)

// measure is what is kept for one or more features: numbers about those of a
// customer's events that are of the kinds On and have the column Of.
//
// Its state is a tally and, in this order, registers: the weight of the events if
// there is a half-life and no mix, the sum of a column, the weights of a mix. They
// are as of the newest event of the measure, T. An event at t >= T makes a register
// S into S*g(t-T)+x, a late one into S+x*g(T-t), where g(d) = 2^(-d/half-life): the
// same whichever comes first. (Decayed sums relative to the newest item, after
// Cormode, Shkapenyuk, Srivastava and Xu, "Forward Decay", ICDE 2009, section 3.)
// As T is the measure's own and not the customer's, its weight is never below 1.
type measure struct {
	Form     form          `json:"form"`
	On       []string      `json:"on,omitempty"` // sorted
	Of       string        `json:"of,omitempty"`
	HalfLife time.Duration `json:"half_life,omitempty"` // nanoseconds
	Values   []string      `json:"values,omitempty"`    // sorted

	column int // of Of among the columns of the plan, -1 without
	first  int // register
}

// tally counts the events of a measure. Without any, it is all zero.
type tally struct {
	n      uint64
	newest int64
}

func (m *measure) same(o *measure) bool {
	return m.Form == o.Form && m.Of == o.Of && m.HalfLife == o.HalfLife &&
		slices.Equal(m.On, o.On) && slices.Equal(m.Values, o.Values)
}

// registers is the number of registers.
func (m *measure) registers() int {
	switch {
	case m.Form == formMix:
		return len(m.Values) + 1
	case m.Form == formSum && m.HalfLife > 0:
		return 2
	case m.Form == formSum || m.HalfLife > 0:
		return 1
	default:
		return 0
	}
}

// fade is g: what is left at the later instant of one at the earlier.
func (m *measure) fade(earlier, later int64) float64 {
	if m.HalfLife == 0 || earlier == later {
		return 1
	}
	return math.Exp2(-span(earlier, later) / float64(m.HalfLife))
}

// span is the time between two instants in nanoseconds. The subtraction is
// unsigned because the years 1678 and 2262 are further apart than an int64 holds.
func span(earlier, later int64) float64 {
	return float64(uint64(later) - uint64(earlier))
}

// add applies an event of the right kind.
func (m *measure) add(t *tally, registers []float64, e *Event) {
	var value Value
	if m.column >= 0 {
		if value = e.Columns[m.column]; !value.present {
			return
		}
	}
	weight := 1.0
	switch {
	case t.n == 0:
		t.newest = e.At
	case e.At > t.newest:
		fade := m.fade(t.newest, e.At)
		for i := range registers {
			registers[i] *= fade
		}
		t.newest = e.At
	default:
		weight = m.fade(e.At, t.newest)
	}
	t.n++

	if m.Form == formMix {
		place := slices.Index(m.Values, value.text)
		if place < 0 {
			place = len(m.Values)
		}
		registers[place] += weight
		return
	}
	if m.HalfLife > 0 {
		registers[0] += weight
	}
	if m.Form == formSum {
		sum := &registers[len(registers)-1]
		*sum = saturate(*sum + weight*value.number)
	}
}

// weight is the number of events, each faded from its time to that of the newest.
func (m *measure) weight(t tally, registers []float64) float64 {
	if m.HalfLife > 0 {
		return registers[0]
	}
	return float64(t.n)
}

// saturate keeps a number finite, as only finite numbers add up again.
func saturate(x float64) float64 {
	return max(-math.MaxFloat64, min(x, math.MaxFloat64))
}
