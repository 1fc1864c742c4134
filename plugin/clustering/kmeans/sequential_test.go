package kmeans_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/laws"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

// plain is Euclid's distance in two dimensions.
func plain() *cf.Metric {
	var f cf.Feature
	f.Insert(1, []float64{0, 0})
	return cf.NewMetric(cf.None, &f, nil, nil)
}

func assertState(t *testing.T, s kmeans.Sequential, centres [][]float64, weights ...float64) {
	t.Helper()
	for i, want := range centres {
		assert.InDeltaSlice(t, want, s.Centers[i], 1e-12)
	}
	assert.InDeltaSlice(t, weights, s.Weights, 1e-12)
}

// The example in the documentation of Spark MLlib's StreamingKMeansModel.
func TestSpark(t *testing.T) {
	t.Parallel()
	s := kmeans.Sequential{Centers: [][]float64{{0, 0}, {1, 1}}, Weights: []float64{1, 1}}
	s.Update([][]float64{{-.1, -.1}, {.1, .1}, {.9, .9}, {1.1, 1.1}}, 1, plain())
	assertState(t, s, [][]float64{{0, 0}, {1, 1}}, 3, 3)
	s.Update([][]float64{{1.5, 1.5}, {.2, .2}}, 0, plain())
	assertState(t, s, [][]float64{{.2, .2}, {1.5, 1.5}}, 1, 1)
}

// The case of Flink ML's OnlineKMeansTest, on one worker and on up to eight.
func TestFlink(t *testing.T) {
	t.Parallel()
	first := [][]float64{{10, 0}, {10, .3}, {10.3, 0}, {-10, 0}, {-10, .6}, {-10.6, 0}}
	second := [][]float64{{10, 100}, {10, 100.3}, {10.3, 100}, {-10, -100}, {-10, -100.6}, {-10.6, -100}}
	s := kmeans.Sequential{Centers: [][]float64{{1, 0}, {-1, 0}}, Weights: []float64{0, 0}}
	s.Update(first, 1, plain())
	assertState(t, s, [][]float64{{10.1, .1}, {-10.2, .2}}, 3, 3)

	for workers := 1; workers <= 8; workers++ {
		shards := make([]kmeans.Sequential, workers)
		for w := range shards {
			shards[w] = kmeans.Sequential{Centers: [][]float64{slices.Clone(s.Centers[0]), slices.Clone(s.Centers[1])}}
			for _, weight := range s.Weights {
				shards[w].Weights = append(shards[w].Weights, weight*.5/float64(workers))
			}
			var share [][]float64
			for i := w; i < len(second); i += workers {
				share = append(share, second[i])
			}
			shards[w].Update(share, 1, plain())
		}
		merged := kmeans.MergeShards(shards)
		assertState(t, merged, [][]float64{{10.1, 200.3 / 3}, {-10.2, -200.2 / 3}}, 4.5, 4.5)
	}
}

// A point at a time is a batch of one.
func TestStepIsABatchOfOne(t *testing.T) {
	t.Parallel()
	list := laws.Points(20, 500, 2, 3)
	steps := kmeans.Sequential{Centers: [][]float64{{0, 0}, {1, 1}, {-1, 2}}, Weights: []float64{1, 2, 3}}
	batches := kmeans.Sequential{Centers: [][]float64{{0, 0}, {1, 1}, {-1, 2}}, Weights: []float64{1, 2, 3}}
	for _, x := range list {
		steps.Step(x, .99, 1, plain())
		batches.Update([][]float64{x}, .99, plain())
	}
	for i := range steps.Centers {
		assert.InDeltaSlice(t, batches.Centers[i], steps.Centers[i], 1e-9)
	}
	assert.InDeltaSlice(t, batches.Weights, steps.Weights, 1e-9)
}

func TestDyingCentreIsSplitOff(t *testing.T) {
	t.Parallel()
	s := kmeans.Sequential{Centers: [][]float64{{0, 0}, {9, 9}}, Weights: []float64{100, 1e-7}}
	smallest, largest, found := s.Dying()
	assert.True(t, found)
	s.Split(smallest, largest, 1, 2)
	assertState(t, s, [][]float64{{0, 2}, {0, -2}}, 50.00000005, 50.00000005)
	_, _, found = s.Dying()
	assert.False(t, found)
}

func TestMissingDimensionsDoNotPull(t *testing.T) {
	t.Parallel()
	s := kmeans.Sequential{Centers: [][]float64{{0, math.NaN()}}, Weights: []float64{1}}
	s.Step([]float64{2, math.NaN()}, 1, 1, plain())
	assert.InDelta(t, 1, s.Centers[0][0], 1e-12)
	assert.True(t, math.IsNaN(s.Centers[0][1]))
	s.Step([]float64{1, 7, 5}, 1, 1, plain())
	assert.InDeltaSlice(t, []float64{1, 7, 5}, s.Centers[0], 1e-12, "the first that is seen is where it is")
}
