package aggregate_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/predict"
)

// population knows the quantiles of some features: q*100 of each.
type population map[int]bool

func (p population) Quantile(feature int, q float64) (float64, bool) { return 100 * q, p[feature] }
func (population) Orders(int) (o predict.Orders, known bool)         { return o, false }
func (population) Values(int) (v predict.Values, known bool)         { return v, false }

func TestCleaning(t *testing.T) {
	t.Parallel()
	limits := func(low, high float64) *aggregate.Clip { return &aggregate.Clip{Min: &low, Max: &high} }
	quantiles := &aggregate.Clip{Quantiles: &[2]float64{0.1, 0.9}}
	null := math.NaN()
	for name, test := range map[string]struct {
		clean          aggregate.Spec // its cleaning fields
		value          float64        // NaN: there is none
		alone, amongst float64        // without and with a population
	}{
		"nothing":                  {aggregate.Spec{}, 5, 5, 5},
		"nothing of nothing":       {aggregate.Spec{}, null, null, null},
		"a number":                 {aggregate.Spec{Missing: new(7.0)}, null, 7, 7},
		"a number is not needed":   {aggregate.Spec{Missing: new(7.0)}, 5, 5, 5},
		"median":                   {aggregate.Spec{Fill: aggregate.FillMedian}, null, null, 50},
		"median is not needed":     {aggregate.Spec{Fill: aggregate.FillMedian}, 5, 5, 5},
		"limits":                   {aggregate.Spec{Clip: limits(1, 3)}, 5, 3, 3},
		"a lower limit":            {aggregate.Spec{Clip: &aggregate.Clip{Min: new(6.0)}}, 5, 6, 6},
		"limits of nothing":        {aggregate.Spec{Clip: limits(1, 3)}, null, null, null},
		"a number is clipped":      {aggregate.Spec{Missing: new(7.0), Clip: limits(1, 3)}, null, 3, 3},
		"quantiles":                {aggregate.Spec{Clip: quantiles}, 500, 500, 90},
		"low quantiles":            {aggregate.Spec{Clip: quantiles}, -500, -500, 10},
		"transform after clip":     {aggregate.Spec{Clip: quantiles, Transform: aggregate.Sqrt}, 900, 30, math.Sqrt(90)},
		"transform of a number":    {aggregate.Spec{Missing: new(3.0), Transform: aggregate.Log1p}, null, math.Log(4), math.Log(4)},
		"last of what was not":     {aggregate.Spec{Fill: aggregate.FillLast}, null, null, null},
		"transform after a median": {aggregate.Spec{Fill: aggregate.FillMedian, Transform: aggregate.Sqrt}, null, null, math.Sqrt(50)},
	} {
		spec := test.clean
		spec.Name, spec.Agg, spec.Of = "f", aggregate.Mean, "amount"
		plan := compile(t, aggregate.Spec{Name: "n", Agg: aggregate.Count}, spec)
		c := apply(plan, []purchase{{at: start, amount: test.value}})
		assertClose(t, test.alone, plan.Features(nil, c, c.Newest, nil)[1], name)
		assertClose(t, test.alone, plan.Features(nil, c, c.Newest, population{})[1], name+", of whom nothing is known")
		assertClose(t, test.amongst, plan.Features(nil, c, c.Newest, population{1: true})[1], name+", in a population")
	}
}

// What a window has lost is filled with what there was at the newest event, whatever
// other events came since.
func TestLastOfAWindow(t *testing.T) {
	t.Parallel()
	window := func(name string, agg aggregate.Aggregate, fill aggregate.Fill) aggregate.Spec {
		return aggregate.Spec{Name: name, Agg: agg, On: []string{"purchase"}, Of: "amount", Window: 30 * day, Fill: fill}
	}
	returns := aggregate.Spec{Name: "returns", Agg: aggregate.Ratio, On: []string{"return"}, To: []string{"purchase"}, Window: 30 * day, Fill: aggregate.FillLast}
	deals := aggregate.Spec{Name: "deals", Agg: aggregate.Share, On: []string{"purchase"}, When: "deal", Window: 30 * day, Fill: aggregate.FillLast}
	plan := compile(t, window("plain", aggregate.Mean, aggregate.FillNone), window("mean", aggregate.Mean, aggregate.FillLast),
		window("max", aggregate.Max, aggregate.FillLast), returns, deals)
	c := apply(plan, []purchase{
		{at: start, kind: "purchase", amount: 10, deal: yes},
		{at: start.Add(20 * day), kind: "return"},
		{at: start.Add(21 * day), kind: "purchase", amount: 20, deal: no},
		{at: start.Add(24 * day), kind: "purchase", amount: 40, deal: unknown},
		{at: start.Add(25 * day), kind: "return"},
	})
	get := func(after time.Duration) []float64 {
		return plan.Features(nil, c, start.Add(after).UnixNano(), nil)
	}
	assertAll := func(want, got []float64) {
		t.Helper()
		for i := range want {
			assertClose(t, want[i], got[i], plan.Names()[i])
		}
	}
	assertAll([]float64{70. / 3, 70. / 3, 40, 2. / 3, 1. / 3}, get(25*day))
	assertAll([]float64{30, 30, 40, 1, 0}, get(40*day))
	assertAll([]float64{math.NaN(), 70. / 3, 40, 1. / 3, 1. / 3}, get(100*day))
	plan.Apply(c, purchase{at: start.Add(200 * day), kind: "view"}.event(plan))
	assertAll([]float64{math.NaN(), 70. / 3, 40, 1. / 3, 1. / 3}, get(200*day))
}

// quotients is a language whose only expressions are quotients of two features.
func quotients(text string, names []string) (aggregate.Expression, error) {
	var over [2]int
	for i, c := range []byte{text[0], text[2]} {
		over[i] = -1
		for place, name := range names {
			if name[0] == c {
				over[i] = place
			}
		}
		if over[i] < 0 {
			return nil, errors.New("there is no such feature before it")
		}
	}
	return func(before []float64) float64 { return before[over[0]] / before[over[1]] }, nil
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	specs := []aggregate.Spec{
		{Name: "orders", Agg: aggregate.Count, On: []string{"purchase"}, Transform: aggregate.Log1p},
		{Name: "spend", Agg: aggregate.Sum, On: []string{"purchase"}, Of: "amount", Clip: &aggregate.Clip{Max: new(100.0)}, Transform: aggregate.Sqrt},
		{Name: "average", Expression: "s/o", Missing: new(-1.0)},
		{Name: "part", Expression: "a/s", Transform: aggregate.Asinh, Clip: &aggregate.Clip{Quantiles: &[2]float64{0, 0.005}}},
	}
	plan, err := aggregate.Compile(specs, aggregate.WithExpressions(quotients))
	require.NoError(t, err)
	assert.Equal(t, specs, plan.Specs())
	assert.Equal(t, []string{"", "", ""}, plan.VoteIDs()[:3])
	assert.NotEmpty(t, plan.VoteIDs()[3])

	c := apply(plan, []purchase{{at: start, kind: "view"}})
	null := math.NaN()
	for i, want := range []float64{0, 0, -1, null} {
		assertClose(t, want, plan.Features(nil, c, c.Newest, nil)[i], plan.Names()[i])
	}
	for range 4 {
		plan.Apply(c, purchase{at: start, kind: "purchase", amount: 30}.event(plan))
	}
	for i, want := range []float64{math.Log(5), 10, 25, math.Asinh(0.25)} {
		assertClose(t, want, plan.Features(nil, c, c.Newest, nil)[i], plan.Names()[i])
	}
	assert.InDelta(t, 0.25, plan.Votes(nil, c, c.Newest, population{3: true})[3], 0)

	_, err = aggregate.Compile(specs)
	require.ErrorContains(t, err, "features[2].expression: there is no language for expressions")
	_, err = aggregate.Compile([]aggregate.Spec{specs[2], specs[0]}, aggregate.WithExpressions(quotients))
	require.ErrorContains(t, err, "features[0].expression: there is no such feature before it")
}

func TestVotesAreBeforeCleaning(t *testing.T) {
	t.Parallel()
	plan := compile(t,
		aggregate.Spec{Name: "n", Agg: aggregate.Count},
		aggregate.Spec{Name: "mean", Agg: aggregate.Mean, Of: "amount", Fill: aggregate.FillMedian, Transform: aggregate.Sqrt},
		aggregate.Spec{Name: "sum", Agg: aggregate.Sum, Of: "amount", Clip: &aggregate.Clip{Quantiles: &[2]float64{0, 0.5}}})
	assert.Equal(t, []string{"", `mean of="amount"`, `sum of="amount"`}, plan.VoteIDs())
	c := apply(plan, []purchase{{at: start, amount: math.NaN()}})
	votes := plan.Votes(nil, c, c.Newest, population{1: true, 2: true})
	assert.True(t, math.IsNaN(votes[0]), "nobody needs to know how counts are distributed")
	assert.True(t, math.IsNaN(votes[1]), "there is no mean")
	assert.InDelta(t, 0, votes[2], 0)
	plan.Apply(c, purchase{at: start, amount: 900}.event(plan))
	assert.Equal(t, []float64{900, 900}, plan.Votes(nil, c, c.Newest, population{1: true, 2: true})[1:])
}

// What is voted on stays the same where a feature is only read in another way, and only there.
func TestVoteIDs(t *testing.T) {
	t.Parallel()
	median := func(spec aggregate.Spec) aggregate.Spec {
		spec.Fill = aggregate.FillMedian
		return spec
	}
	id := func(specs ...aggregate.Spec) string {
		plan, err := aggregate.Compile(specs, aggregate.WithExpressions(quotients))
		require.NoError(t, err)
		return plan.VoteIDs()[len(plan.VoteIDs())-1]
	}
	spend := aggregate.Spec{Name: "spend", Agg: aggregate.Sum, Of: "amount", On: []string{"purchase", "sale"}, HalfLife: day}
	want := `sum on=["purchase" "sale"] of="amount" half_life=24h0m0s`
	assert.Empty(t, id(spend))
	assert.Equal(t, want, id(median(spend)))

	other := spend
	other.Name, other.On, other.Transform = "revenue", []string{"sale", "purchase"}, aggregate.Log1p
	other.Clip = &aggregate.Clip{Quantiles: &[2]float64{0, 0.9}}
	assert.Equal(t, want, id(spend, other))

	seen := map[string]bool{want: true}
	for _, spec := range []aggregate.Spec{
		{Agg: aggregate.Sum, Of: "amount"},
		{Agg: aggregate.Sum, Of: "amount", When: "deal"},
		{Agg: aggregate.Sum, Of: "amount", Window: day},
		{Agg: aggregate.Mean, Of: "amount"},
		{Agg: aggregate.SinceLast},
		{Agg: aggregate.SinceLast, Unit: "days"},
		{Agg: aggregate.Rate, Per: "week"},
		{Agg: aggregate.Ratio, On: []string{"a"}, To: []string{"b"}},
		{Agg: aggregate.Quantile, Of: "amount", Q: new(0.0)},
		{Agg: aggregate.Quantile, Of: "amount", Q: new(0.5)},
		{Agg: aggregate.Mix, Of: "sku", Values: []string{"a", "b c"}},
		{Agg: aggregate.Circular, Period: "day"},
		{Agg: aggregate.Sessions},
		{Agg: aggregate.Sessions, Gap: time.Hour},
	} {
		spec.Name = "some.name"
		plan := compile(t, median(spec))
		for _, id := range plan.VoteIDs() {
			assert.False(t, seen[id], id)
			seen[id] = true
		}
	}
	assert.True(t, seen[`circular period=day.cos`])

	orders := aggregate.Spec{Name: "orders", Agg: aggregate.Count}
	basket := median(aggregate.Spec{Name: "basket", Expression: "s/o"})
	logged := spend
	logged.Transform = aggregate.Log1p
	assert.Equal(t, id(spend, orders, basket), id(logged, orders, basket), "an expression does not see it")
	logged.Missing = new(3.0)
	assert.NotEqual(t, id(spend, orders, basket), id(logged, orders, basket))
	assert.NotEqual(t, id(spend, orders, basket), id(spend, orders, median(aggregate.Spec{Name: "basket", Expression: "o/s"})))
}
