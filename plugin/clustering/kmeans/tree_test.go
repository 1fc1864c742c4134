package kmeans

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

var _ clustering.Engine = (*Tree)(nil)

func mixture(seed uint64, n, d, k int) [][]float64 {
	random := rand.New(rand.NewPCG(seed, 0))
	centres := make([][]float64, k)
	for c := range centres {
		centres[c] = make([]float64, d)
		for j := range d {
			centres[c][j] = 5 * random.NormFloat64()
		}
	}
	points := make([][]float64, n)
	for i := range points {
		points[i] = make([]float64, d)
		c := centres[random.IntN(k)]
		for j := range d {
			points[i][j] = c[j] + random.NormFloat64()
		}
	}
	return points
}

type discard struct{}

func (discard) Put([]byte, []byte) {}
func (discard) Delete([]byte)      {}

func TestFirst(t *testing.T) {
	tree, err := NewTree(TreeConfig{K: 5, MicroClusters: 200, Scaling: true})
	require.NoError(t, err)
	points := mixture(1, 20000, 4, 5)
	type held struct {
		id clustering.MicroID
		x  []float64
	}
	customers := map[int]held{}
	random := rand.New(rand.NewPCG(9, 9))
	for i, x := range points {
		c := random.IntN(2000)
		if h, ok := customers[c]; ok {
			require.NoError(t, tree.Retract(h.id, h.x))
		}
		customers[c] = held{tree.Insert(x), x}
		tree.Advance()
		if i%500 == 0 {
			require.NoError(t, tree.Check(), i)
		}
	}
	for _, s := range tree.Segments() {
		t.Log(s.ID, s.Members.N(), s.Centre)
	}
	t.Log(len(tree.micros), len(tree.aliases), tree.threshold, tree.clock)
}

func BenchmarkTree(b *testing.B) {
	points := mixture(1, 100000, 10, 10)
	for _, refresh := range []int{1000, 10000, 1 << 40} {
		b.Run("", func(b *testing.B) {
			tree, err := NewTree(TreeConfig{K: 10, Scaling: true, RefreshPoints: refresh})
			require.NoError(b, err)
			for _, x := range points {
				tree.Release(tree.Insert(x))
				tree.Advance()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				tree.Release(tree.Insert(points[i%len(points)]))
				tree.Advance()
				if i%1000 == 0 {
					tree.Save(discard{})
				}
			}
			b.Log(len(tree.micros), tree.threshold, tree.clock)
		})
	}
}
