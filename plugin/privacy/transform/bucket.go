package transform

import (
	"bytes"
	"math/big"
	"strconv"
	"strings"
)

// Bucket replaces a number by the lower end of the interval of this size that it falls
// in: 37 becomes 30 with a size of 10. It works on the decimals as they are written, so
// that an end is never above the number, nor a size or more below it. A number stays a
// number, and one in a string stays in a string.
type Bucket struct {
	Size float64 // above 0
}

// Apply implements [Action].
func (b Bucket) Apply(value any) (any, error) { return applied(b, value) }

// Append implements [Appender].
func (b Bucket) Append(dst []byte, value any) (out []byte, number bool, err error) {
	written, number, err := writtenNumber(value)
	if err != nil {
		return nil, false, err
	}
	if dst = b.lower(dst, written); dst == nil {
		return nil, false, ErrValue
	}
	return dst, number, nil
}

// shortDigits are so few that a number of them, and a sum of two, is an int64.
const shortDigits = 18

// lower writes the lower end with the decimals that the size has. Number and size are
// integers where they are counted in the last decimal of either. It gives nil for what is
// no number.
func (b Bucket) lower(dst []byte, written string) []byte {
	negative, whole, fraction, ok := cutNumber(written)
	if !ok {
		return nil
	}
	var short [40]byte
	size, sizeFraction, _ := bytes.Cut(strconv.AppendFloat(short[:0], b.Size, 'f', -1, 64), []byte("."))
	// Above zero, a fraction of the number changes nothing where the size has none.
	if len(sizeFraction) == 0 && (!negative || fraction == "") && len(whole) <= shortDigits && len(size) <= shortDigits {
		number, _ := strconv.ParseInt(whole, 10, 64)
		width, _ := strconv.ParseInt(string(size), 10, 64)
		if negative {
			number = -number
		}
		return strconv.AppendInt(dst, floorDiv(number, width)*width, 10)
	}
	decimals := max(len(fraction), len(sizeFraction))
	number, _ := new(big.Int).SetString(whole+fraction+strings.Repeat("0", decimals-len(fraction)), 10)
	width, _ := new(big.Int).SetString(string(size)+string(sizeFraction)+strings.Repeat("0", decimals-len(sizeFraction)), 10)
	if negative {
		number.Neg(number)
	}
	place := new(big.Int)
	place.Div(number, width) // rounds down, as the width is above 0
	return appendDecimal(dst, place.Mul(place, width).String(), decimals, len(sizeFraction))
}
