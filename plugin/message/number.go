package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
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
			return 0, errors.New("a number out of range: use one that a 64-bit float holds")
		}
		number = f
	default:
		return 0, fmt.Errorf("%s: use a number or null", TypeName(value))
	}
	if math.IsNaN(number) || math.IsInf(number, 0) {
		return 0, errors.New("not a finite number: use null where there is no value")
	}
	return number, nil
}
