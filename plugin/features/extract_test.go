package features

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store"
)

const shop = `
key: this.customer
event: |
  root = this.without("customer")
features:
  - { name: orders, agg: count, on: purchase }
  - { name: spend, agg: sum, on: purchase, of: amount }
  - { name: basket, agg: mean, on: purchase, of: amount }
  - { name: recency, agg: since_last, on: purchase, unit: hours }
  - { name: returns, agg: ratio, on: [ return ], to: purchase }
  - { name: taste, agg: mix, on: purchase, of: category, values: [ shoes ] }
`

func TestOneCustomer(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(shop)
	out := x.run(t,
		`{"customer":17850.0,"kind":"purchase","at":"`+at(0)+`","amount":10,"category":"shoes"}`,
		`{"customer":"17850","kind":"purchase","at":"`+at(2*time.Hour)+`","amount":30.5,"category":3}`,
		`{"customer":17850,"kind":"return","at":"`+at(3*time.Hour)+`"}`,
		`{"customer":"another","kind":"view","at":1306922400}`,
	)
	require.Len(t, out, 4)
	assert.Equal(t, map[string]any{"orders": 1.0, "spend": 10.0, "basket": 10.0, "recency": 0.0, "returns": 0.0, "taste.shoes": 1.0, "taste.other": 0.0}, featuresOf(t, out[0]))
	assert.Equal(t, map[string]any{"orders": 2.0, "spend": 40.5, "basket": 20.25, "recency": 0.0, "returns": 0.0, "taste.shoes": 0.5, "taste.other": 0.5}, featuresOf(t, out[1]))
	assert.Equal(t, map[string]any{"orders": 2.0, "spend": 40.5, "basket": 20.25, "recency": 1.0, "returns": 0.5, "taste.shoes": 0.5, "taste.other": 0.5}, featuresOf(t, out[2]))
	assert.Equal(t, map[string]any{"orders": 0.0, "spend": 0.0, "basket": nil, "recency": nil, "returns": nil, "taste.shoes": nil, "taste.other": nil}, featuresOf(t, out[3]))

	assert.Equal(t, "2011-06-01T13:00:00Z", meta(out[2], "feature_as_of"))
	assert.Equal(t, "3", meta(out[2], "feature_version"))
	version, _ := out[2].MetaGetMut("feature_version")
	assert.Equal(t, int64(3), version)
	_, marked := out[2].MetaGet("feature_duplicate")
	assert.False(t, marked)
}

func TestLateEventIsReadAsOfTheNewest(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(shop)
	out := x.run(t,
		`{"customer":"c","kind":"view","at":"`+at(5*time.Hour)+`"}`,
		`{"customer":"c","kind":"purchase","at":"`+at(0)+`","amount":7}`,
	)
	assert.Equal(t, "2011-06-01T15:00:00Z", meta(out[1], "feature_as_of"))
	assert.InDelta(t, 5, featuresOf(t, out[1])["recency"], 0)
	assert.Equal(t, int64(1), r.counters.get("feature_events default late"))
	assert.Equal(t, int64(1), r.counters.get("feature_events default applied"))
}

func TestInputMessagesAreNotModified(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(shop + "result: deep.er.features\n")
	in := service.NewMessage([]byte(`{"customer":"c","kind":"view","deep":{"er":null}}`))
	out := x.pass(t, service.MessageBatch{in})
	after, err := in.AsBytes()
	require.NoError(t, err)
	assert.JSONEq(t, `{"customer":"c","kind":"view","deep":{"er":null}}`, string(after))
	_, marked := in.MetaGet("feature_version")
	assert.False(t, marked)
	written, err := out[0].AsBytes()
	require.NoError(t, err)
	assert.Contains(t, string(written), `"deep":{"er":{"features":{"basket":null,"orders":0,`)
}

// An event whose message has no place for the features is rejected before it is counted.
func TestNoPlaceForTheResult(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(twoFeatures + "result: a.b\n")
	before := r.records()
	out := x.run(t, `{"customer":"c","id":1,"a":"canary"}`)
	require.EqualError(t, out[0].GetError(), "feature_extract: result: path a.b: a is a string in the message: make it an object before this processor, or use another path")
	assert.Equal(t, before, r.records())
	assert.Equal(t, int64(1), r.counters.get("feature_rejected default json"))
	assert.Equal(t, "1", meta(x.run(t, `{"customer":"c","id":1,"a":{}}`)[0], "feature_version"))
}

func TestValidate(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(shop + `
validate:
  - { check: this.kind != "purchase" || this.amount >= 0, message: negative amount }
  - { check: this.category.or("") != "x" }
`)
	out := x.run(t,
		`{"customer":"c","kind":"purchase","amount":-1}`,
		`{"customer":"c","kind":"purchase"}`,
		`{"customer":"c","kind":"purchase","amount":1,"category":"x"}`,
		`{"customer":"c","kind":"purchase","amount":1}`,
	)
	require.EqualError(t, out[0].GetError(), "feature_extract: validate[0]: negative amount")
	require.ErrorContains(t, out[1].GetError(), "feature_extract: validate[0]: negative amount: the check does not apply to these columns")
	require.EqualError(t, out[2].GetError(), "feature_extract: validate[1]: the check is not true")
	assert.InDelta(t, 1, featuresOf(t, out[3])["orders"], 0)
	assert.Equal(t, int64(1), r.counters.get("feature_check_errors default"), "comparing null is an error")
}

func TestIgnoredEvents(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	conf := `
key: this.customer
event: 'root = if this.kind == "view" { deleted() } else { this }'
features: [ { name: events, agg: count } ]
`
	out := r.extract(conf).run(t, `{"kind":"view"}`, `{"customer":"c","kind":"purchase"}`, `{"customer":"c","kind":"view"}`)
	require.Len(t, out, 3)
	require.NoError(t, out[0].GetError())
	assert.Nil(t, featuresOf(t, out[0]))
	assert.InDelta(t, 1, featuresOf(t, out[1])["events"], 0)
	assert.Equal(t, int64(2), r.counters.get("feature_events default ignored"))

	out = r.extract(conf+"emit: changed").run(t, `{"kind":"view"}`)
	assert.Empty(t, out)
}

func TestEmitChanged(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(`
key: this.customer
event: root = this
features:
  - { name: orders, agg: count, on: purchase }
  - { name: basket, agg: mean, on: purchase, of: amount }
emit: changed
`)
	out := x.run(t,
		`{"customer":"c","kind":"view"}`,
		`{"customer":"c","kind":"view"}`,
		`{"customer":"c","kind":"purchase","id":1}`,
		`{"customer":"c","kind":"view"}`,
		`{"customer":"c","kind":"purchase","id":1}`,
		`{"kind":"view"}`,
	)
	require.Len(t, out, 4)
	assert.Equal(t, "1", meta(out[0], "feature_version"), "a new customer is a change")
	assert.Equal(t, "3", meta(out[1], "feature_version"))
	assert.Equal(t, "true", meta(out[2], "feature_duplicate"), "a repeated event may not have arrived")
	require.Error(t, out[3].GetError(), "what is flagged goes on")
	assert.Empty(t, x.run(t, `{"customer":"c","kind":"view"}`))
}

func TestMissingAndTransform(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(`
key: this.customer
event: root = this
features:
  - { name: zero, agg: mean, of: amount, missing: 0 }
  - { name: half, agg: mean, of: amount, missing: 0.5 }
  - { name: last, agg: mean, of: amount, missing: last }
  - { name: "null", agg: mean, of: amount, missing: null }
  - { name: root, agg: sum, of: amount, transform: sqrt }
`)
	out := x.run(t, `{"customer":"c"}`, `{"customer":"c","amount":9}`)
	assert.Equal(t, map[string]any{"zero": 0.0, "half": 0.5, "last": nil, "null": nil, "root": 0.0}, featuresOf(t, out[0]))
	assert.Equal(t, map[string]any{"zero": 9.0, "half": 9.0, "last": 9.0, "null": 9.0, "root": 3.0}, featuresOf(t, out[1]))
}

func TestKeys(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	for mapping, want := range map[string]string{
		"this.customer":                          "",
		`"null"`:                                 "null",
		`null`:                                   "key is null",
		`if this.kind == "purchase" { "p" }`:     "key is null",
		`@kafka_key`:                             "k17",
		`@absent`:                                "key is null",
		`this.nested`:                            "key is an object",
		`throw("s3cret")`:                        "key: line 1 of the mapping does not apply",
		"let a = 1\n  root = this.kind.number()": "key: line 2 of the mapping does not apply",
		`content().length()`:                     "46",
		`"é" + this.kind`:                        "éview",
		`batch_index()`:                          "0",
		`deleted()`:                              "key is null",
	} {
		conf := "key: |\n  " + mapping + "\nevent: root.kind = this.kind\nfeatures: [ { name: events, agg: count } ]\nfeature_set: " + `'` + want + "'"
		x := r.extract(conf)
		m := service.NewMessage([]byte(`{"kind":"view","customer":"","nested":{"a":1}}`))
		m.MetaSetMut("kafka_key", []byte("k17"))
		out := x.pass(t, service.MessageBatch{m})
		if err := out[0].GetError(); err != nil {
			require.ErrorContains(t, err, want, mapping)
			assert.NotContains(t, err.Error(), "s3cret")
			continue
		}
		label, err := store.Use(r.resources, "customers")
		require.NoError(t, err)
		require.NoError(t, label.Do(context.Background(), func(s *store.Store) error {
			return s.View(context.Background(), func(tx store.Reader) error {
				record, err := tx.Get(profileKey(x.set, want))
				assert.NotEmpty(t, record, mapping)
				return err
			})
		}))
	}
}

func TestForgedMark(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(shop)
	m := service.NewMessage([]byte(`{"customer":"c","kind":"view"}`))
	m.MetaSetMut("feature_duplicate", "true")
	_, marked := x.pass(t, service.MessageBatch{m})[0].MetaGet("feature_duplicate")
	assert.False(t, marked)
}

func TestClosedStoreFlagsTheBatch(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(shop)
	r.close()
	out, err := x.ProcessBatch(context.Background(), service.MessageBatch{service.NewMessage([]byte(`{"customer":"c"}`))})
	require.Error(t, err)
	assert.Empty(t, out)
}

// Every field of a feature, from the configuration to the message.
func TestEveryAggregate(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(`
key: this.customer
event: root = this
features:
  - { name: count, agg: count, on: purchase, window: 90d }
  - { name: sum, agg: sum, of: amount, window: 1h }
  - { name: mean, agg: mean, of: amount }
  - { name: variance, agg: variance, of: amount }
  - { name: stddev, agg: stddev, of: amount, window: 30d }
  - { name: min, agg: min, of: amount }
  - { name: max, agg: max, of: amount, window: 30d, clip: { max: 45 } }
  - { name: first, agg: first, of: amount }
  - { name: last, agg: last, of: amount }
  - { name: since_first, agg: since_first, unit: hours }
  - { name: since_last, agg: since_last, on: view }
  - { name: rate, agg: rate, per: hour, window: 1h }
  - { name: interval, agg: interval, on: purchase, unit: minutes }
  - { name: regularity, agg: regularity, on: purchase }
  - { name: overdue, agg: overdue, on: purchase }
  - { name: days, agg: active_days }
  - { name: distinct, agg: distinct, of: sku }
  - { name: median, agg: quantile, of: amount, q: 0.5 }
  - { name: share, agg: share, on: purchase, when: deal }
  - { name: ratio, agg: ratio, on: view, to: purchase, when: deal }
  - { name: taste, agg: mix, of: sku, values: [ a ] }
  - { name: entropy, agg: entropy, of: sku, values: [ a, b, c ] }
  - { name: top, agg: top, of: sku }
  - { name: hour, agg: circular, period: day }
  - { name: visits, agg: sessions, gap: 30m, unit: minutes }
  - { name: zscore, agg: zscore, of: amount }
  - { name: rank, expression: this.sum / this.count + this.taste.a + this."taste.other", transform: sqrt }
`)
	out := x.run(t,
		`{"customer":"c","kind":"purchase","at":"`+at(2*time.Hour)+`","amount":20,"sku":"b","deal":true}`,
		`{"customer":"c","kind":"purchase","at":"`+at(0)+`","amount":10,"sku":"a","deal":null}`,
		`{"customer":"c","kind":"purchase","at":"`+at(time.Hour)+`","amount":50,"sku":"a","deal":false}`,
		`{"customer":"c","kind":"view","at":"`+at(2*time.Hour+10*time.Minute)+`"}`,
		`{"customer":"c","kind":"view","at":"`+at(2*time.Hour)+`","deal":"s3cret"}`,
	)
	got := featuresOf(t, out[3])
	for name, want := range map[string]float64{
		"count": 3, "sum": 20, "mean": 80. / 3, "variance": 2600. / 9, "stddev": math.Sqrt(2600. / 9), "min": 10, "max": 45,
		"first": 10, "last": 20, "since_first": 2 + 1./6, "since_last": 0, "rate": 2, "interval": 60, "regularity": 1,
		"overdue": 1. / 6, "days": 1, "distinct": 2, "median": 20, "share": 1. / 3, "ratio": 0,
		"taste.a": 2. / 3, "taste.other": 1. / 3, "entropy": (2./3*math.Log2(1.5) + 1./3*math.Log2(3)) / 2, "top": 2. / 3,
		"hour.sin":     math.Sin(2*math.Pi*10/24)/4 + math.Sin(2*math.Pi*11/24)/4 + math.Sin(2*math.Pi*12/24)/4 + math.Sin(2*math.Pi*(12+1./6)/24)/4,
		"hour.cos":     math.Cos(2*math.Pi*10/24)/4 + math.Cos(2*math.Pi*11/24)/4 + math.Cos(2*math.Pi*12/24)/4 + math.Cos(2*math.Pi*(12+1./6)/24)/4,
		"visits.count": 3, "visits.length": 10. / 3, "visits.gap": 60, "zscore": (20 - 80./3) / math.Sqrt(2600./9), "rank": math.Sqrt(20./3 + 1),
	} {
		assert.InDelta(t, want, got[name], map[bool]float64{true: 0.2, false: 1e-9}[name == "median"], name)
		delete(got, name)
	}
	assert.Empty(t, got)
	assert.InDelta(t, 0, featuresOf(t, out[4])["ratio"], 0, "when is neither true nor false: it is false")
}

// Stored features are read with their expressions, without the configuration.
func TestLookupOfAnExpression(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(`
key: this.customer
event: root = this
features:
  - { name: orders, agg: count }
  - { name: spend, agg: sum, of: amount, clip: { min: 0 } }
  - { name: basket, expression: this.spend / this.orders }
`)
	x.run(t, `{"customer":"c","amount":10}`, `{"customer":"c","amount":30}`)
	label, err := store.Use(r.resources, "customers")
	require.NoError(t, err)
	require.NoError(t, label.Do(t.Context(), func(s *store.Store) error {
		return s.View(t.Context(), func(r store.Reader) error {
			c, err := ProfilesOf("default").Read(t.Context(), s, r, "c", 0)
			require.NoError(t, err)
			assert.Equal(t, map[string]any{"orders": 2.0, "spend": 40.0, "basket": 20.0}, c.Features)
			return nil
		})
	}))
}
