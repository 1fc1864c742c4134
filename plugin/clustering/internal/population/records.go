package population

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/identity"
)

// KindHeader is the kind of the record that an engine begins with.
const KindHeader = 'h'

// Kinds of the population's own records. Of the last three there are many.
const (
	kindMetric  = 'x'
	kindLineage = 'l'
	kindAlias   = 'a'
	kindMicro   = 'm'
	kindSegment = 's'
)

// Begin begins to save, with a header: the version of all records, to which the engine adds
// its counters, and those of the population (Last, Refinements, and what else of it is not
// in other records: Weight, AsOf, Landmark). Then it puts the record.
func (p *Population) Begin(to clustering.Records) *Writer {
	w := NewWriter(to)
	w.Begin(KindHeader)
	w.Byte(p.config.Version)
	return w
}

// SaveMetric puts the metric, if that changed.
func (p *Population) SaveMetric(w *Writer) {
	if p.newMetric {
		w.Begin(kindMetric)
		w.value = p.Metric.Append(w.value)
		w.Put()
		p.newMetric = false
	}
}

// Save puts the lineage, micro-clusters, aliases and segments that changed.
func (p *Population) Save(w *Writer) {
	if p.Lineage.Changed() {
		w.Begin(kindLineage)
		w.value = p.Lineage.Append(w.value)
		w.Put()
	}
	p.saveMicros(w)
	p.saveAliases(w)
	p.saveSegments(w)
}

func (p *Population) saveMicros(w *Writer) {
	for _, m := range p.changed {
		w.Begin(kindMicro, uint64(m.ID))
		m.changed = false
		if m.gone {
			w.Delete()
			continue
		}
		w.Uvarint(uint64(m.Segment.Number()))
		w.Varint(m.Since)
		w.Byte(byte(m.Cause))
		w.Uvarint(m.carriers)
		w.Uvarint(uint64(len(m.Origins)))
		for _, e := range m.Origins {
			w.Uvarint(uint64(e.segment))
			w.Float(e.weight)
		}
		w.feature(&m.Members)
		w.Put()
	}
	clear(p.changed)
	p.changed = p.changed[:0]
}

func (p *Population) saveAliases(w *Writer) {
	slices.Sort(p.changedAliases)
	for _, id := range slices.Compact(p.changedAliases) {
		w.Begin(kindAlias, uint64(id))
		if a := p.aliases[id]; a != nil {
			w.Uvarint(uint64(a.to.ID))
			w.Uvarint(a.carriers)
			w.Put()
		} else {
			w.Delete()
		}
	}
	p.changedAliases = p.changedAliases[:0]
}

func (p *Population) saveSegments(w *Writer) {
	for _, s := range p.changedSegments {
		w.Begin(kindSegment, uint64(s.ID))
		s.changed = false
		if s.gone {
			w.Delete()
			continue
		}
		w.feature(s.Members)
		w.Put()
	}
	clear(p.changedSegments)
	p.changedSegments = p.changedSegments[:0]
}

// Loading tells that a record was loaded, and the population is not ready yet.
func (p *Population) Loading() bool { return p.loading }

// Load takes one record, of any order. Own takes those that are the engine's: the header,
// after its version, and all kinds that the population does not have; it refuses those that
// the engine does not have either. Until Ready, micro-clusters have stand-ins for their
// segments, which have a number and nothing else.
func (p *Population) Load(key, value []byte, own func(kind byte, number uint64, r *Reader)) error {
	p.loading = true
	kind, number, err := splitKey(key)
	if err != nil {
		return fmt.Errorf("loading %s: %w", p.config.Name, err)
	}
	r := Read(value)
	switch kind {
	case KindHeader:
		if version := r.Uvarint(); version != uint64(p.config.Version) {
			return fmt.Errorf("loading %s: its records are of version %d, this program reads %d: use the program that wrote them", p.config.Name, version, p.config.Version)
		}
		p.began = true
		own(kind, number, r)
	case kindLineage:
		if p.Lineage, err = identity.Decode(value); err != nil {
			return fmt.Errorf("loading %s: %w", p.config.Name, err)
		}
		return nil
	case kindMetric:
		if p.Metric, err = cf.DecodeMetric(value); err != nil {
			return fmt.Errorf("loading the metric of %s: %w", p.config.Name, err)
		}
		return nil
	case kindMicro:
		p.loadMicro(number, r)
	case kindAlias:
		p.aliases[clustering.MicroID(number)] = &alias{to: &Micro{ID: clustering.MicroID(r.Uvarint())}, carriers: r.Uvarint()}
	case kindSegment:
		s := &Segment{ID: clustering.SegmentID(number), Members: &cf.Feature{}}
		r.feature(s.Members)
		p.Segments = append(p.Segments, s)
	default:
		own(kind, number, r)
	}
	if err := r.End(); err != nil {
		return fmt.Errorf("loading %s, record %q %d: %w", p.config.Name, string(kind), number, err)
	}
	return nil
}

func (p *Population) loadMicro(number uint64, r *Reader) {
	m := &Micro{ID: clustering.MicroID(number)}
	if home := clustering.SegmentID(r.Uvarint()); home != 0 {
		m.Segment = &Segment{ID: home}
	}
	m.Since, m.Cause = r.Varint(), clustering.Cause(r.Byte())
	m.carriers = r.Uvarint()
	for range r.Count(9) {
		m.Origins = append(m.Origins, origin{clustering.SegmentID(r.Uvarint()), r.Float()})
	}
	r.feature(&m.Members)
	p.micros[m.ID] = m
}

// Ready completes loading, when all records are in: complete lets the engine follow its own
// references, and add sole segments; then those of the population are followed, and check,
// which is the engine's, proves the whole. A population that is new is ready.
func (p *Population) Ready(complete, check func() error) error {
	if !p.loading {
		return nil // a new one
	}
	p.loading = false
	if !p.began {
		return fmt.Errorf("loading %s: there is no header: %w", p.config.Name, errDamaged)
	}
	slices.SortFunc(p.Segments, func(a, b *Segment) int { return cmp.Compare(a.ID, b.ID) })
	for _, step := range [...]func() error{complete, p.link, check} {
		if err := step(); err != nil {
			return fmt.Errorf("loading %s: %w: %w", p.config.Name, err, errDamaged)
		}
	}
	return nil
}

// link follows the references between micro-clusters, aliases and segments.
func (p *Population) link() error {
	for id, m := range p.micros {
		if number := m.Segment.Number(); number != 0 {
			if m.Segment = p.Segment(number); m.Segment == nil {
				return fmt.Errorf("micro-cluster %d is in segment %d, which is not there", id, number)
			}
		}
	}
	for id, a := range p.aliases {
		number := a.to.ID
		if a.to = p.micros[number]; a.to == nil {
			return fmt.Errorf("alias %d leads to micro-cluster %d, which is not there", id, number)
		}
		a.to.aliases = append(a.to.aliases, id)
	}
	return nil
}
