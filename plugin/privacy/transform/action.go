package transform

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"sync"
	"time"
)

// Action changes a value: a string, a number (json.Number, float64 or an integer), a
// boolean, bytes or a time. Actions are safe for concurrent use.
type Action interface {
	Apply(value any) (any, error)
}

// Appender is an action whose result is a text, or a number as text, which a caller with
// many of them can append to one buffer.
type Appender interface {
	Action
	// Append appends what Apply gives, and tells whether that is a number. After an
	// error, what it returns is not to be used.
	Append(dst []byte, value any) (out []byte, number bool, err error)
}

// buffers are for what is at work in one call. They are cleared after it: no personal data
// is left behind.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// applied is the result of an appender by itself.
func applied(a Appender, value any) (any, error) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	out, number, err := a.Append((*buffer)[:0], value)
	if err != nil {
		return nil, err
	}
	*buffer = out
	defer clear(out)
	if number {
		return json.Number(out), nil
	}
	return string(out), nil
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
