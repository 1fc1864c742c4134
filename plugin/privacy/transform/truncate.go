package transform

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// DateUnits are what a date can be truncated to.
var DateUnits = []string{"year", "quarter", "month", "week", "day", "hour", "minute"}

// TruncateDate sets the parts of a date below a unit to where the unit begins: 1987-06-05
// becomes 1987-01-01 with year. Weeks begin on Monday. A text is truncated in its own zone
// and keeps its form, an epoch is truncated in UTC and keeps its unit.
type TruncateDate struct {
	to   int // place in DateUnits
	unit EpochUnit
}

// NewTruncateDate makes the action. The unit is that of epochs; the zero value is told by
// their size.
func NewTruncateDate(to string, unit EpochUnit) (TruncateDate, error) {
	place := slices.Index(DateUnits, to)
	if place < 0 {
		return TruncateDate{}, fmt.Errorf("to %q is no unit: use one of %s", to, strings.Join(DateUnits, ", "))
	}
	return TruncateDate{place, unit}, nil
}

const (
	toYear = iota
	toQuarter
	toMonth
	toWeek
	toDay
	toHour
	toMinute
)

// Apply implements [Action]. A [time.Time] stays one.
func (t TruncateDate) Apply(value any) (any, error) {
	if v, ok := value.(time.Time); ok {
		return t.instant(v), nil
	}
	return applied(t, value)
}

// Append implements [Appender].
func (t TruncateDate) Append(dst []byte, value any) (out []byte, number bool, err error) {
	if v, ok := value.(time.Time); ok {
		return t.instant(v).AppendFormat(dst, time.RFC3339Nano), false, nil
	}
	d, e, isEpoch, err := dateOrEpoch(value, t.unit)
	if err != nil {
		return nil, false, err
	}
	if isEpoch {
		out, ok := e.appendOf(dst, t.instant(e.floor()))
		if !ok {
			return nil, false, ErrValue
		}
		return out, isNumber(value), nil
	}
	begin := len(dst)
	dst = append(dst, d.text...)
	if !t.text(d, dst[begin:]) {
		return nil, false, ErrValue
	}
	return dst, false, nil
}

// instant truncates in the zone of the instant, to none that is later. Hours and minutes
// are truncated by what has passed of them, as a clock that is set back shows them twice.
func (t TruncateDate) instant(v time.Time) time.Time {
	v = v.Round(0) // without the monotonic clock
	passed := time.Duration(v.Second())*time.Second + time.Duration(v.Nanosecond())
	switch t.to {
	case toHour:
		return v.Add(-passed - time.Duration(v.Minute())*time.Minute)
	case toMinute:
		return v.Add(-passed)
	}
	year, month, day := t.begin(v.Year(), int(v.Month()), v.Day())
	begin := time.Date(year, time.Month(month), day, 0, 0, 0, 0, v.Location())
	if begin.After(v) { // the clock was set back over midnight
		_, offset := v.Zone()
		begin = time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.FixedZone("", offset)).In(v.Location())
	}
	return begin
}

// begin is the day on which the unit begins.
func (t TruncateDate) begin(year, month, day int) (int, int, int) {
	switch t.to {
	case toYear:
		return year, 1, 1
	case toQuarter:
		return year, (month-1)/3*3 + 1, 1
	case toMonth:
		return year, month, 1
	case toWeek:
		date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
		date = date.AddDate(0, 0, -(int(date.Weekday())+6)%7)
		return date.Year(), int(date.Month()), date.Day()
	default:
		return year, month, day
	}
}

// text truncates a date where it is written.
func (t TruncateDate) text(d dateText, out []byte) bool {
	if d.day == 0 && t.to >= toWeek || d.month == 0 && t.to != toYear {
		return true // it is coarser than the unit already
	}
	year, month, day := t.begin(d.year, max(d.month, 1), max(d.day, 1))
	if !putDate(out, year, month, day) {
		return false
	}
	if d.clock == 0 {
		return true
	}
	from := d.clock
	switch t.to {
	case toHour:
		from += len("hh:")
	case toMinute:
		from += len("hh:mm")
	}
	for i := from; i < d.end; i++ {
		if isDigit(out[i]) {
			out[i] = '0'
		}
	}
	return true
}
