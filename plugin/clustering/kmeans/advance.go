package kmeans

import (
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// restarts is the number of searches from scratch, when they are due.
const restarts = 5

// Advance implements [clustering.Engine]. A refinement is due after the warm-up, with
// every RefreshPoints-th point from then on, and when there are too many micro-clusters:
// as those that merge may be of different segments.
func (t *Tree) Advance() bool {
	t.clock.applied++
	crowded := len(t.micros) > t.config.MicroClusters
	warm := t.clock.refinements > 0
	switch {
	case !warm && t.population.N() < float64(t.config.Warmup):
		if powerOfTwo(t.clock.applied) {
			t.measure(true)
		}
		if crowded {
			t.rebuild(t.roomFor())
		}
		return false
	case warm && !crowded && t.clock.applied%uint64(t.config.RefreshPoints) != 0:
		return false
	}

	t.measure(false)
	t.clock.refinements++
	if crowded || powerOfTwo(t.clock.refinements) {
		t.rebuild(t.roomFor()) // also for the change of scale since the last
	} else {
		t.summarise(t.root)
		if len(t.micros) < t.config.MicroClusters/2 {
			t.threshold *= 0.8 // there is room for a finer summary
		}
	}
	t.adopt(t.refinement().Centres())
	return true
}

func powerOfTwo(n uint64) bool { return n&(n-1) == 0 }

func (t *Tree) roomFor() int {
	if len(t.micros) <= t.config.MicroClusters {
		return t.config.MicroClusters
	}
	return max(t.config.K, int(room*float64(t.config.MicroClusters)))
}

// measure renews the metric from the population.
func (t *Tree) measure(provisional bool) {
	t.metric = newMetric(&t.population, t.config.Weight, t.config.Scaling)
	if provisional {
		t.metric = t.metric.Provisional()
	}
	t.newMetric = true
}

func newMetric(population *cf.Feature, weight cf.Weight, scaling bool) *cf.Metric {
	if scaling {
		return cf.Standard(population, weight)
	}
	return cf.Unscaled(population, weight)
}

// refinement is the task that is due now. Segments are searched from scratch when points
// for a sixth of the population were applied since the last time: often while it is
// young, and at a cost for each point that does not grow with it.
func (t *Tree) refinement() Refinement {
	task := Refinement{Metric: t.metric, K: t.config.K, Seed: t.clock.refinements}
	if len(t.segments.list) == 0 || float64(t.clock.applied-t.clock.searched) >= t.population.N()/6 {
		task.Restarts = restarts
		t.clock.searched = t.clock.applied
	}
	t.root.each(func(m *micro) bool {
		task.Summary = append(task.Summary, Entry{Members: &m.members, Segment: m.segment.number()})
		return true
	})
	return task
}

// adopt puts a refinement into effect: each micro-cluster goes to the nearest centre, in
// the state that it is in by now.
func (t *Tree) adopt(centres []Centre) {
	rows := make([]float64, len(centres)*t.stride)
	for i, c := range centres {
		row := rows[i*t.stride:][:t.stride]
		for j := copy(row, c.Position); j < t.stride; j++ {
			row[j] = nan
		}
	}
	micros := make([]*micro, 0, len(t.micros))
	t.root.each(func(m *micro) bool {
		micros = append(micros, m)
		return true
	})
	owner := make([]int, len(micros))
	members := make([]cf.Feature, len(centres))
	centroid := make([]float64, t.stride)
	for i, m := range micros {
		m.members.Centroid(centroid)
		owner[i], _ = t.metric.Nearest(centroid, rows, t.stride)
		members[owner[i]].Merge(&m.members)
	}

	segments := t.segments.replace(centres, members)
	for i, m := range micros {
		if s := segments[owner[i]]; m.segment != s {
			m.segment = s
			t.touch(m)
		}
	}
}

// replace makes the segments those of the centres that have members: known ones stay
// the same, the others get new numbers.
func (p *segmentation) replace(centres []Centre, members []cf.Feature) []*segment {
	segments := make([]*segment, len(centres))
	stay := map[clustering.SegmentID]bool{}
	for i, c := range centres {
		if s := p.find(c.Segment); s != nil && members[i].N() > 0 {
			segments[i], stay[s.id] = s, true
			s.members = &members[i]
			p.touch(s)
		}
	}
	for _, s := range slices.Clone(p.list) {
		if !stay[s.id] {
			p.remove(s)
		}
	}
	for i := range centres {
		if segments[i] == nil && members[i].N() > 0 {
			segments[i] = p.add(&members[i], nil)
		}
	}
	return segments
}
