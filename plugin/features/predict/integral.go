package predict

import "math"

// integral is the mean over p, the probability to leave, of (1-(1+p*w)^-r)/p, which is what to
// expect of a customer whose p is known. With p = 1/(1+e^-u) the integrand is smooth, and the
// trapezoidal rule gains digits in proportion to the number of points (Trefethen and Weideman,
// "The Exponentially Convergent Trapezoidal Rule", SIAM Review 56, 2014). Towards both
// ends it becomes e^(a*u) and e^(-b*u), however slowly these fall: their sums are known.
// Divided by the sum of the weights alone, no beta function is needed.
func (f future) integral(w float64) float64 {
	r, a, b := f.r, f.a, f.b
	value := func(p float64) float64 {
		if p == 0 {
			return r * w
		}
		return -math.Expm1(-r*math.Log1p(p*w)) / p
	}
	mode := math.Log(a) - math.Log(b)
	there, not := a/(a+b), b/(a+b)      // p and 1-p at the mode
	weight := func(u float64) float64 { // p^a*(1-p)^b over what that is at the mode
		return math.Exp(-a*logMix(there, not, mode-u) - b*logMix(not, there, u-mode))
	}

	const widest = 0.25
	step := widest * min(1, math.Sqrt(1/a+1/b))
	step = max(step, 0x1p-30*(1+math.Abs(mode))) // where all of the weight is at the mode
	// Beyond the ends, p and 1-p are too small to matter beside 1.
	const digits = 40
	left := -digits - math.Log(max(1, w)) - math.Log(max(1, r, b))
	right := digits + math.Log(max(1, a))

	var total, weights float64
	walk := func(u, step, end, rate float64) {
		previous := math.Inf(1)
		for ; ; u += step {
			g := weight(u)
			term := g * value(math.Exp(logistic(u)))
			total += term
			weights += g
			if (end-u)*step <= 0 {
				// The rest is a geometric series.
				rest := math.Exp(-rate) / -math.Expm1(-rate)
				total += term * rest
				weights += g * rest
				return
			}
			// Both fall ever faster from there on.
			const small = 0x1p-60
			if term < previous && term*(term/(previous-term)) <= small*total && g <= small*weights {
				return
			}
			previous = term
		}
	}
	walk(mode, step, max(right, mode), b*step)
	walk(mode-step, -step, min(left, mode-step), a*step)
	return total / weights
}

// logistic is the logarithm of 1/(1+e^-u).
func logistic(u float64) float64 {
	if u < 0 {
		return u - math.Log1p(math.Exp(u))
	}
	return -math.Log1p(math.Exp(-u))
}

// logMix is ln(s + (1-s)*e^x), for a share s and the rest of it, to all digits.
func logMix(share, rest, x float64) float64 {
	if more := rest * math.Expm1(x); more > -0.5 {
		return math.Log1p(more)
	}
	return math.Log(share + rest*math.Exp(x))
}
