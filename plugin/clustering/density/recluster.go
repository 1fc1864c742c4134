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

// house brings those who are in no cell to their places. The others are outliers, the
// longest of whom are kept together when there are too many.
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
		for _, m := range e.unhoused[1 : surplus+1] {
			e.population.Merge(m, e.unhoused[0])
		}
		e.unhoused = slices.Delete(e.unhoused, 1, surplus+1)
	}
	for m, c := range e.cells {
		if n := m.Members.N(); e.config.Keyed && c.own != n {
			c.own = n
			e.ladder.used().touch(c)
		}
	}
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

// guest is where a vector is imported to: a cell, and the segment that it is known to
// belong to.
type guest struct {
	cell *cell
	home *population.Segment
}

// Inherit implements [clustering.Engine].
func (e *Engine) Inherit(lineage []byte, refinements uint64) error {
	living, err := e.population.Inherit(lineage, refinements)
	if err != nil {
		return err
	}
	for _, id := range living {
		e.population.AddSegment(id)
	}
	return nil
}

// Import implements [clustering.Engine]. A micro-cluster takes vectors of one segment only,
// so each customer keeps theirs until Refine.
func (e *Engine) Import(x []float64, at int64, home clustering.SegmentID) clustering.MicroID {
	x = e.observe(x)
	weight := e.arrive(at)
	inside, _ := e.population.Weigh(e.tick(at))
	segment := e.population.Segment(home)
	var m *population.Micro
	if e.clock.learning {
		m = e.guestOf(e.learn(x, weight), segment)
	} else {
		m = e.population.Found(segment, at)
		e.unhouse(m)
	}
	e.population.Insert(m, inside, x)
	m.Origins.Add(home, inside)
	e.pass()
	if n := e.population.Weight; n >= float64(e.config.Warmup) && powerOfTwo(uint64(n)) {
		e.measure()
	}
	if !e.clock.learning && len(e.unhoused) >= max(e.config.Warmup, e.config.MicroClusters) {
		e.measure()
		e.learnAll()
	}
	return m.ID
}

// guestOf is the micro-cluster of a cell for members of a segment.
func (e *Engine) guestOf(c *cell, home *population.Segment) *population.Micro {
	if c.micro == nil {
		e.give(c, e.population.Found(home, e.clock.asOf))
	}
	if c.micro.Segment == home {
		return c.micro
	}
	g := guest{c, home}
	if e.guests[g] == nil {
		e.guests[g] = e.population.Found(home, e.clock.asOf)
		e.unhouse(e.guests[g])
	}
	return e.guests[g]
}
