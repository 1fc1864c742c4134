package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// Store is an open database with its locks. All methods are safe for concurrent
// use. Whoever opened it closes it; the last of those who share it closes Badger.
type Store struct {
	name  string // the path, or "in memory", for errors
	key   []byte // of encryption; empty: none
	db    *badger.DB
	locks *lockTable
	room  *room
	hot   *hot
	stop  func() // ends upkeep

	retention  Retention
	tombstones Tombstones

	mu       sync.Mutex // guards what follows
	attached map[string]any
	watchers map[*func(time.Duration)]struct{}
}

// pool holds the open stores by absolute path: Badger locks its directory even
// against the process that has it open, so components must share.
//
// mu is held while a store opens or closes: a second opener of a path waits, and
// then shares; an opener that comes during a close waits, and then opens afresh.
var pool = struct {
	mu     sync.Mutex
	stores map[string]*shared
}{stores: map[string]*shared{}}

type shared struct {
	store *Store
	users int
}

// Open opens the store at the path of the options, or joins those who have it open
// already in this process: then path alone counts, and the other options are those
// of the first. A store in memory is never shared. Errors name field and remedy.
func Open(options Options) (*Store, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	if options.InMemory {
		return open(options)
	}
	path, err := filepath.Abs(options.Path)
	if err != nil {
		return nil, fmt.Errorf("segment_store path %q: %w", options.Path, err)
	}
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	options.Path = path
	if s := pool.stores[path]; s != nil {
		s.users++
		return s.store, nil
	}
	s, err := open(options)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		s.name = real // the directory exists now, below a link perhaps
	}
	pool.stores[s.name] = &shared{store: s, users: 1}
	return s, nil
}

// Close ends one use of the store. State is on disk before it returns, when it was
// the last; it is safe on kill -9 long before that.
func (s *Store) Close() error {
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if entry := pool.stores[s.name]; entry != nil && entry.store == s {
		if entry.users--; entry.users > 0 {
			return nil
		}
		delete(pool.stores, s.name)
	}
	s.stop()
	return s.db.Close()
}

// Attach returns the object that lives with this store under name: what a
// component keeps in memory of its committed state, shared by all its instances.
// The first caller's open creates it; others wait, and share what it returned.
func Attach[T any](s *Store, name string, open func() (T, error)) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if object, ok := s.attached[name].(T); ok {
		return object, nil
	}
	object, err := open()
	if err == nil {
		s.attached[name] = object
	}
	return object, err
}

// Attached lists the objects that live with this store whose names begin so.
func (s *Store) Attached(prefix string) (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.attached {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names
}

// OnCommit has fn told how long each commit took, until stop is called.
func (s *Store) OnCommit(fn func(time.Duration)) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[&fn] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, &fn)
	}
}

func (s *Store) committed(took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for fn := range s.watchers {
		(*fn)(took)
	}
}

// Retention is how long components keep history here.
func (s *Store) Retention() Retention { return s.retention }

// Bytes returns the space that the store takes on disk: the sorted tables, and the logs, of
// large values and of what is not in tables yet.
func (s *Store) Bytes() (tables, logs int64) {
	if s.db.Opts().InMemory {
		return 0, 0
	}
	return bytesIn(s.db.Opts().Dir)
}

func bytesIn(dir string) (tables, logs int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, 0 // it is about to close
	}
	for _, entry := range entries {
		file, err := entry.Info()
		if err != nil {
			continue // it was compacted away
		}
		switch filepath.Ext(entry.Name()) {
		case ".sst":
			tables += usedBytes(file)
		case ".vlog", ".mem":
			logs += usedBytes(file)
		}
	}
	return tables, logs
}
