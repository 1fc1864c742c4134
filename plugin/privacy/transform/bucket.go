package transform

import (
	"encoding/json"
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
func (b Bucket) Apply(value any) (any, error) {
	switch value.(type) {
	case bool, time.Time:
		return nil, ErrType
	}
	written, err := text(value)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseFloat(strings.TrimSpace(written), 64)
	if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
		return nil, ErrValue // the error of strconv has the value in it
	}
	lower := b.lower(number)
	switch value.(type) {
	case string, []byte:
		return lower, nil
	}
	return json.Number(lower), nil
}

// lower writes the lower end with the decimals that the size has. A number that is below
// an end by rounding only counts as at it: 0.3 is in the bucket 0.3 of size 0.1.
func (b Bucket) lower(number float64) string {
	const rounding = 1e-12
	place := number / b.Size
	whole := math.Floor(place + rounding*math.Abs(place))
	size := strconv.FormatFloat(b.Size, 'f', -1, 64)
	_, fraction, _ := strings.Cut(size, ".")
	lower := strconv.FormatFloat(whole*b.Size, 'f', len(fraction), 64)
	if strings.Trim(lower, "-0.") == "" {
		return strings.TrimPrefix(lower, "-") // no negative zero
	}
	return lower
}
