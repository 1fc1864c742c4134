package kmeans_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/laws"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

func tree(t testing.TB, config kmeans.TreeConfig) func() clustering.Engine {
	t.Helper()
	return func() clustering.Engine {
		e, err := kmeans.NewTree(config)
		require.NoError(t, err)
		return e
	}
}

func TestLineage(t *testing.T) {
	t.Parallel()
	laws.Lineage(t, tree(t, kmeans.TreeConfig{KMin: 2, KMax: 8, RefreshPoints: 500}), false)
}

// Also while it is not settled yet whether there is another segment.
func TestOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	laws.OthersAreLeftAlone(t, tree(t, kmeans.TreeConfig{RefreshPoints: 500}))
}

// No number changes, whether the number of segments is given or chosen, and whether they are
// well apart or not at all.
func TestStationaryStream(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	for name, config := range map[string]kmeans.TreeConfig{
		"k given, apart":      {K: 5},
		"k chosen, apart":     {},
		"k given, one cloud":  {K: 5},
		"k chosen, one cloud": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spread, settled := 10.0, 1000
			if strings.HasSuffix(name, "cloud") {
				spread, settled = 0, 5000 // there is less to find
			}
			laws.Stationary(t, tree(t, config)(), spread, settled, 1_000_000)
		})
	}
}
