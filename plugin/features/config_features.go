package features

import (
	"fmt"
	"strings"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/predict"
	"github.com/shoal-stream/shoal/plugin/message"
)

const (
	feFeatureName       = "name"
	feFeatureAgg        = "agg"
	feFeatureOn         = "on"
	feFeatureTo         = "to"
	feFeatureOf         = "of"
	feFeatureWhen       = "when"
	feFeatureWindow     = "window"
	feFeatureHalfLife   = "half_life"
	feFeatureUnit       = "unit"
	feFeaturePer        = "per"
	feFeatureValues     = "values"
	feFeatureQ          = "q"
	feFeaturePeriod     = "period"
	feFeatureGap        = "gap"
	feFeatureModel      = "model"
	feFeatureHorizon    = "horizon"
	feFeatureDiscount   = "discount"
	feFeatureExpression = "expression"
	feFeatureMissing    = "missing"
	feFeatureClip       = "clip"
	feFeatureTransform  = "transform"

	feClipMin       = "min"
	feClipMax       = "max"
	feClipQuantiles = "quantiles"
)

const lintKinds = `root = if !["string", "array", "null"].contains(this.type()) {
  [ "use the name of a kind, or a list of names" ]
}`

const lintMissing = `root = if this != null && this != "last" && this != "median" && this.type() != "number" {
  [ "use a number, last, median or null" ]
}`

// featureFields have no defaults of Benthos: a field that is not set must be told
// from one that is, as most belong to some aggregates only.
func featureFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringField(feFeatureName).
			Description("Name of the feature. Aggregates that give several features add to it: `name.value` for each value of a mix, and `name.other`; `name.sin` and `name.cos` of a circular one; `name.count`, `name.length` and `name.gap` of sessions."),
		service.NewStringAnnotatedEnumField(feFeatureAgg, aggregateDescriptions).
			Description("What is kept of the events, unless the feature is an expression. Without any event so far, or in the window, count, sum and rate are 0 and the others null.").Optional(),
		service.NewAnyField(feFeatureOn).
			Description("Kinds of events that count: one, or a list. All events unless set.").Optional().LintRule(lintKinds),
		service.NewAnyField(feFeatureTo).
			Description("Kinds of events that a ratio divides by: one, or a list. The ratio is null while there are none.").Optional().LintRule(lintKinds),
		service.NewStringField(feFeatureOf).
			Description("The column that an aggregate is of. Where only events are looked at, such as in a count, it need not be set; if it is, only events that have the column count. A sentiment is of a string: an event whose text is null or blank does not count, as `feature_skipped` tells, and one in which it is anything else is rejected; of a text beyond 64 KiB the beginning is read.").Optional(),
		service.NewStringField(feFeatureWhen).
			Description("A boolean column. Only events for which it is true count, those for which it is false, null or no boolean do not; the last two are counted by the metric `feature_skipped`. A share needs it: it is the part of the events for which it is true. All events count unless set.").Optional(),
		service.NewStringField(feFeatureWindow).
			Description("How far back events count, such as `90d`: from 5 minutes to 1,024 days before the time of the features. Another length may be asked for later and sees the past, too, if it is on the same side of `7d`: windows below `7d` and those from `7d` on are kept apart, and the first of the other side begins with the events from then on. The newest 32 events of a customer are counted exactly; of those before them, what happened around the beginning of a long window is estimated: right to 0.2 % over all customers, for one of them to a few events. For count, sum, mean, sentiment, variance, stddev, min, max, rate, share, ratio and, in whole days, active_days. Unless set, events count for ever.").
			Optional().LintRule(lintDuration),
		service.NewStringField(feFeatureHalfLife).
			Description("The time after which an event counts half, such as `60d`, in event time. For count, sum, mean, sentiment, variance, stddev, rate, quantile, share, ratio, mix, entropy, top, circular and zscore. Unless set, events count in full for ever.").
			Optional().LintRule(lintDuration),
		service.NewStringField(feFeatureUnit).
			Description("Unit of since_first, since_last, interval and sessions: seconds, minutes, hours, days or weeks. Seconds unless set.").Optional(),
		service.NewStringField(feFeaturePer).
			Description("The time that a rate is for: second, minute, hour, day or week. A customer younger than that is taken to be that old. Day unless set.").Optional(),
		service.NewStringListField(feFeatureValues).
			Description("Values that a mix names, each a feature `name.value`; all others share `name.other`. An entropy is over these values and all others as one, if set.").Optional(),
		service.NewFloatField(feFeatureQ).
			Description("The share of values that a quantile is not below, from 0 to 1: `0.5` is the median.").Optional(),
		service.NewStringField(feFeaturePeriod).
			Description("What a circular feature goes round in: day, week or year. Days begin at midnight UTC, weeks on Monday.").Optional(),
		service.NewStringField(feFeatureGap).
			Description("The silence that ends a session. `30m` unless set.").Optional().LintRule(lintDuration),
		service.NewStringEnumField(feFeatureModel, string(predict.MBGNBD), string(predict.BGNBD)).
			Description("The model that p_alive, expected_orders and lifetime_value go by. `mbg_nbd`, unless set: a customer may leave after each purchase. `bg_nbd`: not before the first repeat purchase, so whoever bought once is there for ever.").Optional(),
		service.NewStringField(feFeatureHorizon).
			Description("How far ahead expected_orders and lifetime_value look, from `1h` to `36500d`. Unless set, `90d` for expected_orders and `365d` for lifetime_value.").Optional().LintRule(lintDuration),
		service.NewFloatField(feFeatureDiscount).
			Description("How much less lifetime_value counts what comes a year later: `0.1`, unless set, is 10 % a year. `0` counts it in full.").Optional(),
		service.NewBloblangField(feFeatureExpression).
			Description("A mapping of the other features, wherever they are listed, in their own units: filled and clipped, not transformed. Those with a dot in their name are objects, too: `this.taste.shoes`. Where it errs, or gives anything but a finite number, the feature is null. It may depend on nothing else, such as the clock, chance, or the order of names in an object.").
			Example("this.spend / this.orders").Optional(),
		service.NewAnyField(feFeatureMissing).
			Description("What a feature that is null becomes: a number, in the units of the feature and before the transform; `last`, what a window held at its newest event; `median`, that of all customers who have a value; null, the default, it stays null.").
			Optional().LintRule(lintMissing),
		service.NewObjectField(feFeatureClip,
			service.NewFloatField(feClipMin).Description("The least that the feature can be.").Optional(),
			service.NewFloatField(feClipMax).Description("The most that the feature can be.").Optional(),
			service.NewFloatListField(feClipQuantiles).Description("The shares of all customers that the limits are taken from, such as `[ 0.01, 0.99 ]`, instead of min and max.").Optional(),
		).Description("Limits of the feature, in its own units: after `missing` and before `transform`. None unless set.").Optional(),
		service.NewStringEnumField(feFeatureTransform, string(aggregate.Log1p), string(aggregate.Sqrt), string(aggregate.Asinh)).
			Description("A function that the feature is passed through: `log1p`, `sqrt` or `asinh`. Where it is not defined, the feature is null. None unless set.").Optional(),
	}
}

func parseFeatures(conf *service.ParsedConfig) ([]aggregate.Spec, error) {
	list, err := conf.FieldObjectList(feFieldFeatures)
	if err != nil {
		return nil, err
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
		feFeatureName:       &spec.Name,
		feFeatureAgg:        (*string)(&spec.Agg),
		feFeatureOf:         &spec.Of,
		feFeatureWhen:       &spec.When,
		feFeatureUnit:       &spec.Unit,
		feFeaturePer:        &spec.Per,
		feFeaturePeriod:     &spec.Period,
		feFeatureExpression: &spec.Expression,
		feFeatureTransform:  (*string)(&spec.Transform),
		feFeatureModel:      &spec.Model,
	} {
		if !conf.Contains(field) {
			continue
		}
		if *to, err = conf.FieldString(field); err != nil {
			return spec, fmt.Errorf("%s: %w", field, err)
		}
	}
	for field, to := range map[string]*time.Duration{
		feFeatureHalfLife: &spec.HalfLife,
		feFeatureWindow:   &spec.Window,
		feFeatureGap:      &spec.Gap,
		feFeatureHorizon:  &spec.Horizon,
	} {
		if *to, err = positive(conf, field); err != nil {
			return spec, err
		}
	}
	if conf.Contains(feFeatureValues) {
		if spec.Values, err = conf.FieldStringList(feFeatureValues); err != nil {
			return spec, fmt.Errorf("%s: %w", feFeatureValues, err)
		}
	}
	if spec.Q, err = optionalFloat(conf, feFeatureQ); err != nil {
		return spec, err
	}
	if spec.Discount, err = optionalFloat(conf, feFeatureDiscount); err != nil {
		return spec, err
	}
	if spec.On, err = kinds(conf, feFeatureOn); err != nil {
		return spec, err
	}
	if spec.To, err = kinds(conf, feFeatureTo); err != nil {
		return spec, err
	}
	if err = missing(conf, &spec); err != nil {
		return spec, err
	}
	spec.Clip, err = clip(conf)
	return spec, err
}

// withoutDuration says what becomes of a feature without a duration that is 0.
var withoutDuration = map[string]string{
	feFeatureHalfLife: "events then count in full for ever",
	feFeatureWindow:   "events then count for ever",
	feFeatureGap:      "a session then ends after 30m",
	feFeatureHorizon:  "90d for expected_orders, 365d for lifetime_value",
}

// positive reads a duration that is not set or above 0.
func positive(conf *service.ParsedConfig, field string) (time.Duration, error) {
	if !conf.Contains(field) {
		return 0, nil
	}
	d, err := durationField(conf, field)
	if err == nil && d == 0 {
		text, _ := conf.FieldString(field)
		err = fmt.Errorf("%s %q: use a time above 0, or leave it out: %s", field, text, withoutDuration[field])
	}
	return d, err
}

func optionalFloat(conf *service.ParsedConfig, path ...string) (*float64, error) {
	if !conf.Contains(path...) {
		return nil, nil
	}
	x, err := conf.FieldFloat(path...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(path, "."), err)
	}
	return &x, nil
}

// clip reads limits: nil when there are none. Benthos cannot tell an object or a list that
// is not there from one that is empty.
func clip(conf *service.ParsedConfig) (*aggregate.Clip, error) {
	var c aggregate.Clip
	var err error
	if c.Min, err = optionalFloat(conf, feFeatureClip, feClipMin); err != nil {
		return nil, err
	}
	if c.Max, err = optionalFloat(conf, feFeatureClip, feClipMax); err != nil {
		return nil, err
	}
	var shares []float64
	if conf.Contains(feFeatureClip, feClipQuantiles) {
		if shares, err = conf.FieldFloatList(feFeatureClip, feClipQuantiles); err != nil {
			return nil, fmt.Errorf("clip.quantiles: %w", err)
		}
	}
	switch len(shares) {
	case 0:
	case 2:
		c.Quantiles = &[2]float64{shares[0], shares[1]}
	default:
		return nil, fmt.Errorf("clip.quantiles: there are %d: use two shares, such as [0.01, 0.99]", len(shares))
	}
	if c == (aggregate.Clip{}) {
		return nil, nil
	}
	return &c, nil
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
	if value == nil {
		return nil, nil // not set
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

// missing reads what a null becomes.
func missing(conf *service.ParsedConfig, spec *aggregate.Spec) error {
	if !conf.Contains(feFeatureMissing) {
		return nil
	}
	value, err := conf.FieldAny(feFeatureMissing)
	if err != nil {
		return fmt.Errorf("%s: %w", feFeatureMissing, err)
	}
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		if spec.Fill = aggregate.Fill(v); spec.Fill == aggregate.FillNone {
			return fmt.Errorf("%s %q: use a number, last, median or null", feFeatureMissing, v)
		}
		return nil
	}
	number, err := message.Number(value)
	if err != nil {
		return fmt.Errorf("%s %v: use a number, last, median or null", feFeatureMissing, value)
	}
	spec.Missing = &number
	return nil
}
