package aggregate_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/predict"
)

// fitted is a population whose models are fitted, each to the same.
type fitted struct {
	population
	orders predict.Orders
	values predict.Values
}

func (f fitted) Orders(int) (predict.Orders, bool) { return f.orders, true }
func (f fitted) Values(int) (predict.Values, bool) { return f.values, true }

// Features that look at the same events in the same way share a model.
func TestModelsAreShared(t *testing.T) {
	t.Parallel()
	plan := compile(t,
		aggregate.Spec{Name: "alive", Agg: aggregate.PAlive, On: []string{"purchase", "order"}},
		aggregate.Spec{Name: "soon", Agg: aggregate.ExpectedOrders, On: []string{"order", "purchase"}, Horizon: 30 * day, Model: "mbg_nbd"},
		aggregate.Spec{Name: "later", Agg: aggregate.ExpectedOrders, On: []string{"order", "purchase"}},
		aggregate.Spec{Name: "old", Agg: aggregate.PAlive, On: []string{"order", "purchase"}, Model: "bg_nbd"},
		aggregate.Spec{Name: "deals", Agg: aggregate.PAlive, On: []string{"order", "purchase"}, When: "deal"},
		aggregate.Spec{Name: "worth", Agg: aggregate.LifetimeValue, On: []string{"order", "purchase"}, Of: "amount"},
		aggregate.Spec{Name: "worth_soon", Agg: aggregate.LifetimeValue, On: []string{"order", "purchase"}, Of: "amount", Horizon: day},
		aggregate.Spec{Name: "priced", Agg: aggregate.PAlive, On: []string{"order", "purchase"}, Of: "amount"},
	)
	var features, kinds []string
	for _, m := range plan.Models() {
		features, kinds = append(features, m.Feature), append(kinds, string(m.Kind))
	}
	assert.Equal(t, []string{"alive", "old", "deals", "worth", "worth"}, features)
	assert.Equal(t, []string{"mbg_nbd", "bg_nbd", "mbg_nbd", "mbg_nbd", "gamma_gamma"}, kinds)
	assert.Equal(t, []int{0}, plan.ModelsOf(2))
	assert.Equal(t, []int{3, 4}, plan.ModelsOf(6))
	assert.Equal(t, "worth_soon", plan.SpecOf(6).Name)
	assert.Empty(t, compile(t, aggregate.Spec{Name: "n", Agg: aggregate.Count}).ModelsOf(0))
	assert.True(t, plan.GoesByPopulation())
	renamed := compile(t, aggregate.Spec{Name: "still_there", Agg: aggregate.PAlive, On: []string{"purchase", "order"}, Transform: aggregate.Sqrt})
	assert.Equal(t, plan.Models()[0].ID, renamed.Models()[0].ID)
}

// What is fitted takes the place of the prior.
func TestFittedModels(t *testing.T) {
	t.Parallel()
	plan := compile(t,
		aggregate.Spec{Name: "alive", Agg: aggregate.PAlive},
		aggregate.Spec{Name: "orders", Agg: aggregate.ExpectedOrders, Horizon: 30 * day},
		aggregate.Spec{Name: "worth", Agg: aggregate.LifetimeValue, Of: "amount", Discount: new(0.0), Horizon: 30 * day})
	c := apply(plan, []purchase{{at: start, amount: 70}, {at: start.Add(20 * day), amount: 30}})
	f := fitted{orders: predict.Orders{Model: predict.MBGNBD, R: 2, Alpha: 50, A: 1, B: 4}, values: predict.Values{P: 3, Q: 2, Gamma: 10}}
	now := start.Add(40 * day).UnixNano()
	got, prior := plan.Features(nil, c, now, f), plan.Features(nil, c, now, nil)
	h := predict.History{Repeats: 1, Recency: 20, Age: 40}
	assertClose(t, f.orders.Alive(h), got[0], "alive")
	assertClose(t, f.orders.Expected(h, 30), got[1], "orders")
	assertClose(t, f.orders.Expected(h, 30)*(3*(10+30)/(3.0+2-1)), got[2], "worth")
	for i := range got {
		assert.NotEqual(t, prior[i], got[i])
	}
}

// Purchases are counted by day, in UTC, whatever the zone and the time of day.
func TestPurchasesByDay(t *testing.T) {
	t.Parallel()
	plan := compile(t, aggregate.Spec{Name: "worth", Agg: aggregate.LifetimeValue, On: purchases, Of: "amount"})
	midnight := start.Truncate(day)
	first := aggregate.Day(midnight.UnixNano())
	buy := func(after time.Duration, amount float64) purchase {
		return purchase{at: midnight.Add(after), kind: "purchase", amount: amount}
	}
	for name, test := range map[string]struct {
		events []purchase
		want   aggregate.Purchases
	}{
		"one":                          {[]purchase{buy(0, 5)}, aggregate.Purchases{First: first, Last: first}},
		"two on one day":               {[]purchase{buy(0, 5), buy(day-1, 5)}, aggregate.Purchases{First: first, Last: first}},
		"two about midnight":           {[]purchase{buy(day-1, 5), buy(day, 7)}, aggregate.Purchases{First: first, Last: first + 1, Repeats: 1, Mean: 7}},
		"late, before all":             {[]purchase{buy(5*day, 5), buy(5*day, 6), buy(0, 7)}, aggregate.Purchases{First: first, Last: first + 5, Repeats: 1, Mean: 11}},
		"several a day":                {[]purchase{buy(0, 1), buy(time.Hour, 2), buy(day, 3), buy(day+1, 4), buy(9*day, 5)}, aggregate.Purchases{First: first, Last: first + 9, Repeats: 2, Mean: 6}},
		"without a value":              {[]purchase{buy(0, 1), buy(day, math.NaN())}, aggregate.Purchases{First: first, Last: first}},
		"a first that is beyond reach": {[]purchase{buy(2000*day, 1), buy(0, 9)}, aggregate.Purchases{First: first, Last: first + 2000, Repeats: 1, Mean: 1}},
		"several, and a late first":    {[]purchase{buy(2000*day, 100), buy(2010*day, 100), buy(0, 100)}, aggregate.Purchases{First: first, Last: first + 2010, Repeats: 2, Mean: 100}},
		"two late firsts":              {[]purchase{buy(3000*day, 1), buy(1000*day, 3), buy(0, 9), buy(0, 9)}, aggregate.Purchases{First: first, Last: first + 3000, Repeats: 2, Mean: 2}},
		"one that may be known":        {[]purchase{buy(0, 1), buy(3000*day, 3), buy(0, 5), buy(10*day, 5)}, aggregate.Purchases{First: first, Last: first + 3000, Repeats: 1, Mean: 8}},
		"given back":                   {[]purchase{buy(0, 1), buy(day, 3), buy(day, -5)}, aggregate.Purchases{First: first, Last: first + 1, Repeats: 1, Mean: -2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := apply(plan, test.events)
			for model := range plan.Models() {
				got, ok := plan.Purchases(model, c)
				require.True(t, ok)
				want := test.want
				if plan.Models()[model].Kind != aggregate.GammaGamma {
					want.Mean = 0
				}
				assert.Equal(t, want, got)
			}
		})
	}
	_, ok := plan.Purchases(0, apply(plan, []purchase{{at: start, kind: "view", amount: 3}}))
	assert.False(t, ok)
	p := aggregate.Purchases{First: 100, Last: 130, Repeats: 2, Mean: 7}
	assert.Equal(t, predict.History{Repeats: 2, Recency: 30, Age: 50}, p.History(150))
	assert.Equal(t, predict.History{Repeats: 2, Recency: 30, Age: 30}, p.History(120), "not before the last")
	assert.Equal(t, predict.Spending{Orders: 2, Mean: 7}, p.Spending())
	assert.Equal(t, int64(-1), aggregate.Day(-1))
}

// BenchmarkPredictions is what the three predictions add to an event: see BenchmarkEvent.
func BenchmarkPredictions(b *testing.B) {
	predictions := []aggregate.Spec{
		{Name: "alive", Agg: aggregate.PAlive, On: purchases},
		{Name: "expected", Agg: aggregate.ExpectedOrders, On: purchases},
		{Name: "worth", Agg: aggregate.LifetimeValue, On: purchases, Of: "amount"},
	}
	for n := range len(predictions) + 1 {
		b.Run([]string{"without", "p_alive", "and expected_orders", "and lifetime_value"}[n], func(b *testing.B) {
			benchmarkEvent(b, append(shop[:8:8], predictions[:n]...))
		})
	}
}
