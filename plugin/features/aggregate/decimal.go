package aggregate

import (
	"encoding/binary"
	"math"
)

// A column is mostly made of decimals: prices, counts, minutes. Kept as whole numbers of
// their last digit they take less room than floats, and add up exactly, so in any order
// to the same. A value is read to 15 significant digits, which is what a float64 can
// tell apart in all decimals, and to at most 12 digits after the point. What is
// larger than 10^18 in size, so that its sums might not fit, or so small that fewer than
// nine digits are left of it, goes to a rest beside the decimals.

const (
	maxDigits   = 12   // after the point
	significant = 1e15 // integers below are floats that a decimal of 15 digits becomes
	maxSize     = 1e18
)

var powersOfTen = [maxDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12}

// decimal gives a finite number in units of the last of so many digits after the point,
// or of more digits if it has more. How many it has depends on the number alone.
func decimal(x float64, digits uint8) (units wide, of uint8) {
	size := math.Abs(x)
	if size >= significant {
		return wideOf(math.Copysign(min(size, maxSize), x)).times(uint64(powersOfTen[digits])), digits
	}
	// Mostly the number has no more digits than those before it, or all that it may have.
	if size*powersOfTen[digits] < significant {
		scaled := math.Round(x * powersOfTen[digits])
		if scaled/powersOfTen[digits] == x || digits == maxDigits || size*powersOfTen[digits+1] >= significant {
			return wideOfSmall(scaled), digits
		}
	}
	own := 0
	scaled := math.Round(x)
	for scaled/powersOfTen[own] != x && own < maxDigits && size*powersOfTen[own+1] < significant {
		own++
		scaled = math.Round(x * powersOfTen[own])
	}
	of = max(digits, uint8(own))
	return wideOfSmall(scaled).times(uint64(powersOfTen[int(of)-own])), of
}

// wideOfSmall is a number that is an integer, below 2^63 in size.
func wideOfSmall(x float64) wide {
	n := int64(x)
	return wide{n >> 63, uint64(n)}
}

// value is the number that units of the last of so many digits are.
func value(units wide, digits uint8) float64 { return units.float() / powersOfTen[digits] }

// more is the factor from units of one number of digits to those of another, not smaller.
func more(from, to uint8) uint64 { return uint64(powersOfTen[to-from]) }

// appendNumber appends a float64 to the bit: its digits and units where it is a decimal,
// else its bytes.
func appendNumber(dst []byte, x float64) []byte {
	if units, digits := decimal(x, 0); math.Float64bits(value(units, digits)) == math.Float64bits(x) {
		return appendWide(append(dst, digits), units)
	}
	return binary.LittleEndian.AppendUint64(append(dst, maxDigits+1), math.Float64bits(x))
}

// number reads what appendNumber wrote.
func (r *reader) number() float64 {
	digits := r.Byte()
	if digits <= maxDigits {
		return value(r.wide(), digits)
	}
	x := r.Float()
	if digits > maxDigits+1 || !finite(x) {
		r.Refuse()
		return 0
	}
	return x
}
