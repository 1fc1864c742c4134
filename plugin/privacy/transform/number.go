package transform

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
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

// plain writes a number without an exponent, and no other way than it was otherwise.
func plain(value any) (string, error) {
	written, err := text(value)
	if err != nil {
		return "", err
	}
	f, isFloat := value.(float64)
	if !isFloat && !strings.ContainsAny(written, "eE") {
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
