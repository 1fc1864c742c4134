package features

import (
	"fmt"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// preset is a list of features under a name, written as a configuration would list them: so
// whoever wants another one copies it.
type preset struct {
	name     string
	expects  string // of the events
	features string
}

var presets = []preset{
	{"rfm", "events of kind `purchase` with the column `amount`", `
- { name: recency, agg: since_last, on: purchase, unit: days }
- { name: frequency, agg: count, on: purchase }
- { name: monetary, agg: sum, on: purchase, of: amount }
`},
	{"ecommerce", "events of the kinds `purchase`, with the columns `amount` and `product`, `view` and `return`", `
- { name: recency, agg: since_last, on: purchase, unit: days }
- { name: frequency, agg: count, on: purchase }
- { name: monetary, agg: sum, on: purchase, of: amount }
- { name: recent_spend, agg: sum, on: purchase, of: amount, half_life: 90d }
- { name: basket, agg: mean, on: purchase, of: amount }
- { name: interval, agg: interval, on: purchase, unit: days }
- { name: overdue, agg: overdue, on: purchase, clip: { max: 10 } }
- { name: variety, agg: distinct, on: purchase, of: product }
- { name: browsing, agg: rate, on: view, half_life: 30d, per: week }
- { name: returns, agg: ratio, on: return, to: purchase }
`},
	{"saas", "events of the kinds `login`, `use` with the column `feature`, `support` and `payment` with the column `amount`, and the column `seats` of any event that tells how many there are", `
- { name: tenure, agg: since_first, unit: days }
- { name: recency, agg: since_last, on: login, unit: days }
- { name: logins, agg: rate, on: login, half_life: 30d, per: week }
- { name: active_days, agg: active_days, on: login, window: 30d, missing: 0 }
- { name: regularity, agg: regularity, on: login }
- { name: breadth, agg: distinct, on: use, of: feature }
- { name: contacts, agg: rate, on: support, half_life: 90d, per: week }
- { name: payment, agg: last, on: payment, of: amount }
- { name: seats, agg: last, of: seats }
`},
}

func presetNames() (names []string) {
	for _, p := range presets {
		names = append(names, p.name)
	}
	return names
}

// describePresets lists what each stands for.
func describePresets() string {
	var b strings.Builder
	for _, p := range presets {
		fmt.Fprintf(&b, "\n\nThe preset `%s` is for %s:\n\n```yaml%s```", p.name, p.expects, p.features)
	}
	return b.String()
}

// parsePreset reads the features of a preset.
func parsePreset(name string) ([]aggregate.Spec, error) {
	for _, p := range presets {
		if p.name != name {
			continue
		}
		list := service.NewConfigSpec().Field(service.NewObjectListField(feFieldFeatures, featureFields()...))
		parsed, err := list.ParseYAML(feFieldFeatures+":"+p.features, nil)
		if err != nil {
			return nil, err
		}
		return parseFeatures(parsed)
	}
	return nil, fmt.Errorf("preset %q: use one of %s", name, strings.Join(presetNames(), ", "))
}

// compileFeatures makes a plan of the preset, if there is one, and the features after it.
func compileFeatures(conf *service.ParsedConfig) (*aggregate.Plan, error) {
	listed, err := parseFeatures(conf)
	if err != nil {
		return nil, err
	}
	options := []aggregate.Option{aggregate.WithExpressions(compileExpression)}
	if conf.Contains(feFieldPreset) {
		name, err := conf.FieldString(feFieldPreset)
		if err != nil {
			return nil, err
		}
		before, err := parsePreset(name)
		if err != nil {
			return nil, err
		}
		if err := refuseOverrides(name, before, listed); err != nil {
			return nil, err
		}
		options = append(options, aggregate.WithFirst(before))
	} else if len(listed) == 0 {
		return nil, fmt.Errorf("features: there are none: add one, such as { name: events, agg: count }, or name a preset: %s", strings.Join(presetNames(), ", "))
	}
	return aggregate.Compile(listed, options...)
}

// refuseOverrides refuses features with the name of one of the preset: neither of the two
// would be what its reader expects.
func refuseOverrides(name string, before, listed []aggregate.Spec) error {
	names := map[string]struct{}{}
	for _, spec := range before {
		names[spec.Name] = struct{}{}
	}
	for i, spec := range listed {
		if _, taken := names[spec.Name]; taken {
			return fmt.Errorf("features[%d].name %q: the preset %s has a feature of this name, which cannot be overridden: use another name, or list the features of the preset, changed as you like, instead of it", i, spec.Name, name)
		}
	}
	return nil
}
