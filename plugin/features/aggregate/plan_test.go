package aggregate_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

const day = 24 * time.Hour

var start = time.Date(2011, 6, 1, 10, 0, 0, 0, time.UTC)

// everything has each aggregate with and without a half-life.
var everything = []aggregate.Spec{
	{Name: "recency", Agg: aggregate.SinceLast, On: []string{"purchase"}, Unit: "days"},
	{Name: "quiet", Agg: aggregate.SinceLast},
	{Name: "orders", Agg: aggregate.Count, On: []string{"purchase"}},
	{Name: "priced", Agg: aggregate.Count, Of: "amount", HalfLife: 30 * day},
	{Name: "total", Agg: aggregate.Sum, On: []string{"purchase"}, Of: "amount"},
	{Name: "spend", Agg: aggregate.Sum, On: []string{"purchase"}, Of: "amount", HalfLife: 60 * day},
	{Name: "basket", Agg: aggregate.Mean, On: []string{"purchase"}, Of: "amount"},
	{Name: "recent_basket", Agg: aggregate.Mean, On: []string{"purchase"}, Of: "amount", HalfLife: 60 * day},
	{Name: "pace", Agg: aggregate.Rate, Per: "hour"},
	{Name: "contacts", Agg: aggregate.Rate, On: []string{"support", "chat"}, HalfLife: 30 * day, Per: "day"},
	{Name: "returns", Agg: aggregate.Ratio, On: []string{"return"}, To: []string{"purchase"}},
	{Name: "recent_returns", Agg: aggregate.Ratio, On: []string{"return"}, To: []string{"purchase"}, HalfLife: 365 * day},
	{Name: "taste", Agg: aggregate.Mix, Of: "category", Values: []string{"shoes", "bags"}},
	{Name: "recent_taste", Agg: aggregate.Mix, Of: "category", Values: []string{"bags", "hats"}, HalfLife: 20 * day},
}

func compile(t testing.TB, specs ...aggregate.Spec) *aggregate.Plan {
	t.Helper()
	plan, err := aggregate.Compile(specs)
	require.NoError(t, err)
	return plan
}

// randomEvents is a life of up to two years in no particular order, with nulls,
// ties and, at times, hours between events, at times months.
func randomEvents(random *rand.Rand, n int) []purchase {
	kinds := []string{"purchase", "purchase", "return", "support", "chat", "view", ""}
	categories := []string{"shoes", "bags", "hats", ""}
	events := make([]purchase, n)
	for i := range events {
		events[i] = purchase{
			at:       start.Add(time.Duration(random.Int64N(int64(2*365*day)) / (1 << random.IntN(12)))),
			kind:     kinds[random.IntN(len(kinds))],
			amount:   math.Round(random.NormFloat64()*1e4) / 100,
			category: categories[random.IntN(len(categories))],
		}
		if random.IntN(5) == 0 {
			events[i].amount = math.NaN()
		}
		if i > 0 && random.IntN(8) == 0 {
			events[i].at = events[i-1].at
		}
	}
	return events
}

func apply(plan *aggregate.Plan, events []purchase) *aggregate.Profile {
	var c aggregate.Profile
	plan.Reset(&c)
	for _, e := range events {
		plan.Apply(&c, e.event(plan))
	}
	return &c
}

func assertClose(t *testing.T, want, got float64, name string) {
	t.Helper()
	if math.IsNaN(want) || math.IsInf(want, 0) {
		assert.True(t, math.IsNaN(got), "%s is %v, should have no value", name, got)
		return
	}
	assert.InDelta(t, want, got, 1e-9*max(1, math.Abs(want)), name)
}

func TestFeaturesEqualPlainLoops(t *testing.T) {
	t.Parallel()
	plan := compile(t, everything...)
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		events := randomEvents(random, 1+random.IntN(60))
		c := apply(plan, events)
		asOf := time.Unix(0, c.Newest).Add(time.Duration(random.Int64N(int64(90 * day))))
		got := plan.Features(nil, c, asOf.UnixNano())
		at := 0
		for _, spec := range everything {
			shares := []string{""}
			if spec.Agg == aggregate.Mix {
				shares = append(slices.Clone(spec.Values), "other")
			}
			for _, share := range shares {
				want := naive(spec, share, events, asOf)
				assert.Equal(t, strings.TrimSuffix(spec.Name+"."+share, "."), plan.Names()[at])
				assertClose(t, want, got[at], plan.Names()[at])
				at++
			}
		}
		assert.Len(t, got, at)
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	plan := compile(t, everything...)
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		events := randomEvents(random, 2+random.IntN(100))
		before := apply(plan, events)
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		after := apply(plan, events)
		assert.Equal(t, before.Events, after.Events)
		assert.Equal(t, before.Oldest, after.Oldest)
		assert.Equal(t, before.Newest, after.Newest)
		want := plan.Features(nil, before, before.Newest)
		for i, got := range plan.Features(nil, after, after.Newest) {
			assertClose(t, want[i], got, plan.Names()[i])
		}
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	plan := compile(t, everything...)
	c := apply(plan, randomEvents(rand.New(rand.NewPCG(5, 6)), 50))
	now := plan.Features(nil, c, c.Newest)
	later := plan.Features(nil, c, c.Newest+int64(60*365*day))
	for i, name := range plan.Names() {
		switch name {
		case "basket", "recent_basket", "returns", "recent_returns", "orders", "total",
			"taste.shoes", "taste.bags", "taste.other", "recent_taste.bags", "recent_taste.hats", "recent_taste.other":
			assert.InDelta(t, now[i], later[i], 0, "%s changes by silence alone", name)
		case "recency", "quiet":
			assert.Greater(t, later[i], now[i], name)
		default:
			assert.Less(t, math.Abs(later[i]), math.Abs(now[i]), name)
		}
	}
}

func TestBeforeTheFirstMatchingEvent(t *testing.T) {
	t.Parallel()
	zero, seven := 0.0, 7.0
	on := []string{"purchase"}
	plan := compile(t,
		aggregate.Spec{Name: "count", Agg: aggregate.Count, On: on},
		aggregate.Spec{Name: "sum", Agg: aggregate.Sum, On: on, Of: "amount"},
		aggregate.Spec{Name: "rate", Agg: aggregate.Rate, On: on, HalfLife: day},
		aggregate.Spec{Name: "mean", Agg: aggregate.Mean, On: on, Of: "amount"},
		aggregate.Spec{Name: "since", Agg: aggregate.SinceLast, On: on},
		aggregate.Spec{Name: "ratio", Agg: aggregate.Ratio, To: on},
		aggregate.Spec{Name: "mix", Agg: aggregate.Mix, On: on, Of: "category", Values: []string{"a"}},
		aggregate.Spec{Name: "zero", Agg: aggregate.Mean, On: on, Of: "amount", Missing: &zero},
		aggregate.Spec{Name: "seven", Agg: aggregate.SinceLast, On: on, Missing: &seven, Transform: aggregate.Log1p},
	)
	c := apply(plan, []purchase{{at: start, kind: "view"}})
	null := math.NaN()
	for i, want := range []float64{0, 0, 0, null, null, null, null, null, 0, math.Log(8)} {
		assertClose(t, want, plan.Features(nil, c, c.Newest)[i], plan.Names()[i])
	}
}

func TestTransformsOutsideTheirDomain(t *testing.T) {
	t.Parallel()
	specs := []aggregate.Spec{}
	for _, transform := range []aggregate.Transform{aggregate.Log1p, aggregate.Sqrt, aggregate.Asinh} {
		specs = append(specs, aggregate.Spec{Name: string(transform), Agg: aggregate.Sum, Of: "amount", Transform: transform})
	}
	plan := compile(t, specs...)
	for amount, want := range map[float64][]float64{
		3:  {math.Log(4), math.Sqrt(3), math.Asinh(3)},
		-1: {math.NaN(), math.NaN(), math.Asinh(-1)},
		-5: {math.NaN(), math.NaN(), math.Asinh(-5)},
	} {
		c := apply(plan, []purchase{{at: start, amount: amount}})
		for i, got := range plan.Features(nil, c, c.Newest) {
			assertClose(t, want[i], got, plan.Names()[i])
		}
	}
}

// A rate is right for the young, too: a customer with one event a day has a rate of
// about one a day at any age, whatever the half-life.
func TestRateDoesNotDependOnAge(t *testing.T) {
	t.Parallel()
	plan := compile(t, aggregate.Spec{Name: "rate", Agg: aggregate.Rate, HalfLife: 30 * day})
	var events []purchase
	for n := range 200 {
		events = append(events, purchase{at: start.Add(time.Duration(n) * day)})
		if n < 10 {
			continue
		}
		c := apply(plan, events)
		assert.InDelta(t, 1, plan.Features(nil, c, c.Newest)[0], 0.11, "after %d days", n)
	}
}

func TestNumbersStayFinite(t *testing.T) {
	t.Parallel()
	plan := compile(t,
		aggregate.Spec{Name: "sum", Agg: aggregate.Sum, Of: "amount"},
		aggregate.Spec{Name: "ratio", Agg: aggregate.Ratio, On: []string{"a"}, To: []string{"b"}, HalfLife: time.Second},
	)
	c := apply(plan, []purchase{
		{at: start, kind: "b", amount: math.MaxFloat64},
		{at: start, kind: "b", amount: math.Inf(1)},
		{at: start.Add(100 * 365 * day), kind: "a", amount: math.MaxFloat64},
	})
	for i, x := range plan.Features(nil, c, c.Newest) {
		assert.False(t, math.IsInf(x, 0) || math.IsNaN(x), plan.Names()[i])
	}
}

func TestFeaturesShareWhatTheyNeed(t *testing.T) {
	t.Parallel()
	shared := record(t, []aggregate.Spec{
		{Name: "spend", Agg: aggregate.Sum, On: []string{"a", "b"}, Of: "amount", HalfLife: day},
		{Name: "basket", Agg: aggregate.Mean, On: []string{"b", "a"}, Of: "amount", HalfLife: day, Transform: aggregate.Asinh},
	})
	alone := record(t, []aggregate.Spec{
		{Name: "spend", Agg: aggregate.Sum, On: []string{"a", "b"}, Of: "amount", HalfLife: day},
	})
	assert.Equal(t, alone, shared)
}

func record(t *testing.T, specs []aggregate.Spec) []byte {
	t.Helper()
	plan := compile(t, specs...)
	layout, _ := aggregate.Layout{}.With(plan)
	codec, err := layout.Codec(plan)
	require.NoError(t, err)
	return codec.Append(nil, apply(plan, []purchase{{at: start, kind: "a", amount: 3}, {at: start.Add(day), kind: "b", amount: 4}}))
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for want, spec := range map[string]aggregate.Spec{
		`features[1].name "": give`:                         {Agg: aggregate.Count},
		`features[1].name "a..b": give`:                     {Name: "a..b", Agg: aggregate.Count},
		`features[1].agg "avg": use one of [count`:          {Name: "f", Agg: "avg"},
		`features[1].of: sum needs it`:                      {Name: "f", Agg: aggregate.Sum},
		`features[1].of: ratio does not take it`:            {Name: "f", Agg: aggregate.Ratio, To: []string{"a"}, Of: "c"},
		`features[1].to: ratio needs it`:                    {Name: "f", Agg: aggregate.Ratio},
		`features[1].values: mix needs it`:                  {Name: "f", Agg: aggregate.Mix, Of: "c"},
		`features[1].values[1] "a": name each once`:         {Name: "f", Agg: aggregate.Mix, Of: "c", Values: []string{"a", "a"}},
		`features[1].values: "other" is the name`:           {Name: "f", Agg: aggregate.Mix, Of: "c", Values: []string{"other"}},
		`features[1].on[0] "": name each once`:              {Name: "f", Agg: aggregate.Count, On: []string{""}},
		`features[1].half_life: since_last does not take`:   {Name: "f", Agg: aggregate.SinceLast, HalfLife: day},
		`features[1].half_life -24h0m0s: use a time`:        {Name: "f", Agg: aggregate.Count, HalfLife: -day},
		`features[1].unit "fortnights": use seconds`:        {Name: "f", Agg: aggregate.SinceLast, Unit: "fortnights"},
		`features[1].unit: count does not take it`:          {Name: "f", Agg: aggregate.Count, Unit: "days"},
		`features[1].per "dozen": use seconds`:              {Name: "f", Agg: aggregate.Rate, Per: "dozen"},
		`features[1].transform "ln": use log1p`:             {Name: "f", Agg: aggregate.Count, Transform: "ln"},
		`features: "orders" is the name of two features`:    {Name: "orders", Agg: aggregate.Count},
		`features: "taste.bags" is the name of two feature`: {Name: "taste.bags", Agg: aggregate.Count},
	} {
		_, err := aggregate.Compile([]aggregate.Spec{
			{Name: "orders", Agg: aggregate.Count},
			spec,
			{Name: "taste", Agg: aggregate.Mix, Of: "c", Values: []string{"bags"}},
		})
		require.ErrorContains(t, err, want)
	}
	nan := math.NaN()
	_, err := aggregate.Compile([]aggregate.Spec{{Name: "f", Agg: aggregate.Mean, Of: "c", Missing: &nan}})
	assert.ErrorContains(t, err, "features[0].missing NaN: use a finite number")
}
