package segments

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// moved is a move of a customer from one segment to another, as they were told.
type moved struct {
	sequence uint64 // of its event in the log
	version  uint64 // of the vector that made it; 0: not known
	at       int64  // event time of that
	since    int64  // when they came to the segment
	from, to clustering.SegmentID
	cause    cause
}

// isOf tells that it was the vector of this version that made the move, or of this time
// where there are no versions.
func (v moved) isOf(version uint64, at int64) bool {
	if version == 0 {
		return v.version == 0 && v.at == at
	}
	return v.version == version
}

// moves are the last moves of one customer, the oldest first. So each is told again when
// its event is delivered again, also when the customer has moved on since.
type moves []moved

// find is the move that a vector made. Versions begin again with a customer whom the feature
// set had forgotten, so of several moves it is the last: what is delivered again is recent.
func (list moves) find(version uint64, at int64) (v moved, found bool) {
	for _, v := range slices.Backward(list) {
		if v.isOf(version, at) {
			return v, true
		}
	}
	return v, false
}

// history is what a model keeps of where a customer was.
type history struct {
	name uint64 // that stands for them in the log; 0: they are not in there
	moves
}

func (m *model) movesKey(customer string) []byte {
	return store.Key(store.KindMoves, m.name, []byte(customer))
}

// The record: version, the name, then the moves.
const movesVersion = 2

func (h history) encode() []byte {
	stored := binary.AppendUvarint([]byte{movesVersion}, h.name)
	for _, v := range h.moves {
		stored = binary.AppendUvarint(stored, v.sequence)
		stored = binary.AppendUvarint(stored, v.version)
		stored = binary.AppendVarint(stored, v.at)
		stored = binary.AppendVarint(stored, v.since)
		stored = binary.AppendUvarint(stored, uint64(v.from))
		stored = binary.AppendUvarint(stored, uint64(v.to))
		stored = append(stored, byte(v.cause))
	}
	return stored
}

var errMoves = errors.New("the record of a customer's moves is damaged: restore the newest backup to a new path")

func decodeHistory(stored []byte) (h history, err error) {
	if stored == nil {
		return h, nil
	}
	r := record.Read(stored)
	if r.Byte() != movesVersion {
		return h, errMoves
	}
	h.name = r.Uvarint()
	for len(r.Rest()) > 0 {
		h.moves = append(h.moves, moved{
			sequence: r.Uvarint(), version: r.Uvarint(), at: r.Varint(), since: r.Varint(),
			from: clustering.SegmentID(r.Uvarint()), to: clustering.SegmentID(r.Uvarint()), cause: cause(r.Byte()),
		})
	}
	if r.Damaged() || len(h.moves) > 0 && h.moves[len(h.moves)-1].cause > causeDefinition {
		return history{}, errMoves
	}
	return h, nil
}

func (m *model) readHistory(r store.Reader, customer string) (history, error) {
	stored, err := r.Get(m.movesKey(customer))
	if err != nil {
		return history{}, err
	}
	return decodeHistory(stored)
}

// note keeps a move with its customer and in the log, as long as the store retains moves. Also
// one who is new to the model may have a history: it stays when they leave.
func (m *model) note(tx *store.Tx, s *state, customer string, v moved) error {
	h, err := m.readHistory(tx, customer)
	if err != nil {
		return err
	}
	h.name, v.sequence = m.logMove(tx, s, customer, h.name, v)
	list := append(h.moves, v)
	retained := m.retention.Moves
	for len(list) > 1 && (len(list) > m.retention.MovesPerCustomer || retained > 0 && list[0].since < v.since-int64(retained)) {
		list = list[1:]
	}
	h.moves = list
	put(tx, m.movesKey(customer), h.encode(), retained)
	return nil
}

// put sets a value that is retained for so long; 0: for ever.
func put(tx *store.Tx, key, value []byte, retained time.Duration) {
	if retained == 0 {
		tx.Set(key, value)
		return
	}
	tx.SetUntil(key, value, time.Now().Add(retained))
}

// tell makes the contribution of a customer say what a repeated point was told: a move,
// if it made one. A point that cannot be told from others tells of the last move.
func (m *model) tell(r store.Reader, p point, c *contribution) error {
	version := p.version
	switch {
	case p.first != 0:
		version = p.first
	case p.duplicate:
		version = c.MovedBy
	}
	list, err := m.readHistory(r, p.customer)
	if err != nil {
		return err
	}
	if v, found := list.find(version, p.at); found {
		c.Segment, c.Previous, c.Since, c.Cause, c.Changed = v.to, v.from, v.since, v.cause, true
		return nil
	}
	switch {
	case version != 0:
		c.Changed = version == c.MovedBy
	case p.refresh == nil && c.At != c.Event:
		c.Changed = false // it was not an event that moved them, but time
	} // else the point is the one that is in
	return nil
}
