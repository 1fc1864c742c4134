package kmeans

import (
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/identity"
)

// Lineage implements [clustering.Engine].
func (t *Tree) Lineage() []byte { return t.segments.lineage.Append(nil) }

// Inherit implements [clustering.Engine].
func (t *Tree) Inherit(lineage []byte, refinements uint64) (err error) {
	if t.segments.lineage, err = identity.Decode(lineage); err != nil {
		return fmt.Errorf("inheriting segments: %w", err)
	}
	t.segments.lineage.Touch()
	for _, id := range t.segments.lineage.Living() {
		t.segments.add(id, &cf.Feature{}, nil)
	}
	t.clock.refinements = refinements
	return nil
}

// Import implements [clustering.Engine]. Only micro-clusters of its segment take a vector,
// so each customer keeps theirs until Refine.
func (t *Tree) Import(x []float64, at int64, home clustering.SegmentID) clustering.MicroID {
	id := t.put(x, at, home, t.segments.find(home))
	if powerOfTwo(uint64(t.weight)) {
		t.measure(true)
	}
	if len(t.micros) > t.config.MicroClusters {
		t.rebuild(t.roomFor())
	}
	return id
}

// Lineage implements [clustering.Engine].
func (o *Online) Lineage() []byte { return o.segments.lineage.Append(nil) }

// Inherit implements [clustering.Engine]: each segment becomes a centre, which is where
// its vectors will be.
func (o *Online) Inherit(lineage []byte, refinements uint64) (err error) {
	*o = *emptyOnline(o.config)
	if o.segments.lineage, err = identity.Decode(lineage); err != nil {
		return fmt.Errorf("inheriting segments: %w", err)
	}
	o.segments.lineage.Touch()
	for _, id := range o.segments.lineage.Living() {
		o.place(id, []float64{}, 0)
	}
	if len(o.centres) == 0 {
		o.start()
	}
	o.renewals = refinements
	return nil
}

// Import implements [clustering.Engine].
func (o *Online) Import(x []float64, at int64, home clustering.SegmentID) clustering.MicroID {
	for i, m := range o.centres {
		if m.segment.id == home {
			x = o.observe(x)
			o.size++
			o.asOf = max(o.asOf, at)
			o.state.Weights[i]++
			o.state.pull(i, x, 1/o.state.Weights[i])
			m.segment.centre = o.state.Centers[i]
			o.insert(m, 1, x)
			return m.id
		}
	}
	return o.Insert(x, at)
}
