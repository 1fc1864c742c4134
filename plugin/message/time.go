package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Time reads an event time as the systems of customers write it: as a text in ISO 8601, which
// RFC 3339 is a part of, or as the epoch in seconds, milliseconds, microseconds or
// nanoseconds, a number or a text, with or without a fraction.
//
// A text may have a space instead of the T, no seconds or a fraction of them, and a zone as
// Z, UTC, +01, +0100 or +01:00; without one it is UTC, and without a time midnight. The
// unit of an epoch is told by its size: all four give years from 1973 to 5138. Numbers are
// never taken for dates: 20111209 is an instant in the year 1970. Errors hold no values.
func Time(value any) (time.Time, error) {
	switch v := value.(type) {
	case time.Time:
		return v.UTC(), nil
	case string:
		return parseTime(v)
	case []byte:
		return parseTime(string(v))
	case json.Number:
		return parseTime(v.String())
	case int64:
		return epoch(v, 0), nil
	case int:
		return epoch(int64(v), 0), nil
	case uint64:
		return fromFloat(float64(v))
	case float64:
		return fromFloat(v)
	default:
		return time.Time{}, fmt.Errorf("time is %s: use RFC 3339 or an epoch number", TypeName(value))
	}
}

var (
	errTime      = errors.New("time is a string of another form: use RFC 3339, such as 2011-12-09T12:50:00Z, or an epoch number")
	errTimeRange = errors.New("time is a number out of range: use the epoch in s, ms, us or ns")
)

func parseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if t, ok := parseEpoch(text); ok {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UTC(), nil
	}
	if t, ok := parseISO(text); ok {
		return t.UTC(), nil
	}
	f, err := parseDecimal(text) // too many digits for an integer, or an exponent
	switch {
	case errors.Is(err, strconv.ErrRange):
		return time.Time{}, errTimeRange
	case err != nil:
		return time.Time{}, errTime
	}
	return fromFloat(f)
}

// parseISO finds out which parts a text has, and reads it with the layout of these.
func parseISO(text string) (time.Time, bool) {
	if len(text) > len(time.DateTime) {
		for _, utc := range [...]string{" UTC", " GMT", "z"} { // a missing zone is that
			text = strings.TrimSuffix(text, utc)
		}
	}
	day, clock := text, ""
	if at := strings.IndexAny(text, "Tt "); at >= 0 {
		day, clock = text[:at], text[at+1:]
	}
	zone := ""
	if at := strings.IndexAny(clock, "Z+-"); at >= 0 {
		clock, zone = clock[:at], clock[at:]
		clock = strings.TrimSuffix(clock, " ")
	}

	layout, written := time.DateOnly, day
	compact := !strings.Contains(day, "-")
	if compact {
		layout = "20060102"
	}
	switch {
	case clock == "" && (compact || len(text) > len(day)):
		return time.Time{}, false // digits alone are a number
	case clock == "":
	case compact:
		layout += "T150405"
	case strings.Count(clock, ":") == 1:
		layout += "T15:04"
	default:
		layout += "T15:04:05"
	}
	if clock != "" {
		written += "T" + clock + zone
		layout += zoneLayouts[len(zone)]
	}
	t, err := time.Parse(layout, written)
	return t, err == nil
}

// zoneLayouts are those of zones, by the number of their characters.
var zoneLayouts = map[int]string{1: "Z07:00", 3: "Z07", 5: "Z0700", 6: "Z07:00"}

// parseEpoch takes the digits of a fraction as they are: with those of the whole, they are
// more than a float64 holds.
func parseEpoch(text string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if strings.Trim(fraction, "0123456789") != "" {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	billionths, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if whole[0] == '-' {
		billionths = -billionths
	}
	return epoch(n, billionths), true
}

// fromFloat leaves digits out that are not in the number, but in how it is stored.
func fromFloat(f float64) (time.Time, error) {
	if math.IsNaN(f) || math.Abs(f) >= math.MaxInt64 {
		return time.Time{}, errTimeRange
	}
	whole, fraction := math.Modf(f)
	digits := 1e3
	if math.Abs(f) < epochSeconds {
		digits = 1e6
	}
	return epoch(int64(whole), int64(math.Round(fraction*digits)*(1e9/digits))), nil
}

// epochSeconds is the year 5138 in seconds, and 1973 in milliseconds.
const epochSeconds = 1e11

// epoch is so many units, and billionths of one, after 1970.
func epoch(n, billionths int64) time.Time {
	switch size := math.Abs(float64(n)); {
	case size < epochSeconds:
		return time.Unix(n, billionths).UTC()
	case size < 1e3*epochSeconds:
		return time.UnixMilli(n).Add(time.Duration(billionths / 1e3)).UTC()
	case size < 1e6*epochSeconds:
		return time.UnixMicro(n).Add(time.Duration(billionths / 1e6)).UTC()
	default:
		return time.Unix(0, n).UTC()
	}
}

// Nanoseconds is the instant in Unix nanoseconds, as state keeps it. It errs for the years
// that those cannot express.
func Nanoseconds(at time.Time) (int64, error) {
	if at.Before(time.Unix(0, math.MinInt64)) || at.After(time.Unix(0, math.MaxInt64)) {
		return 0, errors.New("time is before 1678 or after 2262: use the time of the event")
	}
	return at.UnixNano(), nil
}
