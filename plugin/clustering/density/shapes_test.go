package density_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/density"
	"github.com/shoal-stream/shoal/tests/streams"
)

// shapes draw a point of one of two groups, or of one.
var shapes = map[string]func(r *rand.Rand, group float64) []float64{
	"moons": func(r *rand.Rand, group float64) []float64 {
		a, side := math.Pi*r.Float64(), 1-2*group
		return []float64{group + side*math.Cos(a) + 0.06*r.NormFloat64(), group/2 + side*math.Sin(a) + 0.06*r.NormFloat64()}
	},
	"rings": func(r *rand.Rand, group float64) []float64 {
		a, radius := 2*math.Pi*r.Float64(), 1+2*group+0.12*r.NormFloat64()
		return []float64{radius * math.Cos(a), radius * math.Sin(a)}
	},
	"waves": func(r *rand.Rand, group float64) []float64 {
		a := 4 * math.Pi * r.Float64()
		return []float64{a, math.Sin(a) + 2*group + 0.1*r.NormFloat64()}
	},
	"cloud": func(r *rand.Rand, _ float64) []float64 {
		return []float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
	},
	"square": func(r *rand.Rand, _ float64) []float64 { return []float64{r.Float64(), r.Float64()} },
}

// Segments have any shape, of points and of customers, and what has no gap is one, but for its fringe.
func TestShapes(t *testing.T) {
	t.Parallel()
	for name, draw := range shapes {
		for _, keyed := range []bool{false, true} {
			config := density.Config{Parameters: parameters()}
			if config.Keyed = keyed; keyed {
				config.Parameters = lasting()
			}
			engine := made(t, config)()
			random := rand.New(rand.NewPCG(3, 1))
			var truth, found []int
			for i := range 15_000 {
				group := random.IntN(2)
				id := engine.Insert(draw(random, float64(group)), int64(i))
				engine.Advance()
				if i >= 3000 {
					truth, found = append(truth, group), append(found, int(engine.Home(id).Segment))
				}
			}
			require.NoError(t, engine.Check())
			if name == "cloud" || name == "square" {
				most := 0.0
				for _, s := range engine.Segments() {
					most = max(most, s.Members.N()*engine.Fade()/engine.Size())
				}
				assert.Greater(t, most, 0.95, "%s, keyed %v", name, keyed)
				continue
			}
			ari := streams.ARI(truth, found)
			t.Logf("%s, keyed %v: ARI %.3f", name, keyed, ari)
			assert.Greater(t, ari, 0.98, "%s, keyed %v", name, keyed)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	good := parameters()
	for want, change := range map[string]func(c *density.Config){
		"Radius -1: use a number above 0":           func(c *density.Config) { c.Radius = -1 },
		"Fading 2: use a number from 0 to 1":        func(c *density.Config) { c.Fading = 2 },
		"Cleanup 0: use 1 or more":                  func(c *density.Config) { c.Cleanup = 0 },
		"Intersection 0: use a number above 0":      func(c *density.Config) { c.Intersection = 0 },
		"MinWeight -1: use a number above 0":        func(c *density.Config) { c.MinWeight = -1 },
		"MicroClusters 1: use 16 or more":           func(c *density.Config) { c.MicroClusters = 1 },
		"Warmup -1: use 1 or more":                  func(c *density.Config) { c.Warmup = -1 },
		"RefreshPoints -1: use 1 or more":           func(c *density.Config) { c.RefreshPoints = -1 },
		"Radius NaN: use a number above 0, or 0 to": func(c *density.Config) { c.Radius = math.NaN() },
	} {
		config := density.Config{Parameters: good}
		change(&config)
		_, err := density.NewEngine(config)
		require.ErrorContains(t, err, want)
	}
}

// Time that is told in hours, not in points, fades what was learned in hours.
func TestFadesInEventTime(t *testing.T) {
	t.Parallel()
	config := density.Config{Parameters: parameters(), EventTime: true, Warmup: 100}
	config.Fading, config.Cleanup = 1.0/3600e9, 1000e9
	engine := made(t, config)()
	random := rand.New(rand.NewPCG(1, 0))
	insert := func(n int, from, step int64, centre float64) (last clustering.SegmentID) {
		for i := range n {
			id := engine.Insert([]float64{centre + random.NormFloat64(), random.NormFloat64()}, from+int64(i)*step)
			engine.Advance()
			last = engine.Home(id).Segment
			engine.Release(id)
		}
		return last
	}
	const second, hour = int64(1e9), 3600 * int64(1e9)
	insert(2000, 0, second, 0)
	size := engine.Size()
	assert.InDelta(t, 3600/math.Ln2*(1-math.Exp2(-2000.0/3600)), size, 20, "points of a second each, which halve in an hour")
	other := insert(2000, 3*hour, second, 100)
	assert.NotZero(t, other)
	insert(3000, 24*hour, second, 100)
	segments := engine.Segments()
	require.Len(t, segments, 1, "the first is forgotten after a day")
	assert.Equal(t, other, segments[0].ID)
	late := engine.Insert([]float64{100, 0}, 20*hour)
	assert.NotZero(t, late)
	require.NoError(t, engine.Check())
}
