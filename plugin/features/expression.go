package features

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/bloblang"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/message"
)

// expressions is the language of expressions: Bloblang without what reaches out of the
// process, looks at the clock, draws lots, or goes by the order of the names of an object,
// which is another each time. Stored features are compiled in the same.
var expressions = bloblang.GlobalEnvironment().OnlyPure().WithoutFunctions(
	"counter", "ksuid", "nanoid", "now", "random_int", "timestamp_unix", "timestamp_unix_micro",
	"timestamp_unix_milli", "timestamp_unix_nano", "uuid_v4", "uuid_v7").WithoutMethods(
	"jmespath", "json_path", "key_values", "keys", "map_each_key", "values")

// compileExpression makes an expression of a mapping over an object of the features
// before it.
//
// A name that is not one of theirs is null in the object, which mostly leaves nothing of
// the expression: so one that has none of their names in it, and gives no number for any of
// the values that are tried here, is refused.
func compileExpression(text string, names []string) (aggregate.Expression, error) {
	mapping, err := expressions.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	expression := func(before []float64) float64 {
		value, err := mapping.Query(object(names, before))
		if err != nil {
			return math.NaN()
		}
		number, err := message.Number(value)
		if err != nil {
			return math.NaN()
		}
		return number
	}
	if len(names) == 0 {
		return nil, errors.New("there is no other feature: add those that it is to be made of")
	}
	if len(aggregate.Named(text, withObjects(names))) == 0 && !givesNumber(expression, len(names)) {
		return nil, fmt.Errorf("%q names no other feature, and gives no number: use some of %s", text, strings.Join(names, ", "))
	}
	return expression, nil
}

// withObjects are names, and those of the objects that features with a dot are in.
func withObjects(names []string) (all []string) {
	for _, name := range names {
		for i, c := range name {
			if c == '.' {
				all = append(all, name[:i])
			}
		}
		all = append(all, name)
	}
	return all
}

// givesNumber tries an expression with features that are all alike, and all different.
func givesNumber(expression aggregate.Expression, n int) bool {
	before := make([]float64, n)
	for _, base := range []float64{1, 0, -1, 0.5, 100, 1e6} {
		for _, step := range []float64{0, 1, 0.01, -1} {
			for i := range before {
				before[i] = base + step*float64(i)
			}
			if !math.IsNaN(expression(before)) {
				return true
			}
		}
	}
	return false
}

// object has each feature by its name; those with a dot are in objects, too, unless a
// feature has the name of the object.
func object(names []string, values []float64) map[string]any {
	all := make(map[string]any, len(names))
	for i, name := range names {
		into, rest := all, name
		for {
			outer, inner, nested := strings.Cut(rest, ".")
			if !nested {
				break
			}
			below, ok := into[outer].(map[string]any)
			if !ok {
				below = map[string]any{}
				into[outer] = below
			}
			into, rest = below, inner
		}
		into[rest] = orNull(values[i])
	}
	for i, name := range names {
		all[name] = orNull(values[i])
	}
	return all
}

// orNull is the value of a feature in a message.
func orNull(x float64) any {
	if math.IsNaN(x) {
		return nil
	}
	return x
}
