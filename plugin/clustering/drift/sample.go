package drift

import (
	"encoding/binary"
	"math"

	"github.com/shoal-stream/shoal/plugin/record"
)

// What a sample of squared distances is kept as.
const (
	perDoubling = 4  // bins
	doublings   = 12 // above the spread of all, and as many below
	lastBin     = 2 * doublings * perDoubling
)

// What is made of it.
const (
	compact = 0.01 // of the spread of all, below which a typical squared distance is rounding
	body    = 0.95 // of the arrivals, the nearest, which say what is typical
	unseen  = 4    // arrivals like no other that chance may have kept away
)

// sample has the squared distances that a monitor learns from: how many in each bin.
type sample struct {
	n    float64
	bins [lastBin + 1]float64
}

func (s *sample) add(squared, spread float64) {
	s.n++
	bin := math.Floor(perDoubling * (doublings + math.Log2(squared/spread)))
	s.bins[int(max(0, min(bin, lastBin)))]++
}

// value is the squared distance in the middle of a bin.
func value(bin int, spread float64) float64 {
	if bin == 0 {
		return 0
	}
	return spread * math.Exp2((float64(bin)+0.5)/perDoubling-doublings)
}

// typical is the mean of all but the farthest: those who are anywhere, or have a rare feature,
// have no part in it.
func (s *sample) typical(spread float64) float64 {
	sum, left := 0.0, body*s.n
	for bin, n := range s.bins {
		n = min(n, left)
		sum += n * value(bin, spread)
		left -= n
	}
	return max(sum/(body*s.n), compact*spread)
}

// variance is that of squared distances that are no more than limit. Of what is rare a sample
// tells little: so much is added as a few more arrivals at the limit would.
func (s *sample) variance(spread, limit float64) float64 {
	mean, squares := 0.0, 0.0
	for bin, n := range s.bins {
		v := min(value(bin, spread), limit)
		mean += n / s.n * v
		squares += n / s.n * v * v
	}
	return squares - mean*mean + unseen/s.n*limit*limit
}

// beyond is the share of those that are farther than a limit.
func (s *sample) beyond(spread, limit float64) float64 {
	far := 0.0
	for bin, n := range s.bins {
		if value(bin, spread) > limit {
			far += n
		}
	}
	return far / s.n
}

// append writes the sample: one byte for most bins.
func (s *sample) append(dst []byte) []byte {
	for _, n := range s.bins {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	return dst
}

func (s *sample) decode(r *record.Reader) {
	for bin := range s.bins {
		s.bins[bin] = float64(r.Uvarint())
		s.n += s.bins[bin]
	}
}
