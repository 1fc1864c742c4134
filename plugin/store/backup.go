package store

import (
	"bufio"
	"bytes"
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

// What a sealed file has is a head (see backup_head.go), then records, each as uvarint of the
// length of its key, key, uvarint of the length of its value, value, uvarint of when it expires;
// then a 0, and uvarint of how many there were. Only what is there at the time of the backup is
// in it: neither older values nor marks of what was deleted, which have its key.
const (
	maxKey   = 1 << 16 // as Badger has it
	maxValue = 1 << 30
)

func appendItem(dst []byte, i item) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(i.key)))
	dst = append(dst, i.key...)
	dst = binary.AppendUvarint(dst, uint64(len(i.value)))
	dst = append(dst, i.value...)
	return binary.AppendUvarint(dst, i.expires)
}

// itemReader reads a backup: its head, then records.
type itemReader struct {
	head head
	from *bufio.Reader
	n    uint64
}

// next is io.EOF after the last record, and once everything behind it was found sound.
func (r *itemReader) next() (i item, err error) {
	length, err := r.number()
	if err != nil {
		return i, err
	}
	if length == 0 {
		n, err := r.number()
		if err == nil && n != r.n {
			err = errSealedDamaged
		}
		if err == nil {
			if _, end := r.from.ReadByte(); !errors.Is(end, io.EOF) {
				err = errors.Join(errSealedDamaged, end)
			}
		}
		if err == nil {
			err = io.EOF
		}
		return i, err
	}
	if i.key, err = r.bytes(length, maxKey); err != nil {
		return i, err
	}
	if length, err = r.number(); err != nil {
		return i, err
	}
	if i.value, err = r.bytes(length, maxValue); err != nil {
		return i, err
	}
	i.expires, err = r.number()
	r.n++
	return i, err
}

func (r *itemReader) number() (uint64, error) {
	n, err := binary.ReadUvarint(r.from)
	return n, incomplete(err)
}

func (r *itemReader) bytes(length, most uint64) ([]byte, error) {
	if length > most {
		return nil, errSealedDamaged
	}
	var read bytes.Buffer // grows with what is there
	_, err := io.CopyN(&read, r.from, int64(length))
	return read.Bytes(), incomplete(err)
}

// incomplete tells of an end where there must be more.
func incomplete(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errSealedDamaged
	}
	return err
}

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

var errOtherLineage = errors.New("it is not of this store, or of before it was compacted or restored: make a backup of all")

// BackedUp says what a backup has.
type BackedUp struct {
	Records int64 // in the file
	Bytes   int64 // of the file
}

// Backup writes the records of the store, as they are at one instant, to a new file, which is
// encrypted if the store is. It is there when it is complete. The store may be in use.
//
// With since, an earlier backup of the same store, the file has what was written after that
// one, and 8 bytes for each record that is still there. It is restored together with that one,
// and those that that one goes on from. It takes the time to read all keys.
func (s *Store) Backup(ctx context.Context, file, since string, progress Progress) (done BackedUp, err error) {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return done, errors.Join(fmt.Errorf("%s is there already: name a new file", file), err)
	}
	lineage, err := s.lineage(ctx)
	if err != nil {
		return done, err
	}
	h := head{lineage: lineage}
	if since != "" {
		before, err := headOf(since, s.key)
		if err != nil {
			return done, fmt.Errorf("%s: %w", since, err)
		}
		if before.lineage != lineage {
			return done, fmt.Errorf("%s: %w", since, errOtherLineage)
		}
		h.since = before.version
	}
	part := file + ".part"
	out, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return done, err
	}
	done.Records, err = s.backup(ctx, out, h, progress)
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

func (s *Store) backup(ctx context.Context, to io.Writer, h head, progress Progress) (records int64, err error) {
	buffer := bufio.NewWriterSize(to, 1<<20)
	sealed, err := newSealer(buffer, s.key)
	if err != nil {
		return 0, err
	}
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	h.version = txn.ReadTs()
	var total int64
	if h.since == 0 {
		total, err = count(txn)
	} else {
		h.alive, err = alive(ctx, txn)
	}
	if err != nil {
		return 0, err
	}
	if _, err := sealed.Write(h.append(nil)); err != nil {
		return 0, err
	}
	var record []byte
	err = eachItemSince(txn, h.since, func(i item) error {
		records++
		progress.tell(records, total)
		record = appendItem(record[:0], i)
		if _, err := sealed.Write(record); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err == nil {
		_, err = sealed.Write(binary.AppendUvarint([]byte{0}, uint64(records)))
	}
	return records, errors.Join(err, sealed.Close(), buffer.Flush())
}

// openBackup reads the records of a backup.
func openBackup(from io.Reader, key []byte) (*itemReader, error) {
	opened, err := newOpener(bufio.NewReaderSize(from, 1<<20), key)
	if err != nil {
		return nil, err
	}
	r := &itemReader{from: bufio.NewReader(opened)}
	r.head, err = r.readHead()
	return r, err
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
