package density

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// The cases of River's DBSTREAM, whose clean-up comes after the point.
var riverParameters = Parameters{Fading: 0.01, Cleanup: 1, Intersection: 0.05, MinWeight: 1}

// feed gives a field points, one at each tick.
func feed(f *field, points ...[]float64) {
	if f.metric.Dims() == 0 {
		var all cf.Feature
		all.Insert(1, points[0])
		f.measure(cf.NewMetric(cf.None, &all, nil, nil))
	}
	for _, x := range points {
		z := make([]float64, len(x))
		f.metric.Scale(z, x)
		f.around(z)
		f.learn(x, z, 1)
		f.sweep()
		f.at(f.now+1, math.Exp2(f.Fading*float64(f.now+1)), 1)
	}
}

func TestFormation(t *testing.T) {
	f := newField(riverParameters, 1, false)
	for _, x := range []float64{1, 2, 3, 3, 3, 5, 7, 9, 10, 11, 11, 12, 13, 11, 15, 15, 16, 17, 17, 17} {
		feed(f, []float64{x})
	}
	require.Len(t, f.cells, 4)
	for i, want := range []struct {
		centre float64
		seen   int64
	}{{3, 4}, {11, 13}, {15, 15}, {17, 19}} {
		assert.InDelta(t, want.centre, f.cells[i].centre[0], 1e-9)
		assert.Equal(t, want.seen, f.cells[i].seen)
		assert.Empty(t, f.cells[i].bonds, "shared density")
	}
}

func TestSharedDensity(t *testing.T) {
	f := newField(riverParameters, 1, false)
	for _, x := range []float64{1, 3} {
		feed(f, []float64{x, x})
		for range 25 {
			feed(f, []float64{2 - 0.3*(2-x), 2 - 0.3*(2-x)})
		}
	}
	require.Len(t, f.cells, 2)
	a, b := f.cells[0], f.cells[1]
	assert.InDelta(t, 2.137623, a.centre[0], 1e-6)
	assert.InDelta(t, 2.137623, a.centre[1], 1e-6)
	assert.InDelta(t, 2.914910, b.centre[0], 1e-6)
	require.NotNil(t, a.to(b))
	assert.InDelta(t, 23.033438964246173, a.to(b).weight/f.unit*math.Exp2(f.Fading), 1e-12)
	f.look(1)
	assert.Equal(t, a.cluster, b.cluster)
	assert.InDelta(t, 2.415239, (a.weight*a.centre[0]+b.weight*b.centre[0])/(a.weight+b.weight), 1e-6, "the centre of the cluster")
}
