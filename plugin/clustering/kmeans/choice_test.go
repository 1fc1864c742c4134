package kmeans_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

// Groups that are apart are found in their number, and nothing is made of one cloud.
func TestChoosesTheNumberOfSegments(t *testing.T) {
	t.Parallel()
	right, total := 0, 0
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 77))
		k, d := 2+random.IntN(9), 2+random.IntN(6)
		var centres [][]float64
		for len(centres) < k {
			centre := make([]float64, d)
			for j := range centre {
				centre[j] = 7 * random.NormFloat64()
			}
			apart := true
			for _, other := range centres {
				apart = apart && distance(centre, other) > 6
			}
			if apart {
				centres = append(centres, centre)
			}
		}
		tree, err := kmeans.NewTree(kmeans.TreeConfig{})
		require.NoError(t, err)
		x := make([]float64, d)
		for i := range 3000 {
			for j := range x {
				x[j] = centres[i%k][j] + random.NormFloat64()
			}
			tree.Release(tree.Insert(x, int64(i)))
			tree.Advance()
		}
		total++
		if len(tree.Segments()) == k {
			right++
		} else {
			t.Logf("seed %d: %d groups, %d segments", seed, k, len(tree.Segments()))
		}
	}
	t.Logf("%d of %d", right, total)
	assert.GreaterOrEqual(t, float64(right)/float64(total), 0.95)
}

func distance(a, b []float64) (sum float64) {
	for j := range a {
		sum += (a[j] - b[j]) * (a[j] - b[j])
	}
	return math.Sqrt(sum)
}

// Points that are few, equal or on a grid have as many segments as there are.
func TestChoosesAmongFewPoints(t *testing.T) {
	t.Parallel()
	for distinct, want := range map[int]int{1: 1, 2: 2, 3: 3, 5: 5} {
		tree, err := kmeans.NewTree(kmeans.TreeConfig{Warmup: 20})
		require.NoError(t, err)
		for i := range 1000 {
			place := float64(i % distinct)
			tree.Release(tree.Insert([]float64{place * place, math.Sin(place)}, 0))
			tree.Advance()
		}
		require.NoError(t, tree.Check())
		assert.Len(t, tree.Segments(), want, "%d distinct points", distinct)
	}
}
