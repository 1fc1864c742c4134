package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// Reader reads state. Values and keys may be kept but not modified.
type Reader interface {
	// Get returns the value of a key, nil when there is none.
	Get(key []byte) ([]byte, error)
	// Scan calls fn for each key with the prefix, in order, until fn errs.
	Scan(prefix []byte, fn func(key, value []byte) error) error
	// ScanFrom is Scan from a key on.
	ScanFrom(prefix, from []byte, fn func(key, value []byte) error) error
	// ScanKeys is ScanFrom without the values, which is faster.
	ScanKeys(prefix, from []byte, fn func(key []byte) error) error
	// Next returns the first key that is not less than from, nil when there is none.
	Next(from []byte) ([]byte, error)
}

// Tx is the transaction of one batch. It is not safe for concurrent use and must
// not outlive the function it was given to.
type Tx struct {
	store *Store
	txn   *badger.Txn

	step     map[string]write    // what the step under way has set; nil: the transaction only reads
	stepSize int64               // its bytes, by Badger's count
	settled  map[string]write    // what the steps before it have set, and waits in txn
	found    map[string]struct{} // keys that had a value
	size     int64               // bytes and entries of that
	count    int64

	beforeCommit []func() error
	committed    []func()
	rollback     []func()
	dropped      []func() // of the step under way
	failed       error    // a commit failed: nothing more is done
}

// write is a value to set, or the mark that its key is to go.
type write struct {
	value   []byte
	expires uint64 // in Unix seconds, 0 for never
	remove  bool
}

func (w write) size(key string) int64 {
	const overhead = 32 // above what Badger adds to the bytes of an entry
	return int64(len(key)+len(w.value)) + overhead
}

// Get returns the value as this transaction sees it, nil when there is none.
func (tx *Tx) Get(key []byte) ([]byte, error) {
	if w, set := tx.step[string(key)]; set {
		return w.value, nil
	}
	if w, set := tx.settled[string(key)]; set {
		return w.value, nil
	}
	if tx.step == nil {
		return get(tx.txn, key)
	}
	value, found := tx.store.hot.get(key)
	if !found {
		var err error
		if value, err = get(tx.txn, key); err != nil {
			return nil, err
		}
	}
	if value != nil {
		tx.found[string(key)] = struct{}{}
	}
	return value, nil
}

// Uncommitted tells that this transaction has set or deleted the key: what Get returns is
// not known to stay.
func (tx *Tx) Uncommitted(key []byte) bool {
	_, step := tx.step[string(key)]
	_, settled := tx.settled[string(key)]
	return step || settled
}

// Scan sees what earlier steps set, not the step under way.
func (tx *Tx) Scan(prefix []byte, fn func(key, value []byte) error) error {
	return scan(tx.txn, prefix, prefix, fn)
}

// ScanFrom sees what earlier steps set, not the step under way.
func (tx *Tx) ScanFrom(prefix, from []byte, fn func(key, value []byte) error) error {
	return scan(tx.txn, prefix, from, fn)
}

// ScanKeys calls fn for each key with the prefix, in order and from one on, until fn errs.
// It sees what earlier steps set, not the step under way.
func (tx *Tx) ScanKeys(prefix, from []byte, fn func(key []byte) error) error {
	return scanKeys(tx.txn, prefix, from, fn)
}

// Next sees what earlier steps set, not the step under way.
func (tx *Tx) Next(from []byte) ([]byte, error) { return next(tx.txn, from) }

// Set gives key a value, which may not be modified afterwards.
func (tx *Tx) Set(key, value []byte) { tx.put(string(key), write{value: value}) }

// SetUntil is Set for a value that may vanish from the disk after the instant.
// Badger counts in whole seconds, so it is a hint for cleaning up, not a clock.
func (tx *Tx) SetUntil(key, value []byte, until time.Time) {
	tx.put(string(key), write{value: value, expires: uint64(until.Unix()) + 1})
}

// Delete removes a key, if it is there.
func (tx *Tx) Delete(key []byte) { tx.put(string(key), write{remove: true}) }

func (tx *Tx) put(key string, w write) {
	if w.value == nil && !w.remove {
		w.value = []byte{} // nil stands for no value
	}
	if old, set := tx.step[key]; set {
		tx.stepSize -= old.size(key)
	}
	tx.step[key] = w
	tx.stepSize += w.size(key)
}

// Step runs what one event does. What fn sets is committed together; when fn errs,
// what it set is dropped, its error returned, and the steps before it stand.
//
// When a commit fails (a full disk, say), this step and all later ones return that
// error without running, and so does Update.
func (tx *Tx) Step(fn func() error) error {
	if tx.failed != nil {
		return tx.failed
	}
	if err := tx.settle(); err != nil {
		return tx.fail(err)
	}
	if tx.crowded() {
		if err := tx.commit(); err != nil {
			return tx.fail(err)
		}
		txn, err := tx.store.begin(true)
		if err != nil {
			return tx.fail(err)
		}
		tx.txn = txn
	}
	if err := fn(); err != nil {
		tx.dropStep()
		return err
	}
	if tx.stepSize > tx.store.db.MaxBatchSize()/4 || int64(len(tx.step)) > tx.store.db.MaxBatchCount()/4 {
		err := fmt.Errorf("one event changes %d keys and %d bytes, more than a transaction takes: raise memory_budget of the segment_store", len(tx.step), tx.stepSize)
		tx.dropStep()
		return err
	}
	return nil
}

// BeforeCommit adds a function that writes what its caller gathers over several
// steps, such as the cluster features that a batch changed. It runs before every
// commit, of which a large batch has several, and must fit beside one step.
func (tx *Tx) BeforeCommit(fn func() error) { tx.beforeCommit = append(tx.beforeCommit, fn) }

// Room is how many bytes the functions before a commit may write in all, so that they fit
// beside one step. Whoever can do with less leaves half of it to the others.
func (tx *Tx) Room() int64 { return tx.store.db.MaxBatchSize() / 2 }

// OnCommitted adds a function that runs when all of the transaction is committed, while it
// holds its locks still.
func (tx *Tx) OnCommitted(fn func()) { tx.committed = append(tx.committed, fn) }

// OnDrop adds a function that runs when the step under way is dropped, the last one first:
// whoever has changed what is in memory takes that back.
func (tx *Tx) OnDrop(fn func()) { tx.dropped = append(tx.dropped, fn) }

// OnRollback adds a function that runs when the transaction, or a part of it, was
// not committed: whoever keeps committed state in memory must read it again.
func (tx *Tx) OnRollback(fn func()) { tx.rollback = append(tx.rollback, fn) }

// crowded tells that the next step and the functions before a commit might not
// fit any more: three quarters of Badger's limit are theirs.
func (tx *Tx) crowded() bool {
	return tx.size > tx.store.db.MaxBatchSize()/4 || tx.count > tx.store.db.MaxBatchCount()/4
}

// settle hands what the last step set to Badger's transaction.
func (tx *Tx) settle() error {
	for key, w := range tx.step {
		var err error
		if w.remove {
			err = tx.txn.Delete([]byte(key))
		} else {
			err = tx.txn.SetEntry(&badger.Entry{Key: []byte(key), Value: w.value, ExpiresAt: w.expires})
		}
		if errors.Is(err, badger.ErrTxnTooBig) {
			return fmt.Errorf("a batch changes more state than a transaction takes: raise memory_budget of the segment_store, or make batches smaller: %w", err)
		}
		if err != nil {
			return err
		}
		tx.settled[key] = w
	}
	tx.size += tx.stepSize
	tx.count += int64(len(tx.step))
	tx.endStep()
	return nil
}

// dropStep takes back what the step under way has done.
func (tx *Tx) dropStep() {
	for _, undo := range slices.Backward(tx.dropped) {
		undo()
	}
	tx.endStep()
}

func (tx *Tx) endStep() {
	clear(tx.step)
	tx.stepSize = 0
	tx.dropped = tx.dropped[:0]
}

func (tx *Tx) commit() error {
	for _, fn := range tx.beforeCommit {
		if err := fn(); err != nil {
			return err
		}
	}
	if err := tx.settle(); err != nil {
		return err
	}
	if tx.count == 0 {
		tx.txn.Discard()
		return nil
	}
	if err := tx.store.room.check(); err != nil {
		return err
	}
	start := time.Now()
	if err := tx.txn.Commit(); err != nil {
		tx.store.hot.committed(tx.settled, nil) // nobody knows what Badger has applied: read it again
		return explainCommit(tx.store.name, err)
	}
	tx.store.committed(time.Since(start))
	tx.store.hot.committed(tx.settled, tx.found)
	clear(tx.settled)
	tx.size, tx.count = 0, 0
	return nil
}

func (tx *Tx) fail(err error) error {
	tx.failed = err
	return err
}

// Update runs fn in a transaction that holds the locks, and commits it. It returns
// without having changed anything when it errs, except for the earlier commits of
// a batch that took several. Locks must cover every key that fn reads in order to
// write it; ctx bounds the wait for them.
func (s *Store) Update(ctx context.Context, locks []Lock, fn func(tx *Tx) error) error {
	release, err := s.locks.acquire(ctx, locks)
	if err != nil {
		return fmt.Errorf("waiting for the customers of this batch: %w", err)
	}
	defer release()

	txn, err := s.begin(true)
	if err != nil {
		return err
	}
	tx := &Tx{store: s, txn: txn, step: map[string]write{}, settled: map[string]write{}, found: map[string]struct{}{}}
	done := false
	defer func() { // also when fn panics
		tx.txn.Discard()
		if !done {
			for _, undo := range tx.rollback {
				undo()
			}
		}
	}()

	err = fn(tx)
	if tx.failed != nil {
		err = tx.failed
	}
	if err == nil {
		err = tx.commit()
	}
	if done = err == nil; done {
		for _, fn := range tx.committed {
			fn()
		}
	}
	return err
}

// View runs fn on one consistent state.
func (s *Store) View(_ context.Context, fn func(r Reader) error) error {
	txn, err := s.begin(false)
	if err != nil {
		return err
	}
	defer txn.Discard()
	return fn(&Tx{store: s, txn: txn})
}

// begin refuses a transaction on a closed database, which Badger would wait for for ever:
// it is closed when a reload could not open what the new configuration names.
func (s *Store) begin(update bool) (*badger.Txn, error) {
	if s.db.IsClosed() {
		return nil, fmt.Errorf("segment_store %s is closed, nothing was changed: correct its configuration, or start again: %w", s.name, badger.ErrDBClosed)
	}
	return s.db.NewTransaction(update), nil
}
