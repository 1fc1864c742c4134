package aggregate

import (
	"errors"
	"fmt"
	"math"

	"github.com/shoal-stream/shoal/plugin/features/predict"
)

// Fill says what takes the place of a feature that has no value.
type Fill string

// The fills.
const (
	FillNone Fill = ""
	// FillLast is the value as of the newest event that the feature looks at. Only
	// features with a window lose a value that they had.
	FillLast Fill = "last"
	// FillMedian is the median of the population; none while that is not known.
	FillMedian Fill = "median"
)

// Clip limits a feature: to Min and Max where they are set, or to the values that the
// shares Quantiles[0] and Quantiles[1] of the population lie below.
type Clip struct {
	Min, Max  *float64
	Quantiles *[2]float64
}

// Transform is a function applied to a feature. Where it is not defined, the
// feature has no value.
type Transform string

// The transforms. None is the identity.
const (
	None  Transform = ""
	Log1p Transform = "log1p" // ln(1+x), for x > -1
	Sqrt  Transform = "sqrt"  // for x >= 0
	Asinh Transform = "asinh" // ln(x+sqrt(x^2+1)), for all x
)

var transforms = map[Transform]func(float64) float64{
	None:  func(x float64) float64 { return x },
	Log1p: math.Log1p,
	Sqrt:  math.Sqrt,
	Asinh: math.Asinh,
}

// Population tells how features are distributed over all customers, each counted once
// with what [Plan.Votes] gives for them, and by which models they are predicted.
type Population interface {
	// Quantile is the value below which the share q of the customers lie, of the feature
	// at this place of [Plan.Names]; false while that is not known.
	Quantile(feature int, q float64) (value float64, known bool)
	// Orders and Values are the models at this place of [Plan.Models], of the kind that the
	// model there has; false while one is not fitted, and the prior is to be used.
	Orders(model int) (fitted predict.Orders, known bool)
	Values(model int) (fitted predict.Values, known bool)
}

// clean fills and clips the value of the feature at a place.
func (p *Plan) clean(i int, x float64, c *Profile, population Population) float64 {
	f := &p.features[i]
	spec := &f.spec
	if math.IsNaN(x) {
		switch {
		case spec.Missing != nil:
			x = *spec.Missing
		case spec.Fill == FillLast:
			x = p.atLast(f, c)
		case spec.Fill == FillMedian && population != nil:
			if median, known := population.Quantile(i, 0.5); known {
				x = median
			}
		}
	}
	clip := spec.Clip
	if clip == nil || math.IsNaN(x) {
		return x
	}
	if clip.Quantiles != nil && population != nil {
		low, known := population.Quantile(i, clip.Quantiles[0])
		high, both := population.Quantile(i, clip.Quantiles[1])
		if known && both {
			x = max(low, min(x, high))
		}
	}
	if clip.Min != nil {
		x = max(x, *clip.Min)
	}
	if clip.Max != nil {
		x = min(x, *clip.Max)
	}
	return x
}

// atLast reads a feature as of the newest event that it looks at.
func (p *Plan) atLast(f *feature, c *Profile) float64 {
	if f.definition == nil || f.definition.predict != nil {
		return math.NaN() // an expression looks at none, and a prediction has no window to lose
	}
	deciding := f.measure
	if f.definition.name == Ratio || f.definition.name == Share {
		deciding = f.to // without which there is no value
	}
	if c.tallies[deciding].n == 0 {
		return math.NaN()
	}
	return f.definition.read(p, f, c, c.tallies[deciding].newest)
}

// checkCleaning refuses what means nothing. The error begins with the name of the field.
func (s *Spec) checkCleaning() error {
	if _, ok := transforms[s.Transform]; !ok {
		return fmt.Errorf("transform %q: use log1p, sqrt or asinh", s.Transform)
	}
	switch {
	case s.Missing != nil && !finite(*s.Missing):
		return fmt.Errorf("missing %v: use a finite number", *s.Missing)
	case s.Fill != FillNone && s.Fill != FillLast && s.Fill != FillMedian:
		return fmt.Errorf("missing %q: use a number, last, median or null", s.Fill)
	case s.Fill != FillNone && s.Missing != nil:
		return fmt.Errorf("missing: a number and %q: use one of them", s.Fill)
	case s.Fill == FillLast && s.Expression != "":
		return fmt.Errorf("missing %q: an expression has no events of its own: set it on the features that it names", s.Fill)
	}
	return s.Clip.check()
}

func (c *Clip) check() error {
	if c == nil {
		return nil
	}
	for _, limit := range []struct {
		name  string
		value *float64
	}{{"min", c.Min}, {"max", c.Max}} {
		if limit.value != nil && !finite(*limit.value) {
			return fmt.Errorf("clip.%s %v: use a finite number", limit.name, *limit.value)
		}
	}
	switch q := c.Quantiles; {
	case q == nil && c.Min == nil && c.Max == nil:
		return errors.New("clip: it limits nothing: set min, max or quantiles, or remove it")
	case q != nil && (c.Min != nil || c.Max != nil):
		return errors.New("clip: quantiles beside min or max: use one of them")
	case q != nil && !(q[0] >= 0 && q[1] <= 1):
		return fmt.Errorf("clip.quantiles %v: use shares from 0 to 1, such as [0.01, 0.99]", *q)
	case q != nil && !(q[0] < q[1]):
		return fmt.Errorf("clip.quantiles %v: put the lower first, such as [0.01, 0.99]", *q)
	case c.Min != nil && c.Max != nil && *c.Min > *c.Max:
		return fmt.Errorf("clip.min %v is above clip.max %v: exchange them", *c.Min, *c.Max)
	}
	return nil
}
