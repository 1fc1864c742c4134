package aggregate

import (
	"fmt"
	"strings"
	"time"
)

// Spec describes a feature: an aggregate, or an expression over other features. The zero
// value of a field means that it is not set. Which aggregate takes which field is in the
// table of [Aggregate]s.
type Spec struct {
	Name string
	Agg  Aggregate

	// On are the kinds of events that count; none: all events do.
	On []string
	// To are the kinds that a Ratio divides by.
	To []string
	// Of is a column. Most aggregates take its numbers, Mix, Distinct, Entropy and Top
	// its texts, Sentiment how these sound; for those that look at times only it need only be there. Events without
	// it do not count.
	Of string
	// When is a column that must be true for an event to count. A Share is that of the
	// events for which it is true.
	When string

	// HalfLife is the time after which an event counts half; 0: it counts in full
	// for ever.
	HalfLife time.Duration
	// Window is for how long an event counts, from 5 minutes to 1,024 days; 0: for ever.
	Window time.Duration

	Unit   string        // of times: seconds (if empty), minutes, hours, days or weeks
	Per    string        // of Rate: the same units, day if empty
	Values []string      // of Mix
	Q      *float64      // of Quantile: the share of values below it
	Period string        // of Circular: day, week or year
	Gap    time.Duration // of Sessions: the silence that ends one; 30 minutes if 0

	// Model is that of a prediction: see [predict.Model]; DefaultModel if empty.
	Model string
	// Horizon is how far ahead ExpectedOrders and LifetimeValue look, from an hour to a
	// hundred years; DefaultHorizon and DefaultLifetime if 0.
	Horizon time.Duration
	// Discount is how much less a LifetimeValue counts what comes a year later, from 0 on:
	// 1/(1+Discount) of what comes now; nil: DefaultDiscount.
	Discount *float64

	// Expression is computed from the features before this one: see [WithExpressions].
	Expression string

	// Missing replaces a feature that has no value, in its own units and before the
	// transform; nil: it stays without.
	Missing *float64
	// Fill is another way to do so.
	Fill Fill
	// Clip limits the feature, after Missing and before Transform.
	Clip *Clip
	// Transform is what the feature is seen through.
	Transform Transform
}

var units = map[string]time.Duration{
	"second": time.Second,
	"minute": time.Minute,
	"hour":   time.Hour,
	"day":    24 * time.Hour,
	"week":   7 * 24 * time.Hour,
}

// unitOf reads a unit of time, in the singular or the plural.
func unitOf(text, standard string) (time.Duration, error) {
	if text == "" {
		text = standard
	}
	if unit, ok := units[strings.TrimSuffix(text, "s")]; ok {
		return unit, nil
	}
	return 0, fmt.Errorf("%q: use seconds, minutes, hours, days or weeks", text)
}

// other is the name of the share of all values that a mix does not name.
const other = "other"
