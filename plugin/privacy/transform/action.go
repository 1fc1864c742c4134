package transform

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"
)

// Action changes a value: a string, a number (json.Number, float64 or an integer), a
// boolean, bytes or a time. Actions are safe for concurrent use.
type Action interface {
	Apply(value any) (any, error)
}

// What an action cannot treat. The errors say nothing of the value.
var (
	ErrType  = errors.New("the value is of a type that the action does not take")
	ErrValue = errors.New("the value is not of the form that the action takes")
)

// text is a scalar as it is written.
func text(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case int:
		return strconv.Itoa(v), nil
	case uint64:
		return strconv.FormatUint(v, 10), nil
	case float64:
		return decimal(v), nil
	default:
		return "", ErrType
	}
}

// canonical is a scalar in one form for all ways to write it: 17850, 17850.0, 1.785e4
// and "17850" are the same. Integers are exact at any size.
func canonical(value any) (string, error) {
	written, err := text(value)
	if n, ok := value.(json.Number); ok && err == nil && !integral(written) {
		f, err := n.Float64()
		if err != nil {
			return written, nil // out of range: as it is written
		}
		return decimal(f), nil
	}
	return written, err
}

func integral(written string) bool {
	if written != "" && written[0] == '-' {
		written = written[1:]
	}
	for i := range len(written) {
		if written[i] < '0' || written[i] > '9' {
			return false
		}
	}
	return written != ""
}

// decimal writes integers without an exponent, up to where float64 has none between.
func decimal(f float64) string {
	const exact = 1 << 53
	if f == math.Trunc(f) && math.Abs(f) <= exact {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
