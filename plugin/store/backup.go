package store

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// BackupStore writes the records of a store, that no process has open, to a new file. See
// [Store.Backup].
func BackupStore(ctx context.Context, options Options, file, since string, progress Progress) (done BackedUp, err error) {
	s, _, err := openAlone(options)
	if err != nil {
		return done, err
	}
	done, err = s.Backup(ctx, file, since, progress)
	return done, errors.Join(err, s.shut())
}

// BackedUp says what a backup has.
type BackedUp struct {
	Records int64 // in the file
	Bytes   int64 // of the file
}

// Backup writes the records of the store, as they are at one instant, to a new file, which is
// encrypted if the store is. It is there when it is complete. The store may be in use.
//
// With since, an earlier backup of the same store, the file has what was written after that
// one, and 9 bytes for each record that is still there. It is restored together with that one,
// and those that that one goes on from. It takes the time to read all keys.
//
// A backup commits a mark of 16 bytes to the store, so that others can go on from it.
func (s *Store) Backup(ctx context.Context, file, since string, progress Progress) (done BackedUp, err error) {
	if _, err := os.Stat(file); err == nil {
		return done, fmt.Errorf("%s is there already: name a new file", file)
	}
	var before head
	if since != "" {
		if before, err = headOf(since, s.key); err != nil {
			return done, err
		}
	}
	part := file + partEnd
	out, err := createPart(part)
	if err != nil {
		return done, fmt.Errorf("writing %s: name a file in a directory that is there and can be written: %w", file, err)
	}
	done.Records, err = s.backup(ctx, out, before, progress)
	if errors.Is(err, errNoMark) {
		err = fmt.Errorf("going on from %s: %w", since, err)
	}
	if stat, statErr := out.Stat(); statErr == nil {
		done.Bytes = stat.Size()
	}
	err = errors.Join(err, out.Sync(), out.Close())
	if err == nil {
		err = errors.Join(os.Rename(part, file), syncDirectory(filepath.Dir(file)))
	}
	if err != nil {
		_ = os.Remove(part)
		return BackedUp{}, fmt.Errorf("writing %s: %w", file, err)
	}
	return done, nil
}

// partEnd is what the name of a backup ends with until it is complete. One that a process left
// as it died is never used.
const partEnd = ".part"

func createPart(name string) (*os.File, error) {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// backup goes on from another one, or none.
func (s *Store) backup(ctx context.Context, to io.Writer, before head, progress Progress) (records int64, err error) {
	h := head{since: before.mark}
	if h.mark, err = s.mark(ctx, before.mark); err != nil {
		return 0, err
	}
	txn, err := s.begin(false)
	if err != nil {
		return 0, err
	}
	defer txn.Discard()
	if h.version, err = markedVersion(txn); err != nil {
		return 0, err
	}
	if err := s.syncLogs(); err != nil { // the mark, and all that the backup is to have
		return 0, err
	}
	buffer := bufio.NewWriterSize(to, 1<<20)
	sealed, err := newSealer(buffer, s.key)
	if err != nil {
		return 0, err
	}
	if _, err := sealed.Write(h.append(nil)); err != nil {
		return 0, err
	}
	total := int64(0)
	if progress != nil {
		if total, err = count(txn); err != nil {
			return 0, err
		}
	}
	entries := int64(0)
	var encoded []byte
	err = eachEntry(txn, before.version, func(e entry) error {
		if entries++; e.key != nil {
			records++
		}
		progress.tell(entries, total)
		encoded = e.append(encoded[:0])
		if _, err := sealed.Write(encoded); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err == nil {
		_, err = sealed.Write(binary.AppendUvarint([]byte{entryEnd}, uint64(entries)))
	}
	return records, errors.Join(err, sealed.Close(), buffer.Flush())
}

// Restore makes a store of backups at a new path: of options, which are those of the store to
// be. The first backup is of all, each other one goes on from the one before it. Before the
// store is there, prepare may change it, and tells whether it has; nothing of what was before
// that change is in its files. When anything errs, nothing is left at the path.
func Restore(ctx context.Context, options Options, files []string, progress Progress, prepare func(s *Store) (changed bool, err error)) (records int64, err error) {
	path := options.Path
	entries, err := os.ReadDir(path)
	if err == nil && len(entries) > 0 && !restoreDied(entries) {
		return 0, fmt.Errorf("there is something at %s already: name a new directory", path)
	}
	chain, err := openChain(files, options.EncryptionKey)
	if err != nil {
		return 0, err
	}
	defer chain.close()
	_, err = os.Stat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return 0, fmt.Errorf("restoring to %s: name a directory that can be made: %w", path, err)
	}
	keepPrivate(path)
	err = rewrite(path, func(dir string) error {
		options.Path = dir
		err := load(ctx, options, func() (item, error) {
			i, err := chain.next()
			if err == nil {
				records++
				progress.tell(records, 0)
			}
			return i, err
		})
		if err != nil {
			return err
		}
		return prepared(ctx, options, prepare)
	}, nil)
	if err != nil {
		if isNew {
			err = errors.Join(err, os.Remove(path))
		}
		return 0, fmt.Errorf("restoring %s: %w", strings.Join(files, ", "), err)
	}
	return records, nil
}

// prepared has prepare change a store.
func prepared(ctx context.Context, options Options, prepare func(s *Store) (bool, error)) error {
	s, _, err := openAlone(options)
	if err != nil {
		return err
	}
	changed, err := prepare(s)
	if err = errors.Join(err, s.shut()); err != nil || !changed {
		return err
	}
	_, err = Compact(ctx, options, nil)
	return err
}
