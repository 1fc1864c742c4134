package kmeans

import (
	"fmt"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/identity"
	"github.com/shoal-stream/shoal/plugin/record"
)

// Save implements [clustering.Engine]. Each point fades every weight, so the weights and
// places of all centres are in one record, the header.
func (o *Online) Save(to clustering.Records) {
	w := &writer{to: to}
	w.begin(kindHeader)
	w.value = append(w.value, recordVersion)
	w.varint(o.asOf)
	for _, n := range [...]uint64{uint64(o.last), o.applied, o.renewals, uint64(len(o.centres))} {
		w.uvarint(n)
	}
	for i, m := range o.centres {
		w.uvarint(uint64(m.id))
		w.float(o.state.Weights[i])
		w.uvarint(uint64(len(o.state.Centers[i])))
		for _, v := range o.state.Centers[i] {
			w.float(v)
		}
	}
	w.put()

	if o.newMetric {
		w.saveMetric(o.metric)
		o.newMetric = false
	}
	o.segments.saveLineage(w)
	o.save(w)
	o.segments.settle()
}

// settle forgets which segments changed: each is saved as its micro-cluster.
func (p *segmentation) settle() {
	for _, s := range p.changed {
		s.changed = false
	}
	p.changed = p.changed[:0]
}

// onlineLoading is what is known of an engine before references are followed.
type onlineLoading struct {
	*loading
	centres []clustering.MicroID
	state   Sequential
}

// Load implements [clustering.Engine].
func (o *Online) Load(key, value []byte) error {
	kind, number, err := splitKey(key)
	if err != nil {
		return fmt.Errorf("loading sequential k-means: %w", err)
	}
	if o.loading == nil {
		o.loading = &onlineLoading{loading: newLoading()}
		loading := o.loading
		*o = *emptyOnline(o.config)
		o.loading = loading
	}
	r := &reader{record.Read(value)}
	switch kind {
	case kindHeader:
		if version := r.Uvarint(); version != recordVersion {
			return fmt.Errorf("loading sequential k-means: its records are of version %d, this program reads %d: use the program that wrote them", version, recordVersion)
		}
		o.loadHeader(r)
	case kindLineage:
		if o.segments.lineage, err = identity.Decode(value); err != nil {
			return fmt.Errorf("loading sequential k-means: %w", err)
		}
		return nil
	case kindMetric:
		if o.metric, err = cf.DecodeMetric(value); err != nil {
			return fmt.Errorf("loading the metric of sequential k-means: %w", err)
		}
		return nil
	case kindMicro:
		o.loadMicro(o.loading.loading, number, r)
	case kindAlias:
		o.loadAlias(o.loading.loading, number, r)
	default:
		r.Refuse()
	}
	if err := r.end(); err != nil {
		return fmt.Errorf("loading sequential k-means, record %q %d: %w", string(kind), number, err)
	}
	return nil
}

func (o *Online) loadHeader(r *reader) {
	l := o.loading
	l.began = true
	o.asOf = r.Varint()
	o.last, o.applied, o.renewals = clustering.MicroID(r.Uvarint()), r.Uvarint(), r.Uvarint()
	for range r.Count(10) {
		l.centres = append(l.centres, clustering.MicroID(r.Uvarint()))
		l.state.Weights = append(l.state.Weights, r.Float())
		centre := make([]float64, r.Count(8))
		for j := range centre {
			centre[j] = r.Float()
		}
		l.state.Centers = append(l.state.Centers, centre)
	}
}

// Ready implements [clustering.Engine]: references are followed, and checked.
func (o *Online) Ready() error {
	l := o.loading
	o.loading = nil
	if l == nil {
		return nil // a new one
	}
	if !l.began {
		return fmt.Errorf("loading sequential k-means: there is no header: %w", errDamaged)
	}
	o.state = l.state
	for i, id := range l.centres {
		m := o.micros[id]
		if m == nil || l.segmentOf[id] == 0 {
			return fmt.Errorf("loading sequential k-means: centre %d is not there: %w", id, errDamaged)
		}
		o.segments.list = append(o.segments.list, &segment{id: l.segmentOf[id], members: &m.members, centre: o.state.Centers[i]})
		o.centres = append(o.centres, m)
	}
	o.segments.order()
	if err := o.link(l.loading, &o.segments); err != nil {
		return fmt.Errorf("loading sequential k-means: %w", err)
	}
	for _, m := range o.micros {
		o.size += m.members.N()
	}
	if err := o.Check(); err != nil {
		return fmt.Errorf("loading sequential k-means: %w: %w", err, errDamaged)
	}
	return nil
}

// Check implements [clustering.Engine].
func (o *Online) Check() error {
	if err := o.check(); err != nil {
		return err
	}
	sum := 0.0
	for id, m := range o.micros {
		sum += m.members.N()
		if m.segment == nil && len(o.centres) > 0 {
			return fmt.Errorf("micro-cluster %d belongs to no centre", id)
		}
	}
	if sum != o.size {
		return fmt.Errorf("the population counts %v, and the members of its centres are %v", o.size, sum)
	}
	for i, m := range o.centres {
		if o.micros[m.id] != m || m.segment.members != &m.members || !slices.Contains(o.segments.list, m.segment) || o.segments.lineage.Current(m.segment.id) != m.segment.id {
			return fmt.Errorf("centre %d is out of place", i)
		}
	}
	return nil
}
