package transform

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// Bucket replaces a number by the lower end of the interval of this size that it falls
// in: 37 becomes 30 with a size of 10. A number stays a number, and one in a string
// stays in a string.
type Bucket struct {
	Size float64 // above 0
}

// Apply implements [Action].
func (b Bucket) Apply(value any) (any, error) { return applied(b, value) }

// Append implements [Appender].
func (b Bucket) Append(dst []byte, value any) (out []byte, number bool, err error) {
	switch value.(type) {
	case bool, time.Time:
		return nil, false, ErrType
	}
	written, err := text(value)
	if err != nil {
		return nil, false, err
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(written), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, false, ErrValue // the error of strconv has the value in it
	}
	return b.lower(dst, n), isNumber(value), nil
}

// lower writes the lower end with the decimals that the size has. A number that is below
// an end by rounding only counts as at it: 0.3 is in the bucket 0.3 of size 0.1.
func (b Bucket) lower(dst []byte, number float64) []byte {
	const rounding = 1e-12
	place := number / b.Size
	whole := math.Floor(place + rounding*math.Abs(place))
	var short [32]byte
	_, fraction, _ := bytes.Cut(strconv.AppendFloat(short[:0], b.Size, 'f', -1, 64), []byte("."))
	begin := len(dst)
	dst = strconv.AppendFloat(dst, whole*b.Size, 'f', len(fraction), 64)
	if len(bytes.Trim(dst[begin:], "-0.")) == 0 {
		return append(dst[:begin], bytes.TrimPrefix(dst[begin:], []byte("-"))...) // no negative zero
	}
	return dst
}
