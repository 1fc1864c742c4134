package streams

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestARIOfKnownTables(t *testing.T) {
	for _, c := range []struct {
		truth, found []int
		ari          float64
	}{
		{[]int{0, 0, 1, 1}, []int{7, 7, -3, -3}, 1},
		// Pairs together: 1 in both, 2 and 1 of 6. (1 - 1/3) / (3/2 - 1/3).
		{[]int{0, 0, 1, 1}, []int{0, 0, 1, 2}, 4. / 7},
		// None in both, 2 and 2 of 6. (0 - 2/3) / (2 - 2/3).
		{[]int{0, 0, 1, 1}, []int{0, 1, 0, 1}, -0.5},
		// Cells 2, 1, 2, 1: 2 in both, 6 and 3 of 15. (2 - 6/5) / (9/2 - 6/5).
		{[]int{0, 0, 0, 1, 1, 1}, []int{0, 0, 1, 1, 2, 2}, 0.8 / 3.3},
		{[]int{0, 0, 1, 1}, []int{5, 5, 5, 5}, 0},
		{[]int{0, 0, 1, 1}, []int{1, 2, 3, 4}, 0},
		{[]int{3, 3, 3}, []int{4, 4, 4}, 1},
		{[]int{1, 2, 3}, []int{6, 5, 4}, 1},
		{[]int{1}, []int{2}, 1},
		{nil, nil, 1},
	} {
		require.InDelta(t, c.ari, ARI(c.truth, c.found), 1e-12, c)
	}
}

func TestNMIOfKnownTables(t *testing.T) {
	require.InDelta(t, 1, NMI([]int{0, 0, 1, 1}, []int{5, 5, 4, 4}), 1e-12)
	require.InDelta(t, 0, NMI([]int{0, 0, 1, 1}, []int{0, 1, 0, 1}), 1e-12)
	// The mutual information is ln 2, the entropies are ln 2 and 3/2 ln 2.
	require.InDelta(t, 0.8, NMI([]int{0, 0, 1, 1}, []int{0, 0, 1, 2}), 1e-12)
	require.InDelta(t, 1, NMI([]int{3, 3}, []int{4, 4}), 1e-12)
	require.InDelta(t, 0, NMI([]int{3, 3}, []int{4, 5}), 1e-12)
	require.InDelta(t, 1, NMI(nil, nil), 1e-12)
}

func TestPurityOfKnownTables(t *testing.T) {
	// Majorities of 2 of 3, 2 of 2, and 1 of 2.
	truth, found := []int{1, 1, 2, 2, 2, 3, 1}, []int{0, 0, 0, 4, 4, 9, 9}
	require.InDelta(t, 5./7, Purity(truth, found), 1e-12)
	require.InDelta(t, 3./7, Purity(truth, make([]int, 7)), 1e-12)
	require.InDelta(t, 1, Purity(truth, []int{1, 2, 3, 4, 5, 6, 7}), 1e-12)
}

// labelling draws n labels below k.
func labelling(rng *rand.Rand, n, k int) []int {
	labels := make([]int, n)
	for i := range labels {
		labels[i] = rng.IntN(k)
	}
	return labels
}

func TestIdentities(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		a, b := labelling(rng, 400, 5), labelling(rng, 400, 7)
		for i := range 200 {
			b[i] = a[i]
		}
		named, names := make([]int, len(b)), rng.Perm(7)
		for i := range b {
			named[i] = 1 - 1000*names[b[i]]
		}
		for _, score := range []func(_, _ []int) float64{ARI, NMI} {
			require.InDelta(t, 1, score(a, a), 1e-12)
			require.InDelta(t, score(a, b), score(b, a), 1e-12)
			require.InDelta(t, score(a, b), score(a, named), 1e-12)
			require.Less(t, score(a, b), 0.9)
			require.Greater(t, score(a, b), 0.05)
		}
		require.InDelta(t, Purity(a, b), Purity(a, named), 1e-12)
		require.InDelta(t, ariByPairs(a, b), ARI(a, b), 1e-12)
	}
}

// ariByPairs looks at every pair of points.
func ariByPairs(a, b []int) float64 {
	var both, inA, inB, all float64
	for i := range a {
		for j := range i {
			all++
			if a[i] == a[j] {
				inA++
			}
			if b[i] == b[j] {
				inB++
			}
			if a[i] == a[j] && b[i] == b[j] {
				both++
			}
		}
	}
	expected := inA * inB / all
	return (both - expected) / ((inA+inB)/2 - expected)
}

func TestIndependentLabelsScoreNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	sum := 0.0
	for range 50 {
		ari := ARI(labelling(rng, 1000, 4), labelling(rng, 1000, 6))
		require.Less(t, math.Abs(ari), 0.03)
		sum += ari
	}
	require.InDelta(t, 0, sum/50, 0.002)
}

func TestWindows(t *testing.T) {
	truth := []int{0, 0, 1, 1, 0, 0, 1, 1, 0, 1}
	found := []int{0, 0, 1, 1, 0, 1, 0, 1, 0, 1}
	windows, mean := WindowARI(truth, found, 4)
	require.Len(t, windows, 2)
	require.InDelta(t, 1, windows[0], 1e-12)
	require.InDelta(t, ARI(truth[4:], found[4:]), windows[1], 1e-12)
	require.InDelta(t, (windows[0]+windows[1])/2, mean, 1e-12)

	windows, _ = WindowARI(truth, found, 5)
	require.Len(t, windows, 2)
	windows, mean = WindowARI(truth, found, 100)
	require.Equal(t, []float64{ARI(truth, found)}, windows)
	require.InDelta(t, windows[0], mean, 1e-12)
	windows, mean = WindowARI(nil, nil, 4)
	require.Empty(t, windows)
	require.Zero(t, mean)
}

func TestLabellingsOfDifferentLengthPanic(t *testing.T) {
	require.Panics(t, func() { ARI([]int{1}, nil) })
	require.Panics(t, func() { WindowARI([]int{1}, nil, 4) })
	require.Panics(t, func() { WindowARI(nil, nil, 0) })
}
