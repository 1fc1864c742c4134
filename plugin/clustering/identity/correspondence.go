package identity

import (
	"maps"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// correspondence is between the segments that live and the clusters of a new clustering.
type correspondence struct {
	clusters []Cluster
	numbers  []clustering.SegmentID // of the clusters; 0: none yet
	before   []clustering.SegmentID // that lived, in order
	now      Shares                 // the weights of the segments
	weights  Shares                 // the same, by origin
	settled  []float64              // the weight of each cluster whose origin is a segment
}

func newCorrespondence(t *Tracker, clusters []Cluster) *correspondence {
	c := &correspondence{
		clusters: clusters,
		numbers:  make([]clustering.SegmentID, len(clusters)),
		before:   t.Living(),
		now:      Shares{},
		weights:  Shares{},
		settled:  make([]float64, len(clusters)),
	}
	for i := range clusters {
		for id, weight := range clusters[i].From {
			c.now[id] += weight
		}
		// in the order of the numbers, as sums of floats depend on it
		for _, from := range slices.Sorted(maps.Keys(clusters[i].Origins)) {
			if from != 0 {
				c.weights[from] += c.shared(i, from)
				c.settled[i] += c.shared(i, from)
			}
		}
	}
	c.carryOn(t)
	return c
}

// carryOn numbers the clusters that are a segment beyond doubt: most of it is there, and
// most of the cluster is it. Only then do they have the number of the segment that they
// continue by construction, as a centre may have wandered off with another's members.
func (c *correspondence) carryOn(t *Tracker) {
	taken := map[clustering.SegmentID]bool{}
	for i := range c.clusters {
		for _, id := range c.before {
			if from := c.clusters[i].From[id]; 2*from > c.now[id] && 2*from > c.clusters[i].Members.N() {
				c.numbers[i], taken[id] = id, true
			}
		}
	}
	for i := range c.clusters {
		id := c.clusters[i].Segment
		if c.numbers[i] == 0 && t.living[id] != nil && !taken[id] {
			c.numbers[i], taken[id] = id, true
		}
	}
}

// shared is the weight of a cluster whose origin is a segment.
func (c *correspondence) shared(i int, from clustering.SegmentID) float64 {
	return c.clusters[i].Origins[from]
}

// match gives the numbers of segments to the clusters that carry them on, so that as much
// weight as possible keeps its number.
func (c *correspondence) match() {
	var open []int // clusters
	for i, number := range c.numbers {
		if number == 0 {
			open = append(open, i)
		}
	}
	free := c.vanished()
	if len(open) == 0 || len(free) == 0 {
		return
	}
	gain := make([][]float64, len(open))
	for row, i := range open {
		gain[row] = make([]float64, len(free))
		for column, id := range free {
			shared := c.clusters[i].From[id]
			if shared > 0 && shared >= survives*max(c.clusters[i].Members.N(), c.now[id]) {
				gain[row][column] = shared
			}
		}
	}
	for row, column := range assign(gain) {
		if column >= 0 && gain[row][column] > 0 {
			c.numbers[open[row]] = free[column]
		}
	}
}

// vanished are the segments that no cluster carries on.
func (c *correspondence) vanished() (list []clustering.SegmentID) {
	for _, id := range c.before {
		if !slices.Contains(c.numbers, id) {
			list = append(list, id)
		}
	}
	return list
}

// isNew tells that a number was given out in this round.
func (c *correspondence) isNew(number clustering.SegmentID) bool {
	_, lived := slices.BinarySearch(c.before, number)
	return !lived
}

// parents are the segments that a cluster owes its weight to: none when most of it is new
// in the population.
func (c *correspondence) parents(i int) (list []clustering.SegmentID) {
	if 2*c.settled[i] < c.clusters[i].Members.N() {
		return nil
	}
	for _, id := range c.before {
		if c.shared(i, id) > splits*c.settled[i] {
			list = append(list, id)
		}
	}
	return byWeight(list, func(id clustering.SegmentID) float64 { return c.shared(i, id) })
}

// absorbed are the vanished segments of which a cluster has most.
func (c *correspondence) absorbed(i int) (list []clustering.SegmentID) {
	for _, id := range c.vanished() {
		if c.shared(i, id) > absorbs*c.weights[id] {
			list = append(list, id)
		}
	}
	return list
}

// heirs are the segments of today that have members of a vanished one, most first.
func (c *correspondence) heirs(id clustering.SegmentID) []clustering.SegmentID {
	shares := map[clustering.SegmentID]float64{}
	for i, number := range c.numbers {
		if shared := c.shared(i, id); shared > 0 {
			shares[number] += shared
		}
	}
	return byWeight(slices.Collect(maps.Keys(shares)), func(id clustering.SegmentID) float64 { return shares[id] })
}
