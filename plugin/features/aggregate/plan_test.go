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

// inAnyOrder has each aggregate that does not depend on the order of events, in each
// scope that it takes.
var inAnyOrder = []aggregate.Spec{
	{Name: "recency", Agg: aggregate.SinceLast, On: []string{"purchase"}, Unit: "days"},
	{Name: "quiet", Agg: aggregate.SinceLast},
	{Name: "orders", Agg: aggregate.Count, On: []string{"purchase"}},
	{Name: "orders_90d", Agg: aggregate.Count, On: []string{"purchase"}, Window: 90 * day},
	{Name: "orders_2h", Agg: aggregate.Count, On: []string{"purchase"}, Window: 2 * time.Hour},
	{Name: "priced", Agg: aggregate.Count, Of: "amount", HalfLife: 30 * day},
	{Name: "deals", Agg: aggregate.Count, When: "deal"},
	{Name: "total", Agg: aggregate.Sum, On: []string{"purchase"}, Of: "amount"},
	{Name: "total_30d", Agg: aggregate.Sum, On: []string{"purchase"}, Of: "amount", Window: 30 * day},
	{Name: "spend", Agg: aggregate.Sum, On: []string{"purchase"}, Of: "amount", HalfLife: 60 * day},
	{Name: "basket", Agg: aggregate.Mean, On: []string{"purchase"}, Of: "amount"},
	{Name: "basket_100d", Agg: aggregate.Mean, On: []string{"purchase"}, Of: "amount", Window: 100 * day},
	{Name: "recent_basket", Agg: aggregate.Mean, On: []string{"purchase"}, Of: "amount", HalfLife: 60 * day},
	{Name: "mood", Agg: aggregate.Sentiment, Of: "amount"},
	{Name: "mood_30d", Agg: aggregate.Sentiment, On: []string{"support", "chat"}, Of: "amount", Window: 30 * day},
	{Name: "recent_mood", Agg: aggregate.Sentiment, Of: "amount", HalfLife: 30 * day},
	{Name: "variance", Agg: aggregate.Variance, Of: "amount"},
	{Name: "variance_1000d", Agg: aggregate.Variance, Of: "amount", Window: 1000 * day},
	{Name: "recent_variance", Agg: aggregate.Variance, Of: "amount", HalfLife: 10 * day},
	{Name: "deviation", Agg: aggregate.StdDev, Of: "amount", When: "deal"},
	{Name: "least", Agg: aggregate.Min, Of: "amount"},
	{Name: "least_60d", Agg: aggregate.Min, Of: "amount", Window: 60 * day},
	{Name: "greatest", Agg: aggregate.Max, Of: "amount"},
	{Name: "greatest_60d", Agg: aggregate.Max, Of: "amount", Window: 60 * day},
	{Name: "first_amount", Agg: aggregate.First, Of: "amount"},
	{Name: "last_amount", Agg: aggregate.Last, Of: "amount"},
	{Name: "tenure", Agg: aggregate.SinceFirst, Unit: "weeks"},
	{Name: "pace", Agg: aggregate.Rate, Per: "hour"},
	{Name: "pace_7d", Agg: aggregate.Rate, Per: "hour", Window: 7 * day},
	{Name: "contacts", Agg: aggregate.Rate, On: []string{"support", "chat"}, HalfLife: 30 * day, Per: "day"},
	{Name: "interval", Agg: aggregate.Interval, On: []string{"purchase"}, Unit: "hours"},
	{Name: "regularity", Agg: aggregate.Regularity, On: []string{"purchase"}},
	{Name: "overdue", Agg: aggregate.Overdue, On: []string{"purchase"}},
	{Name: "active", Agg: aggregate.ActiveDays},
	{Name: "active_30d", Agg: aggregate.ActiveDays, On: []string{"purchase"}, Window: 30 * day},
	{Name: "variety", Agg: aggregate.Distinct, Of: "category"},
	{Name: "p90", Agg: aggregate.Quantile, Of: "amount", Q: new(0.9)},
	{Name: "lowest", Agg: aggregate.Quantile, Of: "amount", Q: new(0.0)},
	{Name: "on_deal", Agg: aggregate.Share, On: []string{"purchase"}, When: "deal"},
	{Name: "on_deal_50d", Agg: aggregate.Share, When: "deal", Window: 50 * day},
	{Name: "on_deal_recently", Agg: aggregate.Share, Of: "amount", When: "deal", HalfLife: 30 * day},
	{Name: "returns", Agg: aggregate.Ratio, On: []string{"return"}, To: []string{"purchase"}},
	{Name: "returns_200d", Agg: aggregate.Ratio, On: []string{"return"}, To: []string{"purchase"}, Window: 200 * day},
	{Name: "recent_returns", Agg: aggregate.Ratio, On: []string{"return"}, To: []string{"purchase"}, HalfLife: 365 * day},
	{Name: "taste", Agg: aggregate.Mix, Of: "category", Values: []string{"shoes", "bags"}},
	{Name: "recent_taste", Agg: aggregate.Mix, Of: "category", Values: []string{"bags", "hats"}, HalfLife: 20 * day},
	{Name: "breadth", Agg: aggregate.Entropy, Of: "category"},
	{Name: "breadth_of_two", Agg: aggregate.Entropy, Of: "category", Values: []string{"shoes", "bags"}},
	{Name: "recent_breadth", Agg: aggregate.Entropy, Of: "category", HalfLife: 50 * day},
	{Name: "favourite", Agg: aggregate.Top, Of: "category"},
	{Name: "hour", Agg: aggregate.Circular, Period: "day"},
	{Name: "weekday", Agg: aggregate.Circular, Period: "week", HalfLife: 90 * day},
	{Name: "season", Agg: aggregate.Circular, Period: "year"},
	{Name: "unusual", Agg: aggregate.ZScore, Of: "amount"},
	{Name: "unusual_now", Agg: aggregate.ZScore, Of: "amount", HalfLife: 40 * day},
	{Name: "alive", Agg: aggregate.PAlive, On: []string{"purchase"}},
	{Name: "alive_bg", Agg: aggregate.PAlive, On: []string{"purchase"}, Model: "bg_nbd"},
	{Name: "next", Agg: aggregate.ExpectedOrders, On: []string{"purchase"}, When: "deal"},
	{Name: "next_year", Agg: aggregate.ExpectedOrders, Of: "amount", Horizon: 365 * day},
	{Name: "worth", Agg: aggregate.LifetimeValue, On: []string{"purchase"}, Of: "amount"},
	{Name: "worth_now", Agg: aggregate.LifetimeValue, Of: "amount", Model: "bg_nbd", Horizon: 30 * day, Discount: new(0.0)},
}

// everything has those that depend on it, too.
var everything = append(slices.Clone(inAnyOrder),
	aggregate.Spec{Name: "visits", Agg: aggregate.Sessions, Unit: "minutes"},
	aggregate.Spec{Name: "long_visits", Agg: aggregate.Sessions, On: []string{"view", "chat"}, Gap: 40 * day, Unit: "days"},
)

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
			deal:     deal(random.IntN(3)),
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

// outputsOf are the names of the features of a spec, after the dot.
func outputsOf(spec aggregate.Spec) []string {
	switch spec.Agg {
	case aggregate.Mix:
		return append(slices.Clone(spec.Values), "other")
	case aggregate.Circular:
		return []string{"sin", "cos"}
	case aggregate.Sessions:
		return []string{"count", "length", "gap"}
	}
	return []string{""}
}

func TestFeaturesEqualPlainLoops(t *testing.T) {
	t.Parallel()
	plan := compile(t, everything...)
	random := rand.New(rand.NewPCG(1, 2))
	estimates, exact := 0, 0
	for range 300 {
		events := randomEvents(random, 1+random.IntN(60))
		slices.SortFunc(events, func(a, b purchase) int { return a.at.Compare(b.at) }) // for sessions
		c := apply(plan, events)
		asOf := time.Unix(0, c.Newest).Add(time.Duration(random.Int64N(int64(90 * day))))
		got := plan.Features(nil, c, asOf.UnixNano(), nil)
		at := 0
		for _, spec := range everything {
			for _, output := range outputsOf(spec) {
				name := plan.Names()[at]
				assert.Equal(t, strings.TrimSuffix(spec.Name+"."+output, "."), name)
				want := naive(spec, output, events, asOf)
				switch uncertain := near(spec, events, asOf); {
				case spec.Agg == aggregate.Quantile && !math.IsNaN(want):
					assert.InDelta(t, want, got[at], 0.0101*math.Abs(want)+1e-9, name)
				case uncertain == 0:
					exact++
					assertClose(t, want, got[at], name)
				case spec.Agg == aggregate.Count:
					estimates++
					assert.InDelta(t, want, got[at], uncertain, name)
				}
				at++
			}
		}
		assert.Len(t, got, at)
		if t.Failed() {
			return
		}
	}
	assert.Greater(t, estimates, 30)
	assert.Greater(t, exact, 10000)
}

// A return long after all purchases have faded has nothing to be divided by.
func TestRatioOverNothing(t *testing.T) {
	t.Parallel()
	plan := compile(t,
		aggregate.Spec{Name: "faded", Agg: aggregate.Ratio, On: []string{"return"}, To: purchases, HalfLife: day},
		aggregate.Spec{Name: "window", Agg: aggregate.Ratio, On: []string{"return"}, To: purchases, Window: 90 * day},
		aggregate.Spec{Name: "ever", Agg: aggregate.Ratio, On: []string{"return"}, To: purchases})
	for _, days := range []time.Duration{1030, 1100, 5000} {
		c := apply(plan, []purchase{{at: start, kind: "purchase"}, {at: start.Add(days * day), kind: "return"}})
		got := plan.Features(nil, c, c.Newest, nil)
		assert.True(t, math.IsNaN(got[0]), "after %d days: %v", days, got[0])
		assert.True(t, math.IsNaN(got[1]), "after %d days: %v", days, got[1])
		assertClose(t, 1, got[2], "ever")
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	plan := compile(t, everything...)
	events := randomEvents(rand.New(rand.NewPCG(5, 6)), 50)
	c := apply(plan, events)
	now := plan.Features(nil, c, c.Newest, nil)
	later := plan.Features(nil, c, c.Newest+int64(60*365*day), nil)
	at := 0
	for _, spec := range everything {
		for range outputsOf(spec) {
			name := plan.Names()[at]
			fades := spec.HalfLife > 0 || spec.Window > 0
			switch spec.Agg {
			case aggregate.SinceFirst, aggregate.SinceLast, aggregate.Overdue:
				assert.Greater(t, later[at], now[at], name)
			case aggregate.PAlive, aggregate.ExpectedOrders, aggregate.LifetimeValue:
				assert.Less(t, later[at], now[at], name)
			case aggregate.Count, aggregate.Sum, aggregate.Rate:
				if fades || spec.Agg == aggregate.Rate {
					assert.Less(t, math.Abs(later[at]), max(math.Abs(now[at]), 1e-300), name)
					break
				}
				assert.InDelta(t, now[at], later[at], 0, "%s changes by silence alone", name)
			default:
				if spec.Window > 0 {
					assert.True(t, math.IsNaN(later[at]), "%s: the window is empty", name)
					break
				}
				assert.InDelta(t, now[at], later[at], 0, "%s changes by silence alone", name)
			}
			at++
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
		assertClose(t, want, plan.Features(nil, c, c.Newest, nil)[i], plan.Names()[i])
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
		for i, got := range plan.Features(nil, c, c.Newest, nil) {
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
		assert.InDelta(t, 1, plan.Features(nil, c, c.Newest, nil)[0], 0.11, "after %d days", n)
	}
}

func TestNumbersStayFinite(t *testing.T) {
	t.Parallel()
	plan := compile(t,
		aggregate.Spec{Name: "sum", Agg: aggregate.Sum, Of: "amount"},
		aggregate.Spec{Name: "faded", Agg: aggregate.Sum, Of: "amount", HalfLife: time.Second},
	)
	c := apply(plan, []purchase{
		{at: start, kind: "b", amount: math.MaxFloat64},
		{at: start, kind: "b", amount: math.Inf(1)},
		{at: start.Add(100 * 365 * day), kind: "a", amount: math.MaxFloat64},
	})
	for i, x := range plan.Features(nil, c, c.Newest, nil) {
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
