package identity

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/record"
)

const recordVersion = 1

// ErrDamaged is the error of decoding what Append cannot have written.
var ErrDamaged = errors.New("decoding the lineage of segments: the record is damaged: restore the newest backup")

// Changed tells that there was something to save since it was last asked.
func (t *Tracker) Changed() bool {
	changed := t.changed
	t.changed = false
	return changed
}

// Append writes all but the events that were not handed over yet: about 16 bytes for each
// dimension of each segment that lives or may revive.
func (t *Tracker) Append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = binary.AppendUvarint(dst, uint64(t.last))
	dst = binary.AppendUvarint(dst, t.round)
	dst = binary.AppendUvarint(dst, uint64(len(t.living)))
	for _, id := range t.Living() {
		dst = t.living[id].append(dst)
	}
	dst = binary.AppendUvarint(dst, uint64(len(t.resting)))
	for _, l := range t.resting {
		dst = l.append(dst)
	}
	dst = binary.AppendUvarint(dst, uint64(len(t.aliases)))
	for _, id := range slices.Sorted(maps.Keys(t.aliases)) {
		dst = binary.AppendUvarint(dst, uint64(id))
		dst = binary.AppendUvarint(dst, uint64(t.aliases[id]))
	}
	return dst
}

func (l *life) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(l.id))
	dst = binary.AppendVarint(dst, l.born)
	dst = appendNumbers(dst, l.parents)
	dst = binary.AppendUvarint(dst, uint64(len(l.trace.centroid)))
	for j := range l.trace.centroid {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(l.trace.centroid[j]))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(l.trace.variance[j]))
	}
	dst = binary.AppendUvarint(dst, l.left)
	told := byte(0)
	if l.told {
		told = 1
	}
	return appendNumbers(append(dst, told), l.children)
}

func appendNumbers(dst []byte, ids []clustering.SegmentID) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(ids)))
	for _, id := range ids {
		dst = binary.AppendUvarint(dst, uint64(id))
	}
	return dst
}

// Decode reads a tracker that Append wrote: all of src.
func Decode(src []byte) (*Tracker, error) {
	r := reader{record.Read(src)}
	t := NewTracker()
	if r.Byte() != recordVersion {
		return nil, ErrDamaged
	}
	t.last, t.round = clustering.SegmentID(r.Uvarint()), r.Uvarint()
	for range r.Count(1) {
		l := r.life()
		if r.Damaged() || l.id > t.last || t.living[l.id] != nil {
			return nil, ErrDamaged
		}
		t.living[l.id] = l
	}
	for range r.Count(1) {
		l := r.life()
		if r.Damaged() || l.id > t.last {
			return nil, ErrDamaged
		}
		t.resting = append(t.resting, l)
	}
	for range r.Count(1) {
		id := clustering.SegmentID(r.Uvarint())
		t.aliases[id] = clustering.SegmentID(r.Uvarint())
		if r.Damaged() {
			return nil, ErrDamaged
		}
	}
	if !r.Complete() {
		return nil, ErrDamaged
	}
	return t, nil
}

type reader struct{ record.Reader }

func (r *reader) numbers() (ids []clustering.SegmentID) {
	for range r.Count(1) {
		ids = append(ids, clustering.SegmentID(r.Uvarint()))
	}
	return ids
}

func (r *reader) life() *life {
	l := &life{id: clustering.SegmentID(r.Uvarint()), born: r.Varint(), parents: r.numbers()}
	d := r.Count(16)
	l.trace.centroid, l.trace.variance = make([]float64, d), make([]float64, d)
	for j := range d {
		l.trace.centroid[j], l.trace.variance[j] = r.Float(), r.Float()
	}
	l.left = r.Uvarint()
	told := r.Byte()
	if told > 1 {
		r.Refuse()
	}
	l.told, l.children = told == 1, r.numbers()
	return l
}
