package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"os"

	"github.com/dgraph-io/badger/v4"
)

// head says what a backup is of: the lineage of the store, the version up to which it goes,
// and where it goes on from; then how many records there are, and for each in order the first
// 8 bytes of SHA-256 of its key. A backup of all has none of those. What a later backup does not
// name was deleted: a mark that says so would have the key, and Badger drops its own.
type head struct {
	lineage        [lineageLength]byte
	since, version uint64   // of Badger's transactions; since 0: from the beginning
	alive          []uint64 // only with since
}

// lineageLength is the length of the random name of a sequence of versions. A store that is
// rewritten begins another.
const lineageLength = 16

func lineageKey() []byte { return Key(KindMeta, "lineage", nil) }

// lineage is that of the store, which is made for the first backup.
func (s *Store) lineage(ctx context.Context) (id [lineageLength]byte, err error) {
	key := lineageKey()
	err = s.Update(ctx, []Lock{LockOf(key)}, func(tx *Tx) error {
		return tx.Step(func() error {
			stored, err := tx.Get(key)
			if copy(id[:], stored) == lineageLength || err != nil {
				return err
			}
			_, _ = rand.Read(id[:]) // never errs
			tx.Set(key, id[:])
			return nil
		})
	})
	return id, err
}

func (h *head) append(dst []byte) []byte {
	dst = append(dst, h.lineage[:]...)
	dst = binary.AppendUvarint(dst, h.since)
	dst = binary.AppendUvarint(dst, h.version)
	if h.since == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(h.alive)))
	for _, name := range h.alive {
		dst = binary.BigEndian.AppendUint64(dst, name)
	}
	return dst
}

func (r *itemReader) readHead() (h head, err error) {
	if _, err := io.ReadFull(r.from, h.lineage[:]); err != nil {
		return h, incomplete(err)
	}
	if h.since, err = r.number(); err != nil {
		return h, err
	}
	if h.version, err = r.number(); err != nil || h.since == 0 {
		return h, err
	}
	n, err := r.number()
	if err != nil {
		return h, err
	}
	var name [8]byte
	for range n {
		if _, err := io.ReadFull(r.from, name[:]); err != nil {
			return h, incomplete(err)
		}
		h.alive = append(h.alive, binary.BigEndian.Uint64(name[:])) // grows with what is there
	}
	return h, nil
}

// headOf is the head of a backup.
func headOf(file string, key []byte) (h head, err error) {
	in, err := os.Open(file)
	if err != nil {
		return h, err
	}
	defer in.Close() //nolint:errcheck // it is only read
	r, err := openBackup(in, key)
	if err != nil {
		return h, err
	}
	return r.head, nil
}

// nameOf stands for a key among those that are alive.
func nameOf(key []byte) uint64 {
	sum := sha256.Sum256(key)
	return binary.BigEndian.Uint64(sum[:8])
}

func alive(ctx context.Context, txn *badger.Txn) (names []uint64, err error) {
	err = eachKey(txn, func(key []byte) error {
		names = append(names, nameOf(key))
		return ctx.Err()
	})
	return names, err
}
