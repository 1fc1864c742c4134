package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"sync"

	"github.com/shoal-stream/shoal/plugin/store"
)

// Ids are kept in generations of one window of event time. An id is written to the
// current generation and looked for in that and the one before, so it is found for
// at least one window and gone after two, without an index by time. The current
// generation is that of the newest event.
//
// Keys: the byte newestKey alone holds the current generation; idKey, generation
// and the first half of SHA-256 of the id are one id, whose value is its note, a uvarint.
const (
	newestKey = 0
	idKey     = 1
)

func (l *Ledger) generationKey() []byte {
	return store.Key(store.KindEventID, l.namespace, []byte{newestKey})
}

func (l *Ledger) idKey(generation int64, id string) []byte {
	hash := sha256.Sum256([]byte(id))
	suffix := make([]byte, 0, 1+8+16)
	suffix = append(suffix, idKey)
	suffix = binary.BigEndian.AppendUint64(suffix, sortable(generation))
	return store.Key(store.KindEventID, l.namespace, append(suffix, hash[:16]...))
}

// sortable maps int64 to uint64 in order, for keys that are compared as bytes.
func sortable(generation int64) uint64 { return uint64(generation) ^ 1<<63 }

func (l *Ledger) generationOf(e Event) int64 {
	if l.options.Window <= 0 {
		return 0
	}
	return int64(math.Floor(float64(e.At.UnixMilli()) / float64(l.options.Window.Milliseconds())))
}

func (l *Ledger) applyID(tx *store.Tx, e Event, note uint64) (verdict Verdict, first uint64, err error) {
	own := l.generationOf(e)
	current, err := l.current(tx, own)
	if err != nil {
		return Fresh, 0, err
	}
	key := l.idKey(current, e.ID)
	known, err := tx.Get(key)
	if err == nil && known == nil && l.options.Window > 0 {
		known, err = tx.Get(l.idKey(current-1, e.ID))
	}
	if err != nil {
		return Fresh, 0, err
	}
	if known != nil {
		first, n := binary.Uvarint(known)
		if n <= 0 {
			return Fresh, 0, errGeneration
		}
		return Duplicate, first, nil
	}
	tx.Set(key, binary.AppendUvarint(nil, note))
	if l.options.Window > 0 {
		if err := l.sweep(tx, current); err != nil {
			return Fresh, 0, err
		}
	}
	if own < current-1 {
		return Unprotected, 0, nil
	}
	return Fresh, 0, nil
}

// current is the newest generation, which own may be. It never goes back, or ids would be
// looked for where they are not: whoever may write it holds its lock. That is only who
// brings an event beyond the newest generation that this ledger knows to be committed, so
// batches wait for each other where a window begins, and not in between.
func (l *Ledger) current(tx *store.Tx, own int64) (int64, error) {
	if l.options.Window <= 0 {
		return 0, nil
	}
	key := l.generationKey()
	record, err := tx.Get(key)
	if err != nil {
		return 0, err
	}
	if record != nil {
		newest, n := binary.Varint(record)
		if n <= 0 {
			return 0, errGeneration
		}
		if newest > l.newest.Load() && !tx.Uncommitted(key) {
			l.newest.Store(newest)
		}
		if newest >= own {
			return newest, nil
		}
	}
	tx.Set(key, binary.AppendVarint(nil, own))
	return own, nil
}

var errGeneration = errors.New("a record of event ids is damaged: restore the newest backup to a new path")

// sweepEvery is after how many new ids old ones are looked for. Twice as many are
// then deleted, so the old go faster than the new come.
const sweepEvery = 512

// sweeper remembers how far old ids are deleted: what a deletion leaves behind takes time
// to step over. The deletions of a transaction that fails are made up for after the next
// start.
type sweeper struct {
	mu   sync.Mutex // guards from
	from []byte     // key up to which there are none; nil: not known
}

func (l *Ledger) sweep(tx *store.Tx, current int64) error {
	if l.unswept.Add(1) < sweepEvery {
		return nil
	}
	l.unswept.Store(0)
	l.sweeper.mu.Lock()
	defer l.sweeper.mu.Unlock()
	prefix := store.Key(store.KindEventID, l.namespace, []byte{idKey})
	alive := binary.BigEndian.AppendUint64(bytes.Clone(prefix), sortable(current-1))
	var old [][]byte
	err := tx.ScanKeys(prefix, l.sweeper.from, func(key []byte) error {
		if bytes.Compare(key, alive) >= 0 || len(old) == 2*sweepEvery {
			return errEnough
		}
		old = append(old, key)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	for _, key := range old {
		tx.Delete(key)
	}
	l.sweeper.from = alive
	if len(old) == 2*sweepEvery {
		l.sweeper.from = old[len(old)-1]
	}
	return nil
}

var errEnough = errors.New("enough")
