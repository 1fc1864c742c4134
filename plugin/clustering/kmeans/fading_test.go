package kmeans_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/laws"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

// One point per unit of time fades to 1/(1-2^(-1/h)), whatever the half-life and however
// long the stream; a late one weighs what the others of its time weigh by now.
func TestPointsFadeInEventTime(t *testing.T) {
	t.Parallel()
	tree, err := kmeans.NewTree(kmeans.TreeConfig{K: 1, Warmup: 10, HalfLife: 4 * time.Second})
	require.NoError(t, err)
	put := func(x float64, second int) {
		tree.Release(tree.Insert([]float64{x}, int64(second)*int64(time.Second)))
		tree.Advance()
	}
	for second := range 10_000 {
		put(1, second)
	}
	want := 1 / (1 - math.Exp2(-0.25))
	assert.InDelta(t, want, tree.Size(), 1e-6, "as DenStream's micro-cluster should: 6.285")
	put(100, 9999-4)
	assert.InDelta(t, want+0.5, tree.Size(), 1e-6)
	assert.InDelta(t, (want+50)/(want+0.5), tree.Mean(0), 1e-6)
	require.NoError(t, tree.Check())
	require.Error(t, tree.Retract(1, []float64{1}))
}

// A centre of sequential k-means forgets with event time, not with the number of points.
func TestCentresFadeInEventTime(t *testing.T) {
	t.Parallel()
	online, err := kmeans.NewOnline(kmeans.OnlineConfig{K: 1, Centers: [][]float64{{0}}, CenterWeights: []float64{0}, HalfLife: time.Hour, Scaling: cf.None})
	require.NoError(t, err)
	hour := int64(time.Hour)
	put := func(x float64, at int64) clustering.MicroID { return online.Insert([]float64{x}, at) }
	ids := []clustering.MicroID{
		put(0, 0),
		put(10, hour), // the one before weighs half of it: 20/3
		put(0, 0),     // late, and weighs half as well: 5
		put(15, hour), // beside 1, ½ and ½: 25/3
	}
	for i, x := range []float64{0, 10, 0, 15} { // the members go, what was learned stays
		require.NoError(t, online.Retract(ids[i], []float64{x}))
	}
	assert.InDelta(t, 25.0/3, online.Segments()[0].Centre[0], 1e-9)
}

// A tree whose points fade goes on where it was saved, also while it refines, and drops
// what weighs nothing any more.
func TestFadingIsSaved(t *testing.T) {
	t.Parallel()
	run := func(reload bool) laws.Records {
		saved, random, when := laws.Records{}, rand.New(rand.NewPCG(1, 0)), rand.New(rand.NewPCG(2, 0))
		fresh := func() *kmeans.Tree {
			tree, err := kmeans.NewTree(kmeans.TreeConfig{KMin: 2, KMax: 5, MicroClusters: 50, Warmup: 50, RefreshPoints: 40, HalfLife: time.Minute})
			require.NoError(t, err)
			return tree
		}
		tree := fresh()
		for i := range 6000 {
			x := []float64{random.NormFloat64() + float64(i/1000), 5 * float64(random.IntN(3))}
			at := int64(i) * int64(time.Second)
			if random.IntN(10) == 0 {
				at -= int64(time.Duration(random.IntN(300)) * time.Second)
			}
			tree.Release(tree.Insert(x, at))
			tree.Advance()
			tree.Events()
			if when.IntN(20) == 0 {
				tree.Save(saved)
				if reload {
					tree = saved.Load(t, fresh()).(*kmeans.Tree)
				}
			}
		}
		tree.Save(saved)
		require.NoError(t, tree.Check())
		assert.InDelta(t, (0.9+0.1*0.28)/(1-math.Exp2(-1.0/60)), tree.Size(), 5, "a tenth is late, and weighs 0.28 on average")
		return saved
	}
	assert.True(t, maps.Equal(run(false), run(true)))
}
