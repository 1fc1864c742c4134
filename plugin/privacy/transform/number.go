package transform

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// isNumber tells numbers from what else a value can be.
func isNumber(value any) bool {
	switch value.(type) {
	case json.Number, float64, int64, int, uint64:
		return true
	default:
		return false
	}
}

// maxPlainDigits bounds a number that is written without an exponent.
const maxPlainDigits = 400

// Plain writes a scalar, numbers without an exponent.
func Plain(value any) (string, error) {
	if isNumber(value) {
		return plain(value)
	}
	return text(value)
}

// plain writes a number without an exponent and without decimals that are all zero, and no
// other way than it was otherwise.
func plain(value any) (string, error) {
	written, err := text(value)
	if err != nil {
		return "", err
	}
	f, isFloat := value.(float64)
	if !isFloat && !strings.ContainsAny(written, "eE") {
		if whole, fraction, _ := strings.Cut(written, "."); strings.Trim(fraction, "0") == "" {
			return whole, nil
		}
		return written, nil
	}
	if !isFloat {
		if f, err = strconv.ParseFloat(written, 64); err != nil {
			return "", ErrValue // the error of strconv has the value in it
		}
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", ErrValue
	}
	return strconv.FormatFloat(f, 'f', -1, 64), nil
}

// writtenNumber is a number as a text without an exponent, of a number or of a text that
// may be one. It is not known to be one.
func writtenNumber(value any) (written string, number bool, err error) {
	switch v := value.(type) {
	case bool, time.Time:
		return "", false, ErrType
	case string:
		written = strings.TrimSpace(v)
	case []byte:
		written = strings.TrimSpace(string(v))
	default:
		written, err = plain(value)
		return written, true, err
	}
	if strings.ContainsAny(written, "eE") {
		written, err = plain(json.Number(written))
	}
	return written, false, err
}

// cutNumber cuts a number that is written without an exponent into its digits. It is false
// for what is no number, or a very long one.
func cutNumber(written string) (negative bool, whole, fraction string, ok bool) {
	digits, negative := strings.CutPrefix(written, "-")
	whole, fraction, _ = strings.Cut(digits, ".")
	ok = whole != "" && allDigits(whole) && allDigits(fraction) && len(digits) <= maxPlainDigits
	return negative, whole, fraction, ok
}

// appendDecimal writes an integer that counts the last of some decimals with those of them
// that are kept.
func appendDecimal(dst []byte, counted string, decimals, kept int) []byte {
	digits, negative := strings.CutPrefix(counted, "-")
	if missing := decimals + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	if negative {
		dst = append(dst, '-')
	}
	point := len(digits) - decimals
	dst = append(dst, digits[:point]...)
	if kept > 0 {
		dst = append(append(dst, '.'), digits[point:point+kept]...)
	}
	return dst
}
