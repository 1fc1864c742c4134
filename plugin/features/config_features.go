package features

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/duration"
	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

const (
	feFeatureName      = "name"
	feFeatureAgg       = "agg"
	feFeatureOn        = "on"
	feFeatureTo        = "to"
	feFeatureOf        = "of"
	feFeatureHalfLife  = "half_life"
	feFeatureUnit      = "unit"
	feFeaturePer       = "per"
	feFeatureValues    = "values"
	feFeatureMissing   = "missing"
	feFeatureTransform = "transform"

	missingLast = "last"
)

const lintKinds = `root = if !["string", "array"].contains(this.type()) {
  [ "use the name of a kind, or a list of names" ]
}`

const lintMissing = `root = if this != null && this != "last" && this.type() != "number" {
  [ "use a number, last or null" ]
}`

// featureFields have no defaults of Benthos: a field that is not set must be told
// from one that is, as most belong to some aggregates only.
func featureFields() []*service.ConfigField {
	aggregates := make([]string, 0, len(aggregate.Aggregates()))
	for _, each := range aggregate.Aggregates() {
		aggregates = append(aggregates, string(each))
	}
	return []*service.ConfigField{
		service.NewStringField(feFeatureName).Description("Name of the feature; for a mix, of its features up to the dot."),
		service.NewStringEnumField(feFeatureAgg, aggregates...).
			Description("`count` of events; `sum` and `mean` of a column; `since_last`, the time since the newest event; `rate`, events for each `per` of time; `ratio`, the count of `on` over the count of `to`; `mix`, the share of each of `values` in a column. Without any event so far, count, sum and rate are 0 and the others null."),
		service.NewAnyField(feFeatureOn).
			Description("Kinds of events that count: one, or a list. All events unless set.").Optional().LintRule(lintKinds),
		service.NewAnyField(feFeatureTo).
			Description("Kinds of events that a ratio divides by: one, or a list. The ratio is null while there are none.").Optional().LintRule(lintKinds),
		service.NewStringField(feFeatureOf).
			Description("The column of a sum, mean or mix. For count, rate and since_last: only events that have it count.").Optional(),
		service.NewStringField(feFeatureHalfLife).
			Description("The time after which an event counts half, such as `60d`, in event time. Unless set, events count in full for ever.").
			Optional().LintRule(lintDuration),
		service.NewStringField(feFeatureUnit).
			Description("Unit of since_last: seconds, minutes, hours, days or weeks. Seconds unless set.").Optional(),
		service.NewStringField(feFeaturePer).
			Description("The time that a rate is for: second, minute, hour, day or week. A customer younger than that is taken to be that old. Day unless set.").Optional(),
		service.NewStringListField(feFeatureValues).
			Description("Values that a mix names, each a feature `name.value`; all others share `name.other`.").Optional(),
		service.NewAnyField(feFeatureMissing).
			Description("What a feature that is null becomes: a number, in the units of the feature and before the transform; `last`, the last value that it had; null, the default, it stays null.").
			Optional().LintRule(lintMissing),
		service.NewStringEnumField(feFeatureTransform, string(aggregate.Log1p), string(aggregate.Sqrt), string(aggregate.Asinh)).
			Description("A function that the feature is passed through: `log1p`, `sqrt` or `asinh`. Where it is not defined, the feature is null. None unless set.").Optional(),
	}
}

func parseFeatures(conf *service.ParsedConfig) ([]aggregate.Spec, error) {
	list, err := conf.FieldObjectList(feFieldFeatures)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New("features: there are none: add one, such as { name: events, agg: count }")
	}
	specs := make([]aggregate.Spec, len(list))
	for i, each := range list {
		if specs[i], err = parseFeature(each); err != nil {
			return nil, fmt.Errorf("features[%d].%w", i, err)
		}
	}
	return specs, nil
}

// parseFeature reads the fields; what they mean together is checked by
// aggregate.Compile. The error begins with the name of the field.
func parseFeature(conf *service.ParsedConfig) (spec aggregate.Spec, err error) {
	for field, to := range map[string]*string{
		feFeatureName:      &spec.Name,
		feFeatureAgg:       (*string)(&spec.Agg),
		feFeatureOf:        &spec.Of,
		feFeatureUnit:      &spec.Unit,
		feFeaturePer:       &spec.Per,
		feFeatureTransform: (*string)(&spec.Transform),
	} {
		if !conf.Contains(field) {
			continue
		}
		if *to, err = conf.FieldString(field); err != nil {
			return spec, fmt.Errorf("%s: %w", field, err)
		}
	}
	if conf.Contains(feFeatureHalfLife) {
		text, err := conf.FieldString(feFeatureHalfLife)
		if err != nil {
			return spec, fmt.Errorf("%s: %w", feFeatureHalfLife, err)
		}
		if spec.HalfLife, err = duration.Parse(text); err != nil {
			return spec, fmt.Errorf("%s: %w", feFeatureHalfLife, err)
		}
		if spec.HalfLife == 0 {
			return spec, fmt.Errorf("%s %q: use a time above 0, or leave it out: events then count in full for ever", feFeatureHalfLife, text)
		}
	}
	if conf.Contains(feFeatureValues) {
		if spec.Values, err = conf.FieldStringList(feFeatureValues); err != nil {
			return spec, fmt.Errorf("%s: %w", feFeatureValues, err)
		}
	}
	if spec.On, err = kinds(conf, feFeatureOn); err != nil {
		return spec, err
	}
	if spec.To, err = kinds(conf, feFeatureTo); err != nil {
		return spec, err
	}
	spec.Missing, err = missing(conf)
	return spec, err
}

// kinds reads one kind or a list of them.
func kinds(conf *service.ParsedConfig, field string) ([]string, error) {
	if !conf.Contains(field) {
		return nil, nil
	}
	value, err := conf.FieldAny(field)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	if kind, ok := value.(string); ok {
		return []string{kind}, nil
	}
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%s %v: use the name of a kind, or a list of names", field, value)
	}
	names := make([]string, len(list))
	for i, each := range list {
		if names[i], ok = each.(string); !ok {
			return nil, fmt.Errorf("%s[%d] %v: use the name of a kind, in quotes if it is a number", field, i, each)
		}
	}
	return names, nil
}

// missing reads what a null becomes. None of the aggregates becomes null again once
// it has had a value, so last has nothing to remember: it is the same as null.
func missing(conf *service.ParsedConfig) (*float64, error) {
	if !conf.Contains(feFeatureMissing) {
		return nil, nil
	}
	value, err := conf.FieldAny(feFeatureMissing)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", feFeatureMissing, err)
	}
	var number float64
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		if v == missingLast {
			return nil, nil
		}
		return nil, fmt.Errorf("%s %q: use a number, last or null", feFeatureMissing, v)
	case int:
		number = float64(v)
	case int64:
		number = float64(v)
	case float64:
		number = v
	case json.Number:
		if number, err = v.Float64(); err != nil {
			return nil, fmt.Errorf("%s %v: use a number that 64 bits hold", feFeatureMissing, v)
		}
	default:
		return nil, fmt.Errorf("%s %v: use a number, last or null", feFeatureMissing, v)
	}
	return &number, nil
}
