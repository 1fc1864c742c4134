package kmeans

import (
	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/identity"
)

const (
	restarts   = 5   // searches from scratch, when they are due
	settling   = 0.7 // of the newcomers are still new after a search
	searchless = 1.0 / 6
)

// Advance implements [clustering.Engine].
func (t *Tree) Advance() bool {
	t.clock.applied++
	if t.clock.refinements == 0 {
		return t.warmUp()
	}
	effect := false
	if len(t.micros) > t.config.MicroClusters {
		effect = t.rebuild(t.roomFor())
	}
	if t.task != nil && t.clock.applied >= t.task.due {
		t.finish(clustering.Remodel)
		effect = true
	}
	if points := uint64(t.config.RefreshPoints); t.clock.applied%points == 0 {
		t.begin(t.clock.applied+points/2, t.isSearchDue())
		if t.task.due == t.clock.applied {
			t.finish(clustering.Remodel)
			effect = true
		}
	}
	return effect
}

// warmUp ends with the first refinement, which takes effect at once. Until then, the
// metric follows the population.
func (t *Tree) warmUp() bool {
	in := t.weight
	if t.fading {
		in = float64(t.clock.applied)
	}
	if in >= float64(t.config.Warmup) {
		t.Refine(clustering.Remodel)
		return true
	}
	if powerOfTwo(t.clock.applied) {
		t.measure(true)
	}
	if len(t.micros) > t.config.MicroClusters {
		t.rebuild(t.roomFor())
	}
	return false
}

// Refine implements [clustering.Engine]. While warming up, there is nothing to refine.
func (t *Tree) Refine(cause clustering.Cause) {
	if t.clock.refinements == 0 && t.weight < float64(t.config.Warmup) && !t.fading {
		return
	}
	t.begin(t.clock.applied, true)
	t.finish(cause)
}

func powerOfTwo(n uint64) bool { return n&(n-1) == 0 }

// begin freezes the summary and starts a refinement of it beside the stream.
func (t *Tree) begin(due uint64, search bool) {
	t.dropFaded()
	t.measure(false)
	if powerOfTwo(t.clock.refinements+1) || len(t.micros) > t.config.MicroClusters {
		t.rebuild(t.roomFor()) // also for the change of scale since the last
	} else {
		t.summarise(t.root)
		if len(t.micros) < t.config.MicroClusters/2 {
			t.threshold *= 0.8 // there is room for a finer summary
		}
	}
	r := Refinement{Metric: t.metric, Choice: t.choice, Seed: t.clock.refinements}
	if search {
		r.Restarts = restarts
		t.clock.searched = t.clock.applied
	}
	t.root.each(func(m *micro) bool {
		r.Summary = append(r.Summary, entryOf(&m.members, m.segment.number(), t.metric))
		return true
	})
	t.task, t.newTask = begin(r, due), true
}

// isSearchDue tells that points for a sixth of the population were applied since segments
// were last searched from scratch: often while it is young, and at a cost for each point
// that does not grow with it.
func (t *Tree) isSearchDue() bool {
	return float64(t.clock.applied-t.clock.searched) >= searchless*t.Size()
}

// measure renews the metric from the population.
func (t *Tree) measure(provisional bool) {
	var parts []*cf.Feature
	if t.config.Scaling == cf.Robust {
		t.root.each(func(m *micro) bool {
			parts = append(parts, &m.members)
			return true
		})
	}
	t.metric = cf.NewMetric(t.config.Scaling, t.Population(), parts, t.config.Weight)
	if provisional {
		t.metric = t.metric.Provisional()
	}
	t.newMetric = true
}

// finish puts the refinement under way into effect: each micro-cluster goes to the
// nearest centre, in the state that it is in by now.
func (t *Tree) finish(cause clustering.Cause) {
	outcome, searched := <-t.task.outcome, t.task.Restarts > 0
	t.task, t.newTask = nil, true
	first := t.clock.refinements == 0
	t.clock.refinements++
	t.choice = outcome.Choice

	micros, owner, clusters := t.regroup(outcome.Centres)
	numbers := t.segments.lineage.Recluster(t.clock.asOf, cause, t.metric, clusters)
	segments := t.segments.replace(numbers, clusters)
	for i, m := range micros {
		t.rehome(m, segments[owner[i]], t.clock.asOf, cause)
		switch {
		case first:
			m.fresh = 0
			t.touch(m)
		case searched && m.fresh > 0:
			m.fresh *= settling
			t.touch(m)
		}
	}
}

// regroup sorts the micro-clusters by the nearest centre. Centres that are nearest to
// none are left out.
func (t *Tree) regroup(centres []Centre) (micros []*micro, owner []int, clusters []identity.Cluster) {
	rows := make([]float64, len(centres)*t.stride)
	for i, c := range centres {
		row := rows[i*t.stride:][:t.stride]
		for j := copy(row, c.Position); j < t.stride; j++ {
			row[j] = nan
		}
	}
	place := make([]int, len(centres)) // among the clusters, from 1
	centroid := make([]float64, t.stride)
	t.root.each(func(m *micro) bool {
		m.members.Centroid(centroid)
		nearest, _ := t.metric.Nearest(centroid, rows, t.stride)
		if place[nearest] == 0 {
			clusters = append(clusters, identity.Cluster{
				Segment: centres[nearest].Segment, Members: &cf.Feature{}, From: map[clustering.SegmentID]identity.Share{},
			})
			place[nearest] = len(clusters)
		}
		c := &clusters[place[nearest]-1]
		c.Members.Merge(&m.members)
		from := c.From[m.segment.number()]
		from.Weight += m.members.N()
		from.Fresh += m.fresh
		c.From[m.segment.number()] = from
		micros, owner = append(micros, m), append(owner, place[nearest]-1)
		return true
	})
	return micros, owner, clusters
}

// replace makes the segments those of the clusters: known numbers stay the same segments.
func (p *segmentation) replace(numbers []clustering.SegmentID, clusters []identity.Cluster) []*segment {
	segments := make([]*segment, len(numbers))
	stay := map[*segment]bool{}
	for i, number := range numbers {
		if s := p.find(number); s != nil {
			segments[i], stay[s] = s, true
			s.members = clusters[i].Members
			p.touch(s)
		}
	}
	for i := len(p.list) - 1; i >= 0; i-- {
		if !stay[p.list[i]] {
			p.remove(p.list[i])
		}
	}
	for i, number := range numbers {
		if segments[i] == nil {
			segments[i] = p.add(number, clusters[i].Members, nil)
		}
	}
	return segments
}
