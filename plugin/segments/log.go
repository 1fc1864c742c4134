package segments

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/drift"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// What the log has beside the lives of segments, after clustering's kinds.
const (
	kindMove  clustering.Kind = 64
	kindDrift clustering.Kind = 65
)

// entry is one of the log of a model: something that happened to a segment, the move of a
// customer, or an alarm.
//
// Moves do not say whose they are: they have a name, which a record of its own leads from to
// the customer. It goes when the customer is erased, and then nobody can tell whose a move
// was that is in the log still, as one is that their history was too short for.
type entry struct {
	clustering.Event
	cause    cause
	name     uint64      // of a move: from Parents[0], unless from none, to Segment
	customer string      // whose that name is, once it was looked up
	alarm    drift.Alarm // of a drift
}

func (m *model) logKey(sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(store.Prefix(store.KindEvent, m.name), sequence)
}

// nameKey leads from a name in the log to a customer.
func (m *model) nameKey(name uint64) []byte {
	return binary.BigEndian.AppendUint64(store.Prefix(store.KindName, m.name), name)
}

// log writes down what has happened to segments.
func (m *model) log(tx *store.Tx, s *state) {
	for _, e := range s.engine.Events() {
		e.Size *= s.engine.Fade()
		s.lineage++
		s.clock.events++
		put(tx, m.logKey(s.clock.events), entry{Event: e, cause: causeOf(e.Cause)}.encode(), m.retention.Events)
	}
}

// logMove writes a move down, and returns the name of the customer in the log, and the place
// of the move. One without a name gets that of their first place, which nobody else has.
func (m *model) logMove(tx *store.Tx, s *state, customer string, name uint64, v moved) (named, sequence uint64) {
	m.log(tx, s) // what came before
	s.clock.events++
	name = cmp.Or(name, s.clock.events)
	e := entry{Event: clustering.Event{Kind: kindMove, At: v.since, Segment: v.to, Size: 1}, name: name, cause: v.cause}
	if v.from != 0 {
		e.Parents = []clustering.SegmentID{v.from}
	}
	put(tx, m.logKey(s.clock.events), e.encode(), m.retention.Moves)
	put(tx, m.nameKey(name), []byte(customer), m.retention.Moves)
	return name, s.clock.events
}

// logAlarm writes down that the stream is no longer what it was.
func (m *model) logAlarm(tx *store.Tx, s *state, a drift.Alarm) {
	m.log(tx, s)
	e := entry{Event: clustering.Event{Kind: kindDrift, At: s.clock.asOf, Size: s.engine.Size()}, alarm: a}
	if a.Segment != 0 {
		e.Segment = cmp.Or(s.engine.Current(a.Segment), a.Segment)
		for _, segment := range s.engine.Segments() {
			if segment.ID == e.Segment {
				e.Size = s.sizeOf(segment)
			}
		}
	}
	s.clock.events++
	put(tx, m.logKey(s.clock.events), e.encode(), m.retention.Events)
}

const entryVersion = 2

func (e entry) encode() []byte {
	stored := []byte{entryVersion, byte(e.Kind), byte(e.cause)}
	stored = binary.AppendVarint(stored, e.At)
	stored = binary.AppendUvarint(stored, uint64(e.Segment))
	for _, list := range [][]clustering.SegmentID{e.Parents, e.Children} {
		stored = binary.AppendUvarint(stored, uint64(len(list)))
		for _, id := range list {
			stored = binary.AppendUvarint(stored, uint64(id))
		}
	}
	stored = binary.LittleEndian.AppendUint64(stored, math.Float64bits(e.Size))
	stored = binary.LittleEndian.AppendUint64(stored, math.Float64bits(e.Shift))
	if e.Kind == kindDrift {
		return e.alarm.Append(stored)
	}
	return binary.AppendUvarint(stored, e.name)
}

var errEntry = errors.New("an entry of the log is damaged: restore the newest backup to a new path")

func decodeEntry(stored []byte) (e entry, err error) {
	r := record.Read(stored)
	version := r.Byte()
	e.Kind, e.cause = clustering.Kind(r.Byte()), cause(r.Byte())
	e.At, e.Segment = r.Varint(), clustering.SegmentID(r.Uvarint())
	for _, list := range []*[]clustering.SegmentID{&e.Parents, &e.Children} {
		for range r.Count(1) {
			*list = append(*list, clustering.SegmentID(r.Uvarint()))
		}
	}
	e.Size, e.Shift = r.Float(), r.Float()
	if e.Kind == kindDrift {
		if e.alarm, err = drift.DecodeAlarm(r.Bytes(len(r.Rest()))); err != nil {
			return entry{}, errEntry
		}
	} else {
		e.name = r.Uvarint()
	}
	if !r.Complete() || version != entryVersion || e.cause > causeDefinition {
		return entry{}, errEntry
	}
	return e, nil
}

// show is an entry as users see it.
func (e entry) show(model string, sequence uint64) map[string]any {
	kind, details := e.Kind.String(), map[string]any{}
	switch e.Kind {
	case kindMove:
		kind = "move"
		details["key"], details["from"], details["to"] = e.customer, firstOf(e.Parents), segmentName(e.Segment)
		details["cause"] = causeNames[e.cause]
	case kindDrift:
		kind = "drift"
		details["detector"], details["signal"] = e.alarm.Detector.String(), e.alarm.Signal.String()
		details["before"], details["after"] = finite(e.alarm.Before), finite(e.alarm.After)
	case clustering.Relabel:
		details["from"], details["to"], details["customers"] = firstOf(e.Parents), segmentName(e.Segment), int64(e.Size)
		details["cause"] = causeNames[e.cause]
	case clustering.Revival:
		details["shift"] = finite(e.Shift)
	default:
		if e.cause == causeDefinition {
			details["cause"] = causeNames[e.cause]
		}
	}
	return map[string]any{
		"seq": int64(sequence), "at": instantOrNull(e.At), "model": model, "kind": kind, "segment": segmentName(e.Segment),
		"parents": segmentNames(e.Parents), "children": segmentNames(e.Children), "size": int64(e.Size), "details": details,
	}
}

func firstOf(ids []clustering.SegmentID) any {
	if len(ids) == 0 {
		return nil
	}
	return segmentName(ids[0])
}

func segmentNames(ids []clustering.SegmentID) []any {
	names := make([]any, 0, len(ids))
	for _, id := range ids {
		names = append(names, segmentName(id))
	}
	return names
}
