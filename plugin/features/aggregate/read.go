package aggregate

import "math"

// Features appends the features as of an instant to dst, in the order of
// [Plan.Names]. The instant is in Unix nanoseconds and not before c.Newest. A
// feature that has no value is NaN.
func (p *Plan) Features(dst []float64, c *Profile, asOf int64) []float64 {
	for i := range p.features {
		f := &p.features[i]
		x := p.read(f, c, asOf)
		if math.IsNaN(x) && f.spec.Missing != nil {
			x = *f.spec.Missing
		}
		if f.spec.Transform != None {
			x = transforms[f.spec.Transform](x)
		}
		if math.IsInf(x, 0) { // log1p(-1)
			x = math.NaN()
		}
		dst = append(dst, x)
	}
	return dst
}

func (p *Plan) read(f *feature, c *Profile, asOf int64) float64 {
	if f.spec.Agg == Ratio {
		return p.ratio(f, c)
	}
	m, t, registers := &p.measures[f.measure], c.tallies[f.measure], p.registersOf(c, f.measure)
	if t.n == 0 {
		switch f.spec.Agg {
		case Count, Sum, Rate:
			return 0
		default:
			return math.NaN()
		}
	}
	switch f.spec.Agg {
	case Count:
		return m.weight(t, registers) * m.fade(t.newest, asOf)
	case Sum:
		return registers[len(registers)-1] * m.fade(t.newest, asOf)
	case Mean:
		// Numerator and denominator fade alike, so the mean of a silent customer
		// stays what it was.
		return registers[len(registers)-1] / m.weight(t, registers)
	case SinceLast:
		return span(t.newest, asOf) / float64(f.unit)
	case Rate:
		return p.rate(f, c, asOf)
	default: // Mix
		total := 0.0
		for _, weight := range registers {
			total += weight
		}
		return registers[f.share] / total
	}
}

// rate is the events for each unit of time: their number over the age of the
// customer or, with a half-life H, their weight over tau*(1-g(age)), tau = H/ln 2,
// which is what the weight would be at one event for each unit of time. Without
// that correction a customer as old as H would seem half as active.
//
// The age is that since the first event of any kind, and at least one unit: what a
// single moment says about a rate is nothing, and without a prior over the
// population one event at age zero would be an infinite one.
func (p *Plan) rate(f *feature, c *Profile, asOf int64) float64 {
	m, t := &p.measures[f.measure], c.tallies[f.measure]
	unit := float64(f.unit)
	age := max(span(c.Oldest, asOf), unit)
	if m.HalfLife == 0 {
		return float64(t.n) / age * unit
	}
	weight := m.weight(t, p.registersOf(c, f.measure)) * m.fade(t.newest, asOf)
	tau := float64(m.HalfLife) / math.Ln2
	return weight / (tau * -math.Expm1(-age/tau)) * unit
}

// ratio brings both counts to the time of the later one. From there on they fade
// alike, so the ratio of a silent customer stays what it was.
func (p *Plan) ratio(f *feature, c *Profile) float64 {
	on, to := c.tallies[f.measure], c.tallies[f.to]
	switch {
	case to.n == 0:
		return math.NaN()
	case on.n == 0:
		return 0
	}
	m := &p.measures[f.measure] // To has the same half-life
	later := max(on.newest, to.newest)
	count := m.weight(on, p.registersOf(c, f.measure)) * m.fade(on.newest, later)
	divisor := m.weight(to, p.registersOf(c, f.to)) * m.fade(to.newest, later)
	return saturate(count / divisor)
}
