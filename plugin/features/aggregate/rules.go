package aggregate

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what a spec may ask for.
const (
	// MaxFeatures bounds the features of a plan: each is part of every message and every
	// customer's vector, and distances in more dimensions than this tell nobody apart.
	MaxFeatures = 200
	// MinWindow is as fine as time is kept for windows.
	MinWindow = fineBase
	// MaxWindow is as far back as it is kept.
	MaxWindow = coarseReach
	// MinHalfLife is above what clocks differ by.
	MinHalfLife = time.Second
	// MaxHalfLife is more than a lifetime: weights would be 1.
	MaxHalfLife = 36500 * 24 * time.Hour
)

// check refuses what means nothing. The error begins with the name of the field.
func (s *Spec) check() error {
	if s.Name == "" || slices.Contains(strings.Split(s.Name, "."), "") {
		return fmt.Errorf("name %q: give the feature a name, without empty parts between dots", s.Name)
	}
	if err := s.checkCleaning(); err != nil {
		return err
	}
	fields := s.fields()
	if s.Expression != "" {
		if s.Agg != "" {
			return fmt.Errorf("expression beside agg %s: use one of them", s.Agg)
		}
		for _, field := range fields {
			if field.set {
				return fmt.Errorf("%s: an expression does not take it: remove it, or set it on the features that it names", field.name)
			}
		}
		return nil
	}
	d := define(s.Agg)
	if s.Agg == "" {
		return errors.New("agg: name an aggregate, or give an expression")
	}
	if d == nil {
		return fmt.Errorf("agg %q: use one of %v", s.Agg, Aggregates())
	}
	for _, field := range fields {
		switch {
		case field.set && field.name != "on" && !d.take(field.name):
			return fmt.Errorf("%s: %s does not take it: remove it, or use it with one of %v", field.name, s.Agg, takers(field.name))
		case !field.set && d.need(field.name):
			return fmt.Errorf("%s: %s needs it%s", field.name, s.Agg, hints[field.name])
		}
	}
	if err := s.checkScope(); err != nil {
		return err
	}
	if err := s.checkPrediction(); err != nil {
		return err
	}
	if s.Q != nil && !(*s.Q >= 0 && *s.Q <= 1) {
		return fmt.Errorf("q %v: use a share from 0 to 1, such as 0.9", *s.Q)
	}
	if _, ok := periods[s.Period]; s.Period != "" && !ok {
		return fmt.Errorf("period %q: use day, week or year", s.Period)
	}
	return s.checkLists()
}

// hints say how to set a field that is missing.
var hints = map[string]string{
	"of":     ": name a column",
	"to":     ": name the kinds of events to divide by",
	"when":   ": name a boolean column, true for the events to take the share of",
	"values": ": list the values to tell apart",
	"q":      ": a share from 0 to 1, such as 0.9",
	"period": ": use day, week or year",
}

// field is a field of a spec that some aggregates do not take.
type field struct {
	name string
	set  bool
}

func (s *Spec) fields() []field {
	return []field{
		{"on", len(s.On) > 0},
		{"to", len(s.To) > 0},
		{"of", s.Of != ""},
		{"when", s.When != ""},
		{"half_life", s.HalfLife != 0},
		{"window", s.Window != 0},
		{"unit", s.Unit != ""},
		{"per", s.Per != ""},
		{"values", len(s.Values) > 0},
		{"q", s.Q != nil},
		{"period", s.Period != ""},
		{"gap", s.Gap != 0},
		{"model", s.Model != ""},
		{"horizon", s.Horizon != 0},
		{"discount", s.Discount != nil},
	}
}

// checkScope looks at durations.
func (s *Spec) checkScope() error {
	switch {
	case s.HalfLife < 0 || s.HalfLife > 0 && s.HalfLife < MinHalfLife:
		return fmt.Errorf("half_life %s: use at least %s", written(s.HalfLife), written(MinHalfLife))
	case s.HalfLife > MaxHalfLife:
		return fmt.Errorf("half_life %s: use at most %s, or leave it out: events then count in full for ever", written(s.HalfLife), written(MaxHalfLife))
	case s.HalfLife > 0 && s.Window > 0:
		return fmt.Errorf("window %s beside half_life %s: use one of them", written(s.Window), written(s.HalfLife))
	case s.Window < 0 || s.Window > 0 && s.Window < MinWindow:
		return fmt.Errorf("window %s: use at least %s, as time is not kept more finely", written(s.Window), written(MinWindow))
	case s.Window > MaxWindow:
		return fmt.Errorf("window %s: use at most %s, which is how far back tiles are kept, or a half_life", written(s.Window), written(MaxWindow))
	case s.Agg == ActiveDays && s.Window%coarseBase != 0:
		return fmt.Errorf("window %s: active_days are whole days: use a number of days, such as 30d", written(s.Window))
	case s.Gap < 0:
		return fmt.Errorf("gap %s: use a time above 0, or leave it out for %s", written(s.Gap), written(DefaultGap))
	}
	return nil
}

// written is a duration as configurations have it.
func written(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d%unit.length == 0 {
			return strconv.FormatInt(int64(d/unit.length), 10) + unit.name
		}
	}
	return d.String()
}

func (s *Spec) checkLists() error {
	for _, list := range []struct {
		field   string
		entries []string
	}{{"on", s.On}, {"to", s.To}, {"values", s.Values}} {
		for i, entry := range list.entries {
			if entry == "" || slices.Contains(list.entries[:i], entry) {
				return fmt.Errorf("%s[%d] %q: name each once, and none empty", list.field, i, entry)
			}
		}
	}
	if slices.Contains(s.Values, other) {
		return fmt.Errorf("values: %q is the name of the share of all values that are not listed: rename the value in the column", other)
	}
	return nil
}
