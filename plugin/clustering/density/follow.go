package density

import (
	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// patience is how many looks in a row have to find segments torn or joined, before they are.
const patience = 10

// look finds the clusters as they are. When they are the segments, micro-clusters at their
// border may join or leave. A new cluster is a segment at once; but segments are not torn or
// joined before several looks in a row have found them so. It tells whether anything changed.
func (e *Engine) look() bool {
	e.clock.looked = e.clock.applied
	e.ladder.look(e.clock.applied%(4*lookInterval) < lookInterval)
	switch segments, same := e.correspond(); {
	case same:
		e.clock.doubts = 0
		return e.rehome(func(c *cell) *population.Segment { return segments[c.cluster] })
	case e.doubtful():
		return e.admit()
	default:
		e.recluster(clustering.Remodel, 1)
		return true
	}
}

// doubtful counts looks that find segments torn or joined, until that is to be believed.
func (e *Engine) doubtful() bool {
	e.clock.doubts++
	return e.clock.doubts < patience && !e.born()
}

// inDoubt tells that segments are found torn or joined, and that this is not to be believed yet.
func (e *Engine) inDoubt() bool {
	_, same := e.correspond()
	return !same && e.doubtful()
}

// admit brings those who are in no segment to that of the oldest of their cluster.
func (e *Engine) admit() (changed bool) {
	segments := map[uint64]*population.Segment{}
	for _, c := range e.ladder.used().cells {
		if c.micro != nil && c.cluster != 0 && segments[c.cluster] == nil {
			segments[c.cluster] = c.micro.Segment
		}
	}
	return e.rehome(func(c *cell) *population.Segment {
		if c.micro.Segment == nil {
			return segments[c.cluster]
		}
		return c.micro.Segment
	})
}

// rehome brings micro-clusters home.
func (e *Engine) rehome(to func(*cell) *population.Segment) (changed bool) {
	for _, c := range e.ladder.used().cells {
		if c.micro == nil {
			continue
		}
		if home := to(c); home != c.micro.Segment {
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
	return segments, len(taken) == len(e.population.Segments) && !e.born()
}

// born tells that there is a cluster none of whose members is in a segment.
func (e *Engine) born() bool {
	settled := map[uint64]bool{}
	for _, c := range e.ladder.used().cells {
		if c.micro != nil && c.cluster != 0 {
			settled[c.cluster] = settled[c.cluster] || c.micro.Segment != nil
		}
	}
	for _, is := range settled {
		if !is {
			return true
		}
	}
	return false
}
