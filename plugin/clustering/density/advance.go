package density

import (
	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

const settling = 0.8 // of what is from elsewhere is not at home yet after a renewal of the metric

// Advance implements [clustering.Engine].
func (e *Engine) Advance() bool {
	e.clock.applied++
	e.pass()
	switch c := &e.clock; {
	case e.population.Refinements == 0 || !c.learning:
		return e.warmUp()
	case c.applied-c.refreshed >= uint64(e.config.RefreshPoints):
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
		if now-e.clock.swept >= e.config.Cleanup {
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
	if before := e.ladder.used(); e.ladder.choose() {
		for _, c := range before.cells {
			e.evict(c)
			before.touch(c)
		}
	}
	e.recluster(cause, foreign)
	e.population.Sum()
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

// look finds the clusters as they are. When they are the segments, micro-clusters at their
// border may join or leave; else, segments are settled anew. It tells whether anything changed.
func (e *Engine) look() bool {
	e.clock.looked = e.clock.applied
	e.ladder.look(e.clock.applied%(4*lookInterval) < lookInterval)
	segments, same := e.correspond()
	if !same {
		e.recluster(clustering.Remodel, 1)
		return true
	}
	changed := false
	for _, c := range e.ladder.used().cells {
		if home := segments[c.cluster]; c.micro != nil && home != c.micro.Segment {
			e.population.Rehome(c.micro, home, e.clock.asOf, clustering.Remodel)
			changed = true
		}
	}
	if changed {
		e.population.Sum()
	}
	return changed
}

// correspond finds the segment of each cluster, as far as most members of one are of the
// other; the same tells that each segment is one cluster, and each cluster one segment.
func (e *Engine) correspond() (segments map[uint64]*population.Segment, same bool) {
	segments = map[uint64]*population.Segment{}
	taken := map[*population.Segment]uint64{}
	for _, c := range e.ladder.used().cells {
		if c.micro == nil || c.cluster == 0 || c.micro.Segment == nil {
			continue
		}
		s := c.micro.Segment
		if other, found := segments[c.cluster]; found && other != s {
			return nil, false
		}
		if cluster, found := taken[s]; found && cluster != c.cluster {
			return nil, false
		}
		segments[c.cluster], taken[s] = s, c.cluster
	}
	for _, c := range e.ladder.used().cells {
		if c.micro != nil && c.cluster != 0 && segments[c.cluster] == nil {
			return nil, false // a new cluster
		}
	}
	return segments, len(taken) == len(e.population.Segments)
}
