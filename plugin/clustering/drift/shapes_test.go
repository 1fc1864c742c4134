package drift_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/drift"
)

// shapes are what data looks like that is no cloud. None of them drifts. A vector is that of
// somebody, whom some of them go by.
var shapes = map[string]func(r *rand.Rand, who uint64) []float64{
	"lognormal": func(r *rand.Rand, _ uint64) []float64 {
		return []float64{math.Exp(1.5 * r.NormFloat64()), math.Exp(r.NormFloat64())}
	},
	"lognormal by customer": func(r *rand.Rand, who uint64) []float64 {
		own := rand.New(rand.NewPCG(who, 9)).NormFloat64()
		return []float64{math.Exp(own + 0.2*r.NormFloat64()), math.Exp(4 + own + 0.2*r.NormFloat64()), 60 * r.ExpFloat64()}
	},
	"Cauchy": func(r *rand.Rand, _ uint64) []float64 {
		return []float64{math.Tan(math.Pi * (r.Float64() - 0.5)), r.NormFloat64()}
	},
	"stripes": func(r *rand.Rand, who uint64) []float64 {
		return []float64{20*float64(who%5) + r.NormFloat64(), r.NormFloat64()}
	},
	"integers": func(r *rand.Rand, who uint64) []float64 {
		return []float64{float64(who % 4), float64(who % 3), float64(r.IntN(3))}
	},
	"one in 100 has a flag":     flagged(100, 1),
	"one in 1000 has a flag":    flagged(1000, 1),
	"one in 3000 has a flag":    flagged(3000, 1),
	"one in 10000 has a flag":   flagged(10_000, 1),
	"one in 30 has a value":     flagged(30, 20),
	"one in 300 has a value":    flagged(300, 20),
	"there is nothing but flag": func(r *rand.Rand, _ uint64) []float64 { return []float64{flag(r, 1000, 1)} },
}

func flag(r *rand.Rand, in int, value float64) float64 {
	if r.IntN(in) == 0 {
		return value
	}
	return 0
}

func flagged(in int, value float64) func(r *rand.Rand, who uint64) []float64 {
	return func(r *rand.Rand, who uint64) []float64 {
		return []float64{8*float64(who%3) + r.NormFloat64(), flag(r, in, value)}
	}
}

// thirds is a model of up to three segments, cut from what comes by its first feature.
func thirds(next func() []float64) *still {
	s := &still{population: &cf.Feature{}}
	list := make([][]float64, 2000)
	for i := range list {
		list[i] = next()
		s.population.Insert(1, list[i])
	}
	for i := range 3 {
		s.segments = append(s.segments, clustering.Segment{ID: clustering.SegmentID(i + 1), Members: &cf.Feature{}})
	}
	for _, x := range list {
		third := 2 * x[0] / max(s.population.Mean(0), 1e-9)
		s.segments[int(max(0, min(third-0.5, 2)))].Members.Insert(1, x)
	}
	s.metric = cf.NewMetric(cf.Standard, s.population, nil, nil)
	return s
}

// A stream of any shape that goes on as it is raises no alarm, though half of what is rare in
// it was never seen when the monitor learned.
func TestNoShapeIsADrift(t *testing.T) {
	t.Parallel()
	for name, draw := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(4) {
				random := rand.New(rand.NewPCG(seed, 7))
				next := func() []float64 { return draw(random, random.Uint64N(2000)) }
				of, watch := thirds(next), drift.NewMonitor()
				for i := range 100_000 {
					a, alarm := watch.Add(next(), random.IntN(50) == 0, of)
					require.False(t, alarm, "seed %d, arrival %d: %v of %v: %v", seed, i, a.Detector, a.Signal, a.Change)
				}
			}
		})
	}
}

// What is rare does not hide a drift of what is not.
func TestDriftsBesideWhatIsRare(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(r *rand.Rand, x []float64)
		within int
	}{
		"a group moves by one deviation":  {func(_ *rand.Rand, x []float64) { x[0] += step(x, 1) }, 4000},
		"a group moves by two deviations": {func(_ *rand.Rand, x []float64) { x[0] += step(x, 2) }, 1000},
		"a group moves by six deviations": {func(_ *rand.Rand, x []float64) { x[0] += step(x, 6) }, 200},
		"newcomers":                       {func(r *rand.Rand, x []float64) { x[0] -= 15 * flag(r, 20, 1) }, 800},
		"strays":                          {func(r *rand.Rand, x []float64) { x[0] += flag(r, 20, 60*r.Float64()-30) }, 1500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, in := range []int{100, 1000, 3000, 10_000} {
				random := rand.New(rand.NewPCG(uint64(in), 7))
				next := func() []float64 { return flagged(in, 1)(random, random.Uint64()) }
				of, watch := thirds(next), drift.NewMonitor()
				for range 20_000 {
					_, alarm := watch.Add(next(), false, of)
					require.False(t, alarm)
				}
				delay := 0
				for alarm := false; !alarm && delay < 20_000; delay++ {
					x := next()
					test.change(random, x)
					_, alarm = watch.Add(x, false, of)
				}
				t.Logf("a flag in %d: told after %d", in, delay)
				assert.LessOrEqual(t, delay, test.within, "a flag in %d", in)
			}
		})
	}
}

// step is by how much one moves, if it is the middle group that moves.
func step(x []float64, by float64) float64 {
	if x[0] > 4 && x[0] < 12 {
		return by
	}
	return 0
}
