package identity

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// best is the largest gain that any pairing has.
func best(gain [][]float64, row int, taken map[int]bool) float64 {
	if row == len(gain) {
		return 0
	}
	most := best(gain, row+1, taken) // left over
	for j, g := range gain[row] {
		if !taken[j] {
			taken[j] = true
			most = max(most, g+best(gain, row+1, taken))
			delete(taken, j)
		}
	}
	return most
}

func TestAssignIsOptimal(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 0))
	for range 2000 {
		rows, columns := 1+random.IntN(5), 1+random.IntN(5)
		gain := make([][]float64, rows)
		for i := range gain {
			gain[i] = make([]float64, columns)
			for j := range gain[i] {
				gain[i][j] = float64(random.IntN(6)) // with ties, and nothing
			}
		}
		pairs := assign(gain)
		sum, taken := 0.0, map[int]bool{}
		for i, j := range pairs {
			if j < 0 {
				continue
			}
			require.False(t, taken[j], "a column is used once")
			taken[j] = true
			sum += gain[i][j]
		}
		require.InDelta(t, best(gain, 0, map[int]bool{}), sum, 1e-9, "%v", gain)
		require.Equal(t, pairs, assign(gain), "always the same")
	}
	require.Nil(t, assign(nil))
}

func BenchmarkAssign(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 0))
	gain := make([][]float64, 200)
	for i := range gain {
		gain[i] = make([]float64, 200)
		for j := range gain[i] {
			gain[i][j] = random.Float64()
		}
	}
	for b.Loop() {
		assign(gain)
	}
}
