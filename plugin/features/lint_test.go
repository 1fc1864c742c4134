package features

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// lintsOf are those of a processor.
func lintsOf(t *testing.T, env *service.Environment, conf string) (whats []string) {
	t.Helper()
	lints, err := env.NewComponentConfigLinter().LintProcessorYAML([]byte(
		"feature_extract:\n  store: customers\n  key: this.c\n  " + indent(conf) + "\n"))
	require.NoError(t, err)
	for _, lint := range lints {
		whats = append(whats, lint.What)
	}
	return whats
}

// What is linted is what is refused: each as the other says it.
func TestLintAsBuilt(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	sets := 0
	const literal = "event: |\n  # one a line\n  root.kind = this.type # and a comment\n  root.amount = this.total\n\n  root.deal = this.discount == 3\n"
	const mapped = "event: root = this\n"
	const one = "features: [ { name: f, agg: p_alive } ]\n"
	var many strings.Builder
	for i := range 201 {
		fmt.Fprintf(&many, "  - { name: f%d, agg: count }\n", i)
	}
	for conf, want := range map[string]string{
		literal + "features: [ { name: f, agg: sum, of: amuont } ]":             `features[0].of %amuont%: event assigns no such column: use one of kind, amount, deal, or assign it`,
		literal + "features: [ { name: f, agg: count, when: deel } ]":           `features[0].when %deel%: event assigns no such column: use one of kind, amount, deal, or assign it`,
		literal + "features: [ { name: f, agg: sum, of: amount, when: deal } ]": "",
		literal + "preset: rfm": "",
		mapped + "features: [ { name: f, agg: sum, of: amuont } ]":                                      "",
		"event: |\n  root.a = if this.b {\n    3\n  }\nfeatures: [ { name: f, agg: sum, of: amuont } ]": "",
		mapped + "features: [ { name: a, agg: count }, { name: a, agg: sum, of: x } ]":                  `is the name of two features: rename one`,
		mapped + "features: [ { name: f, agg: sum } ]":                                                  `features[0].of: sum needs it: name a column`,
		mapped + "features: [ { name: f, agg: min, of: x, half_life: 3d } ]":                            `features[0].half_life: min does not take it: remove it`,
		mapped + "features: [ { name: f, agg: top, of: x, window: 3d } ]":                               `features[0].window: top does not take it: remove it`,
		mapped + "features: [ { name: f, agg: since_last, unit: months } ]":                             `features[0].unit %months%: use seconds, minutes, hours, days or weeks`,
		mapped + "features: [ { name: f, agg: since_last, unit: day } ]":                                "",
		mapped + "features: [ { name: f, agg: rate, per: month } ]":                                     `features[0].per %month%: use second`,
		mapped + "features: [ { name: f, agg: count, window: 1025d } ]":                                 `features[0].window 1025d: use at most 1024d`,
		mapped + "features: [ { name: f, agg: count, window: 1024d } ]":                                 "",
		mapped + "features: [ { name: f, agg: count, window: 4m } ]":                                    `features[0].window 4m: use at least 5m`,
		mapped + "features: [ { name: f, agg: mix, of: x, values: [ a, other ] } ]":                     `features[0].values: %other% is the name of the share of all values that are not listed`,
		mapped + "features: [ { name: f, agg: count, clip: { min: 3, max: 2 } } ]":                      `features[0].clip.min 3 is above clip.max 2: exchange them`,
		mapped + "features: [ { name: f, agg: count, clip: { quantiles: [ 0.9, 0.1 ] } } ]":             `put the lower first`,
		mapped + "features: []":                                                                                         `features: there are none: add one`,
		mapped + "preset: rfm\nfeatures: []":                                                                            "",
		mapped + "features:\n" + many.String():                                                                          `features: there are 201`,
		mapped + "features: [ { name: f, agg: count, on: null } ]":                                                      "",
		mapped + "features: [ { name: f, agg: expected_orders, horizon: 0s } ]":                                         `features[0].horizon %0s%: use a time above 0, or leave it out: 90d`,
		mapped + "features: [ { name: f, agg: expected_orders, horizon: 1m } ]":                                         `features[0].horizon 1m: use a time from 1h to 36500d`,
		mapped + "features: [ { name: f, agg: expected_orders, horizon: 1h } ]":                                         "",
		mapped + "features: [ { name: f, agg: expected_orders, horizon: 36500d } ]":                                     "",
		mapped + "features: [ { name: f, agg: count, half_life: 0.0d } ]":                                               `features[0].half_life %0.0d%: use a time above 0, or leave it out: events`,
		mapped + "features: [ { name: f, agg: p_alive, unit: days } ]":                                                  `features[0].unit: p_alive does not take it: remove it`,
		mapped + "features: [ { name: f, agg: p_alive, horizon: 30d } ]":                                                `features[0].horizon: p_alive does not take it: remove it`,
		mapped + "features: [ { name: f, agg: p_alive, discount: 0 } ]":                                                 `features[0].discount: p_alive does not take it: remove it`,
		mapped + "features: [ { name: f, agg: count, model: bg_nbd } ]":                                                 `features[0].model: count does not take it: remove it`,
		mapped + "features: [ { name: f, expression: 3, horizon: 30d } ]":                                               `features[0].horizon: an expression does not take it: remove it`,
		mapped + "features: [ { name: f, expression: 3, model: bg_nbd } ]":                                              `features[0].model: an expression does not take it: remove it`,
		mapped + "features: [ { name: f, expression: 3, discount: 0.1 } ]":                                              `features[0].discount: an expression does not take it: remove it`,
		mapped + "features: [ { name: n, agg: count }, { name: f, expression: this.n, clip: { min: 0 }, missing: 4 } ]": "",
		mapped + "features: [ { name: f, agg: expected_orders, horizon: 5300w } ]":                                      `: use a time from 1h to 36500d, such as 90d`,
		mapped + one + "predictions: { fit_every: 0 }":                                                                  `predictions.fit_every 0: use a number from 100 to `,
		mapped + one + "predictions: { sample: 5 }":                                                                     `predictions.sample 5: use a number from 10 to 100000`,
		mapped + one + "predictions: { warmup: 60, sample: 100 }":                                                       `predictions.warmup 60: use half of sample (100) at most`,
		mapped + one + "predictions: { sample: 300 }":                                                                   `predictions.warmup 200: use half of sample (300) at most`,
		mapped + one + "predictions: { warmup: 5000, sample: 10000, fit_every: 100 }":                                   "",
	} {
		lints := lintsOf(t, r.env, conf)
		_, err := r.build(fmt.Sprintf("key: this.c\nfeature_set: set%d\n%s\n", sets, conf))
		sets++
		if want == "" {
			assert.Empty(t, lints, conf)
			require.NoError(t, err, conf)
			continue
		}
		require.Len(t, lints, 1, conf)
		assert.Contains(t, lints[0], strings.ReplaceAll(want, "%", ""))
		require.ErrorContains(t, err, strings.ReplaceAll(want, "%", `"`))
	}
	_, err := r.build("event: root.kind = this.type\nkey: this.c\npreset: rfm\n")
	assert.ErrorContains(t, err, `feature "monetary" of the preset: of "amount": event assigns no such column: use one of kind, or assign it`)
}

// The lists of aggregates in the lint rule are those of the aggregates.
func TestLintKnowsTheAggregates(t *testing.T) {
	t.Parallel()
	env := environment(t)
	for _, agg := range aggregate.Aggregates() {
		for _, test := range []struct {
			conf, field string
			spec        aggregate.Spec
		}{
			{"", "of: ", aggregate.Spec{To: []string{"a"}}},
			{", of: x, half_life: 3d", "half_life: ", aggregate.Spec{Of: "x", HalfLife: 72 * time.Hour}},
			{", of: x, window: 3d", "window: ", aggregate.Spec{Of: "x", Window: 72 * time.Hour}},
			{", of: x, unit: days", "unit: ", aggregate.Spec{Of: "x", Unit: "days"}},
			{", of: x, model: bg_nbd", "model: ", aggregate.Spec{Of: "x", Model: "bg_nbd"}},
			{", of: x, horizon: 1h", "horizon: ", aggregate.Spec{Of: "x", Horizon: time.Hour}},
		} {
			spec := test.spec
			spec.Name, spec.Agg = "f", agg
			if agg != aggregate.Ratio {
				spec.To = nil
			} else {
				spec.To, spec.Of = []string{"a"}, ""
			}
			conf := test.conf
			switch agg {
			case aggregate.Share:
				spec.When = "a"
			case aggregate.Quantile:
				spec.Q, conf = new(0.5), conf+", q: 0.5"
			case aggregate.Mix:
				spec.Values, conf = []string{"a"}, conf+", values: [ a ]"
			case aggregate.Circular:
				spec.Period, conf = "day", conf+", period: day"
			}
			_, err := aggregate.Compile([]aggregate.Spec{spec})
			refused := err != nil && strings.HasPrefix(err.Error(), "features[0]."+test.field)
			lints := lintsOf(t, env, fmt.Sprintf("event: root = this\nfeatures: [ { name: f, agg: %s%s } ]", agg, conf))
			linted := strings.Contains(strings.Join(lints, "\n"), "features[0]."+test.field)
			assert.Equal(t, refused, linted, "%s %s%v", agg, test.field, err)
		}
	}
}
