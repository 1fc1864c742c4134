package kmeans

import (
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/identity"
)

const (
	explored = 1.0 / 2  // of the population, in points, lies between looks at other numbers of segments
	explore  = 2        // searches for each of those
	restarts = 8        // searches from scratch, when they are due
	settling = 0.8      // of what is from elsewhere is not at home yet after a look at the number of segments
	searched = 1.0 / 10 // of the population, in points, lies between searches
	coarser  = 1.1      // grows the threshold when there are too many micro-clusters
	finer    = 0.8      // shrinks it when there are less than half as many as there may be
	young    = 1.0 / 20 // of the population, in points, lies between refinements at most
)

// Advance implements [clustering.Engine].
func (t *Tree) Advance() bool {
	t.clock.applied++
	if t.clock.refinements == 0 {
		return t.warmUp()
	}
	effect := false
	if len(t.micros) > t.config.MicroClusters {
		t.threshold *= coarser // or as many would be founded again
		effect = t.rebuild(t.roomFor())
	}
	if t.task != nil && t.clock.applied >= t.task.due {
		t.finish(clustering.Remodel)
		effect = true
	}
	if interval := t.interval(); t.task == nil && t.clock.applied-t.clock.begun >= interval {
		t.begin(t.clock.applied+interval/2, false)
		if t.task.due == t.clock.applied {
			t.finish(clustering.Remodel)
			effect = true
		}
	}
	return effect
}

// interval is the number of points between refinements: fewer while the population is
// young and each is a good part of it.
func (t *Tree) interval() uint64 {
	return uint64(max(1, min(float64(t.config.RefreshPoints), young*t.Size())))
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
func (t *Tree) begin(due uint64, all bool) {
	t.dropFaded()
	t.measure(false)
	if powerOfTwo(t.clock.refinements+1) || len(t.micros) > t.config.MicroClusters {
		t.rebuild(t.roomFor()) // also for the change of scale since the last
	} else {
		t.summarise(t.root)
		if len(t.micros) < t.config.MicroClusters/2 {
			t.threshold *= finer // there is room
		}
	}
	t.clock.begun = t.clock.applied
	r := Refinement{Metric: t.metric, Choice: t.choice, Seed: t.clock.refinements}
	if all || t.isDue(t.clock.searched, searched) {
		r.Restarts = restarts
		t.clock.searched = t.clock.applied
	}
	if all || t.isDue(t.clock.explored, explored) {
		r.Explore = explore
		t.clock.explored = t.clock.applied
	}
	t.root.each(func(m *micro) bool {
		r.Summary = append(r.Summary, entryOf(&m.members, m.segment.number(), t.metric))
		return true
	})
	t.task, t.newTask = begin(r, due), true
}

// isDue tells that points for a share of the population were applied since the last time:
// often while it is young, and at a cost for each point that does not grow with it.
func (t *Tree) isDue(last uint64, share float64) bool {
	return float64(t.clock.applied-last) >= share*t.Size()
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
	outcome, settles := <-t.task.outcome, t.task.settles()
	t.task, t.newTask = nil, true
	settling := settling
	if t.clock.refinements == 0 {
		settling = 0
	}
	t.clock.refinements++
	t.choice = outcome.Choice
	if len(outcome.Centres) == 0 && len(t.micros) > 0 {
		return // there was nobody when it began
	}
	micros, owner, clusters := t.regroup(outcome.Centres)
	numbers := t.segments.lineage.Recluster(t.clock.asOf, cause, t.metric, clusters)
	segments := t.segments.replace(numbers, clusters)
	for i, m := range micros {
		t.rehome(m, segments[owner[i]], t.clock.asOf, cause)
		if settles && m.origins.settle(m.segment.id, settling) {
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
				Segment: centres[nearest].Segment, Members: &cf.Feature{}, Origins: identity.Shares{}, From: identity.Shares{},
			})
			place[nearest] = len(clusters)
		}
		c := &clusters[place[nearest]-1]
		c.Members.Merge(&m.members)
		c.From[m.segment.number()] += m.members.N()
		for _, e := range m.origins {
			c.Origins[e.segment] += e.weight
		}
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
	for _, s := range slices.Clone(p.list) {
		if !stay[s] {
			p.remove(s)
		}
	}
	for i, number := range numbers {
		if segments[i] == nil {
			segments[i] = p.add(number, clusters[i].Members, nil)
		}
	}
	return segments
}
