package aggregate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Aggregate names what a feature computes.
type Aggregate string

// The aggregates. Count, Sum and Rate are 0 before the first event that they look
// at, the others have no value.
const (
	// Count is the number of events, decayed if there is a half-life.
	Count Aggregate = "count"
	// Sum adds up the values of a column, decayed if there is a half-life.
	Sum Aggregate = "sum"
	// Mean is the average of a column; with a half-life, newer values weigh more.
	Mean Aggregate = "mean"
	// SinceLast is the time since the newest event, in Unit.
	SinceLast Aggregate = "since_last"
	// Rate is the number of events for each Per of time.
	Rate Aggregate = "rate"
	// Ratio is the count of On over the count of To.
	Ratio Aggregate = "ratio"
	// Mix is the share of each of Values, and of all others, in a column: several
	// features, Name.value each, and Name.other.
	Mix Aggregate = "mix"
)

// Aggregates lists all aggregates.
func Aggregates() []Aggregate {
	return []Aggregate{Count, Sum, Mean, SinceLast, Rate, Ratio, Mix}
}

// Spec describes a feature. The zero value of a field means that it is not set.
type Spec struct {
	Name string
	Agg  Aggregate

	// On are the kinds of events that count; none: all events do.
	On []string
	// To are the kinds that a Ratio divides by.
	To []string
	// Of is a column. Sum and Mean take its numbers, Mix its texts; for Count, Rate
	// and SinceLast it need only be there. Events without it do not count.
	Of string

	// HalfLife is the time after which an event counts half; 0: it counts in full
	// for ever.
	HalfLife time.Duration

	Unit   string   // of SinceLast: seconds (if empty), minutes, hours, days or weeks
	Per    string   // of Rate: the same units, day if empty
	Values []string // of Mix

	// Missing replaces a feature that has no value, in its own units and before the
	// transform; nil: it stays without.
	Missing *float64
	// Transform is what the feature is seen through.
	Transform Transform
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

// check refuses what means nothing. The error begins with the name of the field.
func (s *Spec) check() error {
	if s.Name == "" || slices.Contains(strings.Split(s.Name, "."), "") {
		return fmt.Errorf("name %q: give the feature a name, without empty parts between dots", s.Name)
	}
	if !slices.Contains(Aggregates(), s.Agg) {
		return fmt.Errorf("agg %q: use one of %v", s.Agg, Aggregates())
	}
	if _, ok := transforms[s.Transform]; !ok {
		return fmt.Errorf("transform %q: use log1p, sqrt or asinh", s.Transform)
	}
	if s.Missing != nil && (math.IsNaN(*s.Missing) || math.IsInf(*s.Missing, 0)) {
		return fmt.Errorf("missing %v: use a finite number", *s.Missing)
	}
	if s.HalfLife < 0 {
		return fmt.Errorf("half_life %v: use a time above 0", s.HalfLife)
	}
	for _, rule := range []struct {
		field  string
		set    bool
		needed []Aggregate
		takers []Aggregate
	}{
		{"of", s.Of != "", []Aggregate{Sum, Mean, Mix}, []Aggregate{Sum, Mean, Mix, Count, Rate, SinceLast}},
		{"to", len(s.To) > 0, []Aggregate{Ratio}, []Aggregate{Ratio}},
		{"values", len(s.Values) > 0, []Aggregate{Mix}, []Aggregate{Mix}},
		{"unit", s.Unit != "", nil, []Aggregate{SinceLast}},
		{"per", s.Per != "", nil, []Aggregate{Rate}},
		{"half_life", s.HalfLife > 0, nil, []Aggregate{Count, Sum, Mean, Rate, Ratio, Mix}},
	} {
		switch {
		case rule.set && !slices.Contains(rule.takers, s.Agg):
			return fmt.Errorf("%s: %s does not take it: remove it, or use it with one of %v", rule.field, s.Agg, rule.takers)
		case !rule.set && slices.Contains(rule.needed, s.Agg):
			return fmt.Errorf("%s: %s needs it", rule.field, s.Agg)
		}
	}
	return s.checkLists()
}

func (s *Spec) checkLists() error {
	for field, list := range map[string][]string{"on": s.On, "to": s.To, "values": s.Values} {
		for i, entry := range list {
			if entry == "" || slices.Contains(list[:i], entry) {
				return fmt.Errorf("%s[%d] %q: name each once, and none empty", field, i, entry)
			}
		}
	}
	if slices.Contains(s.Values, other) {
		return fmt.Errorf("values: %q is the name of the share of all values that are not listed: rename the value in the column", other)
	}
	return nil
}
