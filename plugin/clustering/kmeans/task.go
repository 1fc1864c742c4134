package kmeans

import (
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// task is a refinement that runs beside the stream. All that its outcome depends on is
// saved when it begins, and the point at which it takes effect is fixed then: so it is
// repeated with the same effect when the process dies in between.
type task struct {
	Refinement
	due     uint64 // applied points when it takes effect
	outcome chan Outcome
}

func begin(r Refinement, due uint64) *task {
	t := &task{Refinement: r, due: due, outcome: make(chan Outcome, 1)}
	go func() { t.outcome <- r.Run() }()
	return t
}

// settles tells that the task looks at all that it may change: what is as it is afterwards,
// is so for good.
func (t *task) settles() bool {
	if t.Choice.Min == t.Choice.Max {
		return t.Restarts > 0
	}
	return t.Explore > 0
}

// saveTask puts the refinement under way, but for its metric, which is the one in force.
func (t *Tree) saveTask(w *population.Writer) {
	w.Begin(kindTask)
	if t.task == nil {
		w.Delete()
		return
	}
	r := t.task.Refinement
	d := 0
	for _, e := range r.Summary {
		d = max(d, len(e.Centroid))
	}
	w.Uvarint(t.task.due)
	w.Uvarint(r.Seed)
	w.Uvarint(uint64(r.Restarts))
	w.Uvarint(uint64(r.Explore))
	saveChoice(w, r.Choice)
	w.Uvarint(uint64(d))
	w.Uvarint(uint64(len(r.Summary)))
	for _, e := range r.Summary {
		w.Uvarint(uint64(e.Segment))
		w.Float(e.Weight)
		w.Float(e.Spread)
		w.Bool(e.Observed != nil)
		for j := range d {
			v := nan
			if j < len(e.Centroid) {
				v = e.Centroid[j]
			}
			w.Float(v)
			if e.Observed != nil {
				n := 0.0
				if j < len(e.Observed) {
					n = e.Observed[j]
				}
				w.Float(n)
			}
		}
	}
	w.Put()
}

func saveChoice(w *population.Writer, c Choice) {
	for _, n := range [...]int{c.Min, c.Max, c.Now, c.Streak} {
		w.Uvarint(uint64(n))
	}
}

func readChoice(r *population.Reader) (c Choice) {
	for _, field := range [...]*int{&c.Min, &c.Max, &c.Now, &c.Streak} {
		n := r.Uvarint()
		if n > maxSegments {
			r.Refuse()
			return Choice{}
		}
		*field = int(n)
	}
	return c
}

// maxSegments is more than anybody has: a record that says more is damaged.
const maxSegments = 1 << 20

// loadTask reads what saveTask put. It begins when the metric is known.
func loadTask(r *population.Reader) (task Refinement, due uint64) {
	due, task.Seed = r.Uvarint(), r.Uvarint()
	task.Restarts, task.Explore = int(min(r.Uvarint(), restarts)), int(min(r.Uvarint(), explore))
	task.Choice = readChoice(r)
	d, n := r.Uvarint(), r.Count(18)
	for range n {
		e := Entry{Segment: clustering.SegmentID(r.Uvarint()), Weight: r.Float(), Spread: r.Float()}
		if !(e.Weight > 0 && e.Weight < cf.Limit && e.Spread >= 0) {
			r.Refuse()
			return task, due
		}
		partial := r.Bool()
		if d > uint64(len(r.Rest())/8) {
			r.Refuse()
			return task, due
		}
		e.Centroid = make([]float64, d)
		if partial {
			e.Observed = make([]float64, d)
		}
		for j := range d {
			e.Centroid[j] = r.Float()
			if partial {
				e.Observed[j] = r.Float()
			}
		}
		task.Summary = append(task.Summary, e)
	}
	return task, due
}

// entryOf is what a refinement has to know of a cluster feature.
func entryOf(f *cf.Feature, home clustering.SegmentID, metric *cf.Metric) Entry {
	d := f.Dims()
	numbers := make([]float64, 2*d)
	e := Entry{Segment: home, Weight: f.N(), Spread: f.N() * metric.Spread(f), Centroid: numbers[:d:d], Observed: numbers[d:]}
	f.Centroid(e.Centroid)
	for j := range d {
		e.Observed[j] = f.Observed(j)
	}
	if !slices.ContainsFunc(e.Observed, func(n float64) bool { return n != e.Weight }) {
		e.Observed = nil
	}
	return e
}
