package population

import "math"

// Bucket is what a customer votes with: a value rounded to 8 significant bits, ties away from
// zero, as a number that is in the order of the values. It has the layout of a bfloat16, one
// bit for the sign, eight for the exponent and seven for the rest, with the bits of negative
// values turned over. So buckets are logarithmic, 128 to a factor of two, without a logarithm
// whose last bit depends on the machine.
type Bucket uint16

const (
	// Abstention is the vote of a customer who has no value. It is less than all others.
	Abstention Bucket = 0

	// Accuracy is how far the value of a bucket may be from the values that vote for it, as a
	// part of them: half of the last of 8 significant bits.
	Accuracy = 1.0 / 256
)

const (
	zero    Bucket = 0x8000
	dropped        = 52 - 7            // bits of a float64 that the rest has more
	rebias         = (1023 - 127) << 7 // between the exponents
	least          = 2 << 7            // 2^-125: what rounds to less votes with zero
	end            = 0x7e80            // 2^126: what rounds to this or more votes for it
	lowest         = ^Bucket(0x8000 | end)
	highest        = Bucket(0x8000 | end)
)

// The bounds leave the high byte of zero, and that of an abstention, to these two alone:
// ballots write them as one byte.

// BucketOf is the vote for a value: [Abstention] for NaN.
func BucketOf(x float64) Bucket {
	if math.IsNaN(x) {
		return Abstention
	}
	const half = 1 << (dropped - 1)
	magnitude := int64((math.Float64bits(math.Abs(x))+half)>>dropped) - rebias
	switch {
	case magnitude < least:
		return zero
	case magnitude > end:
		magnitude = end
	}
	b := Bucket(0x8000 | magnitude)
	if x < 0 {
		return ^b
	}
	return b
}

// Value is the number that the bucket stands for. Where values end, at -2^126 and 2^126, it
// is the least that all its voters reach. An abstention is NaN.
func (b Bucket) Value() float64 {
	switch {
	case b == zero:
		return 0
	case b > zero:
		return math.Float64frombits((uint64(b&0x7fff) + rebias) << dropped)
	case b == Abstention:
		return math.NaN()
	default:
		return -(^b).Value()
	}
}

// valid tells that values vote for the bucket.
func (b Bucket) valid() bool {
	return b == zero || b >= zero+least && b <= highest || b >= lowest && b <= ^(zero+least)
}
