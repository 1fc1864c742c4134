package predict

import "math"

// future is what is to come of a customer who is there: their rate of orders has a gamma
// distribution of shape r and rate alpha, the probability to leave after each a beta
// distribution of a and b.
type future struct{ r, alpha, a, b float64 }

// until is the number of orders to expect until t. With z = t/(alpha+t), c = a+b-1 and 2F1 the
// Gaussian hypergeometric function, the papers write it as
//
//	c/(a-1) * (1 - (1-z)^r * 2F1(r, b; c; z))
//
// which is 0/0 at a = 1, loses all digits near that and for a short time, and has a 2F1 that
// overflows for customers with hundreds of orders. The same is a sum of what is positive: N,
// the orders until t if the customer never left, has a negative binomial distribution, and
// the k-th is reached with the probability (b)_k/(a+b)_k of having stayed k times. So it is the
// sum over n of P(N = n) times S(n), the sum of those for k < n. It has about as many
// terms as N may be; where these would be too many, it is an integral.
func (f future) until(t float64) float64 {
	if !(t > 0) {
		return 0
	}
	w := min(t, enough) / f.alpha
	if f.terms(w) <= mostTerms && f.r*math.Log1p(w) < tiniest {
		return f.sum(w)
	}
	return f.integral(w)
}

const (
	mostTerms = 2000 // take as long as the integral
	tiniest   = 700  // e to the power of minus that is not 0
)

// terms is about how many there are in the sum until a time of w times alpha: the mean of N,
// and the tails that matter.
func (f future) terms(w float64) float64 {
	mean := f.r * w
	return mean + 10*math.Sqrt(mean*(1+w)) + 40*(1+w)
}

// sum adds up the series.
func (f future) sum(w float64) float64 {
	z := w / (1 + w)
	mean := f.r * w
	probability := math.Exp(-f.r * math.Log1p(w)) // of n orders
	total, reached, stayed := 0.0, 0.0, 1.0
	for n := 1.0; ; n++ {
		probability *= z * (f.r + (n - 1)) / n // not f.r + n - 1, which is 0 for a tiny r and n = 1
		reached += stayed
		stayed *= (f.b + (n - 1)) / (f.a + f.b + (n - 1))
		term := probability * reached
		total += term
		// From there on, terms fall at least as fast as those of a geometric series of z
		// soon do.
		if n > mean && term*(1+w) <= 0x1p-52*total {
			return total
		}
		if n > 2*mostTerms { // rounding keeps a term of 0 from ending the sum
			return total
		}
	}
}
