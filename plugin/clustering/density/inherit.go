package density

import (
	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

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
