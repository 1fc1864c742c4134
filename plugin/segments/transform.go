package segments

import "math"

// transform is how distance sees a feature, and how a centroid is shown again.
type transform struct {
	apply   func(float64) float64
	inverse func(float64) float64
	domain  string  // what apply takes, for errors
	lowest  float64 // apply takes what is greater
}

var identity = transform{
	apply:   func(x float64) float64 { return x },
	inverse: func(x float64) float64 { return x },
	lowest:  math.Inf(-1),
}

var transforms = map[string]transform{
	"log1p": {apply: math.Log1p, inverse: math.Expm1, domain: "numbers above -1", lowest: -1},
	"sqrt": {
		apply:   math.Sqrt,
		inverse: func(x float64) float64 { return x * math.Abs(x) },
		domain:  "numbers from 0",
		lowest:  -math.SmallestNonzeroFloat64,
	},
	"asinh": {apply: math.Asinh, inverse: math.Sinh, lowest: math.Inf(-1)},
}

// spread shows a standard deviation around a mean in the units before the
// transform: half the way between one deviation below and one above.
func (t transform) spread(mean, deviation float64) float64 {
	return (t.inverse(mean+deviation) - t.inverse(mean-deviation)) / 2
}
