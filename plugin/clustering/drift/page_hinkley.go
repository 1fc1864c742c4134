package drift

import (
	"cmp"
	"math"
)

// Change is what an alarm says: the mean of the values before, and of those since.
type Change struct {
	Before, After float64
	Past, Since   uint64 // values
}

// Proof tells that a change which a detector has found is one. While it is not, the detector
// goes on as if it had not found it.
type Proof func(Change) bool

func (p Proof) of(c Change) bool { return p == nil || p(c) }

// PageHinkleyConfig configures a [PageHinkley].
type PageHinkleyConfig struct {
	Delta  float64 // a deviation from the mean that is tolerated; 0: 0.005
	Lambda float64 // what deviations have to add up to for an alarm; 0: 50
	Alpha  float64 // by which their sum fades with each value, up to 1; 0: 0.9999
	Least  uint64  // values before the first alarm; 0: 30
	Proof  Proof   // nil: none is asked for
}

// PageHinkley is the test of Page (1954) and Hinkley (1971), for a mean that rises or falls:
// deviations from the mean so far, less what is tolerated, are summed up, and there is an
// alarm when the sum is far above its minimum. O(1) in time and memory.
//
// Where the sum fades, it settles at Delta/(1−Alpha) below zero and wavers there: on long
// streams without drift that alone gives alarms, so use an Alpha of 1 for them.
type PageHinkley struct {
	config   PageHinkleyConfig
	n        uint64
	mean     float64
	up, down excess
}

// excess is one side of the test.
type excess struct {
	sum, least    float64
	n             uint64  // values since the sum was least
	before, since float64 // means of the values until then, and of those since
}

// NewPageHinkley makes a detector that has seen nothing, or one to decode into.
func NewPageHinkley(config PageHinkleyConfig) *PageHinkley {
	config.Delta = cmp.Or(config.Delta, 0.005)
	config.Lambda = cmp.Or(config.Lambda, 50)
	config.Alpha = cmp.Or(config.Alpha, 0.9999)
	config.Least = cmp.Or(config.Least, 30)
	return &PageHinkley{config: config}
}

// Add takes a value, and tells whether the mean has changed: then it begins anew. A value
// that is not finite counts nothing.
func (p *PageHinkley) Add(x float64) (change Change, alarm bool) {
	if !finite(x) {
		return Change{}, false
	}
	p.n++
	p.mean += (x - p.mean) / float64(p.n)
	p.up.add(p, x, x-p.mean)
	p.down.add(p, x, p.mean-x)
	if p.n < p.config.Least {
		return Change{}, false
	}
	for _, side := range []*excess{&p.up, &p.down} {
		change = Change{Before: side.before, After: side.since, Past: p.n - side.n, Since: side.n}
		if side.sum-side.least > p.config.Lambda && p.config.Proof.of(change) {
			p.Reset()
			return change, true
		}
	}
	return Change{}, false
}

func (e *excess) add(p *PageHinkley, x, deviation float64) {
	e.sum = p.config.Alpha*e.sum + deviation - p.config.Delta
	if p.n == 1 || e.sum <= e.least {
		e.least, e.before = e.sum, p.mean
		e.n, e.since = 0, 0
		return
	}
	e.n++
	e.since += (x - e.since) / float64(e.n)
}

// Reset forgets all values.
func (p *PageHinkley) Reset() { *p = PageHinkley{config: p.config} }

// Len is the number of values since the beginning or the last alarm.
func (p *PageHinkley) Len() uint64 { return p.n }

// Mean is that of these values.
func (p *PageHinkley) Mean() float64 { return p.mean }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
