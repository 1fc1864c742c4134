package drift

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/record"
)

// How sensitive the detectors of a signal are, in standard deviations of its blocks: there
// are many signals, and an alarm that is none costs more than one that comes a little later.
const (
	confidence = 1e-4 // of ADWIN: that a look is a false alarm
	tolerated  = 0.25 // of Page-Hinkley: a deviation of each block
	summed     = 40   // the same: of all blocks
	remembered = 1024 // blocks in the window of ADWIN
)

// signal watches the means of blocks of arrivals. It learns first how much they vary.
type signal struct {
	rule    rule
	n       float64 // blocks learned from, as are
	mean, s float64 // their mean, and the sum of their squared deviations
	unit    float64 // their standard deviation; 0 while learning
	adwin   *ADWIN
	hinkley *PageHinkley
	changed bool // since it was saved
}

// rule is what is special about a signal.
type rule struct {
	signal Signal
	size   float64 // arrivals in a block
}

// Changes that are smaller are noticed on long streams, and matter to nobody.
const (
	leastError   = 0.05 // of the quantisation error before
	leastShare   = 0.25 // of a share before
	leastOutlier = 0.01 // of the arrivals
	evidence     = 20   // that a share has changed: what happens by chance once in exp(20) times
)

// matters tells that a change is one to tell of. A smaller error is none, and neither are
// fewer outliers: the segments fit better than they did.
func (r rule) matters(c Change) bool {
	rise := c.After - c.Before
	switch r.signal {
	case QuantisationError:
		return rise >= leastError*c.Before
	case OutlierShare:
		return rise >= max(leastOutlier, leastShare*c.Before)
	default:
		return math.Abs(rise) >= leastShare*c.Before
	}
}

// proves tells that a change of a share is none by chance, by the bound of Chernoff: that of
// the detectors goes by the variance, which says little of what is rare. One of the error is
// left to them.
func (r rule) proves(c Change) bool {
	if r.signal == QuantisationError {
		return true
	}
	before := (c.Before*Learning + 1) / (Learning + 2)
	return float64(c.Since)*r.size*divergence(c.After, before) >= evidence
}

// divergence is that of Kullback and Leibler between two coins.
func divergence(p, q float64) float64 {
	part := func(p, q float64) float64 {
		if p <= 0 {
			return 0
		}
		return p * math.Log(p/q)
	}
	return part(p, q) + part(1-p, 1-q)
}

// spread is the standard deviation of a block, not below what chance alone makes of it.
func (r rule) spread(blocks, mean, variance float64) float64 {
	deviation := math.Sqrt(variance)
	if r.signal == QuantisationError {
		deviation = max(deviation, leastError*mean)
	} else {
		n := blocks * r.size
		p := (mean*n + 1) / (n + 2)
		deviation = max(deviation, math.Sqrt(p*(1-p)/r.size))
	}
	if deviation == 0 {
		return 1 // everything is where its segment is
	}
	return deviation
}

func newSignal(r rule) *signal { return &signal{rule: r, changed: true} }

func (s *signal) watch(unit float64) {
	s.unit = unit
	s.adwin = NewADWIN(ADWINConfig{Delta: confidence, Clock: 1, Range: unit, Most: remembered, Proof: s.rule.proves})
	s.hinkley = NewPageHinkley(PageHinkleyConfig{Delta: tolerated * unit, Lambda: summed * unit, Alpha: 1, Proof: s.rule.proves})
}

// add takes the mean of a block.
func (s *signal) add(value float64) (found Alarm, alarm bool) {
	s.changed = true
	if s.unit == 0 {
		s.learn(value)
		return Alarm{}, false
	}
	slow, summed := s.hinkley.Add(value)
	quick, cut := s.adwin.Add(value)
	switch {
	case cut && s.rule.matters(quick):
		return Alarm{Detector: ByADWIN, Signal: s.rule.signal, Change: quick}, true
	case summed && s.rule.matters(slow):
		return Alarm{Detector: ByPageHinkley, Signal: s.rule.signal, Change: slow}, true
	}
	return Alarm{}, false
}

func (s *signal) learn(value float64) {
	s.n++
	difference := value - s.mean
	s.mean += difference / s.n
	s.s += difference * (value - s.mean)
	if s.n*s.rule.size >= Learning && s.n >= leastBlocks {
		s.watch(s.rule.spread(s.n, s.mean, s.s/(s.n-1)))
	}
}

// append writes the signal: 40 bytes while it learns, then those of its detectors.
func (s *signal) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = record.AppendCompact(dst, s.unit)
	if s.unit == 0 {
		dst = record.AppendCompact(dst, s.n)
		dst = record.AppendCompact(dst, s.mean)
		return record.AppendCompact(dst, s.s)
	}
	return s.hinkley.Append(s.adwin.Append(dst))
}

// decode reads what append wrote, all of it, into a new signal.
func (s *signal) decode(stored []byte) error {
	r := begin(stored)
	unit := r.Compact()
	if r.Damaged() || unit < 0 {
		return ErrDamaged
	}
	if unit == 0 {
		s.n, s.mean, s.s = r.Compact(), r.Compact(), r.Compact()
		if !r.Complete() || s.n < 0 || s.s < 0 {
			return ErrDamaged
		}
		return nil
	}
	s.watch(unit)
	rest, err := s.adwin.Decode(r.Rest())
	if err == nil {
		rest, err = s.hinkley.Decode(rest)
	}
	if err != nil || len(rest) > 0 {
		return ErrDamaged
	}
	return nil
}
