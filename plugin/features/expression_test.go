package features

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// An expression is of the other features, wherever they are listed.
func TestExpressionsInAnyOrder(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(`
key: this.customer
event: root = this
features:
  - { name: double, expression: this.basket * 2 }
  - { name: basket, expression: this.spend / this.orders }
  - { name: part, expression: this."taste.a" + this.taste.other }
  - { name: orders, agg: count }
  - { name: max, agg: max, of: amount }
  - { name: spend, agg: sum, of: amount }
  - { name: taste, agg: mix, of: sku, values: [ a ] }
  - { name: greater, expression: '[ this.spend, this.orders ].max()' }
`)
	out := x.run(t, `{"customer":"c","amount":10,"sku":"a"}`, `{"customer":"c","amount":30,"sku":"b"}`)
	assert.Equal(t, map[string]any{
		"double": 40.0, "basket": 20.0, "part": 1.0, "orders": 2.0, "max": 30.0, "spend": 40.0, "taste.a": 0.5, "taste.other": 0.5, "greater": 40.0,
	}, featuresOf(t, out[1]))
}

// What names a feature is taken, however seldom it gives a number.
func TestExpressionsThatSeldomGiveANumber(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(`
key: this.customer
event: root = this
features:
  - { name: spend, agg: sum, of: amount }
  - { name: basket, agg: mean, of: amount }
  - { name: taste, agg: mix, of: sku, values: [ a ] }
  - { name: none, expression: 'if this.basket == null { 1 }' }
  - { name: rich, expression: 'if this.spend > 3000000000 { 1 }' }
  - { name: unknown, expression: 'if this.get("taste").a == null && this.taste.other == null { 1 }' }
`)
	out := x.run(t, `{"customer":"c"}`, `{"customer":"c","amount":4000000000,"sku":"a"}`)
	first, second := featuresOf(t, out[0]), featuresOf(t, out[1])
	for name, want := range map[string][2]any{"none": {1.0, nil}, "rich": {nil, 1.0}, "unknown": {1.0, nil}} {
		assert.Equal(t, want, [2]any{first[name], second[name]}, name)
	}
}
