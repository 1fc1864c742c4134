package predict

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"
)

// What the papers and other programs found for the sample of CDNOW, in weeks.
func TestFitOrdersOfTheSample(t *testing.T) {
	t.Parallel()
	sample := sampleHistories(t)
	for _, want := range []Fitted[Orders]{
		{Orders{BGNBD, 0.243, 4.414, 0.793, 2.426}, -9582.4, 2357},
		{Orders{MBGNBD, 0.525, 6.183, 0.891, 1.614}, -9582.1, 2357},
	} {
		t.Run(string(want.Model.Model), func(t *testing.T) {
			t.Parallel()
			got, err := FitOrders(sample, PriorOrders(want.Model.Model))
			require.NoError(t, err)
			t.Logf("%+v", got)
			assert.InDelta(t, want.Model.R, got.Model.R, 0.0005)
			assert.InDelta(t, want.Model.Alpha, got.Model.Alpha, 0.0005)
			assert.InDelta(t, want.Model.A, got.Model.A, 0.0005)
			assert.InDelta(t, want.Model.B, got.Model.B, 0.0005)
			assert.InDelta(t, want.LogLikelihood, got.LogLikelihood, 0.05)
			assert.Equal(t, want.Customers, got.Customers)
		})
	}
}

func TestFitValuesOfTheSample(t *testing.T) {
	t.Parallel()
	got, err := FitValues(sampleSpending(t), Values{1, 2, 3})
	require.NoError(t, err)
	t.Logf("%+v", got)
	assert.InDelta(t, 6.25, got.Model.P, 0.01)
	assert.InDelta(t, 3.74, got.Model.Q, 0.01)
	assert.InDelta(t, 15.45, got.Model.Gamma, 0.05)
	assert.Equal(t, 946, got.Customers)
}

// life is when a customer of a model orders again until then.
func life(random *rand.Rand, o Orders, until float64) (repeats []float64) {
	rate := distuv.Gamma{Alpha: o.R, Beta: o.Alpha, Src: random}.Rand()
	leaves := distuv.Beta{Alpha: o.A, Beta: o.B, Src: random}.Rand()
	at := 0.0
	for there := o.Model == BGNBD || random.Float64() >= leaves; there; there = random.Float64() >= leaves {
		if at += random.ExpFloat64() / rate; at > until {
			break
		}
		repeats = append(repeats, at)
	}
	return repeats
}

// population is customers of a model who came at some time in two years, in days.
func population(random *rand.Rand, o Orders, n int) (sample []History) {
	for range n {
		h := History{Age: float64(1 + random.IntN(730))}
		for _, at := range life(random, o, h.Age) {
			h.Repeats, h.Recency = h.Repeats+1, at
		}
		sample = append(sample, h)
	}
	return sample
}

// spending is what so many orders of customers of a model are worth.
func spending(random *rand.Rand, v Values, histories []History) (sample []Spending) {
	for _, h := range histories {
		rate := distuv.Gamma{Alpha: v.Q, Beta: v.Gamma, Src: random}.Rand()
		s := Spending{Orders: h.Repeats}
		if h.Repeats > 0 {
			s.Mean = distuv.Gamma{Alpha: v.P * h.Repeats, Beta: rate * h.Repeats, Src: random}.Rand()
		}
		sample = append(sample, s)
	}
	return sample
}

// The parameters of a simulation are found again, from where other populations are.
func TestFitFindsTheParametersOfASimulation(t *testing.T) {
	t.Parallel()
	const part = 0.12 // a few standard errors of 20,000 customers
	for _, o := range []Orders{{MBGNBD, 0.8, 20, 0.9, 3}, {BGNBD, 0.8, 20, 0.9, 3}} {
		t.Run(string(o.Model), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			sample := population(random, o, 20000)
			got, err := FitOrders(sample, PriorOrders(o.Model))
			require.NoError(t, err)
			for i, want := range o.parameters() {
				assertRelative(t, want, got.Model.parameters()[i], part, ordersNames[i])
			}
			v := Values{4, 3, 50}
			values, err := FitValues(spending(random, v, sample), PriorValues())
			require.NoError(t, err)
			for i, want := range v.parameters() {
				assertRelative(t, want, values.Model.parameters()[i], part, valuesNames[i])
			}
		})
	}
}

// Units do not matter: of money, or of shops where months lie between orders.
func TestFitInAnyUnits(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(19, 20))
	histories := population(random, Orders{MBGNBD, 0.8, 20, 0.9, 3}, 3000)
	means := spending(random, Values{4, 3, 50}, histories)
	for _, unit := range []float64{1e-3, 0.1, 30, 1e4} {
		scaled, worth := slices.Clone(histories), slices.Clone(means)
		for i := range scaled {
			scaled[i].Recency *= unit
			scaled[i].Age *= unit
			worth[i].Mean *= unit
		}
		for _, model := range []Model{MBGNBD, BGNBD} {
			want, err := FitOrders(histories, PriorOrders(model))
			require.NoError(t, err)
			got, err := FitOrders(scaled, PriorOrders(model))
			require.NoError(t, err, "%s, times %v", model, unit)
			assertRelative(t, want.Model.R, got.Model.R, 1e-3, model, unit)
			assertRelative(t, want.Model.Alpha*unit, got.Model.Alpha, 1e-3, model, unit)
			assertRelative(t, want.Model.A, got.Model.A, 1e-3, model, unit)
			assertRelative(t, want.Model.B, got.Model.B, 1e-3, model, unit)
		}
		want, err := FitValues(means, PriorValues())
		require.NoError(t, err)
		got, err := FitValues(worth, PriorValues())
		require.NoError(t, err, "values times %v", unit)
		assertRelative(t, want.Model.P, got.Model.P, 1e-3, unit)
		assertRelative(t, want.Model.Q, got.Model.Q, 1e-3, unit)
		assertRelative(t, want.Model.Gamma*unit, got.Model.Gamma, 1e-3, unit)
	}
}

// The order of a sample does not matter to the bit, nor does where a fit begins to what can be
// told.
func TestFitDependsOnTheSampleOnly(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	o, v := Orders{MBGNBD, 0.8, 20, 0.9, 3}, Values{4, 3, 50}
	histories := population(random, o, 3000)
	means := spending(random, v, histories)
	first, err := FitOrders(histories, PriorOrders(MBGNBD))
	require.NoError(t, err)
	values, err := FitValues(means, PriorValues())
	require.NoError(t, err)

	random.Shuffle(len(histories), func(i, j int) { histories[i], histories[j] = histories[j], histories[i] })
	random.Shuffle(len(means), func(i, j int) { means[i], means[j] = means[j], means[i] })
	again, err := FitOrders(histories, PriorOrders(MBGNBD))
	require.NoError(t, err)
	assert.Equal(t, first, again)
	same, err := FitValues(means, PriorValues())
	require.NoError(t, err)
	assert.Equal(t, values, same)

	warm, err := FitOrders(histories, first.Model)
	require.NoError(t, err)
	assert.InDelta(t, first.LogLikelihood, warm.LogLikelihood, 1e-6)
	far, err := FitOrders(histories, Orders{MBGNBD, 5, 1, 10, 0.1})
	require.NoError(t, err)
	assert.InDelta(t, first.LogLikelihood, far.LogLikelihood, 1e-6)
	for i, want := range first.Model.parameters() {
		assertRelative(t, want, far.Model.parameters()[i], 1e-3, ordersNames[i])
	}
}

// The derivatives are those of the likelihood.
func TestGradients(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	histories := population(random, PriorOrders(MBGNBD), 300)
	values := &valuesLikelihood{}
	for _, s := range spending(random, Values{4, 3, 50}, histories) {
		if s.Orders > 0 {
			values.add(s)
		}
	}
	mbg, bg := &ordersLikelihood{model: MBGNBD}, &ordersLikelihood{model: BGNBD}
	for _, h := range histories {
		mbg.add(h)
		bg.add(h)
	}
	for name, test := range map[string]struct {
		likelihood
		at []float64
	}{
		"MBG/NBD": {mbg, []float64{0.5, 40, 0.8, 2}}, "BG/NBD": {bg, []float64{0.3, 30, 0.7, 2.5}}, "gamma-gamma": {values, []float64{5, 2.5, 30}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gradient := make([]float64, len(test.at))
			test.likelihood.at(test.at, gradient)
			for i := range test.at {
				const h = 1e-6
				up, down := append([]float64{}, test.at...), append([]float64{}, test.at...)
				up[i] *= 1 + h
				down[i] *= 1 - h
				difference := (test.likelihood.at(up, nil) - test.likelihood.at(down, nil)) / (2 * h * test.at[i])
				assert.InDelta(t, difference, gradient[i], 1e-5*(1+math.Abs(difference)))
			}
		})
	}
}

// Samples that no population could be told from.
func TestFitRefuses(t *testing.T) {
	t.Parallel()
	history := func(n int, h History) (sample []History) {
		for range n {
			sample = append(sample, h)
		}
		return sample
	}
	for name, test := range map[string]struct {
		sample []History
		err    error
	}{
		"nobody":             {nil, ErrSample},
		"a handful":          {history(9, History{3, 20, 40}), ErrSample},
		"no repeats":         {history(500, History{0, 0, 40}), ErrSample},
		"all the same":       {history(500, History{3, 40, 40}), ErrFit},
		"recency beyond age": {history(500, History{3, 50, 40}), ErrSample},
		"not a number":       {history(500, History{math.NaN(), 50, 40}), ErrSample},
		"infinite":           {history(500, History{3, 50, math.Inf(1)}), ErrSample},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, model := range []Model{MBGNBD, BGNBD} {
				_, err := FitOrders(test.sample, PriorOrders(model))
				require.ErrorIs(t, err, test.err)
				if errors.Is(test.err, ErrFit) {
					require.ErrorContains(t, err, "there is no greatest likelihood")
				}
			}
		})
	}
	same := make([]Spending, 500)
	for i := range same {
		same[i] = Spending{Orders: 2, Mean: 30}
	}
	_, err := FitValues(same, PriorValues())
	require.ErrorIs(t, err, ErrFit)
	_, err = FitValues(make([]Spending, 500), PriorValues())
	require.ErrorIs(t, err, ErrSample)
	_, err = FitOrders(history(500, History{3, 20, 40}), Orders{})
	require.ErrorContains(t, err, "mbg_nbd")
}

// Where nobody leaves, that is what is found, and the rates beside it.
func TestFitWhereNobodyLeaves(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(17, 18))
	var sample []History
	for range 2000 {
		h := History{Age: float64(10 + random.IntN(20))}
		rate := 0.2 * random.ExpFloat64()
		for at := random.ExpFloat64() / rate; at < h.Age; at += random.ExpFloat64() / rate {
			h.Repeats, h.Recency = h.Repeats+1, at
		}
		sample = append(sample, h)
	}
	for _, start := range []Orders{PriorOrders(MBGNBD), PriorOrders(BGNBD), {MBGNBD, 0.4, 70, 4e-5, 9900}, {BGNBD, 0.4, 70, 4e-5, 9900}} {
		got, err := FitOrders(sample, start)
		require.NoError(t, err, "%+v", start)
		assertRelative(t, 1, got.Model.R, 0.12, "r")
		assertRelative(t, 5, got.Model.Alpha, 0.2, "alpha")
		there := 0.0
		for _, h := range sample {
			there += got.Model.Alive(h) / float64(len(sample))
		}
		assert.Greater(t, there, 0.99)
	}
}

// Where all leave alike, only the ratio of a to b can be told, and is.
func TestFitWhereAllLeaveAlike(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(43, 44))
	var sample []History
	for range 10_000 {
		h := History{Age: float64(100 + random.IntN(400))}
		rate := 0.05 * random.ExpFloat64()
		for at := random.ExpFloat64() / rate; at < h.Age; at += random.ExpFloat64() / rate {
			if h.Repeats, h.Recency = h.Repeats+1, at; random.Float64() < 0.2 {
				break
			}
		}
		sample = append(sample, h)
	}
	got, err := FitOrders(sample, PriorOrders(BGNBD))
	require.NoError(t, err)
	assertRelative(t, 1, got.Model.R, 0.1, "r")
	assertRelative(t, 20, got.Model.Alpha, 0.1, "alpha")
	assertRelative(t, 0.2, got.Model.A/(got.Model.A+got.Model.B), 0.1, "share that leaves")
	assert.Greater(t, got.Model.A, 50.0)
}

// Customers who order once a year tell little about how they leave in a year: the fit gives
// what they do tell.
func TestFitOfFewRepeats(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		for _, model := range []Model{MBGNBD, BGNBD} {
			random := rand.New(rand.NewPCG(seed, 45))
			truth := Orders{model, 1, 300, 0.8, 2}
			var sample []History
			for range 5000 {
				h := History{Age: float64(1 + random.IntN(365))}
				for _, at := range life(random, truth, h.Age) {
					h.Repeats, h.Recency = h.Repeats+1, math.Floor(at)
				}
				sample = append(sample, h)
			}
			got, err := FitOrders(sample, PriorOrders(model))
			require.NoError(t, err, "%s, seed %d", model, seed)
			want, expected := 0.0, 0.0
			for _, h := range sample {
				want += truth.Expected(h, 90)
				expected += got.Model.Expected(h, 90)
			}
			assertRelative(t, want, expected, 0.1, model, seed)
		}
	}
}

// Values whose mean over the population is infinite.
func TestFitRefusesAnInfiniteMean(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 8))
	var histories []History
	for range 5000 {
		histories = append(histories, History{Repeats: float64(1 + random.IntN(5))})
	}
	_, err := FitValues(spending(random, Values{4, 0.7, 50}, histories), PriorValues())
	require.ErrorIs(t, err, ErrFit)
	require.ErrorContains(t, err, "infinite")
}

func BenchmarkFitOrders100k(b *testing.B) {
	random := rand.New(rand.NewPCG(9, 10))
	for _, model := range []Model{MBGNBD, BGNBD} {
		o := Orders{model, 0.8, 20, 0.9, 3}
		sample := population(random, o, 100_000)
		byDay := make([]History, len(sample))
		for i, h := range sample {
			byDay[i] = History{h.Repeats, math.Floor(h.Recency), math.Floor(h.Age)}
		}
		for name, sample := range map[string][]History{"to the second": sample, "by day": byDay} {
			b.Run(string(model)+" "+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, err := FitOrders(sample, PriorOrders(model))
					require.NoError(b, err)
				}
			})
		}
	}
}

func BenchmarkFitValues100k(b *testing.B) {
	random := rand.New(rand.NewPCG(11, 12))
	sample := spending(random, Values{4, 3, 50}, population(random, Orders{MBGNBD, 0.8, 20, 0.9, 3}, 100_000))
	b.ReportAllocs()
	for b.Loop() {
		_, err := FitValues(sample, PriorValues())
		require.NoError(b, err)
	}
}
