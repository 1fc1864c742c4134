package kmeans

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/record"
)

// Kinds of records: the first byte of a key. Of the lower four there are many, and the
// key goes on with a number, big-endian.
const (
	kindHeader  = 'h' // counters; the first byte of the value is the version of all records
	kindMetric  = 'x'
	kindLineage = 'l'
	kindTask    = 't'
	kindAlias   = 'a'
	kindMicro   = 'm'
	kindNode    = 'n'
	kindSegment = 's'
)

const recordVersion = 2

var errDamaged = errors.New("a record of the model is damaged: restore the newest backup to a new path")

// writer puts records, and reuses its memory.
type writer struct {
	to         clustering.Records
	key, value []byte
}

func (w *writer) begin(kind byte, number ...uint64) {
	w.key, w.value = append(w.key[:0], kind), w.value[:0]
	for _, n := range number {
		w.key = binary.BigEndian.AppendUint64(w.key, n)
	}
}

func (w *writer) put()    { w.to.Put(w.key, w.value) }
func (w *writer) delete() { w.to.Delete(w.key) }

func (w *writer) uvarint(n uint64) { w.value = binary.AppendUvarint(w.value, n) }
func (w *writer) varint(n int64)   { w.value = binary.AppendVarint(w.value, n) }

func (w *writer) float(v float64) {
	w.value = binary.LittleEndian.AppendUint64(w.value, math.Float64bits(v))
}

func (w *writer) feature(f *cf.Feature) { w.value = f.Append(w.value) }

// reader takes a value apart.
type reader struct{ record.Reader }

func (r *reader) feature(f *cf.Feature) {
	rest, err := f.Decode(r.Rest())
	if err != nil {
		r.Refuse()
		return
	}
	r.Bytes(len(r.Rest()) - len(rest))
}

// end tells whether all of the value was read, and nothing more.
func (r *reader) end() error {
	if !r.Complete() {
		return errDamaged
	}
	return nil
}

// splitKey takes the key of a record apart.
func splitKey(key []byte) (kind byte, number uint64, err error) {
	switch len(key) {
	case 1:
		return key[0], 0, nil
	case 9:
		return key[0], binary.BigEndian.Uint64(key[1:]), nil
	default:
		return 0, 0, errDamaged
	}
}

// loading is what is known of the records so far, before references are followed.
type loading struct {
	began     bool // a header is there
	segmentOf map[clustering.MicroID]clustering.SegmentID
	aliasOf   map[clustering.MicroID]clustering.MicroID
}

func newLoading() *loading {
	return &loading{
		segmentOf: map[clustering.MicroID]clustering.SegmentID{},
		aliasOf:   map[clustering.MicroID]clustering.MicroID{},
	}
}

// save puts the micro-clusters and aliases that changed.
func (b *membership) save(w *writer) {
	for _, m := range b.changed {
		w.begin(kindMicro, uint64(m.id))
		m.changed = false
		if m.gone {
			w.delete()
			continue
		}
		w.uvarint(uint64(m.segment.number()))
		w.varint(m.since)
		w.value = append(w.value, byte(m.cause))
		w.uvarint(m.carriers)
		w.uvarint(uint64(len(m.origins)))
		for _, e := range m.origins {
			w.uvarint(uint64(e.segment))
			w.float(e.weight)
		}
		w.feature(&m.members)
		w.put()
	}
	clear(b.changed)
	b.changed = b.changed[:0]

	slices.Sort(b.changedAliases)
	for _, id := range slices.Compact(b.changedAliases) {
		w.begin(kindAlias, uint64(id))
		if a := b.aliases[id]; a != nil {
			w.uvarint(uint64(a.to.id))
			w.uvarint(a.carriers)
			w.put()
		} else {
			w.delete()
		}
	}
	b.changedAliases = b.changedAliases[:0]
}

func (b *membership) loadMicro(l *loading, number uint64, r *reader) {
	m := &micro{id: clustering.MicroID(number)}
	l.segmentOf[m.id] = clustering.SegmentID(r.Uvarint())
	m.since, m.cause = r.Varint(), clustering.Cause(r.Byte())
	m.carriers = r.Uvarint()
	for range r.Count(9) {
		m.origins = append(m.origins, origin{clustering.SegmentID(r.Uvarint()), r.Float()})
	}
	r.feature(&m.members)
	b.micros[m.id] = m
}

func (b *membership) loadAlias(l *loading, number uint64, r *reader) {
	id := clustering.MicroID(number)
	l.aliasOf[id] = clustering.MicroID(r.Uvarint())
	b.aliases[id] = &alias{carriers: r.Uvarint()}
}

// link follows the references between micro-clusters, aliases and segments.
func (b *membership) link(l *loading, segments *segmentation) error {
	for id, m := range b.micros {
		if number := l.segmentOf[id]; number != 0 {
			if m.segment = segments.find(number); m.segment == nil {
				return fmt.Errorf("micro-cluster %d is in segment %d, which is not there: %w", id, number, errDamaged)
			}
		}
	}
	for id, a := range b.aliases {
		if a.to = b.micros[l.aliasOf[id]]; a.to == nil {
			return fmt.Errorf("alias %d leads to micro-cluster %d, which is not there: %w", id, l.aliasOf[id], errDamaged)
		}
		a.to.aliases = append(a.to.aliases, id)
	}
	return nil
}

// saveLineage puts what is known of the lives of segments, if that changed.
func (p *segmentation) saveLineage(w *writer) {
	if p.lineage.Changed() {
		w.begin(kindLineage)
		w.value = p.lineage.Append(w.value)
		w.put()
	}
}

// order sorts segments that were loaded.
func (p *segmentation) order() {
	slices.SortFunc(p.list, func(a, b *segment) int { return cmp.Compare(a.id, b.id) })
}

// saveMetric puts the metric.
func (w *writer) saveMetric(m *cf.Metric) {
	w.begin(kindMetric)
	w.value = m.Append(w.value)
	w.put()
}
