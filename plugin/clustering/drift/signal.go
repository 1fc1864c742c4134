package drift

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/record"
)

// How sensitive the detectors of a signal are: there are many signals, and an alarm that is
// none costs more than one that comes a little later. That of Page and Hinkley follows Lundberg
// and Bernstein: sums of steps that fall by δ on the average, with a variance of v and none
// above R, exceed (v/(2δ)+R/3)·L once in exp(L) times.
const (
	confidence = 1e-4 // of ADWIN: that a look is a false alarm
	loose      = 2e-3 // the same, of shares, which have a proof of their own
	tolerated  = 0.25 // of Page-Hinkley: a deviation of each block, in its standard deviations
	evidence   = 20   // of a proof: what happens by chance once in exp(20) times
	remembered = 1024 // blocks in the window of ADWIN
)

// signal watches the means of blocks of arrivals. It learns first how much they vary.
type signal struct {
	rule    rule
	n       float64 // blocks learned from, as are
	mean, s float64 // their mean, and the sum of their squared deviations
	unit    float64 // standard deviation of a block; 0 while learning
	adwin   *ADWIN
	hinkley *PageHinkley
	changed bool // since it was saved
}

// rule is what is special about a signal.
type rule struct {
	signal Signal
	size   float64 // arrivals in a block
	share  bool    // of arrivals; else a mean
	delta  float64 // of ADWIN
	most   float64 // that one arrival can count: 1 where it is a share
	least  float64 // change that matters
}

// Changes that are smaller are noticed on long streams, and matter to nobody.
const (
	leastShare   = 0.25 // of a share before
	leastOutlier = 0.01 // of the arrivals
)

// matters tells that a change is one to tell of. A smaller error is none, and neither are
// fewer outliers: the segments fit better than they did.
func (r rule) matters(c Change) bool {
	rise := c.After - c.Before
	if r.signal == SegmentShare {
		rise = math.Abs(rise)
	}
	part := leastError
	if r.share {
		part = leastShare
	}
	return rise >= max(r.least, part*c.Before)
}

// proves tells that a change of a share is none by chance, by the ratio of likelihoods that
// there were two shares, and one: what the detectors go by, the variance, says little of what
// is rare. Of a mean, they know how much one arrival can make of it.
func (r rule) proves(c Change) bool {
	if !r.share {
		return true
	}
	past, since := float64(c.Past)*r.size, float64(c.Since)*r.size
	all := (past*c.Before + since*c.After) / (past + since)
	return past*divergence(c.Before, all)+since*divergence(c.After, all) >= evidence
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

// deviation is the standard deviation of a block of a share, of which so many arrivals are
// known: not below what chance alone makes of it.
func (r rule) deviation(arrivals, mean, variance float64) float64 {
	p := (mean*arrivals + 1) / (arrivals + 2)
	return math.Sqrt(max(variance, p*(1-p)/r.size))
}

func newSignal(r rule) *signal {
	if r.share {
		r.most = 1
	}
	return &signal{rule: r, changed: true}
}

func (s *signal) watch(unit float64) {
	s.unit, s.changed = unit, true
	most := s.rule.most / s.rule.size
	s.adwin = NewADWIN(ADWINConfig{Delta: s.rule.delta, Clock: 1, Range: most, Most: remembered, Proof: s.rule.proves})
	s.hinkley = NewPageHinkley(PageHinkleyConfig{
		Delta: tolerated * unit, Lambda: evidence * (unit/(2*tolerated) + most/3), Alpha: 1, Proof: s.rule.proves,
	})
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
		s.watch(s.rule.deviation(s.n*s.rule.size, s.mean, s.s/(s.n-1)))
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
