package aggregate

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// wide is a signed integer of 128 bits in two's complement. Sums of them do not depend
// on the order; what does not fit is the nearest that does.
type wide struct {
	hi int64
	lo uint64
}

var (
	widest    = wide{math.MaxInt64, math.MaxUint64}
	narrowest = wide{-math.MaxInt64, 0} // whose negation exists
)

// wideOf is a number that is an integer, below 2^126 in size.
func wideOf(x float64) wide {
	fraction, exponent := math.Frexp(math.Abs(x))
	mantissa := uint64(math.Ldexp(fraction, 53))
	w := wide{lo: mantissa}
	switch shift := exponent - 53; {
	case shift < 0:
		w.lo >>= -shift
	case shift > 0:
		w = wide{hi: int64(mantissa >> (64 - shift)), lo: mantissa << shift}
		if shift >= 64 {
			w = wide{hi: int64(mantissa << (shift - 64))}
		}
	}
	if x < 0 {
		return w.negated()
	}
	return w
}

func (w wide) negated() wide {
	lo, borrow := bits.Sub64(0, w.lo, 0)
	hi, _ := bits.Sub64(0, uint64(w.hi), borrow)
	return wide{int64(hi), lo}
}

func (w wide) plus(v wide) wide {
	lo, carry := bits.Add64(w.lo, v.lo, 0)
	hi, _ := bits.Add64(uint64(w.hi), uint64(v.hi), carry)
	sum := wide{int64(hi), lo}
	switch {
	case w.hi >= 0 && v.hi >= 0 && sum.hi < 0:
		return widest
	case w.hi < 0 && v.hi < 0 && (sum.hi >= 0 || sum.less(narrowest)):
		return narrowest
	}
	return sum
}

// times is the product with a factor from 1.
func (w wide) times(factor uint64) wide {
	if factor == 1 {
		return w
	}
	if w.hi < 0 {
		return w.negated().times(factor).negated()
	}
	carry, lo := bits.Mul64(w.lo, factor)
	over, hi := bits.Mul64(uint64(w.hi), factor)
	hi, overflow := bits.Add64(hi, carry, 0)
	if over != 0 || overflow != 0 || hi > math.MaxInt64 {
		return widest
	}
	return wide{int64(hi), lo}
}

func (w wide) less(v wide) bool {
	return w.hi < v.hi || w.hi == v.hi && w.lo < v.lo
}

// float is the number, rounded.
func (w wide) float() float64 {
	if w.hi < 0 {
		return -w.negated().float()
	}
	if w.hi == 0 {
		return float64(w.lo)
	}
	return float64(w.hi)*(1<<64) + float64(w.lo)
}

// appendWide appends the number as a varint of up to 19 bytes: small ones, of either
// sign, are short.
func appendWide(dst []byte, w wide) []byte {
	sign := uint64(w.hi >> 63)
	hi, lo := (uint64(w.hi)<<1|w.lo>>63)^sign, w.lo<<1^sign
	if hi == 0 {
		return binary.AppendUvarint(dst, lo)
	}
	for hi != 0 || lo >= 0x80 {
		dst = append(dst, byte(lo)|0x80)
		lo = lo>>7 | hi<<57
		hi >>= 7
	}
	return append(dst, byte(lo))
}

// wide reads what appendWide wrote.
func (r *reader) wide() wide {
	if lo, n := binary.Uvarint(r.Rest()); n > 0 {
		r.Bytes(n)
		sign := -(lo & 1)
		return wide{int64(sign), lo>>1 ^ sign}
	}
	var hi, lo uint64
	for shift := uint(0); ; shift += 7 {
		b := r.Byte()
		if shift > 126 || shift == 126 && b > 3 {
			r.Refuse()
			return wide{}
		}
		part := uint64(b & 0x7f)
		if shift < 64 {
			lo |= part << shift
			hi |= part >> (64 - shift)
		} else {
			hi |= part << (shift - 64)
		}
		if b < 0x80 {
			break
		}
	}
	sign := -(lo & 1)
	return wide{int64(hi>>1 ^ sign), (lo>>1 | hi<<63) ^ sign}
}
