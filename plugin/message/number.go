package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

var (
	errNumberRange = errors.New("a number out of range: use one that a 64-bit float holds")
	errNotFinite   = errors.New("not a finite number: use null where there is no value")
)

// Number reads a finite number. Null is NaN, without an error: a value that is not
// there.
func Number(value any) (float64, error) {
	var number float64
	switch v := value.(type) {
	case nil:
		return math.NaN(), nil
	case float64:
		number = v
	case int64:
		return float64(v), nil
	case int:
		return float64(v), nil
	case uint64:
		return float64(v), nil
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return 0, errNumberRange
		}
		number = f
	default:
		return 0, fmt.Errorf("%s: use a number or null", TypeName(value))
	}
	if math.IsNaN(number) || math.IsInf(number, 0) {
		return 0, errNotFinite
	}
	return number, nil
}

// NumberOrText is [Number], and reads numbers that are written in a text, too, as many systems
// send them: as JSON writes numbers, with or without spaces around. What a comma means there
// is not guessed.
func NumberOrText(value any) (float64, error) {
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return Number(value)
	}
	number, err := parseDecimal(strings.TrimSpace(text))
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errNumberRange
	case err != nil:
		return 0, errors.New("a string: use a number or null; a number in a string has a decimal point and no other separators")
	}
	return number, nil
}

// parseDecimal reads a decimal number. strconv.ParseFloat alone would also take hexadecimal
// numbers, infinities and NaN.
func parseDecimal(text string) (float64, error) {
	if strings.Trim(text, "0123456789+-.eE") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(text, 64)
}
