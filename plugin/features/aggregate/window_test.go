package aggregate_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// windows are counts, and sums of amounts, over windows of so many days.
func windows(t *testing.T, days ...int) *aggregate.Plan {
	t.Helper()
	var specs []aggregate.Spec
	for _, n := range days {
		window := time.Duration(n) * day
		specs = append(specs,
			aggregate.Spec{Name: fmt.Sprintf("count_%d", n), Agg: aggregate.Count, Window: window},
			aggregate.Spec{Name: fmt.Sprintf("sum_%d", n), Agg: aggregate.Sum, Of: "amount", Window: window})
	}
	return compile(t, specs...)
}

func TestWindowsOfAnyLength(t *testing.T) {
	t.Parallel()
	var days []int
	for n := 1; n <= 1024; n += 1 + n/12 {
		days = append(days, n)
	}
	days = append(days, 1024)
	plan := windows(t, days...)
	random := rand.New(rand.NewPCG(21, 22))
	got, want := make([]float64, 2*len(days)), make([]float64, 2*len(days))
	single, customers := 0.0, 2000
	for range customers {
		// From a few events to some a day, for up to five years, by chance and in no order.
		n := 1 << random.IntN(10)
		span := time.Duration(1+random.IntN(5*365)) * day
		events := make([]purchase, n)
		for i := range events {
			events[i] = purchase{at: start.Add(time.Duration(random.Int64N(int64(span)))), amount: 1 + 99*random.Float64()}
		}
		c := apply(plan, events)
		ages := make([]time.Duration, n)
		for i, e := range events {
			ages[i] = time.Unix(0, c.Newest).Sub(e.at)
		}
		for i, x := range plan.Features(nil, c, c.Newest, nil) {
			truth := 0.0
			for at, age := range ages {
				if age < time.Duration(days[i/2])*day {
					truth += []float64{1, events[at].amount}[i%2]
				}
			}
			want[i] += truth
			got[i] += x
			single += math.Abs(x-truth) / truth / float64(len(want)*customers)
		}
	}
	worst := 0.0
	for i := range got {
		off := math.Abs(got[i]-want[i]) / want[i]
		worst = max(worst, off)
		assert.Less(t, off, 0.002, plan.Names()[i])
	}
	t.Logf("windows of 1 to 1,024 days: at most %.3f %% off over the population, %.2f %% on average for one customer", 100*worst, 100*single)
}

// Events that are evenly spaced are counted exactly, unless a window begins right before
// one of them.
func TestWindowsOfRegularEvents(t *testing.T) {
	t.Parallel()
	var days []int
	for n := 1; n <= 1024; n += 1 + n/20 {
		days = append(days, n)
	}
	plan := windows(t, days...)
	var events []purchase
	for n := range 1500 {
		events = append(events, purchase{at: start.Add(time.Duration(n) * day), amount: 2})
	}
	c := apply(plan, events)
	for _, silence := range []time.Duration{0, time.Hour, 6 * time.Hour} {
		for i, x := range plan.Features(nil, c, c.Newest+int64(silence), nil) {
			want := float64(days[i/2] * (1 + i%2))
			assert.InDelta(t, want, x, 1e-9, "%s after %v", plan.Names()[i], silence)
		}
	}
}

// Three events in three months, wherever the days and tiles begin.
func TestWindowsOfFewEvents(t *testing.T) {
	t.Parallel()
	of := func(name string, agg aggregate.Aggregate) aggregate.Spec {
		return aggregate.Spec{Name: name, Agg: agg, Of: "amount", Window: 30 * day}
	}
	plan := compile(t, of("count", aggregate.Count), of("sum", aggregate.Sum), of("max", aggregate.Max), of("mean", aggregate.Mean), of("stddev", aggregate.StdDev))
	for hours := range 24 * 64 {
		now := start.Add(time.Duration(hours) * time.Hour)
		c := apply(plan, []purchase{{at: now.Add(-31 * day), amount: 1000}, {at: now, amount: 5}, {at: now.Add(-29 * day), amount: 10}})
		require.Equal(t, []float64{2, 15, 10, 7.5, 2.5}, plan.Features(nil, c, c.Newest, nil), now)
	}
}

// While there are no more than 32 events in reach, and for any number while a window holds
// no more, it is what plain loops find, to the nanosecond.
func TestWindowsOfTheNewestEvents(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(81, 82))
	aggregates := []aggregate.Aggregate{aggregate.Count, aggregate.Sum, aggregate.Mean, aggregate.Variance, aggregate.StdDev, aggregate.Min, aggregate.Max, aggregate.Rate, aggregate.Share, aggregate.Ratio}
	for range 400 {
		// Most events are long past: they are in tiles or gone.
		events := randomEvents(random, random.IntN(100))
		for i := range events {
			events[i].at = events[i].at.Add(-1500 * day)
		}
		events = append(events, randomEvents(random, 2+random.IntN(31))...)
		newest := slices.MaxFunc(events, func(a, b purchase) int { return a.at.Compare(b.at) }).at
		// A window that begins at an event, or right before it.
		window := newest.Sub(events[len(events)-1].at) + time.Duration(random.IntN(2))
		window = max(aggregate.MinWindow, min(window, aggregate.MaxWindow))
		var specs []aggregate.Spec
		for _, agg := range aggregates {
			spec := aggregate.Spec{Name: string(agg), Agg: agg, Window: window}
			switch agg {
			case aggregate.Count, aggregate.Rate:
			case aggregate.Share:
				spec.When = "deal"
			case aggregate.Ratio:
				spec.On, spec.To = []string{"return"}, purchases
			default:
				spec.Of = "amount"
			}
			specs = append(specs, spec)
		}
		plan := compile(t, specs...)
		codec, layout := codecFor(t, plan)
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		record := codec.Append(nil, apply(plan, events))
		require.NoError(t, layout.Checker()(record))
		var c aggregate.Profile
		require.NoError(t, codec.Decode(record, &c))
		asOf := newest.Add(time.Duration(random.IntN(2)))
		for i, got := range plan.Features(nil, &c, asOf.UnixNano(), nil) {
			assertClose(t, naive(specs[i], "", events, asOf), got, plan.Names()[i])
		}
	}
}

// Sums are right for numbers of any size, for ever, in a window and in tiles.
func TestSumsOfAnyNumber(t *testing.T) {
	t.Parallel()
	var specs []aggregate.Spec
	for _, window := range []time.Duration{0, 1000 * day} {
		for _, agg := range []aggregate.Aggregate{aggregate.Sum, aggregate.Mean, aggregate.Min, aggregate.Max} {
			specs = append(specs, aggregate.Spec{Name: fmt.Sprint(agg, window), Agg: agg, Of: "amount", Window: window})
		}
	}
	plan := compile(t, specs...)
	codec, layout := codecFor(t, plan)
	random := rand.New(rand.NewPCG(91, 92))
	for _, numbers := range [][]float64{
		{1e30}, {3e-13}, {1e300, -1e300, 12.34}, {1.23456789e-8}, {1e-300, 1}, {-1e24, 1e24, 0.01}, {5e23, 1e-12}, {math.MaxFloat64 / 128, -3e-13},
	} {
		for _, n := range []int{len(numbers), 96} {
			var events []purchase
			for i := range n / len(numbers) * len(numbers) {
				events = append(events, purchase{at: start.Add(time.Duration(random.Int64N(int64(900 * day)))), amount: numbers[i%len(numbers)]})
			}
			total := new(big.Float).SetPrec(4000)
			for _, e := range events {
				total.Add(total, new(big.Float).SetPrec(4000).SetFloat64(e.amount))
			}
			sum, _ := total.Float64()
			record := codec.Append(nil, apply(plan, events))
			require.NoError(t, layout.Checker()(record))
			var c aggregate.Profile
			require.NoError(t, codec.Decode(record, &c))
			for i, got := range plan.Features(nil, &c, c.Newest, nil) {
				want := []float64{sum, sum / float64(len(events)), slices.Min(numbers), slices.Max(numbers)}[i%4]
				assert.InEpsilon(t, want, got, 1e-9, "%s of %v %d times", plan.Names()[i], numbers, n)
			}
			random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			merged := apply(plan, events[:len(events)/2])
			plan.Merge(merged, apply(plan, events[len(events)/2:]))
			for i, got := range plan.Features(nil, merged, merged.Newest, nil) {
				assert.InEpsilon(t, plan.Features(nil, &c, c.Newest, nil)[i], got, 1e-9, plan.Names()[i])
			}
		}
	}
}

// A window is open at its beginning and closed at its end.
func TestTheEdgeOfAWindow(t *testing.T) {
	t.Parallel()
	for _, window := range []time.Duration{5 * time.Minute, time.Hour, 90 * time.Minute, day, 36 * time.Hour, 6*day + time.Hour, 7 * day, 90 * day, 1024 * day} {
		plan := compile(t, aggregate.Spec{Name: "n", Agg: aggregate.Count, Window: window})
		for _, at := range []time.Time{start, start.Truncate(day), time.Unix(0, 0), time.Unix(0, 0).Add(-window), start.Add(1)} {
			c := apply(plan, []purchase{{at: at}, {at: at.Add(window)}})
			assert.InDelta(t, 1, plan.Features(nil, c, c.Newest, nil)[0], 0, "%v after %v", window, at)
			c = apply(plan, []purchase{{at: at}, {at: at.Add(window - window/16)}})
			assert.InDelta(t, 2, plan.Features(nil, c, c.Newest, nil)[0], 0, "%v after %v", window, at)
			assert.InDelta(t, 1, plan.Features(nil, c, at.Add(window).UnixNano(), nil)[0], 0)
			assert.InDelta(t, 0, plan.Features(nil, c, at.Add(2*window).UnixNano(), nil)[0], 0)
		}
	}
}

// Tiled aggregation in a well-known feature store gives the maximum 80, the minimum 80
// and the mean as the deviation of these three.
func TestTilesOfThreeValues(t *testing.T) {
	t.Parallel()
	of := func(name string, agg aggregate.Aggregate, window time.Duration) aggregate.Spec {
		return aggregate.Spec{Name: name, Agg: agg, Of: "amount", Window: window}
	}
	for _, window := range []time.Duration{0, 2 * time.Hour, day, 30 * day} {
		plan := compile(t, of("max", aggregate.Max, window), of("min", aggregate.Min, window), of("mean", aggregate.Mean, window),
			of("variance", aggregate.Variance, window), of("stddev", aggregate.StdDev, window), of("sum", aggregate.Sum, window))
		for _, apart := range []time.Duration{0, time.Minute, 20 * time.Minute} {
			c := apply(plan, []purchase{{at: start, amount: 10}, {at: start.Add(apart), amount: 50}, {at: start.Add(2 * apart), amount: 20}})
			for i, want := range []float64{50, 10, 80. / 3, 2600. / 9, math.Sqrt(2600. / 9), 80} {
				assertClose(t, want, plan.Features(nil, c, c.Newest, nil)[i], plan.Names()[i])
			}
		}
	}
}

// Clocks go round before 1970, too.
func TestDirectionsBeforeTheEpoch(t *testing.T) {
	t.Parallel()
	for _, period := range []string{"day", "week", "year"} {
		spec := aggregate.Spec{Name: "f", Agg: aggregate.Circular, Period: period}
		plan := compile(t, spec)
		for _, year := range []int{1700, 1900, 1964, 1969, 1970, 2000, 2200} {
			events := []purchase{{at: time.Date(year, 2, 29, 17, 30, 0, 0, time.UTC)}}
			c := apply(plan, events)
			for i, got := range plan.Features(nil, c, c.Newest, nil) {
				assert.InDelta(t, naive(spec, outputsOf(spec)[i], events, events[0].at), got, 1e-9, "%s of %d", period, year)
			}
		}
	}
}

func TestDaysBeyondTheReach(t *testing.T) {
	t.Parallel()
	plan := compile(t,
		aggregate.Spec{Name: "ever", Agg: aggregate.ActiveDays},
		aggregate.Spec{Name: "recent", Agg: aggregate.ActiveDays, Window: 1024 * day})
	var events []purchase
	for n := range 3000 {
		if n%3 != 0 {
			events = append(events, purchase{at: start.Add(time.Duration(n) * day)}, purchase{at: start.Add(time.Duration(n) * day)})
		}
	}
	c := apply(plan, events)
	got := plan.Features(nil, c, c.Newest, nil)
	assert.InDelta(t, 2000, got[0], 0)
	assert.InDelta(t, naive(aggregate.Spec{Agg: aggregate.ActiveDays, Window: 1024 * day}, "", events, time.Unix(0, c.Newest)), got[1], 0)

	// By a day within the reach the number rises, by one before it cannot be told.
	plan.Apply(c, purchase{at: start.Add(2700 * day)}.event(plan))
	plan.Apply(c, purchase{at: start.Add(300 * day)}.event(plan))
	assert.InDelta(t, 2001, plan.Features(nil, c, c.Newest, nil)[0], 0)

	codec, _ := codecFor(t, plan)
	var again aggregate.Profile
	require.NoError(t, codec.Decode(codec.Append(nil, c), &again))
	assertSame(t, plan, codec, c, &again)
}

// A long life takes no more room than a short one, and old tiles go.
func TestTilesAreBounded(t *testing.T) {
	t.Parallel()
	plan := compile(t,
		aggregate.Spec{Name: "days", Agg: aggregate.Count, Window: 1024 * day},
		aggregate.Spec{Name: "minutes", Agg: aggregate.Count, Window: 6 * day})
	codec, layout := codecFor(t, plan)
	var c aggregate.Profile
	plan.Reset(&c)
	var sizes []int
	for n := range 60000 {
		plan.Apply(&c, purchase{at: start.Add(time.Duration(n) * 77 * time.Minute)}.event(plan))
		if n%500 == 499 {
			record := codec.Append(nil, &c)
			sizes = append(sizes, len(record))
			require.NoError(t, layout.Checker()(record))
		}
	}
	assert.Less(t, slices.Max(sizes), 650)
	t.Logf("two pyramids of events every 77 minutes: at most %d bytes", slices.Max(sizes))
}
