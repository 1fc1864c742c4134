package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
)

// Key turns the result of a key mapping into a customer key: a string that is not
// empty, or an integral number in canonical decimal, so that 17850, 17850.0 and
// "17850" are one customer. Anything else is an error, never a customer.
func Key(value any) (string, error) {
	switch v := value.(type) {
	case string:
		if v == "" {
			return "", errors.New("key is the empty string: map it to the customer's id, or filter these messages out")
		}
		return v, nil
	case []byte:
		return Key(string(v))
	case nil:
		return "", errors.New("key is null: map it to the customer's id, or filter these messages out")
	case int64:
		return strconv.FormatInt(v, 10), nil
	case int:
		return strconv.Itoa(v), nil
	case uint64:
		return strconv.FormatUint(v, 10), nil
	case float64:
		const exact = 1 << 53 // above it, neighbours are one float64
		if v != math.Trunc(v) || math.Abs(v) > exact {
			return "", errors.New("key is a number that is not an integer, or too large to be exact: use a string")
		}
		return strconv.FormatInt(int64(v), 10), nil
	case json.Number:
		return numberKey(v)
	default:
		return "", fmt.Errorf("key is %s: use a string or an integer", TypeName(value))
	}
}

// numberKey keeps integers of any size exact.
func numberKey(n json.Number) (string, error) {
	digits := strings.TrimPrefix(n.String(), "-")
	if digits != "" && strings.Trim(digits, "0123456789") == "" {
		return n.String(), nil
	}
	f, err := n.Float64()
	if err != nil {
		return "", errors.New("key is a number out of range: use a string")
	}
	return Key(f)
}

// KeyHash stands for a customer key in records that must not hold it or be long: FNV-1a,
// the same in every process.
func KeyHash(key string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(key))
	return h.Sum64()
}

// TypeName is what a JSON user calls the type of a value.
func TypeName(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string, []byte:
		return "a string"
	case bool:
		return "a boolean"
	case map[string]any:
		return "an object"
	case []any:
		return "an array"
	case json.Number, float64, float32, int, int64, int32, uint64, uint32:
		return "a number"
	default:
		return fmt.Sprintf("a value of type %T", value)
	}
}
