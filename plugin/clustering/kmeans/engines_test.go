package kmeans_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

// engines are made anew by their name, for tests of what all of them guarantee.
func engines(t testing.TB) map[string]func() clustering.Engine {
	t.Helper()
	tree := func(config kmeans.TreeConfig) func() clustering.Engine {
		return func() clustering.Engine {
			e, err := kmeans.NewTree(config)
			require.NoError(t, err)
			return e
		}
	}
	online := func(config kmeans.OnlineConfig) func() clustering.Engine {
		return func() clustering.Engine {
			e, err := kmeans.NewOnline(config)
			require.NoError(t, err)
			return e
		}
	}
	return map[string]func() clustering.Engine{
		"tree":            tree(kmeans.TreeConfig{K: 5, MicroClusters: 60, Warmup: 50, RefreshPoints: 100}),
		"tree, unscaled":  tree(kmeans.TreeConfig{K: 3, MicroClusters: 20, Warmup: 1, RefreshPoints: 7, Scaling: cf.None}),
		"tree, k chosen":  tree(kmeans.TreeConfig{KMin: 2, KMax: 6, MicroClusters: 60, Warmup: 50, RefreshPoints: 100, Scaling: cf.Robust}),
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

// points are n vectors around k centres, some with a dimension missing.
func points(seed uint64, n, d, k int) [][]float64 {
	random := rand.New(rand.NewPCG(seed, 0))
	centres := make([][]float64, k)
	for c := range centres {
		centres[c] = make([]float64, d)
		for j := range d {
			centres[c][j] = 5 * random.NormFloat64()
		}
	}
	list := make([][]float64, n)
	for i := range list {
		list[i] = make([]float64, d)
		c := centres[random.IntN(k)]
		for j := range d {
			list[i][j] = c[j] + random.NormFloat64()
		}
		if random.IntN(20) == 0 {
			list[i][random.IntN(d)] = math.NaN()
		}
	}
	return list
}

// population are customers who move, come and leave, as a host keeps them.
type population struct {
	engine clustering.Engine
	held   map[int]held
	at     int64
}

type held struct {
	id clustering.MicroID
	x  []float64
}

func (p *population) move(t testing.TB, customer int, x []float64) {
	t.Helper()
	p.at++
	if h, known := p.held[customer]; known {
		id, err := p.engine.Move(h.id, h.x, x, p.at)
		require.NoError(t, err)
		p.held[customer] = held{id, x}
	} else {
		p.held[customer] = held{p.engine.Insert(x, p.at), x}
	}
	p.engine.Advance()
}

func (p *population) leave(t testing.TB, customer int) {
	t.Helper()
	if h, known := p.held[customer]; known {
		require.NoError(t, p.engine.Retract(h.id, h.x))
		delete(p.held, customer)
	}
}

// save saves the engine, at the end of a batch.
func (p *population) save(to records) {
	if batched, ok := p.engine.(clustering.Batched); ok {
		batched.EndBatch()
	}
	p.engine.Save(to)
}

// live takes one random step.
func (p *population) live(t testing.TB, random *rand.Rand, list [][]float64) {
	t.Helper()
	customer := random.IntN(400)
	switch x := list[random.IntN(len(list))]; {
	case random.IntN(10) == 0:
		p.leave(t, customer)
	case random.IntN(500) == 0:
		p.move(t, customer, append(slices.Clip(x), 1)) // a new feature
	default:
		p.move(t, customer, x)
	}
}

// check proves that the engine says of every customer what they add up to.
func (p *population) check(t testing.TB) {
	t.Helper()
	require.NoError(t, p.engine.Check())
	require.InDelta(t, len(p.held), p.engine.Size(), 0)
	segments := p.engine.Segments()
	if len(segments) == 0 {
		return
	}
	sums := map[clustering.SegmentID]*cf.Feature{}
	for _, s := range segments {
		sums[s.ID] = &cf.Feature{}
	}
	for _, h := range p.held {
		id := p.engine.Home(h.id).Segment
		require.Contains(t, sums, id)
		sums[id].Insert(1, h.x)
	}
	for _, s := range segments {
		require.InDelta(t, sums[s.ID].N(), s.Members.N(), 0)
		require.LessOrEqual(t, s.Members.Differs(sums[s.ID], p.engine.Population()), 1e-9)
	}
}

func TestSizesAddUp(t *testing.T) {
	t.Parallel()
	for name, make := range engines(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := population{engine: make(), held: map[int]held{}}
			random, list := rand.New(rand.NewPCG(1, 0)), points(2, 3000, 3, 6)
			for i := range 20_000 {
				p.live(t, random, list)
				if i%97 == 0 {
					p.check(t)
				}
			}
			for customer := range 400 {
				p.leave(t, customer)
			}
			p.check(t)
			count := 0
			p.engine.MicroClusters(func(clustering.MicroID, *cf.Feature, clustering.SegmentID) bool { count++; return true })
			assert.Zero(t, count, "nothing is left of anybody")
		})
	}
}

func TestRetractOfWhatIsNotHeld(t *testing.T) {
	t.Parallel()
	for name, make := range engines(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := make()
			x := []float64{1, 2, 3}
			require.Error(t, engine.Retract(1_000_000, x))
			id := engine.Insert(x, 0)
			require.NoError(t, engine.Retract(id, x))
			require.Error(t, engine.Retract(id, x), "it was taken out")
			released := engine.Insert(x, 0)
			engine.Release(released)
			require.Error(t, engine.Retract(released, x), "it stays for good")
			assert.InDelta(t, 1, engine.Size(), 0)
			require.NoError(t, engine.Check())
		})
	}
}

// A shift of all features, however far, moves nobody.
func TestShiftChangesNoLabel(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tree", "online"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random, list := rand.New(rand.NewPCG(8, 0)), points(9, 1000, 3, 5)
			for _, x := range list {
				for j := range x { // so that what is added can be represented
					x[j] = math.Round(x[j]*1024) / 1024
				}
			}
			const shift = 1.7e9
			near, far := population{engine: engines(t)[name](), held: map[int]held{}}, population{engine: engines(t)[name](), held: map[int]held{}}
			for range 3000 {
				customer, x := random.IntN(300), list[random.IntN(len(list))]
				y := make([]float64, len(x))
				for j := range x {
					y[j] = x[j] + shift
				}
				near.move(t, customer, x)
				far.move(t, customer, y)
				require.Equal(t, near.engine.Home(near.held[customer].id).Segment, far.engine.Home(far.held[customer].id).Segment)
			}
		})
	}
}

// Streams of points that belong to nobody leave no trace of each.
func TestReleasedPointsAreBounded(t *testing.T) {
	t.Parallel()
	for name, make := range engines(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine, saved := make(), records{}
			for _, x := range points(10, 20_000, 3, 6) {
				engine.Release(engine.Insert(x, 0))
				engine.Advance()
			}
			engine.Save(saved)
			require.NoError(t, engine.Check())
			assert.Less(t, len(saved), 200)
			assert.InDelta(t, 20_000, engine.Size(), 0)
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
				for _, x := range points(uint64(100+era), 300, 3, 3) {
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

func TestMissingAndEqualPoints(t *testing.T) {
	t.Parallel()
	for name, make := range engines(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := population{engine: make(), held: map[int]held{}}
			nan := math.NaN()
			for i := range 500 {
				p.move(t, i, [][]float64{{nan, nan, nan}, {}, {1, 1, 1}, {math.Inf(1), 1e300, nan}}[i%4])
			}
			p.check(t)
			near := p.engine.Near([]float64{1, 1, 1}, p.engine.Home(p.held[2].id).Segment)
			assert.GreaterOrEqual(t, near.Own, 0.0)
			assert.GreaterOrEqual(t, near.Other, 0.0)
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
		engine.Save(records{})
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
	p := population{engine: tree, held: map[int]held{}}
	random := rand.New(rand.NewPCG(1, 0))
	for i := range 900 {
		p.move(t, i, []float64{[]float64{0, 100, 200}[i%3] + random.Float64(), []float64{0, 100, 0}[i%3] + random.Float64()})
	}
	for range 3000 {
		p.move(t, 0, p.held[0].x) // until nobody is a newcomer any more
	}
	tree.Events()
	before := records{}
	tree.Save(before)
	homes := map[int]clustering.SegmentID{}
	for customer, h := range p.held {
		homes[customer] = tree.Home(h.id).Segment
	}
	sigma := tree.Metric().Sigma(0)
	for x := 210.0; x <= 900; x += 15 { // a third of all goes far away, by and by
		for i := 2; i < 900; i += 3 {
			p.move(t, i, []float64{x + random.Float64(), random.Float64()})
		}
	}
	for range 100 {
		p.move(t, 0, p.held[0].x)
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
	for customer, h := range p.held {
		if homes[customer] != tree.Home(h.id).Segment {
			moved++
		}
	}
	assert.LessOrEqual(t, changed, 301, "of 900 records, those of the customers who moved")
	assert.Zero(t, moved)
	for _, e := range tree.Events() {
		t.Errorf("%v %d", e.Kind, e.Segment)
	}
}
