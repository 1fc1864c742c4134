package drift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/drift"
)

// dense is a model that has outliers.
type dense struct {
	*still
	reach float64
}

func (d dense) Reach() float64 { return d.reach }

// stretched is the metric of a model whose first feature is so many times as wide.
func stretched(times float64) *cf.Metric {
	return cf.NewMetric(cf.None, model().population, nil, func(j int) float64 {
		if j == 0 {
			return 1 / times
		}
		return 1
	})
}

// With another radius, or another unit of distance, others are outliers. That is no drift, also
// not to a monitor that was saved and loaded meanwhile; with those that are nearly as before, it
// is one.
func TestOutliersOfAnotherMeasure(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(d *dense)
		alarms int
	}{
		"radius":        {func(d *dense) { d.reach = 2 }, 0},
		"unit":          {func(d *dense) { d.metric = stretched(1.5) }, 0},
		"unit, shorter": {func(d *dense) { d.metric = stretched(0.6) }, 0},
		"nearly alike":  {func(d *dense) { d.metric = stretched(1.2) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, m, saved := newGroups(5), drift.NewMonitor(), records{}
			of := dense{still: model(), reach: 1}
			feed := func(share float64) (alarms int) {
				for range 5000 {
					x, _ := g.draw()
					if _, alarm := m.Add(x, g.random.Float64() < share, of); alarm {
						alarms++
					}
				}
				return alarms
			}
			require.Zero(t, feed(0.02))
			m.Save(saved)
			m = drift.NewMonitor()
			require.NoError(t, saved.load(m))
			test.change(&of)
			assert.Equal(t, test.alarms, feed(0.1))
		})
	}
}
