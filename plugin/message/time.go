package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Layouts of timestamps without or with a zone, most frequent first. A missing zone
// is UTC, a missing time midnight.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
	time.DateOnly,
}

// Time reads an event time: RFC 3339 with or without zone, or the epoch in seconds,
// milliseconds, microseconds or nanoseconds, as a number or a numeric string. The
// unit of an epoch is told by its size: all four give years from 1973 to 5138.
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
		return epoch(float64(v), v), nil
	case int:
		return epoch(float64(v), int64(v)), nil
	case float64:
		return fromFloat(v)
	default:
		return time.Time{}, fmt.Errorf("time is %s: use RFC 3339 or an epoch number", TypeName(value))
	}
}

var errTime = errors.New("time is a string of another form: use RFC 3339, such as 2011-12-09T12:50:00Z, or an epoch number")

func parseTime(text string) (time.Time, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return epoch(float64(n), n), nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return fromFloat(f)
	}
	return time.Time{}, errTime
}

func fromFloat(f float64) (time.Time, error) {
	if math.IsNaN(f) || math.Abs(f) >= math.MaxInt64 {
		return time.Time{}, errors.New("time is a number out of range: use the epoch in s, ms, us or ns")
	}
	return epoch(f, int64(f)), nil
}

// epoch takes the number both ways: a float64 cannot hold nanoseconds of today,
// and an integer not the fraction of a second.
func epoch(f float64, n int64) time.Time {
	const seconds = 1e11 // the year 5138 in seconds, 1973 in milliseconds
	switch size := math.Abs(f); {
	case size < seconds:
		whole := math.Floor(f)
		return time.Unix(int64(whole), int64(math.Round((f-whole)*1e6))*1000).UTC()
	case size < 1e3*seconds:
		return time.UnixMilli(n).UTC()
	case size < 1e6*seconds:
		return time.UnixMicro(n).UTC()
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
