package aggregate

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/record"
)

// rest is the sum of the numbers that are too large or too small to be decimals of a sum, in
// two floats, the second of what rounding takes from the first. It is the same in any
// order to about 30 digits of the largest number, unless it overflows on the way. (Knuth,
// "TAOCP" 2, section 4.2.2, theorem B; Dekker 1971.)
type rest struct{ high, low float64 }

func (r *rest) plus(x float64) {
	high := r.high + x
	part := high - r.high
	low := r.low + (r.high - (high - part)) + (x - part)
	r.high = high + low
	r.low = low - (r.high - high)
	if !finite(r.high) || !finite(r.low) {
		*r = rest{high: saturate(high)}
	}
}

func (r *rest) merge(o rest) {
	r.plus(o.high)
	r.plus(o.low)
}

func (r rest) append(dst []byte) []byte {
	return record.AppendCompact(record.AppendCompact(dst, r.high), r.low)
}

func (r *reader) rest() rest { return rest{r.Compact(), r.Compact()} }

// resting is set in a number of digits when there are rests.
const resting = 0x40

// split is a number as units of decimals, of at least so many digits, or as what is left
// to a rest: where not even nine digits of it would be right. Which it is depends on the
// number alone.
func split(x float64, digits uint8) (units wide, of uint8, left float64) {
	units, of = decimal(x, digits)
	if math.Abs(value(units, of)-x) > 1e-9*math.Abs(x) {
		return wide{}, digits, x
	}
	return units, of, 0
}
