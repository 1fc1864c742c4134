package features

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/store"
)

func environment(t *testing.T) *service.Environment {
	t.Helper()
	env := service.NewEnvironment()
	require.NoError(t, store.Register(env))
	require.NoError(t, Register(env))
	return env
}

func documentation(t *testing.T, env *service.Environment) (data service.TemplateDataPlugin) {
	t.Helper()
	env.WalkProcessors(func(name string, view *service.ConfigView) {
		if name == "feature_extract" {
			var err error
			data, err = view.TemplateData()
			require.NoError(t, err)
		}
	})
	return data
}

// Each example is a stream that lints, runs, and attaches features.
func TestExamples(t *testing.T) {
	t.Parallel()
	env := environment(t)
	data := documentation(t, env)
	require.GreaterOrEqual(t, len(data.Examples), 2)
	for _, example := range data.Examples {
		t.Run(example.Title, func(t *testing.T) {
			t.Parallel()
			stream := env.NewStreamBuilder()
			require.NoError(t, stream.SetYAML(strings.Replace(example.Config, "path: ./state", "in_memory: true", 1)+"\noutput: { drop: {} }\n"))
			require.NoError(t, stream.SetLoggerYAML("level: none"))
			produce, err := stream.AddProducerFunc()
			require.NoError(t, err)
			var versions []string
			require.NoError(t, stream.AddConsumerFunc(func(_ context.Context, m *service.Message) error {
				versions = append(versions, meta(m, "feature_version"))
				return m.GetError()
			}))
			running, err := stream.Build()
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() { done <- running.Run(t.Context()) }()
			for id := range 2 {
				require.NoError(t, produce(t.Context(), service.NewMessage(fmt.Appendf(nil,
					`{"customer_id":1,"type":"purchase","ts":"2011-06-01","event_id":%d,"order":{"total":5},"total":5,"category":"shoes"}`, id))))
			}
			require.NoError(t, running.StopWithin(10*time.Second))
			require.NoError(t, <-done)
			assert.Equal(t, "1", versions[0])
		})
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()
	data := documentation(t, environment(t))
	assert.NotEmpty(t, data.Summary)
	for _, field := range data.Fields {
		assert.NotEmpty(t, field.Description, field.FullName)
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	env := environment(t)
	for feature, want := range map[string]string{
		`{ name: f, agg: count, half_life: 60d }`:                "",
		`{ name: f, agg: count, half_life: 1.5h, on: [ a, b ] }`: "",
		`{ name: f, agg: count, half_life: 30x }`:                "not a duration: use a number and s, m, h, d or w",
		`{ name: f, agg: average, of: x }`:                       "value average is not a valid option",
		`{ name: f, agg: mean, of: x, missing: last }`:           "",
		`{ name: f, agg: mean, of: x, missing: null }`:           "",
		`{ name: f, agg: mean, of: x, missing: -1.5 }`:           "",
		`{ name: f, agg: mean, of: x, missing: median }`:         "",
		`{ name: f, agg: mean, of: x, missing: mode }`:           "use a number, last, median or null",
		`{ name: f, agg: count, on: 3 }`:                         "use the name of a kind, or a list of names",
		`{ name: f, agg: count, transform: exp }`:                "value exp is not a valid option",
		`{ name: f, agg: count, window: 90d }`:                   "",
		`{ name: f, agg: count, window: 90 }`:                    "not a duration: use a number and s, m, h, d or w",
		`{ name: f, agg: count, horizont: 90d }`:                 "field horizont not recognised",
		`{ name: f, agg: count, horizon: 90d }`:                  "features[0].horizon: count does not take it",
		`{ name: f, agg: expected_orders, horizon: 90d }`:        "",
		`{ name: f, agg: expected_orders, horizon: 90 }`:         "not a duration",
		`{ name: f, agg: p_alive, model: bg_nbd, on: a }`:        "",
		`{ name: f, agg: p_alive, model: pareto_nbd }`:           "value pareto_nbd is not a valid option",
		`{ name: f, agg: count, model: bg_nbd }`:                 "features[0].model: count does not take it",
		`{ name: f, agg: lifetime_value }`:                       "features[0].of: lifetime_value needs it",
		`{ name: f, agg: lifetime_value, of: x, discount: 0 }`:   "",
		`{ name: f, agg: lifetime_value, of: x, discount: 12 }`:  "features[0].discount 12: use a share from 0 to 10, such as 0.1 for 10 % a year",
		`{ name: f, agg: p_alive, discount: 0.1 }`:               "features[0].discount: p_alive does not take it",
		`{ name: f, agg: sessions, gap: 10min }`:                 "not a duration: use a number and s, m, h, d or w",
		`{ name: f, agg: quantile, of: x, q: 0.5 }`:              "",
		`{ name: f, agg: quantile, of: x, q: 90 }`:               "features[0].q 90: use a share from 0 to 1",
		`{ name: f, agg: quantile, of: x }`:                      "features[0].q: quantile needs it",
		`{ name: f, agg: share }`:                                "features[0].when: share needs it",
		`{ name: f, agg: mix, of: x }`:                           "features[0].values: mix needs it",
		`{ name: f, agg: ratio, on: x }`:                         "features[0].to: ratio needs it",
		`{ name: f, agg: circular, period: month }`:              "features[0].period: use day, week or year",
		`{ name: f, agg: circular, period: week }`:               "",
		`{ name: f, agg: count, window: 1d, half_life: 2d }`:     "features[0].window 1d beside half_life 2d: use one of them",
		`{ name: f, expression: this.a / this.b }`:               "",
		`{ name: f, expression: this.a / }`:                      "expected",
		`{ name: f, agg: count, expression: this.a }`:            "features[0]: use one of agg and expression",
		`{ name: f }`: "features[0]: use one of agg and expression",
		`{ name: f, agg: count, clip: { min: 0, max: 3.5 } }`:    "",
		`{ name: f, agg: count, clip: { quantiles: [ 0, 1 ] } }`: "",
		`{ name: f, agg: count, clip: { least: 0 } }`:            "field least not recognised",
		`{ agg: count }`: "field name is required",
	} {
		lints, err := env.NewComponentConfigLinter().LintProcessorYAML([]byte(
			"feature_extract:\n  store: customers\n  key: this.c\n  event: root = this\n  features: [ " + feature + " ]\n"))
		require.NoError(t, err)
		if want == "" {
			assert.Empty(t, lints, feature)
			continue
		}
		require.Len(t, lints, 1, feature)
		assert.Contains(t, lints[0].What, want)
	}
}

// Each aggregate is described, and no other.
func TestEveryAggregateIsDescribed(t *testing.T) {
	t.Parallel()
	assert.Len(t, aggregateDescriptions, len(aggregate.Aggregates()))
	for _, each := range aggregate.Aggregates() {
		assert.NotEmpty(t, aggregateDescriptions[string(each)], each)
	}
}

func TestConstructorRefuses(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	features := func(feature string) string {
		return "key: this.c\nevent: root = this\nfeatures: [ { name: a, agg: count }, " + feature + " ]\n"
	}
	for conf, want := range map[string]string{
		"key: this.c\nevent: root = this\nfeatures: []\n":                                                                      "features: there are none: add one, such as { name: events, agg: count }, or name a preset: rfm, ecommerce, saas",
		features(`{ name: f, agg: count, half_life: 30x }`):                                                                    `features[1].half_life: "30x" is not a duration: use a number and s, m, h, d or w`,
		features(`{ name: f, agg: count, half_life: 0s }`):                                                                     `features[1].half_life "0s": use a time above 0`,
		features(`{ name: f, agg: mean }`):                                                                                     `features[1].of: mean needs it`,
		features(`{ name: f, agg: count, on: [ a, 3 ] }`):                                                                      `features[1].on[1] 3: use the name of a kind, in quotes`,
		features(`{ name: f, agg: count, on: { a: b } }`):                                                                      `features[1].on map[a:b]: use the name of a kind`,
		features(`{ name: f, agg: mean, of: x, missing: mode }`):                                                               `features[1].missing "mode": use a number, last, median or null`,
		features(`{ name: f, agg: mean, of: x, missing: "" }`):                                                                 `features[1].missing "": use a number, last, median or null`,
		features(`{ name: f, agg: mean, of: x, missing: [] }`):                                                                 `features[1].missing []: use a number, last, median or null`,
		features(`{ name: f, agg: count, window: 0s }`):                                                                        `features[1].window "0s": use a time above 0, or leave it out: events then count for ever`,
		features(`{ name: f, agg: count, window: 3y }`):                                                                        `features[1].window: "3y" is not a duration`,
		features(`{ name: f, agg: count, window: 200w }`):                                                                      `features[1].window 1400d: use at most 1024d`,
		features(`{ name: f, agg: sessions, gap: 0s }`):                                                                        `features[1].gap "0s": use a time above 0, or leave it out: a session then ends after 30m`,
		features(`{ name: f, agg: quantile, of: x, q: 1.5 }`):                                                                  `features[1].q 1.5: use a share from 0 to 1`,
		features(`{ name: f, agg: max, of: x, half_life: 3d }`):                                                                `features[1].half_life: max does not take it`,
		features(`{ name: f, agg: count, clip: { min: 3, max: 2 } }`):                                                          `features[1].clip.min 3 is above clip.max 2: exchange them`,
		features(`{ name: f, agg: count, clip: { quantiles: [ 0.5 ] } }`):                                                      `features[1].clip.quantiles: there are 1: use two shares`,
		features(`{ name: f, agg: count, clip: { quantiles: [ 0.9, 0.1 ] } }`):                                                 `features[1].clip.quantiles [0.9 0.1]: put the lower first`,
		features(`{ name: f, expression: this.b / 2 }`):                                                                        `features[1].expression: "this.b / 2" names no other feature, and gives no number: use some of a`,
		features(`{ name: f, expression: this.values().sum() + this.a }`):                                                      `unrecognised method 'values'`,
		features(`{ name: f, expression: this.keys().length() + this.a }`):                                                     `unrecognised method 'keys'`,
		features(`{ name: f, expression: this.key_values().length() }`):                                                        `unrecognised method 'key_values'`,
		features(`{ name: f, expression: this.f / this.a }`):                                                                   `features[1].expression: it goes round, as each of these names the next: f, f: write one of them without`,
		features(`{ name: f, expression: this.g }, { name: g, expression: this.h + this.a }, { name: h, expression: this.f }`): `features[1].expression: it goes round, as each of these names the next: f, g, h, f`,
		"key: this.c\nevent: root = this\nfeatures: [ { name: f, expression: this.a } ]\n":                                     `features[0].expression: there is no other feature: add those that it is to be made of`,
		features(`{ name: f, expression: this.a + now().ts_unix() }`):                                                          `features[1].expression: "this.a + now().ts_unix()": unrecognised function 'now'`,
		features(`{ name: f, expression: this.a, missing: last }`):                                                             `features[1].missing "last": an expression has no events of its own`,
		features(`{ name: f, expression: this.a, on: purchase }`):                                                              `features[1].on: an expression does not take it`,
		features(`{ name: f }`):                                                                                                `features[1].agg: name an aggregate, or give an expression`,
		features(`{ name: a, agg: count }`):                                                                                    `features: "a" is the name of two features: rename one`,
		features(`{ name: f, agg: p_alive }`) + "predictions: { fit_every: 0 }":                                                `predictions.fit_every 0: use a number from 100`,
		features(`{ name: f, agg: p_alive }`) + "predictions: { sample: 1000000 }":                                             `predictions.sample 1000000: use a number from 10 to 100000`,
		features(`{ name: f, agg: p_alive }`) + "predictions: { warmup: 5 }":                                                   `predictions.warmup 5: use a number from 10`,
		features(`{ name: f, agg: p_alive }`) + "predictions: { warmup: 60, sample: 100 }":                                     `predictions.warmup 60: use half of sample (100) at most`,
		features(`{ name: f, agg: expected_orders, horizon: 0s }`):                                                             `features[1].horizon "0s": use a time above 0, or leave it out: 90d for expected_orders`,
		features(`{ name: f, agg: expected_orders, horizon: 1m }`):                                                             `features[1].horizon 1m: use a time from 1h to 36500d`,
		features(`{ name: f, agg: lifetime_value, of: x, discount: -1 }`):                                                      `features[1].discount -1: use a share from 0 to 10`,
		features(`{ name: f, agg: count }`) + "max_future: soon":                                                               `max_future: "soon" is not a duration`,
		features(`{ name: f, agg: count }`) + "earliest: soon":                                                                 `earliest "soon": use RFC 3339, a date such as 2010-01-01, or "" for none`,
		features(`{ name: f, agg: count }`) + "event_id_window: 1":                                                             `event_id_window: "1" is not a duration`,
		features(`{ name: f, agg: count }`) + "emit: sometimes":                                                                `emit "sometimes": use always or changed`,
		features(`{ name: f, agg: count }`) + "result: a..b":                                                                   `result: path "a..b" has an empty part`,
	} {
		_, err := r.build(conf)
		require.ErrorContains(t, err, want)
	}

	parsed, err := extractSpec().ParseYAML(features("{ name: f, agg: count }")+"store: absent", r.env)
	require.NoError(t, err)
	_, err = newExtractFromConfig(parsed, r.resources)
	assert.ErrorContains(t, err, `store "absent": there is no cache resource with this label`)
}
