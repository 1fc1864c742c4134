package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

// Compacted says what it came to.
type Compacted struct {
	Records       int64
	Dropped       int64 // that a reset has left out
	Before, After int64 // bytes on disk, of tables and logs
}

// Compact rewrites the store at a path, that no process has open: what was deleted or written
// over is in none of its files afterwards. Badger itself drops it as it merges tables, which may
// never come to a table that nothing is written to any more; and its value log, logs of
// memtables and deletion marks, which have the key, outlast that.
//
// The new files are made beside the old ones, for which there must be room, and take their place
// at once: a process that dies, or a disk that is full, leaves one or the other.
func Compact(ctx context.Context, options Options, progress Progress) (c Compacted, err error) {
	return Reset(ctx, options, progress, func(Kind, string) bool { return false })
}

// Reset is [Compact] without the records of the kinds and namespaces that drop names. Either
// all of them go, or none.
func Reset(ctx context.Context, options Options, progress Progress, drop func(kind Kind, namespace string) bool) (c Compacted, err error) {
	s, path, err := openAlone(options)
	if err != nil {
		return c, err
	}
	c.Before = sizeOf(path)
	if err := roomFor(path, c.Before); err != nil {
		return c, errors.Join(err, s.shut())
	}
	err = rewrite(path, func(dir string) error {
		txn := s.db.NewTransaction(false)
		defer txn.Discard()
		total, err := count(txn)
		if err != nil {
			return err
		}
		next, stop := iter.Pull2(all(txn))
		defer stop()
		options.Path = dir
		done := int64(0)
		return load(ctx, options, func() (item, error) {
			for {
				i, err, more := next()
				if !more {
					return i, io.EOF
				}
				done++
				progress.tell(done, total)
				kind, namespace, _, splitErr := SplitKey(i.key)
				if err = errors.Join(err, splitErr); err == nil && drop(kind, namespace) {
					c.Dropped++
					continue
				}
				c.Records++
				return i, err
			}
		})
	}, s.shut)
	if err != nil {
		return c, fmt.Errorf("compacting the store at %s: %w", path, err)
	}
	c.After = sizeOf(path)
	return c, nil
}

// openAlone opens a store that is there, and that nobody else is to have open, this process
// included.
func openAlone(options Options) (s *Store, path string, err error) {
	if options.InMemory {
		return nil, "", errors.New("a store in memory has no files: name the path of one")
	}
	if path, err = filepath.Abs(options.Path); err != nil {
		return nil, "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if !Exists(path) {
		return nil, "", fmt.Errorf("there is no store at %s: name its directory", path)
	}
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if pool.stores[path] != nil {
		return nil, "", fmt.Errorf("the store at %s is open in this process: close it first", path)
	}
	options.Path = path
	s, err = open(options)
	return s, path, err
}

// shut closes a store that is not shared.
func (s *Store) shut() error {
	s.stop()
	return s.db.Close()
}

// all are the records of a transaction; an error is the last.
func all(txn *badger.Txn) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		err := eachItem(txn, func(i item) error {
			if !yield(i, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(item{}, err)
		}
	}
}

var errEnough = errors.New("enough")

// roomFor refuses work that would fill the disk, which ends the process.
func roomFor(path string, bytes int64) error {
	const spare = 64 << 20
	free, known := freeBytes(path)
	if known && free < bytes+spare {
		return fmt.Errorf("there are %d MiB free on the disk of %s, and up to %d MiB are needed: free some space; nothing was changed", free>>20, path, (bytes+spare)>>20)
	}
	return nil
}

// sizeOf is the space that a store takes.
func sizeOf(path string) int64 {
	tables, logs := bytesIn(path)
	return tables + logs
}
