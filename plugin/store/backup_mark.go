package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

// A mark is a random name that a backup leaves in the store before it reads it. Another backup
// goes on only from one whose mark the store has.
//
// That is because versions go back. Badger counts on from the highest one in its files: where
// the last ones were deletions, or have expired, these may be merged away, and a loss of power
// takes the newest away. What is written then has versions that an earlier backup was beyond, and
// one that goes on from that would leave it out. All marks are one record, which each backup
// writes anew: it is alive, so no version after it is ever below its own. It goes into no
// backup, and not into a store that is rewritten, whose versions begin anew.
type mark [16]byte

// mostMarks is how many backups are known, the last ones. They take 16 kB.
const mostMarks = 1000

func marksKey() []byte { return Key(KindMeta, "backups", nil) }

var errNoMark = errors.New("the store does not know it: it is of another store, of before this one was compacted, restored or set back by a loss of power, or a thousand backups old: make a backup of all")

// mark leaves a mark in the store, which has to have that of since; zero: of none.
func (s *Store) mark(ctx context.Context, since mark) (made mark, err error) {
	key := marksKey()
	err = s.Update(ctx, []Lock{LockOf(key)}, func(tx *Tx) error {
		return tx.Step(func() error {
			marks, err := tx.Get(key)
			if err != nil {
				return err
			}
			if since != (mark{}) && !has(marks, since) {
				return errNoMark
			}
			_, _ = rand.Read(made[:]) // never errs
			marks = append(bytes.Clone(marks), made[:]...)
			tx.Set(key, marks[max(0, len(marks)-mostMarks*len(made)):])
			return nil
		})
	})
	return made, err
}

func has(marks []byte, one mark) bool {
	for ; len(marks) >= len(one); marks = marks[len(one):] {
		if mark(marks[:len(one)]) == one {
			return true
		}
	}
	return false
}

// markedVersion is that of the marks, which is where the next backup goes on: what was
// committed between it and the instant of this one is in both.
func markedVersion(txn *badger.Txn) (uint64, error) {
	at, err := txn.Get(marksKey())
	if err != nil {
		return 0, fmt.Errorf("reading the marks of backups: %w", err)
	}
	return at.Version(), nil
}

// syncLogs has all that is committed survive a loss of power. Badger's own Sync leaves out the
// logs of memtables that are full and not yet in tables.
func (s *Store) syncLogs() error {
	options := s.db.Opts()
	if options.InMemory || options.SyncWrites {
		return nil
	}
	entries, err := os.ReadDir(options.Dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".mem" {
			continue
		}
		log, err := os.OpenFile(filepath.Join(options.Dir, entry.Name()), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is in a table, which was synced
		}
		if err != nil {
			return err
		}
		if err := errors.Join(log.Sync(), log.Close()); err != nil {
			return err
		}
	}
	return errors.Join(s.db.Sync(), syncDirectory(options.Dir))
}
