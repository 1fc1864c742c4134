package transform

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// EpochUnits are what an epoch can be counted in: seconds, milliseconds, microseconds and
// nanoseconds.
var EpochUnits = []string{"s", "ms", "us", "ns"}

// EpochUnit is the unit that an epoch is counted in: so many make a second. The zero value
// is told by the size of each number.
type EpochUnit int64

// ParseEpochUnit reads one of [EpochUnits], or the empty string for the zero value.
func ParseEpochUnit(name string) (EpochUnit, error) {
	if name == "" {
		return 0, nil
	}
	place := slices.Index(EpochUnits, name)
	if place < 0 {
		return 0, fmt.Errorf("unit %q is none of an epoch: use one of %s, or leave it out", name, strings.Join(EpochUnits, ", "))
	}
	return EpochUnit(math.Pow10(3 * place)), nil
}

// guessEpochUnit tells the unit of a number of units by its size, where two units would
// give dates from 1973 to 2286: other sizes are refused, as the unit next to it would give
// a date of the seventies, and in the wrong unit little of a date is changed.
func guessEpochUnit(units int64) (EpochUnit, bool) {
	switch size := math.Abs(float64(units)); {
	case size >= 1e8 && size < 1e10:
		return 1, true
	case size >= 1e11 && size < 1e13:
		return 1e3, true
	case size >= 1e14 && size < 1e16:
		return 1e6, true
	case size >= 1e17:
		return 1e9, true
	default:
		return 0, false
	}
}

// minEpochDigits tells an epoch in a text from a year and from a date without separators.
const minEpochDigits = 9

// maxFractional bounds an epoch with a fraction, so that all its digits are in an int64.
const maxFractional = 18

// Seconds of the years 0 to 9999: a date has four digits for the year.
const (
	firstSecond = -62167219200
	lastSecond  = 253402300799
)

// epoch is an instant as a number: count · 10^-decimals units.
type epoch struct {
	count    int64
	decimals int
	unit     int64 // of these make a second
}

// parseEpoch reads a number that is written without an exponent.
func parseEpoch(written string, unit EpochUnit) (e epoch, ok bool) {
	whole, fraction, _ := strings.Cut(written, ".")
	if fraction != "" && len(written) > maxFractional {
		return e, false
	}
	count, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return e, false
	}
	units, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return e, false
	}
	if unit == 0 {
		if unit, ok = guessEpochUnit(units); !ok {
			return e, false
		}
	}
	seconds := units / int64(unit)
	return epoch{count: count, decimals: len(fraction), unit: int64(unit)}, seconds > firstSecond && seconds < lastSecond
}

// floor is the instant without what is below the unit.
func (e epoch) floor() time.Time {
	count := e.count
	if e.decimals > 0 {
		scale := int64(math.Pow10(e.decimals))
		count = floorDiv(count, scale)
	}
	seconds := floorDiv(count, e.unit)
	return time.Unix(seconds, (count-seconds*e.unit)*(1e9/e.unit)).UTC()
}

func floorDiv(a, b int64) int64 {
	if q := a / b; a%b >= 0 {
		return q
	}
	return a/b - 1
}

// appendOf writes an instant in the unit, which has no fraction of it. It tells whether
// that has a place in an int64: the beginning of the year 1677 has none in nanoseconds.
func (e epoch) appendOf(dst []byte, t time.Time) (out []byte, ok bool) {
	seconds := t.Unix()
	if most := math.MaxInt64 / e.unit; seconds < -most || seconds >= most {
		return dst, false
	}
	return strconv.AppendInt(dst, seconds*e.unit+int64(t.Nanosecond())/(1e9/e.unit), 10), true
}

// plus writes the instant that is some days later, to all its decimals.
func (e epoch) plus(days int) string {
	shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(e.decimals)), nil)
	shift.Mul(shift, big.NewInt(int64(days)*24*60*60))
	shift.Mul(shift, big.NewInt(e.unit))
	shift.Add(shift, big.NewInt(e.count))
	return string(appendDecimal(nil, shift.String(), e.decimals, e.decimals))
}
