package aggregate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

func TestDistinct(t *testing.T) {
	t.Parallel()
	plan := compile(t, aggregate.Spec{Name: "n", Agg: aggregate.Distinct, Of: "category"})
	codec, layout := codecFor(t, plan)
	for _, n := range []int{1, 2, 16, 17, 30, 100, 1000, 100000} {
		squares, rounds := 0.0, 40
		if n > 1000 {
			rounds = 4
		}
		for round := range rounds {
			var c aggregate.Profile
			plan.Reset(&c)
			for i := range n {
				e := purchase{category: fmt.Sprintf("%d-%d", round, i)}.event(plan)
				plan.Apply(&c, e)
				plan.Apply(&c, e)
			}
			got := plan.Features(nil, &c, c.Newest, nil)[0]
			off := got/float64(n) - 1
			squares += off * off
			if n <= 16 {
				assert.InDelta(t, n, got, 0)
			}
			record := codec.Append(nil, &c)
			require.NoError(t, layout.Checker()(record))
			assert.LessOrEqual(t, len(record), 110)
		}
		deviation := math.Sqrt(squares / float64(rounds))
		t.Logf("%d values: %.1f %% off", n, 100*deviation)
		assert.Less(t, deviation, 0.14, "the standard error is 9 %%")
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	shares := []float64{0, 0.01, 0.25, 0.5, 0.9, 0.99, 1}
	var specs []aggregate.Spec
	for _, q := range shares {
		specs = append(specs, aggregate.Spec{Name: fmt.Sprint("q", q), Agg: aggregate.Quantile, Of: "amount", Q: new(q)})
	}
	plan := compile(t, specs...)
	random := rand.New(rand.NewPCG(31, 32))
	for name, test := range map[string]struct {
		draw  func() float64
		error float64
	}{
		"prices of a shop": {func() float64 { return math.Round(500+1500*random.Float64()) / 100 }, 0.02},
		"lognormal":        {func() float64 { return math.Exp(random.NormFloat64()) }, 0.08},
		"equal":            {func() float64 { return 17 }, 0.01},
		"both signs":       {func() float64 { return math.Round(random.NormFloat64() * 100) }, 0.16},
		"zeros and huge":   {func() float64 { return []float64{0, 0, 1e300, -1e300, 1e-300}[random.IntN(5)] }, 0.01},
		"all magnitudes":   {func() float64 { return math.Exp(40 * random.NormFloat64()) }, 1},
	} {
		var values []float64
		var events []purchase
		for range 3000 {
			values = append(values, test.draw())
			events = append(events, purchase{amount: values[len(values)-1]})
		}
		slices.Sort(values)
		c := apply(plan, events)
		worst := 0.0
		for i, got := range plan.Features(nil, c, c.Newest, nil) {
			want := values[max(0, int(math.Ceil(shares[i]*3000))-1)]
			if want == 0 {
				assert.InDelta(t, want, got, 0, name)
				continue
			}
			worst = max(worst, math.Abs(got/want-1))
		}
		t.Logf("%s: at most %.1f %% off", name, 100*worst)
		assert.LessOrEqual(t, worst, test.error, name)
	}
}

// With a half-life, the quantile is that of newer values.
func TestQuantileFollows(t *testing.T) {
	t.Parallel()
	plan := compile(t, aggregate.Spec{Name: "median", Agg: aggregate.Quantile, Of: "amount", Q: new(0.5), HalfLife: 10 * day})
	codec, layout := codecFor(t, plan)
	var events []purchase
	for n := range 200 {
		amount := 10.0
		if n >= 180 {
			amount = 100
		}
		events = append(events, purchase{at: start.Add(time.Duration(n) * day), amount: amount + float64(n%5)/10})
	}
	c := apply(plan, events)
	assert.InEpsilon(t, 100, plan.Features(nil, c, c.Newest, nil)[0], 0.03)
	assert.InEpsilon(t, 10, plan.Features(nil, apply(plan, events[:180]), events[179].at.UnixNano(), nil)[0], 0.05)
	require.NoError(t, layout.Checker()(codec.Append(nil, c)))

	random := rand.New(rand.NewPCG(33, 34))
	random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	assertEquivalent(t, plan, c, apply(plan, events))
}

// Beyond eight categories the share of the most frequent is too high by an eighth at
// most, in whatever order they come.
func TestMoreCategoriesThanAreKept(t *testing.T) {
	t.Parallel()
	top := aggregate.Spec{Name: "top", Agg: aggregate.Top, Of: "category"}
	entropy := aggregate.Spec{Name: "entropy", Agg: aggregate.Entropy, Of: "category"}
	plan := compile(t, top, entropy)
	codec, layout := codecFor(t, plan)
	random := rand.New(rand.NewPCG(35, 36))
	for range 50 {
		var events []purchase
		for range 300 {
			events = append(events, purchase{category: strconv.Itoa(int(30 * math.Pow(random.Float64(), 3)))})
		}
		c := apply(plan, events)
		got := plan.Features(nil, c, c.Newest, nil)
		want := naive(top, "", events, time.Unix(0, c.Newest))
		assert.GreaterOrEqual(t, got[0], want-1e-9)
		assert.LessOrEqual(t, got[0], want+1./8)
		assert.Greater(t, got[1], 0.7)
		assert.LessOrEqual(t, got[1], 1.0)
		require.NoError(t, layout.Checker()(codec.Append(nil, c)))

		merged := apply(plan, events[:150])
		plan.Merge(merged, apply(plan, events[150:]))
		assert.InDelta(t, want, plan.Features(nil, merged, 0, nil)[0], 1./4)
	}
}
