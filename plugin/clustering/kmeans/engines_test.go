package kmeans_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/laws"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

// engines are made anew by their name, for tests of what all of them guarantee.
func engines(t testing.TB) map[string]func() clustering.Engine {
	t.Helper()
	online := func(config kmeans.OnlineConfig) func() clustering.Engine {
		return func() clustering.Engine {
			e, err := kmeans.NewOnline(config)
			require.NoError(t, err)
			return e
		}
	}
	return map[string]func() clustering.Engine{
		"tree":            tree(t, kmeans.TreeConfig{K: 5, MicroClusters: 60, Warmup: 50, RefreshPoints: 100}),
		"tree, unscaled":  tree(t, kmeans.TreeConfig{K: 3, MicroClusters: 20, Warmup: 1, RefreshPoints: 7, Scaling: cf.None}),
		"tree, k chosen":  tree(t, kmeans.TreeConfig{KMin: 2, KMax: 6, MicroClusters: 60, Warmup: 50, RefreshPoints: 100, Scaling: cf.Robust}),
		"online, fading":  online(kmeans.OnlineConfig{K: 4, Warmup: 20, RefreshPoints: 100, HalfLife: 300, Scaling: cf.Robust}),
		"online, batches": online(kmeans.OnlineConfig{K: 4, Warmup: 20, RefreshPoints: 100, Factor: 0.9, Batches: true}),
		"online":          online(kmeans.OnlineConfig{K: 5, Warmup: 50, RefreshPoints: 100}),
		"online, dying":   online(kmeans.OnlineConfig{K: 8, Warmup: 20, RefreshPoints: 100, Factor: 0.7}),
		"online, started": online(kmeans.OnlineConfig{
			K: 2, RefreshPoints: 50,
			Centers: [][]float64{{0, 0, 0}, {1, 1, 1}}, CenterWeights: []float64{3, 0}, Scaling: cf.None,
		}),
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	laws.Hold(t, engines(t), false)
}

// A shift of all features, however far, moves nobody.
func TestShiftChangesNoLabel(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tree", "online"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random, list := rand.New(rand.NewPCG(8, 0)), laws.Points(9, 1000, 3, 5)
			for _, x := range list {
				for j := range x { // so that what is added can be represented
					x[j] = math.Round(x[j]*1024) / 1024
				}
			}
			const shift = 1.7e9
			near, far := laws.Customers{Engine: engines(t)[name]()}, laws.Customers{Engine: engines(t)[name]()}
			for range 3000 {
				customer, x := random.IntN(300), list[random.IntN(len(list))]
				y := make([]float64, len(x))
				for j := range x {
					y[j] = x[j] + shift
				}
				near.Move(t, customer, x)
				far.Move(t, customer, y)
				require.Equal(t, near.Engine.Home(near.Held[customer].ID).Segment, far.Engine.Home(far.Held[customer].ID).Segment)
			}
		})
	}
}

func TestSegmentIDsAreNeverUsedAgain(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tree", "online, dying"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := engines(t)[name]()
			gone, living := map[clustering.SegmentID]bool{}, map[clustering.SegmentID]bool{}
			for era := range 20 { // each somewhere else
				for _, x := range laws.Points(uint64(100+era), 300, 3, 3) {
					engine.Release(engine.Insert(x, 0))
					if !engine.Advance() {
						continue
					}
					for _, e := range engine.Events() {
						if e.Kind == clustering.Revival {
							delete(gone, e.Segment)
						}
					}
					now := map[clustering.SegmentID]bool{}
					for _, s := range engine.Segments() {
						now[s.ID] = true
						require.False(t, gone[s.ID], "segment %d came back", s.ID)
					}
					for id := range living {
						gone[id] = gone[id] || !now[id]
					}
					living = now
				}
			}
			require.NoError(t, engine.Check())
		})
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	for want, config := range map[string]kmeans.TreeConfig{
		"K -1: use 1 or more":             {K: -1},
		"KMax 2: use KMin or more":        {KMin: 3, KMax: 2},
		"MicroClusters 5: use at least 6": {K: 3, MicroClusters: 5},
		"Warmup -1: use 1 or more":        {K: 3, Warmup: -1},
		"RefreshPoints -1: use 1 or more": {K: 3, RefreshPoints: -1},
	} {
		_, err := kmeans.NewTree(config)
		require.ErrorContains(t, err, want)
	}
	for want, config := range map[string]kmeans.OnlineConfig{
		"K 0: use 1 or more":                  {},
		"Factor 1.5: use a number above 0":    {K: 3, Factor: 1.5},
		"number of Centers 1: give K of them": {K: 2, Centers: [][]float64{{1}}},
		"number of CenterWeights 2":           {K: 1, Centers: [][]float64{{1}}, CenterWeights: []float64{1, 2}},
		"CenterWeights has -1: use 0 or more": {K: 1, Centers: [][]float64{{1}}, CenterWeights: []float64{-1}},
	} {
		_, err := kmeans.NewOnline(config)
		require.ErrorContains(t, err, want)
	}
}

// A point that a micro-cluster absorbs, and a move between two, allocate nothing.
func TestHotPathDoesNotAllocate(t *testing.T) {
	list := complete(3000, 10, 5)
	tree, err := kmeans.NewTree(kmeans.TreeConfig{K: 5, MicroClusters: 100, Warmup: 1000})
	require.NoError(t, err)
	online, err := kmeans.NewOnline(kmeans.OnlineConfig{K: 5})
	require.NoError(t, err)
	for name, engine := range map[string]clustering.Engine{"tree": tree, "online": online} {
		var ids []clustering.MicroID
		for _, x := range list {
			ids = append(ids, engine.Insert(x, 0))
			engine.Advance()
		}
		engine.Save(laws.Records{})
		at, known := 0, map[clustering.MicroID]bool{}
		engine.MicroClusters(func(id clustering.MicroID, _ *cf.Feature, _ clustering.SegmentID) bool {
			known[id] = true
			return true
		})
		founded := 0
		allocated := testing.AllocsPerRun(900, func() {
			i := at % 900
			at++
			id, err := engine.Move(ids[i], list[i], list[i], 1)
			require.NoError(t, err)
			if ids[i] = id; !known[id] {
				founded++
			}
		})
		t.Logf("%s: %v allocations a move, %d of %d founded a micro-cluster", name, allocated, founded, at)
		assert.LessOrEqual(t, allocated, 1.0, name) // vectors far from all found their own
	}
}

// A scale that drifts moves no stored state, and nobody.
func TestScaleMovesNothing(t *testing.T) {
	t.Parallel()
	tree, err := kmeans.NewTree(kmeans.TreeConfig{K: 3, RefreshPoints: 50})
	require.NoError(t, err)
	p := laws.Customers{Engine: tree}
	random := rand.New(rand.NewPCG(1, 0))
	for i := range 900 {
		p.Move(t, i, []float64{[]float64{0, 100, 200}[i%3] + random.Float64(), []float64{0, 100, 0}[i%3] + random.Float64()})
	}
	for range 3000 {
		p.Move(t, 0, p.Held[0].X) // until nobody is a newcomer any more
	}
	tree.Events()
	before := laws.Records{}
	tree.Save(before)
	homes := map[int]clustering.SegmentID{}
	for customer, h := range p.Held {
		homes[customer] = tree.Home(h.ID).Segment
	}
	sigma := tree.Metric().Sigma(0)
	for x := 210.0; x <= 900; x += 15 { // a third of all goes far away, by and by
		for i := 2; i < 900; i += 3 {
			p.Move(t, i, []float64{x + random.Float64(), random.Float64()})
		}
	}
	for range 100 {
		p.Move(t, 0, p.Held[0].X)
	}
	require.Greater(t, tree.Metric().Sigma(0), 3*sigma, "the scale is another")
	after := maps.Clone(before)
	tree.Save(after)
	changed, moved := 0, 0
	for key, value := range before {
		if key[0] == 'm' && after[key] != value {
			changed++
		}
	}
	for customer, h := range p.Held {
		if homes[customer] != tree.Home(h.ID).Segment {
			moved++
		}
	}
	assert.LessOrEqual(t, changed, 301, "of 900 records, those of the customers who moved")
	assert.Zero(t, moved)
	for _, e := range tree.Events() {
		t.Errorf("%v %d", e.Kind, e.Segment)
	}
}
