package predict

import "math"

// Discounted is the number of orders to expect until the horizon, each counted for what it is
// worth today: e^(-rate*t), for one at time t from now. A rate of 0 gives [Orders.Expected].
//
// The sum over orders, by parts, is that of all of them at the end, and what those that come
// before lose less: D(h)*M(h) + the integral of rate*D(t)*M(t), where D is the discount
// and M the expected number until t. M is smooth in ln(1+t/(Alpha+Age)), so a few points of
// Gauss and Legendre give the integral, to 1e-6 of the whole. It takes as long as five calls of
// Expected; more where the horizon is ten times the age, or what comes last is discounted to a third.
func (o Orders) Discounted(h History, horizon, rate float64) float64 {
	h = h.sound()
	f := o.future(h)
	horizon, rate = min(max(0, horizon), enough), min(max(0, rate), enough)
	total := math.Exp(-rate*horizon) * f.until(horizon)
	if rate*horizon > 0 {
		total += f.earlier(horizon, rate)
	}
	return o.Alive(h) * total
}

// earlier is the integral.
func (f future) earlier(horizon, rate float64) float64 {
	// What is worth nothing any more is left out, so that points are where something is.
	const nothing = 40
	horizon = min(horizon, nothing/rate)
	length := math.Log1p(horizon / f.alpha)
	panels := math.Ceil(max(1, length/2, rate*horizon))
	width := length / panels
	total := 0.0
	for panel := range int(panels) {
		for _, point := range legendre {
			e := math.Exp(width * (float64(panel) + (1+point.at)/2))
			t := min(f.alpha*(e-1), horizon)
			total += point.weight * width / 2 * f.alpha * e * rate * math.Exp(-rate*t) * f.until(t)
		}
	}
	return total
}

// legendre are the points of the rule of Gauss and Legendre of order four, from -1 to 1
// (Abramowitz and Stegun, "Handbook of Mathematical Functions", table 25.4).
var legendre = [...]struct{ at, weight float64 }{
	{-0.861136311594053, 0.347854845137454},
	{-0.339981043584856, 0.652145154862546},
	{0.339981043584856, 0.652145154862546},
	{0.861136311594053, 0.347854845137454},
}

// LifetimeValue is what the orders of a customer until the horizon are worth today: what one
// is expected to be, times those expected, discounted by a rate.
func LifetimeValue(o Orders, v Values, h History, s Spending, horizon, rate float64) float64 {
	return min(v.Mean(s)*o.Discounted(h, horizon, rate), math.MaxFloat64)
}

// Rate is what a discount of a share each year comes to for a unit of time of which the year
// has so many: ln(1+share)/units.
func Rate(share, units float64) float64 { return math.Log1p(share) / units }
