package privacy

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"time"
)

// normal is a value in the types that JSON gives and the actions know: processors before
// this one leave others, such as int32 and []string, and mean the same. It tells whether
// there is one: JSON has no NaN, no infinite numbers, and no structs of Go.
func normal(v any) (any, bool) {
	switch v := v.(type) {
	case string, json.Number, nil, bool, int64, uint64, []byte, time.Time, map[string]any, []any:
		return v, true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case json.RawMessage: // bytes that are encoded as what is in them
		return nil, false
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return r.Uint(), true
	case reflect.Float32:
		// As it is written: 0.1 is not 0.10000000149011612.
		f, err := strconv.ParseFloat(strconv.FormatFloat(r.Float(), 'g', -1, 32), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	case reflect.Float64:
		f := r.Float()
		return f, !math.IsNaN(f) && !math.IsInf(f, 0)
	case reflect.String:
		return r.String(), true
	case reflect.Bool:
		return r.Bool(), true
	case reflect.Map:
		return normalObject(r)
	case reflect.Slice, reflect.Array:
		if r.Kind() == reflect.Slice && r.Type().Elem().Kind() == reflect.Uint8 {
			return r.Bytes(), true
		}
		list := make([]any, r.Len())
		for i := range list {
			list[i] = r.Index(i).Interface()
		}
		return list, true
	default:
		return nil, false
	}
}

func normalObject(r reflect.Value) (any, bool) {
	if r.Type().Key().Kind() != reflect.String {
		return nil, false
	}
	object := make(map[string]any, r.Len())
	for entries := r.MapRange(); entries.Next(); {
		object[entries.Key().String()] = entries.Value().Interface()
	}
	return object, true
}
