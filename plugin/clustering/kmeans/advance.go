package kmeans

import (
	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
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
	if t.population.Refinements == 0 {
		return t.warmUp()
	}
	effect := false
	if t.population.Len() > t.config.MicroClusters {
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
	in := t.population.Weight
	if t.config.HalfLife > 0 {
		in = float64(t.clock.applied)
	}
	if in >= float64(t.config.Warmup) {
		t.Refine(clustering.Remodel)
		return true
	}
	if powerOfTwo(t.clock.applied) {
		t.population.Measure(true)
	}
	if t.population.Len() > t.config.MicroClusters {
		t.rebuild(t.roomFor())
	}
	return false
}

// Refine implements [clustering.Engine]. While warming up, there is nothing to refine.
func (t *Tree) Refine(cause clustering.Cause) {
	if t.population.Refinements == 0 && t.population.Weight < float64(t.config.Warmup) && t.config.HalfLife == 0 {
		return
	}
	t.begin(t.clock.applied, true)
	t.finish(cause)
}

func powerOfTwo(n uint64) bool { return n&(n-1) == 0 }

// begin freezes the summary and starts a refinement of it beside the stream.
func (t *Tree) begin(due uint64, all bool) {
	t.dropFaded()
	t.population.Measure(false)
	if powerOfTwo(t.population.Refinements+1) || t.population.Len() > t.config.MicroClusters {
		t.rebuild(t.roomFor()) // also for the change of scale since the last
	} else {
		t.summarise(t.root)
		if t.population.Len() < t.config.MicroClusters/2 {
			t.threshold *= finer // there is room
		}
	}
	t.clock.begun = t.clock.applied
	r := Refinement{Choice: t.choice, Seed: t.population.Refinements}
	if all || t.isDue(t.clock.searched, searched) {
		r.Restarts = restarts
		t.clock.searched = t.clock.applied
	}
	if all || t.isDue(t.clock.explored, explored) {
		r.Explore = explore
		t.clock.explored = t.clock.applied
	}
	t.run(r, due)
}

// run starts a refinement of the summary as it is now.
func (t *Tree) run(r Refinement, due uint64) {
	r.Metric, r.Summary = t.population.Metric, nil
	for m := range t.population.All() {
		r.Summary = append(r.Summary, entryOf(&m.Members, m.Segment.Number(), r.Metric))
	}
	t.task, t.newTask, t.staleTask = begin(r, due), true, false
}

// renewTask starts the refinement under way again, if it knows of a vector that was erased. It
// takes effect when it was to.
func (t *Tree) renewTask() {
	if t.staleTask {
		t.run(t.task.Refinement, t.task.due)
	}
}

// isDue tells that points for a share of the population were applied since the last time:
// often while it is young, and at a cost for each point that does not grow with it.
func (t *Tree) isDue(last uint64, share float64) bool {
	return float64(t.clock.applied-last) >= share*t.Size()
}

// finish puts the refinement under way into effect: each micro-cluster goes to the
// nearest centre, in the state that it is in by now.
func (t *Tree) finish(cause clustering.Cause) {
	t.renewTask()
	outcome, settles := <-t.task.outcome, t.task.settles()
	t.task, t.newTask = nil, true
	foreign := 1.0
	switch {
	case settles && t.population.Refinements == 0:
		foreign = 0
	case settles:
		foreign = settling
	}
	t.population.Refinements++
	t.choice = outcome.Choice
	if len(outcome.Centres) == 0 && t.population.Len() > 0 {
		return // there was nobody when it began
	}
	continues := make([]clustering.SegmentID, len(outcome.Centres))
	rows := make([]float64, len(outcome.Centres)*t.stride)
	for i, c := range outcome.Centres {
		continues[i] = c.Segment
		row := rows[i*t.stride:][:t.stride]
		for j := copy(row, c.Position); j < t.stride; j++ {
			row[j] = nan
		}
	}
	centroid := make([]float64, t.stride)
	nearest := func(m *population.Micro) int {
		m.Members.Centroid(centroid)
		slot, _ := t.population.Metric.Nearest(centroid, rows, t.stride)
		return slot
	}
	t.population.Recluster(t.population.AsOf, cause, population.Clustering{Of: nearest, Continues: continues, Foreign: foreign})
}
