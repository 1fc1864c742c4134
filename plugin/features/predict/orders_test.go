package predict

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The parameters of the papers, in weeks.
var (
	paperBG  = Orders{BGNBD, 0.243, 4.414, 0.793, 2.426}
	paperMBG = Orders{MBGNBD, 0.525, 6.183, 0.891, 1.614}
)

func TestAlive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		model Orders
		history
		alive float64
	}{
		"one purchase, BG/NBD":          {paperBG, history{0, 0, 39}, 1},
		"one purchase, MBG/NBD":         {paperMBG, history{0, 0, 39}, 0.389},
		"one purchase today, MBG/NBD":   {paperMBG, history{0, 0, 0}, 1.614 / (1.614 + 0.891)},
		"the last purchase was today":   {paperBG, history{2, 38.86, 38.86}, (2.426 + 1) / (2.426 + 1 + 0.793)},
		"the papers' example, CDNOW 1":  {paperBG, history{2, 30.43, 38.86}, 0.7266},
		"silent since the first repeat": {paperBG, history{1, 1.71, 38.86}, 0.2121},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.InDelta(t, test.alive, test.model.Alive(History(test.history)), 5e-4)
		})
	}
}

// history is one, for tables.
type history History

// The papers' worked example, and what other programs give for CDNOW: customer 1 over 39 weeks.
func TestExpected(t *testing.T) {
	t.Parallel()
	h := History{2, 30.43, 38.86}
	assert.InDelta(t, 1.226, paperBG.Expected(h, 39), 1e-3)
	assert.Zero(t, paperBG.Expected(h, 0))
	assert.Zero(t, paperBG.Expected(h, -1))
}

// The probability to be there falls with silence and with nothing else that is not there.
func TestAliveFallsWithSilence(t *testing.T) {
	t.Parallel()
	for _, o := range []Orders{paperBG, paperMBG} {
		for repeats := range 50 {
			before := 1.0
			for silence := range 200 {
				h := History{float64(repeats), float64(repeats), float64(repeats + silence)}
				alive := o.Alive(h)
				require.LessOrEqual(t, alive, before)
				require.Positive(t, alive)
				before = alive
			}
		}
	}
}

// Scale does not matter: a week is seven days.
func TestUnitsDoNotMatter(t *testing.T) {
	t.Parallel()
	for _, o := range []Orders{paperBG, paperMBG} {
		days := o
		days.Alpha *= 7
		for repeats := range 20 {
			weeks := History{float64(repeats), float64(repeats), 39}
			byDay := History{float64(repeats), 7 * float64(repeats), 7 * 39}
			assertRelative(t, o.Alive(weeks), days.Alive(byDay), 1e-13)
			assertRelative(t, o.Expected(weeks, 13), days.Expected(byDay, 7*13), 1e-12)
		}
	}
}

// What a model expects is what happens: of customers who have just come, and of those who
// have a history, by how often they bought.
func TestExpectedIsWhatHappens(t *testing.T) {
	t.Parallel()
	for _, o := range []Orders{{MBGNBD, 0.8, 20, 0.9, 3}, {BGNBD, 0.8, 20, 0.9, 3}} {
		t.Run(string(o.Model), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(13, 14))
			const age, horizon = 100.0, 150.0
			const n = 30_000
			fresh := 0.0
			var happened, expected, customers [4]float64
			for range n {
				var early, all History
				early.Age, all.Age = age, age+horizon
				for _, at := range life(random, o, all.Age) {
					all.Repeats++
					if at <= age {
						early.Repeats, early.Recency = early.Repeats+1, at
					}
				}
				fresh += all.Repeats
				group := int(min(early.Repeats, 3))
				happened[group] += all.Repeats - early.Repeats
				expected[group] += o.Expected(early, horizon)
				customers[group]++
			}
			assertRelative(t, fresh, n*o.Expected(History{}, age+horizon), 0.03)
			for group := range customers {
				assertRelative(t, happened[group], expected[group], 0.06, "repeats", group)
			}
		})
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	v := PriorValues()
	population := v.P * v.Gamma / (v.Q - 1)
	assert.InDelta(t, 35.24, population, 0.01)
	for name, test := range map[string]struct {
		Spending
		mean float64
	}{
		"no orders":                {Spending{0, 0}, population},
		"no orders of any mean":    {Spending{0, math.NaN()}, population},
		"one order":                {Spending{1, 100}, (2.74*population + 6.25*100) / (2.74 + 6.25)},
		"a thousand orders":        {Spending{1000, 100}, (2.74*population + 6250*100) / (2.74 + 6250)},
		"of no value":              {Spending{1, 0}, 2.74 * population / (2.74 + 6.25)},
		"more returned than spent": {Spending{1, -20}, 2.74 * population / (2.74 + 6.25)},
		"the papers' example":      {Spending{2, 22.35}, 24.66},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.InDelta(t, test.mean, v.Mean(test.Spending), 0.01)
		})
	}
}

// A sum over small steps of time gives the same as the integral.
func TestDiscountedIsTheSumOverTime(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(15, 16))
	for range 30 {
		o := Orders{MBGNBD, between(random, 1, 1), between(random, 0, 2), between(random, 1, 1), between(random, 1, 1)}
		h := History{float64(random.IntN(20)), 0, 400 * random.Float64()}
		h.Recency = h.Age * random.Float64()
		horizon, rate := between(random, 0, 4), between(random, 5, -2)
		const steps = 1000
		total, before, from := 0.0, 0.0, 0.0
		for i := range steps {
			to := horizon * math.Pow(float64(i+1)/steps, 3) // more happens soon
			until := o.Expected(h, to)
			total += math.Exp(-rate*(from+to)/2) * (until - before)
			before, from = until, to
		}
		assertRelative(t, total, o.Discounted(h, horizon, rate), 1e-5, o, h, horizon, rate)
	}
}

func TestDiscountedIsTheIntegral(t *testing.T) {
	t.Parallel()
	for _, known := range discounted {
		f := known.future
		got := math.Exp(-known.rate*known.horizon)*f.until(known.horizon) + f.earlier(known.horizon, known.rate)
		assertRelative(t, known.orders, got, 1e-7, known)
	}
}

// However often a customer orders, however far the horizon is, and whatever the rate: with two
// hundred times the points, the integral is the same, and never more than without a discount.
func TestDiscountedWhereOrdersBend(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(41, 42))
	bends := []future{{268.6, 540, 3.5, 0.064}, {992, 1.8, 0.14, 31}, {500.5, 1000, 0.1, 500}, {30.5, 31, 0.9, 33}}
	for range 60 {
		bends = append(bends, future{between(random, 2, 3), between(random, 0, 3), between(random, 2, 2), between(random, 2, 2)})
	}
	for _, f := range bends {
		horizon, rate := between(random, -1, 4), between(random, 5, 0)
		until := min(horizon, 40/rate)
		bend := f.alpha / max(1, f.r)
		const panels = 200
		width := math.Log1p(until/bend) / panels
		want := 0.0
		for panel := range panels {
			for _, point := range legendre {
				e := math.Exp(width * (float64(panel) + (1+point.at)/2))
				want += point.weight * width / 2 * bend * e * rate * math.Exp(-rate*bend*(e-1)) * f.until(bend*(e-1))
			}
		}
		end := math.Exp(-rate*horizon) * f.until(horizon)
		assertRelative(t, end+want, end+f.earlier(horizon, rate), 1e-7, f, horizon, rate)
	}
	for range 1000 { // rates next to nothing, where rounding may tell
		o := Orders{MBGNBD, between(random, 2, 2), between(random, 0, 3), between(random, 2, 2), between(random, 2, 2)}
		h := History{Repeats: float64(random.IntN(100)), Recency: 50, Age: 100}
		horizon := between(random, 0, 3)
		require.LessOrEqual(t, o.Discounted(h, horizon, between(random, 18, -10)), o.Expected(h, horizon), "%+v %+v %v", o, h, horizon)
	}
}

func TestDiscounted(t *testing.T) {
	t.Parallel()
	h := History{2, 200, 270}
	o := PriorOrders(MBGNBD)
	assertRelative(t, o.Expected(h, 365), o.Discounted(h, 365, 0), 1e-15)
	assertRelative(t, o.Expected(h, 365), o.Discounted(h, 365, 1e-12), 1e-9)
	assert.Less(t, o.Discounted(h, 365, Rate(0.1, 365)), o.Expected(h, 365))
	assert.Greater(t, o.Discounted(h, 365, Rate(0.1, 365)), o.Expected(h, 365)/1.1)
	// With a rate, what is far away is worth nothing: a century is as good as forever.
	assertRelative(t, o.Discounted(h, 36500, Rate(1, 365)), o.Discounted(h, 1e9, Rate(1, 365)), 1e-9)
	v, s := PriorValues(), Spending{2, 50}
	assertRelative(t, v.Mean(s)*o.Expected(h, 90), LifetimeValue(o, v, h, s, 90, 0), 1e-15)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	require.NoError(t, PriorOrders(MBGNBD).Check())
	require.NoError(t, PriorOrders(BGNBD).Check())
	require.NoError(t, PriorValues().Check())
	require.ErrorContains(t, Orders{Model: "pareto_nbd", R: 1, Alpha: 1, A: 1, B: 1}.Check(), "pareto_nbd")
	require.ErrorContains(t, Orders{MBGNBD, 1, 0, 1, 1}.Check(), "alpha")
	require.ErrorContains(t, Orders{MBGNBD, 1, 1, math.NaN(), 1}.Check(), "parameter a")
	require.ErrorContains(t, Orders{MBGNBD, 1, 1, 1, math.Inf(1)}.Check(), "parameter b")
	require.ErrorContains(t, Values{1, 1, 1}.Check(), "parameter q")
	require.ErrorContains(t, Values{1, 2, -1}.Check(), "gamma")
}

// No finite numbers, of populations or customers, give what is not finite.
func FuzzFinite(f *testing.F) {
	f.Add(0.5, 43.0, 0.9, 1.6, 3.0, 20.0, 300.0, 90.0, 0.001, 30.0)
	f.Add(1e-30, 1e-30, 1e-30, 1e-30, 1e300, 1e300, 1e300, 1e300, 1e300, 1e300)
	f.Add(1e30, 1e30, 1e30, 1e30, 0.0, 0.0, 0.0, 1e-300, 0.0, -1e300)
	f.Add(1e30, 1e-30, 1e-30, 1e30, 1e9, 0.0, 1e-300, 1e300, 1e-300, 0.0)
	f.Add(1.0, 1.0, 1e29, 1e28, 0.5, 1.0, 0.0, 1e9, 1.0, 1.0)
	f.Add(6e29, 8e29, 1e29, 5e29, 0.0, 73.0, -34.0, 4760.0, 70.0, -5e299)
	f.Add(26.0, 1e-30, 25.0, 1e-30, 1e300, 1e300, 1e300, 1e300, 2e300, 1e300)
	f.Add(1.0, 40.0, 1e-17, 1e-17, 0.0, 0.0, 10.0, 90.0, 0.001, 30.0)
	f.Add(1e-17, 40.0, 1.0, 1e-17, 0.0, 0.0, 10.0, 90.0, 0.001, 30.0)
	f.Fuzz(func(t *testing.T, r, alpha, a, b, repeats, recency, age, horizon, rate, mean float64) {
		for _, x := range []float64{repeats, recency, age, horizon, rate, mean} {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Skip()
			}
		}
		h, s := History{repeats, recency, age}, Spending{repeats, mean}
		for _, model := range []Model{MBGNBD, BGNBD} {
			o, v := Orders{model, r, alpha, a, b}, Values{r, a, alpha}
			if o.Check() != nil {
				t.Skip()
			}
			alive := o.Alive(h)
			require.True(t, alive >= 0 && alive <= 1, "alive %v", alive)
			for name, x := range map[string]float64{"expected": o.Expected(h, horizon), "discounted": o.Discounted(h, horizon, rate)} {
				require.True(t, x >= 0 && x <= math.MaxFloat64, "%s %v", name, x)
			}
			if v.Check() == nil {
				x := LifetimeValue(o, v, h, s, horizon, rate)
				require.True(t, x >= 0 && x <= math.MaxFloat64, "value %v", x)
			}
		}
	})
}

func BenchmarkPredictions(b *testing.B) {
	o, v := PriorOrders(MBGNBD), PriorValues()
	h, s := History{5, 200, 270}, Spending{5, 30}
	for name, predict := range map[string]func(){
		"alive":                               func() { o.Alive(h) },
		"orders, 90 days":                     func() { o.Expected(h, 90) },
		"value, a year, first purchase today": func() { LifetimeValue(o, v, History{}, Spending{}, 365, Rate(0.1, 365)) },
		"value, a year":                       func() { LifetimeValue(o, v, h, s, 365, Rate(0.1, 365)) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				predict()
			}
		})
	}
}
