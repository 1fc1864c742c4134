package cf

import (
	"errors"
	"math"
	"slices"
)

// Limit bounds what counts as observed: a number whose magnitude is not below it is
// missing, as NaN is, because its square would leave no room for any other.
const Limit = 1e100

// Missing tells that v is no number that a feature takes: it adds nothing.
func Missing(v float64) bool { return !(math.Abs(v) < Limit) }

// Feature is the cluster feature of a set of weighted vectors. Its zero value is that
// of the empty set. Dimensions are added as vectors have them; a vector that lacks
// one, by NaN or by being shorter, counts nothing there.
type Feature struct {
	n    float64 // total weight, also of vectors that lack all dimensions
	dims []moments
}

// moments are those of one dimension: weight, mean, and sum of weighted squared
// deviations from the mean. All are zero when no vector has the dimension.
type moments struct {
	n       float64
	mean, s double
}

// What is left below these shares of what was there is rounding, not data.
const (
	weightNoise = 1e-9
	sumNoise    = 0x1p-80
	meanNoise   = 0x1p-95
)

// ErrNotHeld is the error of retracting what is not in a feature.
var ErrNotHeld = errors.New("retracting a vector: the cluster feature does not hold it")

// Insert adds a vector of weight w > 0. O(d).
func (f *Feature) Insert(w float64, x []float64) {
	f.grow(len(x))
	f.add(w, x)
}

// Retract takes out a vector that was inserted, with its weight decayed as the feature
// has been since. It changes nothing and returns [ErrNotHeld] when there is less than
// that weight in one of its dimensions: it cannot have been inserted. O(d).
func (f *Feature) Retract(w float64, x []float64) error {
	least := w * (1 - weightNoise)
	if f.n < least {
		return ErrNotHeld
	}
	for j, v := range x {
		if !Missing(v) && (j >= len(f.dims) || f.dims[j].n < least) {
			return ErrNotHeld
		}
	}
	f.add(-w, x)
	if f.n <= w*weightNoise {
		f.Reset()
	}
	return nil
}

// add inserts a vector, or retracts it when w is negative: the formulas are the same.
func (f *Feature) add(w float64, x []float64) {
	f.n += w
	before := math.NaN() // the weight that share and gain are of: mostly that of all dimensions
	var share, gain double
	for j, v := range x {
		if Missing(v) {
			continue
		}
		m := &f.dims[j]
		after := m.n + w
		if after <= -w*weightNoise {
			*m = moments{}
			continue
		}
		if m.n != before {
			before = m.n
			share, gain = quotient(w, after), quotient(w*m.n, after)
		}
		delta := twoSum(v, -m.mean.hi)
		delta.lo -= m.mean.lo
		m.move(after, share, gain, delta)
		if m.s == (double{}) {
			m.mean.lo = 0 // all are the same, and so is a float64
		}
	}
}

// move takes the moments to weight n as the mean of what is added, or taken away, lies
// delta from theirs: mean += share·delta, s += gain·delta².
func (m *moments) move(n float64, share, gain, delta double) {
	m.n = n
	mean := m.mean.plus(share.times(delta))
	if math.Abs(mean.hi) < math.Abs(m.mean.hi)*meanNoise {
		mean = double{}
	}
	m.mean = mean
	s := m.s.plus(gain.times(delta.times(delta)))
	if s.hi < m.s.hi*sumNoise {
		s = double{}
	}
	m.s = s
}

// Merge adds all vectors of another feature, which is left as it is. O(d).
func (f *Feature) Merge(other *Feature) {
	f.grow(len(other.dims))
	f.n += other.n
	for j := range other.dims {
		a, b := &f.dims[j], &other.dims[j]
		switch {
		case b.n == 0:
		case a.n == 0:
			*a = *b
		default:
			n := a.n + b.n
			delta := b.mean.minus(a.mean)
			a.move(n, quotient(b.n, n), quotient(a.n*b.n, n), delta)
			a.s = a.s.plus(b.s)
		}
	}
}

// Decay multiplies all weights with g, from 0 to 1. Means stay. O(d).
func (f *Feature) Decay(g float64) {
	f.n *= g
	for j := range f.dims {
		m := &f.dims[j]
		if m.n *= g; m.n == 0 {
			*m = moments{}
			continue
		}
		m.s = m.s.scaled(g)
	}
}

// Reset makes the feature that of the empty set, and keeps its memory.
func (f *Feature) Reset() {
	f.n = 0
	clear(f.dims)
}

// Clone is a feature of its own with the same vectors.
func (f *Feature) Clone() *Feature { return &Feature{n: f.n, dims: slices.Clone(f.dims)} }

func (f *Feature) grow(d int) {
	for len(f.dims) < d {
		f.dims = append(f.dims, moments{})
	}
}

// N is the total weight: the number of vectors when each weighs 1.
func (f *Feature) N() float64 { return f.n }

// Dims is the number of dimensions that any vector had.
func (f *Feature) Dims() int { return len(f.dims) }

// Observed is the weight of the vectors that have dimension j.
func (f *Feature) Observed(j int) float64 {
	if j >= len(f.dims) {
		return 0
	}
	return f.dims[j].n
}

// Mean is that of dimension j, NaN when no vector has it.
func (f *Feature) Mean(j int) float64 {
	if f.Observed(j) == 0 {
		return math.NaN()
	}
	return f.dims[j].mean.hi
}

// Sum is the sum of squared deviations from the mean in dimension j, weighted.
func (f *Feature) Sum(j int) float64 {
	if f.Observed(j) == 0 {
		return 0
	}
	return f.dims[j].s.hi
}

// Variance is that of dimension j (of the population: Sum over Observed), NaN when no
// vector has it.
func (f *Feature) Variance(j int) float64 {
	if f.Observed(j) == 0 {
		return math.NaN()
	}
	return f.dims[j].s.hi / f.dims[j].n
}

// Centroid writes the means into dst, which is as long as wanted: NaN where no vector
// has the dimension.
func (f *Feature) Centroid(dst []float64) {
	n := min(len(dst), len(f.dims))
	for j := range f.dims[:n] {
		m := &f.dims[j]
		dst[j] = m.mean.hi
		if m.n == 0 {
			dst[j] = math.NaN()
		}
	}
	for j := n; j < len(dst); j++ {
		dst[j] = math.NaN()
	}
}

// Is tells that all vectors of the feature are exactly x.
func (f *Feature) Is(x []float64) bool {
	for j := range max(len(x), len(f.dims)) {
		var m moments
		if j < len(f.dims) {
			m = f.dims[j]
		}
		if j >= len(x) || Missing(x[j]) {
			if m.n != 0 {
				return false
			}
			continue
		}
		if m.n != f.n || m.mean.hi != x[j] || m.mean.lo != 0 || m.s.hi != 0 {
			return false
		}
	}
	return f.n > 0
}

// leastUnit stands for the spread of what does not vary: means that differ by a billionth
// of it are the same.
const leastUnit = 1e-12

// Differs is the largest difference between two features of parts of a whole: of weights
// relative to the weight; of means, and of the root of sums over weight, to the spread
// that the whole has in that dimension. Features of the same vectors differ by rounding
// only, whatever vectors passed through them before.
func (f *Feature) Differs(other, whole *Feature) float64 {
	worst := relative(f.n, other.n, max(f.n, other.n))
	for j := range max(len(f.dims), len(other.dims)) {
		n := max(f.Observed(j), other.Observed(j))
		worst = max(worst, relative(f.Observed(j), other.Observed(j), n))
		if f.Observed(j) == 0 || other.Observed(j) == 0 {
			continue
		}
		a, b := f.dims[j], other.dims[j]
		unit := leastUnit + 0x1p-40*math.Abs(a.mean.hi) // what a mean in float64 resolves
		// a heavy part may hide what the others spread
		if v := max(0, whole.Variance(j), f.Variance(j), other.Variance(j)); v > 0 {
			unit += math.Sqrt(v)
		}
		worst = max(worst, math.Abs(a.mean.minus(b.mean).hi)/unit)
		worst = max(worst, math.Abs(a.s.minus(b.s).hi)/(n*unit*unit))
	}
	return worst
}

func relative(a, b, unit float64) float64 {
	if a == b {
		return 0
	}
	return math.Abs(a-b) / unit
}
