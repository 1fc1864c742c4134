package kmeans

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// Sequential is the state of sequential k-means with forgetting: centres, and how many
// points each counts for. Its updates are those of Spark MLlib's StreamingKMeans and
// Flink ML's OnlineKMeans.
type Sequential struct {
	Centers [][]float64 // k rows of d numbers, NaN where a centre has seen nothing yet
	Weights []float64   // k numbers, none negative
}

// dying is the share of the largest weight below which a centre is dying.
const dying = 1e-8

// Update takes a batch: all weights are multiplied by the discount, each point is
// counted for the centre that was nearest before the batch, and each centre becomes the
// weighted mean of itself and its points. O(n·k·d).
//
// For Spark's unit "batches" the discount is the decay factor; for "points" it is the
// factor to the power of the number of points.
func (s *Sequential) Update(points [][]float64, discount float64, metric *cf.Metric) {
	taken := make([]cf.Feature, len(s.Centers))
	for _, x := range points {
		taken[s.Nearest(x, metric)].Insert(1, x)
	}
	s.Take(taken, discount)
}

// Take is Update for points that were given to their centres already: the cluster feature
// of those that each has taken.
func (s *Sequential) Take(taken []cf.Feature, discount float64) {
	for i := range s.Centers {
		s.Weights[i] *= discount
		if i < len(taken) && taken[i].N() > 0 {
			s.Weights[i] += taken[i].N()
			mean := make([]float64, taken[i].Dims())
			taken[i].Centroid(mean)
			s.pull(i, mean, taken[i].N()/math.Max(s.Weights[i], 1e-16))
		}
	}
}

// Step takes one point of a weight, as Update does with a batch of one, and returns the
// centre that took it. A late point weighs less than 1, by as much as the others of its
// time have faded. O(k·d); it does not allocate.
func (s *Sequential) Step(x []float64, discount, weight float64, metric *cf.Metric) int {
	nearest := s.Nearest(x, metric)
	if discount != 1 {
		for i := range s.Weights {
			s.Weights[i] *= discount
		}
	}
	s.Weights[nearest] += weight
	s.pull(nearest, x, weight/math.Max(s.Weights[nearest], 1e-16))
	return nearest
}

// pull moves a centre by a share of the way to x, where x observes something.
func (s *Sequential) pull(i int, x []float64, share float64) {
	centre := s.Centers[i]
	for len(centre) < len(x) {
		centre = append(centre, nan)
	}
	for j, v := range x {
		switch {
		case cf.Missing(v):
		case math.IsNaN(centre[j]):
			centre[j] = v
		default:
			centre[j] = (1-share)*centre[j] + share*v
		}
	}
	s.Centers[i] = centre
}

// Nearest is the index of the centre nearest to x, the first of equals.
func (s *Sequential) Nearest(x []float64, metric *cf.Metric) int {
	nearest, least := 0, math.Inf(1)
	for i, centre := range s.Centers {
		if d := metric.Squared(x, centre); d < least {
			nearest, least = i, d
		}
	}
	return nearest
}

// Dying finds the centre that has lost nearly all its weight against the largest, if
// there is one.
func (s *Sequential) Dying() (smallest, largest int, found bool) {
	for i, w := range s.Weights {
		if w < s.Weights[smallest] {
			smallest = i
		}
		if w > s.Weights[largest] {
			largest = i
		}
	}
	return smallest, largest, len(s.Weights) > 0 && s.Weights[smallest] < dying*s.Weights[largest]
}

// Split gives the smallest centre half of the weight of the largest and a place beside
// it: both move by sigma in one dimension, to either side. (Spark moves them by 1e-14 of
// the coordinate, after which they stay one.)
func (s *Sequential) Split(smallest, largest, dimension int, sigma float64) {
	half := (s.Weights[largest] + s.Weights[smallest]) / 2
	s.Weights[largest], s.Weights[smallest] = half, half
	s.Centers[smallest] = append(s.Centers[smallest][:0], s.Centers[largest]...)
	if dimension < len(s.Centers[largest]) {
		s.Centers[smallest][dimension] -= sigma
		s.Centers[largest][dimension] += sigma
	}
}

// MergeShards joins what parallel workers made of their shares of a batch: centres are
// averaged by weight, and weights add up. When each of p workers started from the same
// centres with a p-th of the discounted weights, the result is that of one worker that
// saw the whole batch. O(p·k·d).
func MergeShards(shards []Sequential) Sequential {
	var merged Sequential
	for i := range shards[0].Centers {
		weight := 0.0
		for _, s := range shards {
			weight += s.Weights[i]
		}
		centre := make([]float64, len(shards[0].Centers[i]))
		for _, s := range shards {
			share := 1 / float64(len(shards))
			if weight > 0 {
				share = s.Weights[i] / weight
			}
			for j := range centre {
				centre[j] += share * s.Centers[i][j]
			}
		}
		merged.Centers = append(merged.Centers, centre)
		merged.Weights = append(merged.Weights, weight)
	}
	return merged
}
