package population_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

func newPopulation() *population.Population {
	return population.New(population.Config{Name: "a test", Version: 7, Scaling: cf.None})
}

// found makes a micro-cluster of vectors in one dimension.
func found(p *population.Population, home *population.Segment, values ...float64) *population.Micro {
	m := p.Found(home, 1)
	for _, v := range values {
		p.Insert(m, 1, []float64{v})
		m.Origins.Add(0, 1)
	}
	return m
}

// recluster makes one segment of each list of micro-clusters.
func recluster(p *population.Population, at int64, foreign float64, clusters ...[]*population.Micro) {
	p.Measure(false)
	p.Recluster(at, clustering.Remodel, population.Clustering{
		Of: func(m *population.Micro) int {
			return slices.IndexFunc(clusters, func(c []*population.Micro) bool { return slices.Contains(c, m) })
		},
		Continues: make([]clustering.SegmentID, len(clusters)), Foreign: foreign,
	})
}

// A micro-cluster that is removed takes the numbers with it that stood for it.
func TestRemoveForgetsNumbers(t *testing.T) {
	t.Parallel()
	p := newPopulation()
	a, b := found(p, nil, 1), found(p, nil, 2)
	p.Merge(a, b)
	p.Remove(b)
	p.Sum()
	assert.Nil(t, p.Resolve(a.ID))
	require.NoError(t, p.Check())
}

// Callers take their vectors out by the numbers that they were given, whatever has merged
// since, and each once only.
func TestNumbersOutliveMicroClusters(t *testing.T) {
	t.Parallel()
	p := newPopulation()
	a, b, c := found(p, nil, 1, 2), found(p, nil, 3), found(p, nil, 4, 5)
	p.Merge(b, a)
	p.Merge(a, c)
	require.NoError(t, p.Check())
	for _, m := range []*population.Micro{a, b, c} {
		assert.Same(t, c, p.Resolve(m.ID))
	}
	assert.Nil(t, p.Micro(a.ID))
	assert.Nil(t, p.Resolve(99))
	assert.Equal(t, 1, p.Len())

	_, err := p.Retract(b.ID, []float64{3})
	require.NoError(t, err)
	_, err = p.Retract(b.ID, []float64{3})
	require.ErrorContains(t, err, "nobody holds this number")
	_, err = p.Retract(a.ID, []float64{1, 1})
	require.ErrorIs(t, err, cf.ErrNotHeld)
	p.Release(a.ID)
	p.Release(a.ID)
	p.Release(a.ID)
	assert.Nil(t, p.Resolve(a.ID), "nobody holds it any more")
	require.NoError(t, p.Check())
	assert.InDelta(t, 4, p.Weight, 0)
}

// The members of a segment are those of its micro-clusters, as vectors come and go.
func TestSegmentsAreSums(t *testing.T) {
	t.Parallel()
	p := newPopulation()
	base := p.Base()
	a, b := found(p, nil, 1, 2, 3), found(p, nil, 10, 11)
	assert.InDelta(t, 5.4, base.Mean(0), 1e-12, "also while there are no segments")
	recluster(p, 5, 1, []*population.Micro{a}, nil, []*population.Micro{b})
	require.NoError(t, p.Check())
	require.Len(t, p.Segments, 2)
	assert.Equal(t, clustering.Home{Held: true, Segment: 1, Since: 5}, base.Home(a.ID))
	assert.Equal(t, clustering.Home{}, base.Home(99))

	p.Insert(a, 1, []float64{0})
	_, err := p.Retract(b.ID, []float64{11})
	require.NoError(t, err)
	require.NoError(t, p.Check())
	assert.InDelta(t, 4, p.Segments[0].Members.N(), 0)
	assert.InDelta(t, 10, p.Segments[1].Members.Mean(0), 1e-12)
	assert.InDelta(t, 3.2, base.Mean(0), 1e-12)
	assert.InDelta(t, 3.2, base.Population().Mean(0), 1e-12)
	assert.Same(t, p.Segments[0], p.NearestSegment([]float64{4}))
	assert.Equal(t, clustering.Proximity{Own: 6, Other: 2.5, Next: 1}, base.Near([]float64{4}, 2))
	differences := make([]float64, 2)
	base.Differences(differences, []float64{4, 1e200}, 2, 1)
	assert.InDeltaSlice(t, []float64{2.5*2.5 - 36, 0}, differences, 1e-12)

	p.Rehome(b, p.Segments[0], 6, clustering.Definition)
	require.ErrorContains(t, p.Check(), "differs from the sum")
	p.Sum()
	require.NoError(t, p.Check())
	assert.Equal(t, clustering.Home{Held: true, Segment: 1, Since: 6, Cause: clustering.Definition}, base.Home(b.ID))
	visited := 0
	base.MicroClusters(func(id clustering.MicroID, _ *cf.Feature, s clustering.SegmentID) bool {
		visited++
		assert.Equal(t, a.ID, id)
		assert.Equal(t, clustering.SegmentID(1), s)
		return false
	})
	assert.Equal(t, 1, visited)
}

// A vector that its segment does not have stays where it is.
func TestRetractChangesAllOrNothing(t *testing.T) {
	t.Parallel()
	p := newPopulation()
	a := found(p, nil, 1, 2)
	recluster(p, 0, 1, []*population.Micro{a})
	p.Segments[0].Members = &cf.Feature{}
	_, err := p.Retract(a.ID, []float64{1})
	require.ErrorIs(t, err, cf.ErrNotHeld)
	assert.InDelta(t, 2, a.Members.N(), 0)
	assert.InDelta(t, 2, p.Weight, 0)
	p.Sum()
	require.NoError(t, p.Check())
}

// What is in no segment counts, where that may be.
func TestOutliers(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		p := population.New(population.Config{Outliers: allowed, Scaling: cf.None})
		a, b := found(p, nil, 1, 2), found(p, nil, 9)
		recluster(p, 3, 0, []*population.Micro{a})
		assert.Equal(t, allowed, p.Check() == nil)
		if !allowed {
			continue
		}
		base := p.Base()
		assert.Zero(t, base.Home(b.ID).Segment)
		assert.InDelta(t, 4, base.Mean(0), 1e-12)
		assert.InDelta(t, 3, base.Population().N(), 0)
		assert.InDelta(t, 2, base.Segments()[0].Members.N(), 0)
		base.Events()
		recluster(p, 4, 0, []*population.Micro{a}, []*population.Micro{b})
		events := base.Events()
		require.Len(t, events, 1)
		assert.Equal(t, clustering.Birth, events[0].Kind, "who was in no segment comes from outside")
	}
}

// Origins tell where a segment is from that is made of what came from another one.
func TestOrigins(t *testing.T) {
	t.Parallel()
	p := newPopulation()
	base := p.Base()
	a, b := found(p, nil, 1, 2, 3, 4, 5), found(p, nil, 7, 8, 9)
	recluster(p, 0, 0, []*population.Micro{a, b})
	base.Events()
	p.Merge(found(p, a.Segment, 6), b)
	assert.Equal(t, clustering.SegmentID(1), b.Origins.Take(), "where most are")
	assert.Zero(t, (&population.Origins{}).Take())
	recluster(p, 1, 0.5, []*population.Micro{a}, []*population.Micro{b})
	events := base.Events()
	require.NotEmpty(t, events)
	assert.Equal(t, clustering.Split, events[0].Kind)
	assert.Equal(t, []clustering.SegmentID{1}, events[0].Parents)
	assert.Equal(t, clustering.SegmentID(2), b.Origins.Take(), "half of all are at home by now")
}

// Weights fade to a half in a half-life, however far time has gone.
func TestFading(t *testing.T) {
	t.Parallel()
	p := population.New(population.Config{HalfLife: 10, Scaling: cf.None})
	base := p.Base()
	assert.InDelta(t, 1, base.Fade(), 0)
	put := func(m *population.Micro, at int64) (scale float64) {
		weight, scale := p.Weigh(at)
		p.Insert(m, weight, []float64{1})
		m.Origins.Add(0, weight)
		return scale
	}
	a := found(p, nil)
	assert.InDelta(t, 1, put(a, 1000), 0)
	assert.InDelta(t, 1, put(a, 1010), 0)
	assert.InDelta(t, 1.5, base.Size(), 1e-12)
	put(a, 1000)
	assert.InDelta(t, 2, base.Size(), 1e-12, "it was late")
	recluster(p, 1010, 1, []*population.Micro{a})
	_, err := p.Retract(a.ID, []float64{1})
	require.ErrorContains(t, err, "it fades")
	assert.Empty(t, p.Faded(), "it is held, and all there is")

	b := p.Found(p.Segments[0], 1500)
	assert.InDelta(t, math.Exp2(-50), put(b, 1500), 0, "all are brought down")
	require.NoError(t, p.Check())
	assert.InDelta(t, 1, base.Size(), 1e-9)
	assert.Empty(t, p.Faded())
	for range 3 {
		p.Release(a.ID)
	}
	assert.Equal(t, []*population.Micro{a}, p.Faded())
	p.Remove(a)
	p.Sum()
	require.NoError(t, p.Check())
	assert.InDelta(t, 1, p.Segments[0].Members.N(), 0)
}

func TestClean(t *testing.T) {
	t.Parallel()
	p := newPopulation()
	x := []float64{1, math.NaN(), 2}
	assert.Same(t, &x[0], &p.Clean(x)[0], "nothing to do")
	y := []float64{1, 1e200, math.Inf(-1), 2}
	clean := p.Clean(y)
	assert.True(t, math.IsNaN(clean[1]) && math.IsNaN(clean[2]))
	assert.InDelta(t, 2, clean[3], 0)
	assert.InDelta(t, 1e200, y[1], 0, "it is the caller's")
}
