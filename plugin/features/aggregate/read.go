package aggregate

import (
	"math"
	"time"
)

// Features appends the features as of an instant to dst, in the order of
// [Plan.Names]. The instant is in Unix nanoseconds and not before c.Newest. A
// feature that has no value is NaN. Without a population, nothing is clipped to its
// quantiles or filled with its median, and predictions are those of the priors.
func (p *Plan) Features(dst []float64, c *Profile, asOf int64, population Population) []float64 {
	from := len(dst)
	for i := range p.features {
		x := p.raw(i, dst[from:], c, asOf, population)
		dst = append(dst, p.clean(i, x, c, population))
	}
	// Expressions have seen the features in their own units.
	for i := range p.features {
		x := dst[from+i]
		if transform := p.features[i].spec.Transform; transform != None {
			x = transforms[transform](x)
		}
		if math.IsInf(x, 0) { // log1p(-1)
			x = math.NaN()
		}
		dst[from+i] = x
	}
	return dst
}

// Votes appends what a customer votes for each of [Plan.VoteIDs] to dst, as of an instant:
// what the aggregate or expression gives, before it is filled, clipped and transformed. It
// is NaN without a value, and for a feature that is not voted on.
func (p *Plan) Votes(dst []float64, c *Profile, asOf int64, population Population) []float64 {
	var cleaned []float64 // by feature, for expressions
	for i, id := range p.voteIDs {
		x := math.NaN()
		if id != "" || p.votedExpressions {
			x = p.raw(i, cleaned, c, asOf, population)
		}
		if p.votedExpressions {
			cleaned = append(cleaned, p.clean(i, x, c, population))
		}
		if id == "" {
			x = math.NaN()
		}
		dst = append(dst, x)
	}
	return dst
}

// raw is the value of the feature at a place; those before it are given to expressions.
// What is not finite, such as a time over an interval of zero, is no value.
func (p *Plan) raw(i int, before []float64, c *Profile, asOf int64, population Population) (x float64) {
	switch f := &p.features[i]; {
	case f.definition == nil:
		x = f.expression(before)
	case f.definition.predict != nil:
		x = f.definition.predict(p, f, c, population, asOf)
	default:
		x = f.definition.read(p, f, c, asOf)
	}
	if math.IsInf(x, 0) {
		return math.NaN()
	}
	return x
}

// count is the number of the events of a measure that count for a feature: those in its
// window, or each faded to the instant.
func (p *Plan) count(f *feature, measure int, c *Profile, asOf int64) float64 {
	t := c.tallies[measure]
	if t.n == 0 {
		return 0
	}
	switch s := c.states[measure].(type) {
	case *pyramid:
		n := s.later(before(asOf, f.spec.Window)).n
		if asOf < t.newest {
			n -= s.later(asOf).n
		}
		return n
	case *weight:
		return s.total * p.measures[measure].fade(t.newest, asOf)
	default:
		return float64(t.n)
	}
}

// before is an instant by a time earlier, or the earliest there is.
func before(at int64, by time.Duration) int64 {
	if at < math.MinInt64+int64(by) {
		return math.MinInt64
	}
	return at - int64(by)
}

func readCount(p *Plan, f *feature, c *Profile, asOf int64) float64 {
	return p.count(f, f.measure, c, asOf)
}

func readSum(p *Plan, f *feature, c *Profile, asOf int64) float64 {
	t := c.tallies[f.measure]
	if t.n == 0 {
		return 0
	}
	switch s := c.states[f.measure].(type) {
	case *pyramid:
		return s.later(before(asOf, f.spec.Window)).sum
	case *fadingSum:
		return s.sum * p.measures[f.measure].fade(t.newest, asOf)
	case *sum:
		return s.value()
	}
	return math.NaN()
}

// readMean needs no fading: numerator and denominator fade alike, so the mean of a silent
// customer stays what it was.
func readMean(_ *Plan, f *feature, c *Profile, asOf int64) float64 {
	t := c.tallies[f.measure]
	if t.n == 0 {
		return math.NaN()
	}
	switch s := c.states[f.measure].(type) {
	case *pyramid:
		w := s.later(before(asOf, f.spec.Window))
		return w.sum / w.n // NaN for none
	case *fadingSum:
		return s.sum / s.weight
	case *sum:
		return s.value() / float64(t.n)
	}
	return math.NaN()
}

func readVariance(_ *Plan, f *feature, c *Profile, asOf int64) float64 {
	if c.tallies[f.measure].n == 0 {
		return math.NaN()
	}
	switch s := c.states[f.measure].(type) {
	case *pyramid:
		w := s.later(before(asOf, f.spec.Window))
		return w.moments.variance()
	case *moments:
		return s.variance()
	}
	return math.NaN()
}

func readDeviation(p *Plan, f *feature, c *Profile, asOf int64) float64 {
	return math.Sqrt(readVariance(p, f, c, asOf))
}

func readExtreme(_ *Plan, f *feature, c *Profile, asOf int64) float64 {
	if c.tallies[f.measure].n == 0 {
		return math.NaN()
	}
	switch s := c.states[f.measure].(type) {
	case *pyramid:
		if w := s.later(before(asOf, f.spec.Window)); w.n > 0 {
			return w.extreme
		}
	case *extreme:
		return s.value
	}
	return math.NaN()
}

// readRate is the events for each unit of time: their number over the age of the
// customer or the window, whichever is less or, with a half-life H, their weight over
// tau*(1-g(age)), tau = H/ln 2, which is what the weight would be at one event for each
// unit of time. Without that correction a customer as old as H would seem half as active.
//
// The age is that since the first event of any kind, and at least one unit: what a
// single moment says about a rate is nothing, and without a prior over the
// population one event at age zero would be an infinite one.
func readRate(p *Plan, f *feature, c *Profile, asOf int64) float64 {
	if c.tallies[f.measure].n == 0 {
		return 0
	}
	unit := float64(f.unit)
	exposure := max(lasting(c.Oldest, asOf), unit)
	switch m := &p.measures[f.measure]; {
	case m.HalfLife > 0:
		tau := float64(m.HalfLife) / math.Ln2
		exposure = tau * -math.Expm1(-exposure/tau)
	case f.spec.Window > 0:
		exposure = min(exposure, float64(f.spec.Window))
	}
	return p.count(f, f.measure, c, asOf) / exposure * unit
}

// readRatio brings both counts to the time of the later one. From there on they fade
// alike, so the ratio of a silent customer stays what it was. Over a divisor that has faded
// to nothing, or is not in the window, it is not finite, which is no value.
func readRatio(p *Plan, f *feature, c *Profile, asOf int64) float64 {
	on, to := c.tallies[f.measure], c.tallies[f.to]
	if to.n == 0 {
		return math.NaN()
	}
	if f.spec.Window == 0 {
		asOf = to.newest
		if on.n > 0 {
			asOf = max(on.newest, to.newest)
		}
	}
	return p.count(f, f.measure, c, asOf) / p.count(f, f.to, c, asOf)
}
