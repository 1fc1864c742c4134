package kmeans

import (
	"github.com/shoal-stream/shoal/plugin/clustering"
)

// Inherit implements [clustering.Engine].
func (t *Tree) Inherit(lineage []byte, refinements uint64) error {
	living, err := t.population.Inherit(lineage, refinements)
	for _, id := range living {
		t.population.AddSegment(id)
	}
	return err
}

// Import implements [clustering.Engine]. Only micro-clusters of its segment take a vector,
// so each customer keeps theirs until Refine.
func (t *Tree) Import(x []float64, at int64, home clustering.SegmentID) clustering.MicroID {
	id := t.put(x, at, home, t.population.Segment(home))
	if powerOfTwo(uint64(t.population.Weight)) {
		t.population.Measure(true)
	}
	if t.population.Len() > t.config.MicroClusters {
		t.rebuild(t.roomFor())
	}
	return id
}

// Inherit implements [clustering.Engine]: each segment becomes a centre, which is where
// its vectors will be.
func (o *Online) Inherit(lineage []byte, refinements uint64) error {
	o.empty()
	living, err := o.population.Inherit(lineage, refinements)
	if err != nil {
		return err
	}
	for _, id := range living {
		o.place(id, []float64{}, 0)
	}
	if len(o.centres) == 0 {
		o.start()
	}
	return nil
}

// Import implements [clustering.Engine].
func (o *Online) Import(x []float64, at int64, home clustering.SegmentID) clustering.MicroID {
	for i, m := range o.centres {
		if m.Segment.ID == home {
			x = o.population.Clean(x)
			o.population.AsOf = max(o.population.AsOf, at)
			o.state.Weights[i]++
			o.state.pull(i, x, 1/o.state.Weights[i])
			m.Segment.Centre = o.state.Centers[i]
			o.population.Insert(m, 1, x)
			return m.ID
		}
	}
	return o.Insert(x, at)
}
