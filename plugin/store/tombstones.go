package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"hash"
	"sync"
	"sync/atomic"
)

// Tombstones are the customers who were erased from a store. None is named: a tombstone is
// found by HMAC-SHA-256 of the key, under a random secret that is made with the first one. So
// whoever has the key of a customer can ask, and nobody can list them.
//
// A store that took over the tombstones of another has their secrets as well: the first
// writes, all are read.
//
// Whoever lays a tombstone holds [TombstoneLock], and the locks of all that is kept of the
// customer. Who holds one of these sees each tombstone that was laid before. While there is
// none, to look costs nothing; then it is an HMAC, and a Get that Bloom filters answer for all
// who were never erased.
type Tombstones struct {
	secrets atomic.Pointer[[]*secret] // nil: nobody was ever erased
}

// secret hashes keys of customers.
type secret struct {
	id    string // names it: the beginning of its SHA-256
	bytes []byte
	idle  sync.Pool // of hash.Hash
}

const (
	secretLength   = 32
	secretIDLength = 8
)

// secretNamespace is where secrets are, below KindMeta.
const secretNamespace = "tombstones"

func newSecret(bytes []byte) *secret {
	sum := sha256.Sum256(bytes)
	return &secret{id: string(sum[:secretIDLength]), bytes: bytes}
}

func (s *secret) key() []byte { return Key(KindMeta, secretNamespace, []byte(s.id)) }

// tombstoneKey is where the tombstone of a customer is, if there is one.
func (s *secret) tombstoneKey(customer string) []byte {
	h, _ := s.idle.Get().(hash.Hash)
	if h == nil {
		h = hmac.New(sha256.New, s.bytes)
	}
	defer s.idle.Put(h)
	h.Reset()
	h.Write([]byte(customer))
	var sum [sha256.Size]byte
	return Key(KindTombstone, s.id, h.Sum(sum[:0]))
}

// TombstoneLock is held by whoever lays tombstones.
func TombstoneLock() Lock { return LockOf(Prefix(KindMeta, secretNamespace)) }

// Tombstones are those of this store.
func (s *Store) Tombstones() *Tombstones { return &s.tombstones }

// ReadTombstones finds those of any state that can be read.
func ReadTombstones(r Reader) (*Tombstones, error) {
	t := &Tombstones{}
	return t, t.read(r)
}

func (t *Tombstones) read(r Reader) error {
	var list []*secret
	prefix := Prefix(KindMeta, secretNamespace)
	err := r.Scan(prefix, func(key, value []byte) error {
		s := newSecret(value)
		if len(value) != secretLength || string(key[len(prefix):]) != s.id {
			return errTombstone
		}
		list = append(list, s)
		return nil
	})
	if err == nil && list != nil {
		t.secrets.Store(&list)
	}
	return err
}

// known are the secrets; none while nobody was erased.
func (t *Tombstones) known() []*secret {
	if list := t.secrets.Load(); list != nil {
		return *list
	}
	return nil
}

// Find is the tombstone of a customer; there may be none.
func (t *Tombstones) Find(r Reader, customer string) (tombstone Tombstone, found bool, err error) {
	for _, s := range t.known() {
		stored, err := r.Get(s.tombstoneKey(customer))
		if err != nil {
			return tombstone, false, err
		}
		if stored == nil {
			continue
		}
		one, err := decodeTombstone(stored)
		if err != nil {
			return tombstone, false, err
		}
		if found {
			one = one.with(tombstone)
		}
		tombstone, found = one, true
	}
	return tombstone, found, nil
}

// Refuse is [ErrErased] or [ErrBlocked] for an event of this customer and time that does not
// come in, nil for all others.
func (t *Tombstones) Refuse(r Reader, customer string, at int64) error {
	tombstone, found, err := t.Find(r, customer)
	if err != nil || !found {
		return err
	}
	return tombstone.Refuse(at)
}

// Lay sets the tombstone of a customer, in a step.
func (t *Tombstones) Lay(tx *Tx, customer string, tombstone Tombstone) error {
	first, err := t.first(tx)
	if err == nil {
		tx.Set(first.tombstoneKey(customer), tombstone.encode())
	}
	return err
}

// first is the secret that writes. The first of all is known to others once it is committed:
// nobody is waiting for it, as whoever may be erased is locked.
func (t *Tombstones) first(tx *Tx) (*secret, error) {
	if list := t.known(); len(list) > 0 {
		return list[0], nil
	}
	var made *secret
	prefix := Prefix(KindMeta, secretNamespace)
	err := tx.Scan(prefix, func(_, value []byte) error { // an earlier step may have made it
		made = newSecret(value)
		return nil
	})
	if err != nil || made != nil {
		return made, err
	}
	bytes := make([]byte, secretLength)
	_, _ = rand.Read(bytes) // never errs
	made = newSecret(bytes)
	tx.Set(made.key(), made.bytes)
	publish := func() { _ = tx.store.View(context.Background(), t.read) } // errs where the store is closed
	tx.OnCommitted(publish)
	tx.OnRollback(publish) // an earlier commit of the batch may have it
	return made, nil
}

// CheckTombstones proves that each tombstone can be read, and was laid under a secret that is
// there. It counts them.
func CheckTombstones(r Reader) (n int, err error) {
	t, err := ReadTombstones(r)
	if err != nil {
		return 0, err
	}
	ids := map[string]struct{}{}
	for _, s := range t.known() {
		ids[s.id] = struct{}{}
	}
	names, err := Namespaces(r, KindTombstone)
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		prefix := Prefix(KindTombstone, name)
		if _, known := ids[name]; !known {
			return n, fmt.Errorf("erasures were laid under a secret that is lost: %w", errTombstone)
		}
		err := r.Scan(prefix, func(key, value []byte) error {
			n++
			_, err := decodeTombstone(value)
			if err == nil && len(key) != len(prefix)+sha256.Size {
				err = errTombstone
			}
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
