package cf

import "math"

// double is an unevaluated sum of two float64, hi being the sum rounded: about 106
// bits, by error-free transformations (Dekker 1971; Knuth, TAOCP 2, 4.2.2).
//
// A retraction subtracts what an insertion added. In a float64, what is left over
// would be the rounding error of the largest value that ever passed through.
type double struct{ hi, lo float64 }

// twoSum is a+b exactly.
func twoSum(a, b float64) double {
	s := a + b
	t := s - a
	return double{s, (a - (s - t)) + (b - t)}
}

// normal is hi+lo with hi rounded, for |hi| ≥ |lo|.
func normal(hi, lo float64) double {
	s := hi + lo
	return double{s, lo - (s - hi)}
}

// plus errs by at most a few units of the 106th bit of |a|+|b|.
func (a double) plus(b double) double {
	s := twoSum(a.hi, b.hi)
	return normal(s.hi, s.lo+(a.lo+b.lo))
}

func (a double) minus(b double) double { return a.plus(double{-b.hi, -b.lo}) }

func (a double) times(b double) double {
	p := a.hi * b.hi
	return normal(p, math.FMA(a.hi, b.hi, -p)+(a.hi*b.lo+a.lo*b.hi))
}

// scaled is a·g, for a g that is a float64.
func (a double) scaled(g float64) double {
	p := a.hi * g
	return normal(p, math.FMA(a.hi, g, -p)+a.lo*g)
}

// quotient is a/b in twice the precision of its operands.
func quotient(a, b float64) double {
	q := a / b
	return normal(q, math.FMA(-q, b, a)/b)
}
