package density

import (
	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

const settling = 0.8 // of what is from elsewhere is not at home yet after a renewal of the metric

// Advance implements [clustering.Engine].
func (e *Engine) Advance() bool {
	e.clock.applied++
	e.pass()
	switch c := &e.clock; {
	case e.population.Refinements == 0 || !c.learning:
		return e.warmUp()
	case c.applied-c.refreshed >= uint64(e.config.RefreshPoints), len(e.unhoused) > 2*e.config.MicroClusters:
		e.refresh(clustering.Remodel, settling)
		return true
	case c.applied-c.looked >= lookInterval:
		return e.look()
	default:
		return false
	}
}

// pass lets a point pass: what has faded is dropped after it, when that is due.
func (e *Engine) pass() {
	switch now := e.ladder.used().now; {
	case e.config.EventTime:
		if since(e.clock.swept, now) >= float64(e.config.Cleanup) {
			e.clock.swept = now
			e.sweep()
		}
	default:
		if now%e.config.Cleanup == 0 {
			e.sweep()
		}
		e.ladder.at(now + 1)
	}
}

// sweep drops what has faded, and with it the points in there: nobody can retract them.
func (e *Engine) sweep() {
	settled := true
	for _, c := range e.ladder.sweep() {
		if m := c.micro; m != nil {
			delete(e.cells, m)
			settled = settled && m.Segment == nil
			e.population.Weight -= m.Members.N()
			e.population.Remove(m)
		}
	}
	if !settled {
		e.population.Sum()
	}
}

// warmUp ends when enough vectors are in. Until then, the metric follows the population.
func (e *Engine) warmUp() bool {
	if e.isWarm() {
		e.refresh(clustering.Remodel, 0)
		return true
	}
	if powerOfTwo(e.clock.applied) {
		e.population.Measure(true)
		if e.clock.learning {
			e.ladder.measure(e.population.Metric)
		}
	}
	return false
}

func powerOfTwo(n uint64) bool { return n&(n-1) == 0 }

// isWarm tells that enough vectors are in; of those that fade, that enough have come.
func (e *Engine) isWarm() bool {
	if e.config.Keyed {
		return e.population.Weight >= float64(e.config.Warmup)
	}
	return e.clock.applied >= uint64(e.config.Warmup)
}

// Refine implements [clustering.Engine]. While warming up, there is nothing to refine.
func (e *Engine) Refine(cause clustering.Cause) {
	if e.population.Len() > 0 && (e.population.Refinements > 0 || e.isWarm()) {
		e.refresh(cause, settling)
	}
}

// measure renews the metric.
func (e *Engine) measure() {
	e.population.Measure(false)
	e.ladder.measure(e.population.Metric)
}

// measureBlindly makes a metric that knows of all dimensions, where nothing has to be known
// of the population.
func (e *Engine) measureBlindly() {
	if e.config.Scaling == cf.None {
		all := e.Population()
		all.Insert(1, make([]float64, e.d))
		e.population.SetMetric(cf.NewMetric(cf.None, all, nil, e.config.Weight))
		e.ladder.measure(e.population.Metric)
	}
}

// refresh renews the metric and the choice of the radius, and settles the segments anew.
func (e *Engine) refresh(cause clustering.Cause, foreign float64) {
	e.clock.refreshed = e.clock.applied
	e.dropFaded()
	e.measure()
	if !e.clock.learning {
		e.learnAll()
	}
	e.clock.looked = e.clock.applied
	e.ladder.look(true)
	if e.changeRadius() || e.population.Refinements == 0 || cause != clustering.Remodel || !e.inDoubt() {
		e.recluster(cause, foreign)
	} else {
		e.admit()
	}
	e.population.Sum()
}

// changeRadius puts the radius in force that is chosen. It tells whether it is another: then
// nobody is in a cell.
func (e *Engine) changeRadius() bool {
	before := e.ladder.used()
	if !e.ladder.choose() {
		return false
	}
	for _, c := range before.cells {
		e.evict(c)
		before.touch(c)
	}
	return true
}

// learnAll takes the points that waited into the cells, and judges each radius by them.
func (e *Engine) learnAll() {
	e.clock.learning = true
	x := make([]float64, e.d)
	for _, m := range e.unhoused {
		m.Members.Centroid(x)
		e.ladder.learn(x, m.Members.N()*e.Fade())
	}
	e.ladder.look(true)
	e.ladder.judge(func(yield func([]float64) bool) {
		for _, m := range e.unhoused {
			m.Members.Centroid(x)
			if !yield(x) {
				return
			}
		}
	})
}
