package density_test

import (
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/density"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/laws"
)

func made(t testing.TB, config density.Config) func() clustering.Engine {
	t.Helper()
	return func() clustering.Engine {
		e, err := density.NewEngine(config)
		require.NoError(t, err)
		return e
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	fading := density.Parameters{Fading: 0.003, Cleanup: 100, Intersection: 0.1, MinWeight: 2}
	laws.Hold(t, map[string]func() clustering.Engine{
		"ladder":          made(t, density.Config{Parameters: lasting(), Keyed: true, Warmup: 50, RefreshPoints: 100}),
		"ladder, fading":  made(t, density.Config{Parameters: fading, Keyed: true, MicroClusters: 40, Warmup: 50, RefreshPoints: 100, Scaling: cf.Robust}),
		"radius":          made(t, density.Config{Parameters: lasting(), Radius: 0.5, Keyed: true, Warmup: 50, RefreshPoints: 100}),
		"radius, at once": made(t, density.Config{Parameters: fading, Radius: 2, Keyed: true, MicroClusters: 20, Warmup: 1, RefreshPoints: 70, Scaling: cf.None}),
		"event time":      made(t, density.Config{Parameters: fading, Radius: 1, EventTime: true, Keyed: true, RefreshPoints: 100}),
	}, true)
}

func lasting() density.Parameters { return density.Parameters{Cleanup: 100, Intersection: 0.1} }

func TestLineage(t *testing.T) {
	t.Parallel()
	laws.Lineage(t, made(t, density.Config{Parameters: lasting(), Keyed: true, RefreshPoints: 500}), true)
}

func TestOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	laws.OthersAreLeftAlone(t, made(t, density.Config{Parameters: lasting(), Keyed: true, RefreshPoints: 500}))
}

// No number changes, whether there are segments or one cloud.
func TestStationaryStream(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	for name, stream := range map[string]struct {
		spread float64
		points int
	}{"apart": {10, 1_000_000}, "one cloud": {0, 200_000}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			laws.Stationary(t, made(t, density.Config{Parameters: parameters()})(), stream.spread, 5000, stream.points)
		})
	}
}

// Nor does any where groups are longish stripes, or clouds beside features that say nothing,
// whether points are of customers or of nobody.
func TestStationaryCustomers(t *testing.T) {
	t.Parallel()
	for name, draw := range map[string]func(r *rand.Rand, who int) []float64{
		"stripes": func(r *rand.Rand, who int) []float64 {
			return []float64{float64(who%5)*20 + r.NormFloat64(), r.NormFloat64()}
		},
		"clouds": func(r *rand.Rand, who int) []float64 {
			return []float64{10*float64(who%2) + r.NormFloat64(), 10*float64(who/2%2) + r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
		},
	} {
		for _, keyed := range []bool{true, false} {
			config := density.Config{Parameters: parameters()}
			if config.Keyed = keyed; keyed {
				config.Parameters = lasting()
			}
			for seed := uint64(30); seed < 32; seed++ {
				changes := laws.StationaryCustomers(t, made(t, config)(), keyed, seed, draw, 40_000)
				assert.Zero(t, changes, "%s, keyed %v, seed %d", name, keyed, seed)
			}
		}
	}
}

// An engine that is saved and loaded goes on to the bit as one that never was, also when the
// radius that suits the stream changes.
func TestRadiusChangesAreSaved(t *testing.T) {
	t.Parallel()
	run := func(reload bool) laws.Records {
		saved, build := laws.Records{}, made(t, density.Config{Parameters: parameters(), RefreshPoints: 200})
		engine, random := build(), rand.New(rand.NewPCG(5, 1))
		for i := range 9000 {
			draw := shapes[[]string{"rings", "moons", "square"}[i/3000]]
			engine.Release(engine.Insert(draw(random, float64(random.IntN(2))), int64(i)))
			engine.Advance()
			if i%97 == 0 {
				engine.Save(saved)
				if reload {
					engine = saved.Load(t, build())
				}
			}
		}
		engine.Save(saved)
		return saved
	}
	assert.True(t, maps.Equal(run(false), run(true)))
}
