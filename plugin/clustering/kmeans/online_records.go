package kmeans

import (
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// Save implements [clustering.Engine]. Each point fades every weight, so the weights and
// places of all centres are in one record, the header.
func (o *Online) Save(to clustering.Records) {
	w := o.population.Begin(to)
	w.Varint(o.population.AsOf)
	for _, n := range [...]uint64{uint64(o.population.Last), o.applied, o.population.Refinements, uint64(len(o.centres))} {
		w.Uvarint(n)
	}
	for i, m := range o.centres {
		w.Uvarint(uint64(m.ID))
		w.Float(o.state.Weights[i])
		w.Floats(o.state.Centers[i])
	}
	w.Put()
	o.population.SaveMetric(w)
	o.population.Save(w)
}

// Load implements [clustering.Engine].
func (o *Online) Load(key, value []byte) error {
	if !o.population.Loading() {
		o.empty() // of the centres to start from
	}
	return o.population.Load(key, value, o.load)
}

func (o *Online) load(kind byte, _ uint64, r *population.Reader) {
	if kind != population.KindHeader {
		r.Refuse()
		return
	}
	o.population.AsOf = r.Varint()
	o.population.Last, o.applied, o.population.Refinements = clustering.MicroID(r.Uvarint()), r.Uvarint(), r.Uvarint()
	for range r.Count(10) {
		o.centres = append(o.centres, &population.Micro{ID: clustering.MicroID(r.Uvarint())})
		o.state.Weights = append(o.state.Weights, r.Float())
		o.state.Centers = append(o.state.Centers, r.Floats())
	}
}

// Ready implements [clustering.Engine]: references are followed, and checked.
func (o *Online) Ready() error { return o.population.Ready(o.resettle, o.Check) }

// resettle gives the centres that were loaded their micro-clusters and segments.
func (o *Online) resettle() error {
	for i, c := range o.centres {
		m := o.population.Micro(c.ID)
		if m == nil || m.Segment == nil {
			return fmt.Errorf("centre %d is not there", c.ID)
		}
		o.population.AddSole(m.Segment.ID, m, o.state.Centers[i])
		o.centres[i] = m
	}
	for m := range o.population.All() {
		o.population.Weight += m.Members.N()
	}
	return nil
}

// Check implements [clustering.Engine].
func (o *Online) Check() error {
	if err := o.population.Check(); err != nil {
		return err
	}
	for i, m := range o.centres {
		if o.population.Micro(m.ID) != m || m.Segment.Members != &m.Members {
			return fmt.Errorf("centre %d is out of place", i)
		}
	}
	return nil
}
