package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// Erasures are the tombstones of another store, or of a backup of one.
type Erasures struct {
	secrets    map[string]*secret // by the key of their record
	tombstones map[string]Tombstone
}

func newErasures() *Erasures {
	return &Erasures{secrets: map[string]*secret{}, tombstones: map[string]Tombstone{}}
}

// Len is how many customers were erased.
func (e *Erasures) Len() int { return len(e.tombstones) }

func (e *Erasures) take(key, value []byte) error {
	kind, namespace, _, err := SplitKey(key)
	switch {
	case err != nil:
		return err
	case kind == KindMeta && namespace == secretNamespace:
		s := newSecret(value)
		if len(value) != secretLength || !bytes.Equal(s.key(), key) {
			return errTombstone
		}
		e.secrets[string(key)] = s
	case kind == KindTombstone:
		t, err := decodeTombstone(value)
		if err != nil {
			return err
		}
		e.tombstones[string(key)] = t
	}
	return nil
}

// tellsOfErasure recognises the keys of tombstones and of their secrets.
func tellsOfErasure(key []byte) bool {
	return key[0] == byte(KindTombstone) || bytes.HasPrefix(key, Prefix(KindMeta, secretNamespace))
}

// ErasuresOf reads those of a store that is open, or of its state.
func ErasuresOf(r Reader) (*Erasures, error) {
	e := newErasures()
	for _, prefix := range [...][]byte{Prefix(KindMeta, secretNamespace), {byte(KindTombstone)}} {
		if err := r.Scan(prefix, e.take); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// ErasuresAt reads those of the store at a path, that no process has open, or of a backup.
func ErasuresAt(ctx context.Context, options Options) (e *Erasures, err error) {
	stat, err := os.Stat(options.Path)
	if err != nil {
		return nil, fmt.Errorf("there is nothing at that path: name a store, or a backup: %w", err)
	}
	if !stat.IsDir() {
		return erasuresIn(options.Path, options.EncryptionKey)
	}
	s, _, err := openAlone(options)
	if err != nil {
		return nil, err
	}
	err = s.View(ctx, func(r Reader) error {
		e, err = ErasuresOf(r)
		return err
	})
	return e, errors.Join(err, s.shut())
}

func erasuresIn(file string, key []byte) (*Erasures, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // it is only read
	from, err := openBackup(in, key)
	if err != nil {
		return nil, err
	}
	e := newErasures()
	for {
		i, err := from.nextRecord()
		if errors.Is(err, io.EOF) {
			return e, nil
		}
		if err == nil {
			err = e.take(i.key, i.value)
		}
		if err != nil {
			return nil, err
		}
	}
}

// Find is the tombstone of a customer; there may be none.
func (e *Erasures) Find(customer string) (tombstone Tombstone, found bool) {
	for _, s := range e.secrets {
		if one, there := e.tombstones[string(s.tombstoneKey(customer))]; there {
			if found {
				one = one.with(tombstone)
			}
			tombstone, found = one, true
		}
	}
	return tombstone, found
}

// AdoptErasures takes the tombstones of another store over, with their secrets. Whoever is there
// whom they stand for is still to be erased.
func (s *Store) AdoptErasures(ctx context.Context, e *Erasures) error {
	err := s.Update(ctx, []Lock{TombstoneLock()}, func(tx *Tx) error {
		for _, key := range slices.Sorted(maps.Keys(e.secrets)) {
			if err := tx.Step(func() error { tx.Set([]byte(key), e.secrets[key].bytes); return nil }); err != nil {
				return err
			}
		}
		for _, key := range slices.Sorted(maps.Keys(e.tombstones)) {
			if err := tx.Step(func() error { return adoptOne(tx, []byte(key), e.tombstones[key]) }); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, s.View(ctx, s.tombstones.read))
}

func adoptOne(tx *Tx, key []byte, tombstone Tombstone) error {
	stored, err := tx.Get(key)
	if err != nil {
		return err
	}
	if stored != nil {
		own, err := decodeTombstone(stored)
		if err != nil {
			return err
		}
		tombstone = tombstone.with(own)
	}
	tx.Set(key, tombstone.encode())
	return nil
}
