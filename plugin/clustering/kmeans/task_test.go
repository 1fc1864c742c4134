package kmeans

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// keep takes the last record that is put.
type keep struct{ value []byte }

func (k *keep) Put(_, value []byte) { k.value = append([]byte(nil), value...) }
func (k *keep) Delete([]byte)       {}

// A refinement under way that was written by no tree is refused, and not run.
func TestDamagedTasks(t *testing.T) {
	t.Parallel()
	valid := func() Refinement {
		r := Refinement{Choice: Choice{Min: 2, Max: 3, Now: 2}, Seed: 7, Restarts: restarts, Explore: explore}
		for i := range 5 {
			r.Summary = append(r.Summary, Entry{Segment: 1, Weight: 2, Centroid: []float64{float64(i), math.NaN()}, Observed: []float64{2, 0}})
		}
		return r
	}
	load := func(r Refinement) (Refinement, error) {
		k := &keep{}
		tree := &Tree{task: &task{Refinement: r, due: 9}}
		tree.saveTask(population.NewWriter(k))
		in := population.Read(k.value)
		loaded, due := loadTask(in)
		if in.End() == nil {
			assert.Equal(t, uint64(9), due)
		}
		return loaded, in.End()
	}
	loaded, err := load(valid())
	require.NoError(t, err)
	assert.Len(t, loaded.Summary, len(valid().Summary))
	for name, damage := range map[string]func(r *Refinement){
		"no weight":       func(r *Refinement) { r.Summary[0].Weight = 0 },
		"negative weight": func(r *Refinement) { r.Summary[0].Weight = -1 },
		"no number":       func(r *Refinement) { r.Summary[0].Weight = math.NaN() },
		"negative spread": func(r *Refinement) { r.Summary[0].Spread = -1 },
		"many segments":   func(r *Refinement) { r.Choice.Max = math.MaxInt32 },
	} {
		r := valid()
		damage(&r)
		_, err := load(r)
		require.Error(t, err, name)
	}
	none := Refinement{Metric: &cf.Metric{}, Summary: []Entry{{Weight: 1}}}
	assert.Len(t, none.Run().Centres, 1, "a choice of nothing is one segment")
}
