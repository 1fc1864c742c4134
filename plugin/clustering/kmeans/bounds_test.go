package kmeans_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/laws"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

// A model whose points fade opens again after a silence of any length.
func TestSilenceOfManyHalfLives(t *testing.T) {
	t.Parallel()
	for _, minutes := range []int64{35, 50, 100, 2000} {
		for n := 300; n < 330; n += 3 {
			fresh := func() *kmeans.Tree {
				tree, err := kmeans.NewTree(kmeans.TreeConfig{K: 3, HalfLife: time.Minute, Warmup: 50, RefreshPoints: 100})
				require.NoError(t, err)
				return tree
			}
			tree, random, at := fresh(), rand.New(rand.NewPCG(1, 1)), int64(0)
			put := func() {
				tree.Release(tree.Insert([]float64{random.NormFloat64() + 10*float64(random.IntN(3)), random.NormFloat64()}, at))
				tree.Advance()
			}
			for range n {
				at += int64(time.Second / 20)
				put()
			}
			at += minutes * int64(time.Minute)
			put()
			saved := laws.Records{}
			tree.Save(saved)
			saved.Load(t, fresh())
		}
	}
}

// Who stays where they are keeps their id when a group goes past them.
func TestAJumpTakesNobodysNumber(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		w := laws.NewWorld(tree(t, kmeans.TreeConfig{RefreshPoints: 500})(), 100+seed)
		for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
			w.Settle(name, 300, 20*float64(i), 30*float64(i%2))
		}
		w.Live(t, 12_000)
		before := w.Segment("a")
		w.Groups["c"].At = []float64{-60, -60}
		w.Live(t, 20_000)
		assert.Equal(t, before, w.Segment("a"))
	}
}

// Centres that die and are replaced without end leave a bounded trace.
func TestLineageIsBounded(t *testing.T) {
	t.Parallel()
	online, err := kmeans.NewOnline(kmeans.OnlineConfig{K: 8, Warmup: 20, RefreshPoints: 100, Factor: 0.7})
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 1))
	for i := range 100_000 {
		online.Release(online.Insert([]float64{random.NormFloat64(), random.NormFloat64()}, int64(i)))
		online.Advance()
		online.Events()
	}
	assert.Less(t, len(online.Lineage()), 50_000, "64 that may revive and 4096 aliases at most")
}

// Points fade within their batch, too.
func TestBatchesFade(t *testing.T) {
	t.Parallel()
	online, err := kmeans.NewOnline(kmeans.OnlineConfig{
		K: 1, Centers: [][]float64{{0}}, CenterWeights: []float64{0}, HalfLife: time.Hour, Batches: true, Scaling: cf.None,
	})
	require.NoError(t, err)
	a, b := online.Insert([]float64{0}, 0), online.Insert([]float64{10}, int64(time.Hour))
	online.EndBatch()
	require.NoError(t, online.Retract(a, []float64{0}))
	require.NoError(t, online.Retract(b, []float64{10}))
	assert.InDelta(t, 20.0/3, online.Segments()[0].Centre[0], 1e-9)
}
