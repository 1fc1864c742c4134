package aggregate

import (
	"math"
	"slices"
)

// ringSize is how many times a ring holds.
const ringSize = 8

// ring is the times of the newest events, in their order.
type ring struct {
	unfading
	n     int
	times [ringSize]int64
}

func (r *ring) reset() { *r = ring{} }

func (r *ring) add(e entry, _ tally) {
	place, _ := slices.BinarySearch(r.times[:r.n], e.at)
	switch {
	case r.n < ringSize:
		copy(r.times[place+1:r.n+1], r.times[place:r.n])
		r.n++
	case place == 0:
		return
	default:
		place--
		copy(r.times[:place], r.times[1:place+1])
	}
	r.times[place] = e.at
}

func (r *ring) merge(from state, _ float64, _, _ tally) {
	other := from.(*ring)
	for _, at := range other.times[:other.n] {
		r.add(entry{at: at}, tally{})
	}
}

// append leaves out the number, which is that of all events while there are few, and the
// newest, which the tally has.
func (r *ring) append(dst []byte, f frame) []byte {
	for i := r.n - 2; i >= 0; i-- {
		dst = appendBefore(dst, r.times[i+1], r.times[i], f.unit)
	}
	return dst
}

func (r *ring) decode(in *reader, f frame) {
	r.n = int(min(f.tally.n, ringSize))
	r.times[r.n-1] = f.tally.newest
	for i := r.n - 2; i >= 0; i-- {
		r.times[i] = in.before(r.times[i+1], f.unit)
	}
}

func (r *ring) coarsest(number int) int {
	for _, at := range r.times[:r.n] {
		number = coarsest(at, number)
	}
	return number
}

func (r *ring) check(tally) string { return "" }

// regularity is 1/(1+v), where v is the standard deviation of the times between the
// events of the ring over their mean: 1 for a clockwork, about 1/2 for events that come
// by chance, towards 0 for bursts. NaN for fewer than three events, or all at one time.
func (r *ring) regularity() float64 {
	if r.n < 3 {
		return math.NaN()
	}
	var gaps moments
	for i := 1; i < r.n; i++ {
		gaps.combine(moments{weight: 1, mean: lasting(r.times[i-1], r.times[i])})
	}
	if gaps.mean == 0 {
		return math.NaN()
	}
	return 1 / (1 + math.Sqrt(gaps.variance())/gaps.mean)
}
