package segments

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/record"
)

// keptBatches is how many batches with moves are remembered: more than an output has under
// way when the process dies.
const keptBatches = 256

// history remembers the moves of the last batches, so that an event which is delivered
// again tells of its move again, also when its customer has moved on since.
type history struct {
	moves   map[moveID]move
	batches [keptBatches][]moveID // in a ring
	next    uint64                // batch
	fresh   []moveID              // of the batch under way
}

// moveID is the point that made a move: its version, or its time where it has none.
type moveID struct {
	customer uint64 // hashed
	version  uint64
	at       int64
}

// move is what a customer was told of one.
type move struct {
	segment, previous clustering.SegmentID
	since             int64
	cause             cause
}

func newHistory() *history { return &history{moves: map[moveID]move{}} }

// idOf is that of the point with this version.
func idOf(p point, version uint64) moveID {
	id := moveID{customer: message.KeyHash(p.customer), version: version}
	if version == 0 {
		id.at = p.at
	}
	return id
}

// note remembers the move that a point has made.
func (h *history) note(p point, c *contribution) {
	id := idOf(p, p.version)
	h.moves[id] = move{segment: c.Segment, previous: c.Previous, since: c.Since, cause: c.Cause}
	h.fresh = append(h.fresh, id)
}

// tell makes the contribution of a customer say what a repeated point was told: a move,
// if it made one. A point that cannot be told from others tells of the last move.
func (h *history) tell(p point, c *contribution) {
	version := p.version
	switch {
	case p.first != 0:
		version = p.first
	case p.duplicate:
		version = c.MovedBy
	}
	if m, moved := h.moves[idOf(p, version)]; moved {
		c.Segment, c.Previous, c.Since, c.Cause, c.Changed = m.segment, m.previous, m.since, m.cause, true
		return
	}
	if version != 0 { // else the point is the one that is in
		c.Changed = version == c.MovedBy
	}
}

// save puts the moves of the batch, in the place of those of the oldest.
func (h *history) save(put func(place byte, record []byte)) {
	if len(h.fresh) == 0 {
		return
	}
	place := h.next % keptBatches
	moves := binary.AppendUvarint(nil, h.next)
	for _, id := range h.fresh {
		m := h.moves[id]
		moves = binary.LittleEndian.AppendUint64(moves, id.customer)
		moves = binary.AppendUvarint(moves, id.version)
		moves = binary.AppendVarint(moves, id.at)
		moves = binary.AppendUvarint(moves, uint64(m.segment))
		moves = binary.AppendUvarint(moves, uint64(m.previous))
		moves = binary.AppendVarint(moves, m.since)
		moves = append(moves, byte(m.cause))
	}
	put(byte(place), moves)
	for _, old := range h.batches[place] {
		if !slices.Contains(h.fresh, old) {
			delete(h.moves, old)
		}
	}
	h.batches[place], h.fresh = h.fresh, nil
	h.next++
}

var errHistory = errors.New("the record of its last moves is damaged: restore the newest backup to a new path")

// load takes one record of save.
func (h *history) load(stored []byte) error {
	r := record.Read(stored)
	number := r.Uvarint()
	place := number % keptBatches
	for len(r.Rest()) > 0 {
		id := moveID{customer: r.Uint64(), version: r.Uvarint(), at: r.Varint()}
		m := move{
			segment:  clustering.SegmentID(r.Uvarint()),
			previous: clustering.SegmentID(r.Uvarint()),
			since:    r.Varint(),
			cause:    cause(r.Byte()),
		}
		h.moves[id] = m
		h.batches[place] = append(h.batches[place], id)
	}
	if r.Damaged() {
		return errHistory
	}
	h.next = max(h.next, number+1)
	return nil
}
