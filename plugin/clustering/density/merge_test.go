package density_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/density"
	"github.com/shoal-stream/shoal/tests/streams"
)

// Eight shards that each learned every eighth point agree, once they are merged, with one
// engine that has learned all.
func TestMerge(t *testing.T) {
	t.Parallel()
	parameters := density.Parameters{Fading: 0.0003, Cleanup: 1000, Intersection: 0.1}
	each := parameters
	each.Fading *= 8 // their points are fewer, for as long
	each.Cleanup /= 8
	draw := map[string]func(*rand.Rand) ([]float64, int){}
	for _, name := range []string{"moons", "rings", "waves"} {
		draw[name] = func(r *rand.Rand) ([]float64, int) {
			group := r.IntN(2)
			return shapes[name](r, float64(group)), group
		}
	}
	c := newClouds(5, 4, 6, 10)
	draw["clouds"] = func(*rand.Rand) ([]float64, int) {
		cloud := c.random.IntN(6)
		x, _ := c.draw(cloud)
		return x, cloud
	}
	total, runs := 0.0, 0.0
	for name, draw := range draw {
		for _, radius := range []float64{0, 0.2} {
			if radius > 0 && name == "clouds" {
				continue // it is too small for that many dimensions
			}
			whole := made(t, density.Config{Parameters: parameters, Radius: radius})()
			shards := make([]*density.Engine, 8)
			for i := range shards {
				shards[i] = made(t, density.Config{Parameters: each, Radius: radius})().(*density.Engine)
			}
			random := rand.New(rand.NewPCG(9, 1))
			for i := range 24_000 {
				x, _ := draw(random)
				for _, engine := range []clustering.Engine{whole, shards[i%8]} {
					engine.Release(engine.Insert(x, int64(i)))
					engine.Advance()
				}
			}
			merged, err := density.Merge(density.Config{Parameters: parameters, Radius: radius}, shards...)
			require.NoError(t, err)
			require.NoError(t, merged.Check())
			weight := 0.0
			for _, s := range shards {
				weight += s.Size()
			}
			assert.InEpsilon(t, weight, merged.Size(), 1e-3)
			var one, eight, truth []int
			for range 5000 {
				x, group := draw(random)
				one = append(one, int(whole.Home(whole.Nearest(x)).Segment))
				eight = append(eight, int(merged.Home(merged.Nearest(x)).Segment))
				truth = append(truth, group)
			}
			ari := streams.ARI(one, eight)
			t.Logf("%s, radius %v: ARI %.4f with one engine; of %d and %d segments; with the truth %.4f and %.4f",
				name, radius, ari, len(whole.Segments()), len(merged.Segments()), streams.ARI(truth, one), streams.ARI(truth, eight))
			assert.Greater(t, ari, 0.97, name)
			total, runs = total+ari, runs+1
			for range 500 { // it goes on
				x, _ := draw(random)
				merged.Release(merged.Insert(x, 24_000))
				merged.Advance()
			}
			require.NoError(t, merged.Check())
		}
	}
	assert.Greater(t, total/runs, 0.99)
}

func TestMergeOfWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	config := density.Config{Parameters: density.Parameters{Fading: 0.001, Cleanup: 100, Intersection: 0.1}, Radius: 0.2}
	shard := func(c density.Config, points int) *density.Engine {
		e := made(t, c)().(*density.Engine)
		for i := range points {
			e.Release(e.Insert([]float64{float64(i % 2), 0}, int64(i)))
			e.Advance()
		}
		return e
	}
	wider := config
	wider.Radius = 0.4
	_, err := density.Merge(config, shard(config, 500), shard(wider, 500))
	require.ErrorContains(t, err, "Radius")
	_, err = density.Merge(config, shard(config, 500), shard(config, 1))
	require.ErrorContains(t, err, "warming up")
	none, err := density.Merge(config)
	require.NoError(t, err)
	assert.Zero(t, none.Size())
	wider.Fading = -1
	_, err = density.Merge(wider)
	require.Error(t, err)
}
