package store

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/shoal-stream/shoal/plugin/record"
)

// Tombstone remembers that a customer was erased, and how far: so a replay of what they did
// before brings nothing back.
type Tombstone struct {
	Until int64     // newest event time that was known of them, in Unix nanoseconds; math.MinInt64: none was
	At    time.Time // on the wall
	Block bool      // newer events are refused as well

	Profiles, Contributions, Moves int // that were erased
}

// Errors of what a tombstone refuses. Nothing was changed.
var (
	ErrErased  = errors.New("refused: the customer was erased, and this event is not newer than what was known of them: nothing is to be done, unless the erasure was a mistake; newer events start afresh")
	ErrBlocked = errors.New("refused: the customer was erased, and is blocked: a segment_forget with block: false lets newer events start afresh")
)

// Refuse is the error of an event of this time, nil for one that may come in.
func (t Tombstone) Refuse(at int64) error {
	switch {
	case t.Block:
		return ErrBlocked
	case at <= t.Until:
		return ErrErased
	default:
		return nil
	}
}

// with is what two tombstones of one customer come to: the newest erasure decides, and nothing
// comes back that either refuses.
func (t Tombstone) with(other Tombstone) Tombstone {
	newest := t
	if other.At.After(t.At) {
		newest = other
	}
	newest.Until = max(t.Until, other.Until)
	return newest
}

// The record: version, flags, varints of until and of at in Unix nanoseconds, and uvarints of profiles, contributions and moves.
const (
	tombstoneVersion = 1
	flagBlock        = 1
)

func (t Tombstone) encode() []byte {
	flags := byte(0)
	if t.Block {
		flags = flagBlock
	}
	stored := binary.AppendVarint([]byte{tombstoneVersion, flags}, t.Until)
	stored = binary.AppendVarint(stored, t.At.UnixNano())
	for _, n := range [...]int{t.Profiles, t.Contributions, t.Moves} {
		stored = binary.AppendUvarint(stored, uint64(n))
	}
	return stored
}

var errTombstone = Damaged(errors.New("the record of an erasure is damaged: restore the newest backup to a new path, with --erasures if there is a newer store"))

func decodeTombstone(stored []byte) (t Tombstone, err error) {
	r := record.Read(stored)
	version, flags := r.Byte(), r.Byte()
	t.Until, t.At, t.Block = r.Varint(), time.Unix(0, r.Varint()).UTC(), flags == flagBlock
	for _, n := range [...]*int{&t.Profiles, &t.Contributions, &t.Moves} {
		count := r.Uvarint()
		if count > math.MaxInt32 {
			return Tombstone{}, errTombstone
		}
		*n = int(count)
	}
	if !r.Complete() || version != tombstoneVersion || flags > flagBlock {
		return Tombstone{}, errTombstone
	}
	return t, nil
}
