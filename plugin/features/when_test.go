package features

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// designed is a configuration as the documents show it.
const designed = `
feature_set: default
key: this.customer_id
event: |                                 # Bloblang, once per event, to flat columns; deleted() ignores the event
  root.kind = this.type                  # kind, at, id are known names; the rest is yours
  root.at = this.ts                      # event time: RFC 3339, epoch s/ms/us or a Bloblang timestamp; default: now
  root.id = this.event_id                # see G2; absent: the source position, if the input gives one
  root.amount = this.order.total
  root.sku = this.order.sku
  root.category = this.order.category
  root.deal = this.order.discount > 0
  root.review = this.review
event_id_window: 7d
source: ""
max_future: 5m                           # an event further ahead is invalid
validate:                                # Bloblang over the columns; a failing check flags the message, state is untouched
  - { check: this.amount >= 0, message: negative amount }
features:
  - { name: recency,    agg: since_last, on: purchase, unit: days }
  - { name: orders,     agg: count,      on: purchase }
  - { name: orders_90d, agg: count,      on: purchase, window: 90d }
  - { name: spend,      agg: sum,        on: purchase, of: amount, half_life: 60d }
  - { name: basket,     agg: mean,       on: purchase, of: amount, missing: 0 }
  - { name: contacts,   agg: rate,       on: [support, chat], half_life: 30d, per: day }
  - { name: deals,      agg: share,      on: purchase, when: deal }
  - { name: returns,    agg: ratio,      on: return, to: purchase, half_life: 365d }
  - { name: variety,    agg: distinct,   on: purchase, of: sku }
  - { name: taste,      agg: mix,        on: purchase, of: category, values: [shoes, bags] }   # taste.shoes, taste.bags, taste.other
  - { name: p90_amount, agg: quantile,   on: purchase, of: amount, q: 0.9 }
  - { name: value_rank, expression: this.spend / this.orders }      # Bloblang over the other features
emit: always                             # always | changed
idle_expiry: 0s                          # forget profiles with no event for this long; 0: never
result: features                         # dot path in the message that receives {name: number|null}
`

func TestPurchasesWithoutDiscount(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(designed)
	out := x.run(t,
		`{"customer_id":"c","type":"purchase","ts":"2011-06-01","event_id":1,"order":{"total":10,"sku":"a","category":"bags"}}`,
		`{"customer_id":"c","type":"purchase","ts":"2011-06-02","event_id":2,"order":{"total":10,"sku":"b","category":"hats","discount":3}}`,
		`{"customer_id":"c","type":"purchase","ts":"2011-06-03","event_id":3,"order":{"total":10,"sku":"b","category":"hats","discount":"much"}}`,
		`{"customer_id":"c","type":"support","ts":"2011-06-04","event_id":4,"order":{"total":0}}`)
	got := featuresOf(t, out[3])
	assert.InDelta(t, 3, got["orders"], 0)
	assert.InDelta(t, 1./3, got["deals"], 1e-12)
	assert.Positive(t, got["contacts"])
	assert.Equal(t, int64(2), r.counters.get("feature_skipped default deal"))
}

func TestWhensThatErr(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]string{
		"several":           "root.a = this.x > 1\nroot.b = this.y > 1",
		"comments":          "root.a = this.x > 1 # \"more\" than 1\n# both\nroot.b = this.y.contains(\"#\") # not a \"#\"",
		"an object, before": "root = {\"kind\": this.kind}\nroot.a = this.x > 1\nroot.b = this.y > 1",
		"alternatives":      "root.a = if this.x > 1 { true }\nroot.b = match this.y { 1 => this.z > 3, _ => this.z > 3 }",
	} {
		x := openRig(t, "").extract("key: this.customer\nevent: |\n  " + indent(event) + "\nfeatures: [ { name: a, agg: count, when: a }, { name: b, agg: count, when: b }, { name: n, agg: count } ]\n")
		out := x.run(t, `{"customer":"c"}`)
		assert.Equal(t, map[string]any{"a": 0.0, "b": 0.0, "n": 1.0}, featuresOf(t, out[0]), name)
	}
}

// Only what is nothing but a `when` may err, and only where it is a line of its own.
func TestWhensThatErrElsewhere(t *testing.T) {
	t.Parallel()
	for event, line := range map[string]string{
		"root.a = this.x > 1\nroot.b = this.y > 1":                    "2",
		"root.a = this.x ||\n  this.y > 1":                            "1",
		"root = {\n\"a\": this.x > 1 }":                               "1",
		"map m {\n  root.a = this.x > 1\n}\nroot = this.apply(\"m\")": "4",
	} {
		x := openRig(t, "").extract("key: this.customer\nevent: |\n  " + indent(event) + "\nfeatures: [ { name: a, agg: count, when: a }, { name: b, agg: sum, of: b }, { name: c, agg: count, when: b } ]\n")
		out := x.run(t, `{"customer":"c"}`)
		require.ErrorContains(t, out[0].GetError(), "event: line "+line+" of the mapping does not apply", event)
	}
}

// indent puts a mapping into a block of YAML.
func indent(text string) string { return strings.ReplaceAll(text, "\n", "\n  ") }

// An event without what a check compares is for the check to take, or to refuse by its name.
func TestSupportWithoutOrder(t *testing.T) {
	t.Parallel()
	support := `{"customer_id":"c","type":"support","ts":"2011-06-04","event_id":4}`
	out := openRig(t, "").extract(designed).run(t, support)
	require.ErrorContains(t, out[0].GetError(), "validate[0]: negative amount: the check does not apply to these columns")
	lenient := strings.Replace(designed, "check: this.amount >= 0", "check: this.amount == null || this.amount >= 0", 1)
	out = openRig(t, "").extract(lenient).run(t, support)
	assert.Positive(t, featuresOf(t, out[0])["contacts"])
}
