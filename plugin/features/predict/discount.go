package predict

import "math"

// Discounted is the number of orders to expect until the horizon, each counted for what it is
// worth today: e^(-rate*t), for one at time t from now. A rate of 0 gives [Orders.Expected].
//
// The sum over orders, by parts, is that of all of them at the end, and what those that come
// before lose less: D(h)*M(h) + the integral of rate*D(t)*M(t), where D is the discount
// and M the expected number until t. M bends where the first orders come, at (Alpha+Age)/(R+x), and
// is smooth in the logarithm of time from there on, so a few points of Gauss and Legendre give the
// integral, to 1e-7 of the whole. It takes as long as nine calls of Expected; more where the
// horizon is twenty times that, or what comes last is discounted to a quarter.
func (o Orders) Discounted(h History, horizon, rate float64) float64 {
	h = h.sound()
	f := o.future(h)
	horizon, rate = min(max(0, horizon), enough), min(max(0, rate), enough)
	all := f.until(horizon)
	total := math.Exp(-rate*horizon) * all
	if rate*horizon > 0 {
		total += f.earlier(horizon, rate)
	}
	return o.Alive(h) * min(total, all)
}

// earlier is the integral.
func (f future) earlier(horizon, rate float64) float64 {
	// What is worth nothing any more is left out, so that points are where something is.
	const nothing = 40
	horizon = min(horizon, nothing/rate)
	bend := f.alpha / max(1, f.r)
	length := math.Log1p(horizon / bend)
	panels := math.Ceil(max(1, length/3, rate*horizon/1.5))
	width := length / panels
	total := 0.0
	for panel := range int(panels) {
		for _, point := range legendre {
			e := math.Exp(width * (float64(panel) + (1+point.at)/2))
			t := min(bend*(e-1), horizon)
			total += point.weight * width / 2 * bend * e * rate * math.Exp(-rate*t) * f.until(t)
		}
	}
	return total
}

// legendre are the points of the rule of Gauss and Legendre of order eight, from -1 to 1
// (Abramowitz and Stegun, "Handbook of Mathematical Functions", table 25.4).
var legendre = [...]struct{ at, weight float64 }{
	{-0.960289856497536, 0.101228536290376},
	{-0.796666477413627, 0.222381034453374},
	{-0.525532409916329, 0.313706645877887},
	{-0.183434642495650, 0.362683783378362},
	{0.183434642495650, 0.362683783378362},
	{0.525532409916329, 0.313706645877887},
	{0.796666477413627, 0.222381034453374},
	{0.960289856497536, 0.101228536290376},
}

// LifetimeValue is what the orders of a customer until the horizon are worth today: what one
// is expected to be, times those expected, discounted by a rate.
func LifetimeValue(o Orders, v Values, h History, s Spending, horizon, rate float64) float64 {
	return min(v.Mean(s)*o.Discounted(h, horizon, rate), math.MaxFloat64)
}

// Rate is what a discount of a share each year comes to for a unit of time of which the year
// has so many: ln(1+share)/units.
func Rate(share, units float64) float64 { return math.Log1p(share) / units }
