// Package duration reads the durations of Shoal's configuration: a number with
// one of the units s, m, h, d and w, such as 30s, 1.5h, 90d or 2w.
//
// Go's own durations stop at hours, and customers live in days and weeks. A
// day is 24 hours: there is no calendar here.
package duration

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Day and Week are fixed lengths of time, not calendar days.
const (
	Day  = 24 * time.Hour
	Week = 7 * Day
)

var units = map[byte]time.Duration{
	's': time.Second,
	'm': time.Minute,
	'h': time.Hour,
	'd': Day,
	'w': Week,
}

// Parse reads one duration, which is never negative. The error quotes the text
// and says which forms are understood.
func Parse(text string) (time.Duration, error) {
	invalid := fmt.Errorf("%q is not a duration: use a number and s, m, h, d or w, such as 90d", text)
	if len(text) < 2 {
		return 0, invalid
	}
	unit, known := units[text[len(text)-1]]
	digits := text[:len(text)-1]
	if !known || strings.Trim(digits, "0123456789.") != "" {
		return 0, invalid
	}
	number, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, invalid
	}
	nanoseconds := number * float64(unit)
	if !(nanoseconds < math.MaxInt64) {
		return 0, fmt.Errorf("%q is longer than a duration can be: use at most 15000w", text)
	}
	return time.Duration(nanoseconds), nil
}
