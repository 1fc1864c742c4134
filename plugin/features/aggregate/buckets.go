package aggregate

import (
	"encoding/binary"
	"math"
	"slices"
)

// buckets count values by the logarithm of their size, for quantiles. Bucket i holds the
// values with gamma^(i-1) < |x| <= gamma^i and stands for 2*gamma^i/(gamma+1), which none
// of them is further from than (gamma-1)/(gamma+1) of itself: 1 % for the gamma of 1.02
// that it begins with. When there are too many buckets, pairs of neighbours become one,
// gamma is squared, and the error nearly doubles. (Masson, Rim and Lee, "DDSketch", VLDB
// 2019; the collapse is that of Epicoco et al., "UDDSketch", 2020: it depends on the set
// of values alone, as does all else here.)
type buckets struct {
	most   int
	level  uint8 // how often gamma was squared
	filled []bucket
}

// bucket is one that is not empty.
type bucket struct {
	place  int32 // grows with the values: 0 for zero, i+side for positive, -(i+side) for negative
	weight float64
}

const (
	logGamma  = 0.01980262729617972 // ln 1.02
	side      = 1 << 18             // i lies between -37,600 and 35,900
	mostLevel = 16
)

// mostBuckets is how many there are room for: weights that fade take more of it.
func mostBuckets(fading bool) int {
	if fading {
		return 32
	}
	return 64
}

func (b *buckets) reset() { b.level, b.filled = 0, b.filled[:0] }

func (b *buckets) add(e entry, _ tally) { b.insert(raisePlace(placeOf(e.number), b.level), e.weight) }

// placeOf is the place of a value at level 0.
func placeOf(x float64) int32 {
	if x == 0 {
		return 0
	}
	i := int32(math.Ceil(math.Log(math.Abs(x))/logGamma)) + side
	if x < 0 {
		return -i
	}
	return i
}

// raisePlace is the place after so many collapses: i becomes half of it, rounded up, each
// time.
func raisePlace(place int32, by uint8) int32 {
	switch {
	case place > 0:
		return -(-(place - side) >> by) + side
	case place < 0:
		return -raisePlace(-place, by)
	}
	return 0
}

func (b *buckets) insert(place int32, weight float64) {
	at, found := slices.BinarySearchFunc(b.filled, place, func(x bucket, place int32) int { return int(x.place - place) })
	if found {
		b.filled[at].weight += weight
		return
	}
	b.filled = slices.Insert(b.filled, at, bucket{place, weight})
	for len(b.filled) > b.most && b.level < mostLevel {
		b.collapse(1)
	}
}

func (b *buckets) collapse(by uint8) {
	b.level += by
	kept := b.filled[:0]
	for _, x := range b.filled {
		x.place = raisePlace(x.place, by)
		if n := len(kept); n > 0 && kept[n-1].place == x.place {
			kept[n-1].weight += x.weight
		} else {
			kept = append(kept, x)
		}
	}
	b.filled = kept
}

func (b *buckets) fade(g float64) {
	for i := range b.filled {
		b.filled[i].weight *= g
	}
}

func (b *buckets) merge(from state, g float64, _, _ tally) {
	other := from.(*buckets)
	if other.level > b.level {
		b.collapse(other.level - b.level)
	}
	for _, x := range other.filled {
		b.insert(raisePlace(x.place, b.level-other.level), g*x.weight)
	}
}

// quantile is the value below or at which the share q of the weight lies: the nearest
// rank, without interpolation.
func (b *buckets) quantile(q float64) float64 {
	total := 0.0
	for _, x := range b.filled {
		total += x.weight
	}
	rank := q * total * (1 - 1e-12) // so that 0.55 of 100 is 55
	place := b.filled[len(b.filled)-1].place
	below := 0.0
	for _, x := range b.filled {
		if below += x.weight; below >= rank && below > 0 {
			place = x.place
			break
		}
	}
	if place == 0 {
		return 0
	}
	// 2*gamma^i/(gamma+1), where gamma^i alone may be too large.
	width := logGamma * float64(uint64(1)<<b.level)
	i := math.Abs(float64(place)) - side
	size := saturate(math.Exp(width*i - math.Log((1+math.Exp(width))/2)))
	return math.Copysign(size, float64(place))
}

func (b *buckets) append(dst []byte, f frame) []byte {
	dst = append(dst, b.level, byte(len(b.filled)))
	previous := int32(0)
	for i, x := range b.filled {
		if i == 0 {
			dst = binary.AppendVarint(dst, int64(x.place))
		} else {
			dst = binary.AppendUvarint(dst, uint64(x.place-previous-1))
		}
		previous = x.place
		dst = appendWeight(dst, x.weight, f.fading)
	}
	return dst
}

func (b *buckets) decode(r *reader, f frame) {
	b.level = r.Byte()
	n := int(r.Byte())
	if b.level > mostLevel || n == 0 || n > b.most {
		r.Refuse()
		return
	}
	place := int64(0)
	for i := range n {
		if i == 0 {
			place = r.Varint()
		} else {
			step := r.Uvarint()
			if step > 4*side {
				r.Refuse()
			}
			place += int64(step) + 1
		}
		if place < -2*side || place > 2*side {
			r.Refuse()
		}
		x := bucket{int32(place), r.weight(f.fading)}
		if r.Damaged() {
			return
		}
		b.filled = append(b.filled, x)
	}
}

func (b *buckets) check(t tally) string {
	total := 0.0
	for _, x := range b.filled {
		if !(x.weight >= 0) {
			return wrongWeight
		}
		total += x.weight
	}
	if len(b.filled) == 0 || !plausible(total, t.n) {
		return wrongWeight
	}
	return ""
}
