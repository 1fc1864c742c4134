package drift

import (
	"cmp"
	"math"
	"slices"
)

// ADWINConfig configures an [ADWIN].
type ADWINConfig struct {
	Delta float64 // bounds the probability of a false alarm at each look; 0: 0.002
	Clock uint64  // values from look to look; 0: 32
	Range float64 // in which values lie; 0: 1
	Most  uint64  // values in the window; 0: no bound
	Proof Proof   // nil: none is asked for
}

const (
	perRow  = 5 // buckets of one size
	minSide = 5 // values on either side of a cut
	maxRows = 48
)

// ADWIN keeps a window of the newest values that grows as long as their mean stays the same:
// adaptive windowing (Bifet and Gavaldà 2007). The window is an exponential histogram: a
// bucket of row i sums 2^i values up. At each look, its older part is dropped while there is
// a cut on whose sides the means differ by more than chance, by the bound of Bernstein with
// the variance of the window.
//
// Memory, and the time of a look, are O(log n) for a window of n values; Add is O(1) else.
type ADWIN struct {
	config ADWINConfig
	rows   []row  // the newest first
	n      uint64 // values in the window
	tick   uint64 // values since the last look
}

// row has the buckets of one size, the oldest first.
type row struct {
	count   int
	buckets [perRow + 1]bucket
}

// bucket is the mean of its values, and the sum of their squared deviations from it.
type bucket struct{ mean, s float64 }

// NewADWIN makes a detector that has seen nothing, or one to decode into.
func NewADWIN(config ADWINConfig) *ADWIN {
	config.Delta = cmp.Or(config.Delta, 0.002)
	config.Clock = cmp.Or(config.Clock, 32)
	config.Range = cmp.Or(config.Range, 1)
	return &ADWIN{config: config}
}

// Add takes a value, and tells whether the mean has changed: then the older values have
// left. A value that is not finite counts nothing.
func (a *ADWIN) Add(x float64) (change Change, alarm bool) {
	if !finite(x) {
		return Change{}, false
	}
	a.insert(x)
	if a.config.Most > 0 {
		for a.n > a.config.Most {
			a.dropOldest()
		}
	}
	if a.tick++; a.tick < a.config.Clock {
		return Change{}, false
	}
	a.tick = 0
	for {
		cut, found := a.cut()
		if !found {
			return change, alarm
		}
		if !alarm {
			change, alarm = cut, true
		}
		a.dropOldest()
	}
}

// insert puts a bucket of one value into the first row. Of a row that is too full, the two
// oldest become one of the next.
func (a *ADWIN) insert(x float64) {
	a.n++
	next, size := bucket{mean: x}, 1.0
	for i := 0; ; i++ {
		if i == len(a.rows) {
			a.rows = append(a.rows, row{})
		}
		r := &a.rows[i]
		r.buckets[r.count] = next
		r.count++
		if r.count <= perRow || i == maxRows-1 && a.dropOldest() > 0 {
			return
		}
		old, young := r.buckets[0], r.buckets[1]
		apart := young.mean - old.mean
		next = bucket{mean: old.mean + apart/2, s: old.s + young.s + size/2*apart*apart}
		size *= 2
		r.count = copy(r.buckets[:], r.buckets[2:r.count])
	}
}

// dropOldest takes the oldest bucket out, and returns its number of values.
func (a *ADWIN) dropOldest() uint64 {
	last := len(a.rows) - 1
	r := &a.rows[last]
	r.count = copy(r.buckets[:], r.buckets[1:r.count])
	if r.count == 0 {
		a.rows = a.rows[:last]
	}
	a.n -= 1 << last
	return 1 << last
}

// cut looks for a place where the window falls into two parts of different means. Of
// several, it tells of the clearest.
func (a *ADWIN) cut() (change Change, found bool) {
	if a.n < 2*minSide {
		return Change{}, false
	}
	whole := a.window()
	n := float64(a.n)
	l := math.Log(2 * math.Log(n) / a.config.Delta)
	variance := whole.s / n
	old, oldMean, clearest := 0.0, 0.0, 1.0
	for i, r := range slices.Backward(a.rows) {
		size := math.Ldexp(1, i)
		for _, b := range r.buckets[:r.count] {
			old += size
			oldMean += (b.mean - oldMean) * size / old
			young := n - old
			if young < minSide {
				return change, found
			}
			if old < minSide {
				continue
			}
			youngMean := whole.mean + (whole.mean-oldMean)*old/young
			inverse := 1/old + 1/young
			bound := math.Sqrt(2*inverse*variance*l) + 2.0/3*inverse*l*a.config.Range
			here := Change{Before: oldMean, After: youngMean, Past: uint64(old), Since: uint64(young)}
			if ratio := math.Abs(oldMean-youngMean) / bound; ratio >= clearest && a.config.Proof.of(here) {
				change, found, clearest = here, true, ratio
			}
		}
	}
	return change, found
}

// window sums all buckets up.
func (a *ADWIN) window() (whole bucket) {
	n := 0.0
	for i, r := range slices.Backward(a.rows) {
		size := math.Ldexp(1, i)
		for _, b := range r.buckets[:r.count] {
			apart := b.mean - whole.mean
			whole.mean += apart * size / (n + size)
			whole.s += b.s + apart*apart*n*size/(n+size)
			n += size
		}
	}
	return whole
}

// Reset forgets all values.
func (a *ADWIN) Reset() { *a = ADWIN{config: a.config, rows: a.rows[:0]} }

// Len is the number of values in the window.
func (a *ADWIN) Len() uint64 { return a.n }

// Mean is that of the window; 0 where it is empty. O(log n).
func (a *ADWIN) Mean() float64 { return a.window().mean }

// Variance is that of the window. O(log n).
func (a *ADWIN) Variance() float64 { return a.window().s / float64(max(a.n, 1)) }
