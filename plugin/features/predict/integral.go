package predict

import "math"

// integral is the mean over p, the probability to leave, of (1-(1+p*w)^-r)/p, which is what to
// expect of a customer whose p is known. With p = 1/(1+e^-u) the integrand is smooth, and the
// trapezoidal rule gains digits in proportion to the number of points (Trefethen and Weideman,
// "The Exponentially Convergent Trapezoidal Rule", SIAM Review 56, 2014): about a hundred
// give eleven. Towards both ends it becomes e^(a*u) and e^(-b*u), however slowly these fall:
// their sums are known. Divided by the sum of the weights alone, no beta function is needed.
func (f future) integral(w float64) float64 {
	a, b := f.a, f.b
	s := leaving{future: f, w: w, density: densityOf(a, b)}
	const widest = 1.0 / 3
	step := widest * min(1, math.Sqrt(1/a+1/b))
	step = max(step, 0x1p-30*(1+math.Abs(s.mode))) // where all of the weight is at the mode
	// Beyond the ends, p and 1-p are too small to matter beside 1.
	const digits = 30 // of e
	left := -digits - math.Log(max(1, w)) - math.Log(max(1, f.r, b))
	right := digits + math.Log(max(1, a))

	s.walk(s.mode, step, max(right, s.mode), b*step)
	s.walk(s.mode-step, -step, min(left, s.mode-step), a*step)
	return s.total / s.weights
}

// leaving sums over the probabilities to leave.
type leaving struct {
	future
	density
	w              float64
	total, weights float64
}

// value is what to expect of a customer with such odds to leave.
func (s *leaving) value(odds float64) float64 {
	p := 1.0
	if odds < math.MaxFloat64 {
		p = odds / (1 + odds)
	}
	if p == 0 {
		return s.r * s.w
	}
	return -math.Expm1(-s.r*math.Log1p(p*s.w)) / p
}

// walk adds up from one point on, until what is left is too little to matter, or a geometric
// series.
func (s *leaving) walk(u, step, end, rate float64) {
	odds, ratio := math.Exp(u), math.Exp(step)
	for previous := math.Inf(1); ; u, odds = u+step, odds*ratio {
		g := s.at(u, odds)
		term := g * s.value(odds)
		s.total += term
		s.weights += g
		if (end-u)*step <= 0 {
			rest := math.Exp(-rate) / -math.Expm1(-rate)
			s.total += term * rest
			s.weights += g * rest
			return
		}
		// Both fall ever faster from where they begin to fall.
		const small = 0x1p-44
		if term < previous && term*(term/(previous-term)) <= small*s.total && g <= small*s.weights {
			return
		}
		previous = term
	}
}

// density is that of a beta distribution, over what it is at its mode.
type density struct{ a, b, mode, top float64 }

func densityOf(a, b float64) density {
	d := density{a: a, b: b, mode: math.Log(a) - math.Log(b)}
	d.top = (a+b)*math.Log1p(math.Exp(d.mode)) - a*d.mode
	return d
}

// at is p^a*(1-p)^b at odds e^u. Large a and b make a narrow peak, in which it is computed from
// the distance to the mode: logarithms would cancel out.
func (d *density) at(u, odds float64) float64 {
	a, b := d.a, d.b
	const narrow = 1e4
	if a+b < narrow {
		return math.Exp(a*u - (a+b)*math.Log1p(odds) + d.top)
	}
	there, not := a/(a+b), b/(a+b) // p and 1-p at the mode
	return math.Exp(-a*logMix(there, not, d.mode-u) - b*logMix(not, there, u-d.mode))
}

// logMix is ln(s + (1-s)*e^x), for a share s and the rest of it, to all digits.
func logMix(share, rest, x float64) float64 {
	if more := rest * math.Expm1(x); more > -0.5 {
		return math.Log1p(more)
	}
	return math.Log(share + rest*math.Exp(x))
}
