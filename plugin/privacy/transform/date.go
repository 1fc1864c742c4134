package transform

import (
	"strings"
	"time"
)

// A date is a text in ISO 8601, which RFC 3339 is a part of, or an epoch: a number, or a
// text of nine digits or more. Its unit is told by who knows it, or else by the size, of
// nine digits or more in numbers, too. A text is changed in its digits alone: what separates
// them, the zone and the length stay.

// dateText is where the parts of a text are that was found to be a date.
type dateText struct {
	text       string
	year       int
	month, day int // 0: not there
	clock      int // where the hours begin; 0: not there
	end        int // of the clock, where the zone begins
}

// parseDate reads YYYY, YYYY-MM, YYYY-MM-DD, and the last with hh:mm, hh:mm:ss or
// fractions of a second, and a zone as Z, UTC, GMT, +hh, +hhmm or +hh:mm.
func parseDate(text string) (d dateText, ok bool) {
	d.text = text
	if d.year, ok = digits(text, 0, 4); !ok || len(text) == 4 {
		return d, ok
	}
	if d.month, ok = digits(text, 5, 2); !ok || text[4] != '-' || d.month < 1 || d.month > 12 {
		return d, false
	}
	if len(text) == 7 {
		return d, true
	}
	if d.day, ok = digits(text, 8, 2); !ok || text[7] != '-' || d.day < 1 || d.day > daysIn(d.year, d.month) {
		return d, false
	}
	if len(text) == 10 {
		return d, true
	}
	if !strings.ContainsRune("Tt ", rune(text[10])) {
		return d, false
	}
	d.clock = 11
	return d, d.parseClock()
}

// parseClock finds the end of the clock, and that what follows is a zone.
func (d *dateText) parseClock() bool {
	hour, ok := digits(d.text, d.clock, 2)
	if !ok || hour > 23 {
		return false
	}
	end := d.clock + 2
	for i, most := range [...]int{59, 60} { // a minute may have a leap second
		part, ok := digits(d.text, end+1, 2)
		if !ok || d.text[end] != ':' {
			if i == 0 {
				return false
			}
			break
		}
		if part > most {
			return false
		}
		end += 3
	}
	if end == d.clock+8 && end < len(d.text) && (d.text[end] == '.' || d.text[end] == ',') {
		begin := end + 1
		for end = begin; end < len(d.text) && isDigit(d.text[end]); end++ {
		}
		if end == begin {
			return false
		}
	}
	d.end = end
	return isZone(d.text[end:])
}

func isZone(zone string) bool {
	zone = strings.TrimPrefix(zone, " ")
	switch zone {
	case "", "Z", "z", "UTC", "GMT":
		return true
	}
	if zone[0] != '+' && zone[0] != '-' {
		return false
	}
	hours, ok := digits(zone, 1, 2)
	rest := strings.TrimPrefix(zone[min(3, len(zone)):], ":")
	minutes, whole := digits(rest, 0, 2)
	return ok && hours <= 23 && (zone[3:] == "" || whole && len(rest) == 2 && minutes <= 59)
}

// digits reads n digits.
func digits(text string, at, n int) (number int, ok bool) {
	if len(text) < at+n {
		return 0, false
	}
	for _, c := range []byte(text[at : at+n]) {
		if !isDigit(c) {
			return 0, false
		}
		number = number*10 + int(c-'0')
	}
	return number, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// dateOrEpoch reads a value as the one or the other.
func dateOrEpoch(value any, unit EpochUnit) (d dateText, e epoch, isEpoch bool, err error) {
	if isNumber(value) {
		written, err := plain(value)
		if err != nil {
			return d, e, false, err
		}
		if e, isEpoch = parseEpoch(written, unit); !isEpoch {
			return d, e, false, ErrValue
		}
		return d, e, true, nil
	}
	var written string
	switch v := value.(type) {
	case string:
		written = v
	case []byte:
		written = string(v)
	default:
		return d, e, false, ErrType
	}
	written = strings.TrimSpace(written)
	if len(strings.TrimPrefix(written, "-")) >= minEpochDigits && integral(written) {
		if e, isEpoch = parseEpoch(written, unit); !isEpoch {
			return d, e, false, ErrValue
		}
		return d, e, true, nil
	}
	d, ok := parseDate(written)
	if !ok {
		return d, e, false, ErrValue
	}
	return d, e, false, nil
}

// putDate writes a date over as many parts as the text has. Years have four digits.
func putDate(out []byte, year, month, day int) bool {
	if year < 0 || year > 9999 {
		return false
	}
	putDigits(out[:4], year)
	if len(out) >= 7 {
		putDigits(out[5:7], month)
	}
	if len(out) >= 10 {
		putDigits(out[8:10], day)
	}
	return true
}

func putDigits(out []byte, number int) {
	for i := len(out) - 1; i >= 0; i-- {
		number, out[i] = number/10, byte('0'+number%10)
	}
}
