package privacy

import (
	"bytes"
	"encoding"
	"encoding/json"
	"math"
	"reflect"
	"time"
)

// normal is a value in the types that JSON gives and the actions know: processors before
// this one leave others, such as int32, []string and UUIDs, and mean what an encoder makes
// of them. It tells whether there is one: JSON has no NaN and no infinite numbers.
func normal(v any) (any, bool) {
	switch v := v.(type) {
	case string, json.Number, nil, bool, int64, uint64, []byte, time.Time, map[string]any, []any:
		return v, true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case json.Marshaler, encoding.TextMarshaler:
		return encoded(v)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return r.Uint(), true
	case reflect.String:
		return r.String(), true
	case reflect.Bool:
		return r.Bool(), true
	case reflect.Slice:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			return r.Bytes(), true
		}
	}
	return encoded(v) // float32, too: 0.1 is not 0.10000000149011612
}

// encoded is what comes out of a parser of what an encoder makes of a value.
func encoded(v any) (any, bool) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, false // the error may have the value in it
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var normal any
	err = decoder.Decode(&normal)
	return normal, err == nil
}
