package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/ristretto/v2/z"
)

func open(options Options) (*Store, error) {
	s := &Store{
		name:     options.Path,
		key:      options.EncryptionKey,
		locks:    newLockTable(),
		room:     newRoom(options),
		hot:      newHot(options.MemoryBudget / 16),
		attached: map[string]any{},
		watchers: map[*func(time.Duration)]struct{}{},
	}
	s.retention = options.Retention
	s.retention.MovesPerCustomer = cmp.Or(s.retention.MovesPerCustomer, defaultMovesPerCustomer)
	if options.InMemory {
		s.name = "in memory"
	} else if err := s.room.check(); err != nil {
		return nil, err
	}

	if !options.InMemory {
		if err := prepareDirectory(options.Path); err != nil {
			return nil, err
		}
		if err := finishRewrite(options.Path); err != nil {
			return nil, explainOpen(options, err)
		}
	}
	db, err := openBadger(options.badger())
	if err != nil {
		return nil, explainOpen(options, err)
	}
	s.db = db
	if err := s.verifyTables(); err != nil {
		return nil, errors.Join(explainOpen(options, err), db.Close())
	}
	if err := s.checkFormat(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := s.View(context.Background(), s.tombstones.read); err != nil {
		return nil, errors.Join(fmt.Errorf("segment_store %s: %w", s.name, err), db.Close())
	}
	s.stop = s.startUpkeep(options)
	return s, nil
}

// patience is how long an opener waits for a process that is about to end.
const patience = time.Second

// openBadger opens the database, once more where the last process died as it began a
// file, and again for a while where it is still ending.
func openBadger(options badger.Options) (*badger.DB, error) {
	healed := false
	for begun := time.Now(); ; time.Sleep(patience / 20) {
		db, err := openOnce(options)
		switch {
		case err == nil:
			return db, nil
		case isTornStart(err) && !healed:
			healed = true
		case !isInUse(err) || time.Since(begun) > patience:
			return nil, err
		}
	}
}

func openOnce(options badger.Options) (*badger.DB, error) {
	if err := verifyFiles(options); err != nil {
		return nil, err
	}
	return badger.Open(options)
}

func isInUse(err error) bool { return strings.Contains(err.Error(), "Cannot acquire directory lock") }

// isTornStart recognises the trace of a process that died in the instant between
// creating a log file and writing its header. Badger refuses to open once, and
// completes the file while it does; nothing was in it.
func isTornStart(err error) bool { return strings.Contains(err.Error(), z.NewFile.Error()) }

// caused is errors.Is for Badger, which turns the errors it wraps into text.
func caused(err, cause error) bool {
	return errors.Is(err, cause) || strings.Contains(err.Error(), cause.Error())
}

// What scripts have to tell apart.
var (
	// ErrInUse: another process has the store open.
	ErrInUse = errors.New("in use by another process")
	// ErrDamaged: a file or a record is not as it was written.
	ErrDamaged = errors.New("a damaged file")
)

// Damaged is an error, in its own words, that is [ErrDamaged] too; nil for nil.
func Damaged(err error) error {
	if err == nil {
		return nil
	}
	return damaged{err}
}

type damaged struct{ error }

func (d damaged) Unwrap() error      { return d.error }
func (damaged) Is(target error) bool { return target == ErrDamaged }

func explainOpen(options Options, err error) error {
	path := options.Path
	switch {
	case isInUse(err):
		return fmt.Errorf("segment_store path %q is %w: stop it, or give each process a path of its own: %w", path, ErrInUse, err)
	case caused(err, badger.ErrEncryptionKeyMismatch) && len(options.EncryptionKey) == 0:
		return fmt.Errorf("segment_store path %q is encrypted and encryption_key is empty: set the key that it was created with", path)
	case caused(err, badger.ErrEncryptionKeyMismatch):
		return fmt.Errorf("segment_store path %q: encryption_key is not the one that the state was created with: set that one, or none if it was created without", path)
	case caused(err, fs.ErrPermission) || caused(err, syscall.EROFS):
		return fmt.Errorf("segment_store path %q cannot be written by user %d: change its owner, or choose another path: %w", path, os.Getuid(), err)
	case caused(err, syscall.ENOSPC):
		return fmt.Errorf("segment_store path %q: the disk is full: free some space; nothing of the state is lost: %w", path, err)
	case caused(err, syscall.ENOTDIR) || caused(err, fs.ErrExist):
		return fmt.Errorf("segment_store path %q is not a directory: name one: %w", path, err)
	case strings.Contains(err.Error(), "manifest has unsupported version"):
		return fmt.Errorf("segment_store path %q was written by a newer version: run that version, or restore a backup made by this one: %w", path, err)
	default:
		return fmt.Errorf("segment_store path %q has %w: restore the newest backup to a new path; or move the directory away, start afresh and let the input replay: %w", path, ErrDamaged, err)
	}
}

func explainCommit(name string, err error) error {
	switch {
	case caused(err, syscall.ENOSPC):
		return fmt.Errorf("segment_store %s: the disk is full, the batch was not applied: free some space, and raise min_free: %w", name, err)
	case caused(err, badger.ErrDBClosed) || caused(err, badger.ErrBlockedWrites):
		return fmt.Errorf("segment_store %s is closed, the batch was not applied: it is applied when it is delivered again: %w", name, err)
	default:
		return fmt.Errorf("segment_store %s: the batch was not applied: %w", name, err)
	}
}

// Format is the version of the state that this binary writes.
const Format = 1

// checkFormat writes the version into a new store and refuses what it cannot read.
func (s *Store) checkFormat() error {
	key := Key(KindMeta, "format", nil)
	txn := s.db.NewTransaction(true)
	defer txn.Discard()

	value, err := get(txn, key)
	if err != nil {
		return fmt.Errorf("segment_store %s: reading the format of the state: %w", s.name, err)
	}
	if value == nil {
		first, err := next(txn, nil)
		if err != nil {
			return fmt.Errorf("segment_store %s: reading the format of the state: %w", s.name, err)
		}
		if first != nil {
			return fmt.Errorf("segment_store path %q holds a Badger database of another program, or has lost a file: name another directory, or restore the newest backup", s.name)
		}
		if err := txn.Set(key, binary.AppendUvarint(nil, Format)); err != nil {
			return err
		}
		if err := txn.Commit(); err != nil {
			return explainCommit(s.name, err)
		}
		return nil
	}
	found, n := binary.Uvarint(value)
	switch {
	case n <= 0:
		return Damaged(fmt.Errorf("segment_store path %q: the format of the state is unreadable: restore the newest backup to a new path", s.name))
	case found > Format:
		return fmt.Errorf("segment_store path %q has state of format %d, and this version reads up to %d: run the newer version, or restore a backup made by this one", s.name, found, Format)
	}
	return nil
}
