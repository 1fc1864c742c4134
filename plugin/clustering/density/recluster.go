package density

import (
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// recluster makes segments of the clusters, and houses those who are in no cell.
func (e *Engine) recluster(cause clustering.Cause, foreign float64) {
	e.population.Refinements++
	e.clock.doubts = 0
	places := e.places()
	numbers := map[uint64]int{} // of clusters, in the order of the micro-clusters
	cluster := func(m *population.Micro) int {
		c := e.cells[m]
		if c == nil {
			c = places[m]
		}
		if c == nil || c.cluster == 0 {
			return -1
		}
		n, known := numbers[c.cluster]
		if !known {
			n = len(numbers)
			numbers[c.cluster] = n
		}
		return n
	}
	for m := range e.population.All() {
		cluster(m)
	}
	e.population.Recluster(e.clock.asOf, cause, population.Clustering{
		Of: cluster, Continues: make([]clustering.SegmentID, len(numbers)), Foreign: foreign,
	})
	e.house(places)
}

// places finds the cells for those who are in none: where their centroid lies, or the
// nearest strong one that their own radius reaches.
func (e *Engine) places() map[*population.Micro]*cell {
	places := map[*population.Micro]*cell{}
	x := make([]float64, e.d)
	widest := e.ladder.widest()
	for _, m := range e.unhoused {
		radius := math.Sqrt(e.population.Metric.Spread(&m.Members))
		if radius > widest {
			continue // they have nothing in common but to be outliers
		}
		m.Members.Centroid(x)
		c := e.ladder.find(x)
		if c == nil {
			c = e.ladder.nearestStrong(x, radius)
		}
		if c != nil {
			places[m] = c
		}
	}
	return places
}

// house brings those who are in no cell to their places. The others are outliers, of whom
// some are kept together when there are too many.
func (e *Engine) house(places map[*population.Micro]*cell) {
	waiting := e.unhoused
	e.unhoused = nil
	clear(e.guests)
	for _, m := range waiting {
		switch c := places[m]; {
		case c == nil:
			e.unhoused = append(e.unhoused, m)
		case c.micro == nil:
			e.give(c, m)
		default:
			e.population.Merge(m, c.micro)
		}
	}
	if surplus := len(e.unhoused) - e.config.MicroClusters; surplus > 0 {
		e.crowd(surplus)
	}
}

// crowd merges the outliers who have been so longest, each with the nearest other.
func (e *Engine) crowd(surplus int) {
	longest, others := e.unhoused[:surplus], e.unhoused[surplus:]
	d := e.population.Metric.Dims()
	x, rows := make([]float64, d), make([]float64, d*len(others))
	for i, m := range others {
		m.Members.Centroid(rows[i*d : (i+1)*d])
	}
	for _, m := range longest {
		m.Members.Centroid(x)
		place, _ := e.population.Metric.Nearest(x, rows, d)
		e.population.Merge(m, others[place])
	}
	e.unhoused = slices.Clone(others)
}

// dropFaded forgets the points in no cell that weigh next to nothing by now.
func (e *Engine) dropFaded() {
	for _, m := range e.population.Faded() {
		if e.cells[m] == nil {
			e.population.Weight -= m.Members.N()
			e.leaveUnhoused(m)
			e.population.Remove(m)
		}
	}
}
