package cf

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/shoal-stream/shoal/plugin/record"
)

// The form of a feature: number of dimensions (uvarint), flags, total weight, then for
// each dimension its weight, if flagPartial, its mean, the low half of the mean and
// both halves of the sum, unless flagPoint. Numbers are float64, little endian.
const (
	flagPartial = 1 << iota // some vectors lack some dimensions
	flagPoint               // all vectors are the same: no sums, no low halves
)

// ErrDamaged is the error of decoding what Append cannot have written.
var ErrDamaged = errors.New("decoding a cluster feature: the record is damaged: restore the newest backup")

// Append writes the feature in a compact binary form: about 33 bytes a dimension, 9
// when all its vectors are the same one. What is decoded is the same to the bit.
func (f *Feature) Append(dst []byte) []byte {
	flags := byte(flagPoint)
	for j := range f.dims {
		m := &f.dims[j]
		if m.n != f.n {
			flags |= flagPartial
		}
		if math.Float64bits(m.mean.lo)|math.Float64bits(m.s.hi)|math.Float64bits(m.s.lo) != 0 {
			flags &^= flagPoint // also for a negative zero: bits are kept
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(f.dims)))
	dst = append(dst, flags)
	dst = appendFloat(dst, f.n)
	for j := range f.dims {
		m := &f.dims[j]
		if flags&flagPartial != 0 {
			dst = appendFloat(dst, m.n)
		}
		dst = appendFloat(dst, m.mean.hi)
		if flags&flagPoint == 0 {
			dst = appendFloat(dst, m.mean.lo)
			dst = appendFloat(dst, m.s.hi)
			dst = appendFloat(dst, m.s.lo)
		}
	}
	return dst
}

// Decode reads a feature that Append wrote at the start of src, and returns the rest.
// It allocates no more than a few times the length of src.
func (f *Feature) Decode(src []byte) (rest []byte, err error) {
	r := reader{record.Read(src)}
	d, flags := r.Uvarint(), r.Byte()
	width := 1
	if flags&flagPartial != 0 {
		width++
	}
	if flags&flagPoint == 0 {
		width += 3
	}
	if r.Damaged() || flags > flagPartial|flagPoint || d > uint64(len(r.Rest())/(8*width)) {
		return nil, ErrDamaged
	}
	n := r.weight()
	dims := make([]moments, d)
	for j := range dims {
		m := &dims[j]
		m.n = n
		if flags&flagPartial != 0 {
			m.n = r.weight()
		}
		m.mean.hi = r.float()
		if flags&flagPoint == 0 {
			m.mean.lo = r.float()
			m.s = double{r.weight(), r.float()}
		}
	}
	if r.Damaged() {
		return nil, ErrDamaged
	}
	f.n, f.dims = n, dims
	return r.Rest(), nil
}

func appendFloat(dst []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
}

// reader takes the numbers of features and metrics, which are finite.
type reader struct{ record.Reader }

func (r *reader) float() float64 {
	v := r.Float()
	if math.IsNaN(v) || math.IsInf(v, 0) {
		r.Refuse()
	}
	return v
}

// weight takes a number that is not negative.
func (r *reader) weight() float64 {
	v := r.float()
	if v < 0 {
		r.Refuse()
	}
	return v
}
