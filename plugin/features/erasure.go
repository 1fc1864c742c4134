package features

import (
	"context"
	"slices"
	"sync"

	"github.com/shoal-stream/shoal/plugin/store"
)

// erasures keep what a store has beside its profiles free of customers who were erased: what
// was told last (see told.go), where sweeps stand, and what models are being fitted to (see
// fit_task.go). These records are written from memory, by commits that do not hold the lock
// of each customer in them. So such a commit holds erasures to read, from when it decides what
// to write, and one that erases holds them alone: either it finds what the other wrote, or
// that one finds it done.
//
// There is one for all feature sets of a store, as a transaction may erase from several.
type erasures struct {
	commits sync.RWMutex // taken in a commit, after all locks of customers, and held to its end

	mu    sync.Mutex // guards what follows
	under map[*store.Tx]*erasure
}

func erasuresOf(s *store.Store) (*erasures, error) {
	return store.Attach(s, "features/erasures", func() (*erasures, error) {
		return &erasures{under: map[*store.Tx]*erasure{}}, nil
	})
}

// share returns what a transaction calls before a commit, before it decides what to write.
func (e *erasures) share(tx *store.Tx) (hold func()) {
	return heldToTheEnd(tx, e.commits.RLock, e.commits.RUnlock)
}

// heldToTheEnd locks once, and unlocks at the end of the transaction.
func heldToTheEnd(tx *store.Tx, lock, unlock func()) (hold func()) {
	held := false
	end := func() {
		if held {
			unlock()
		}
	}
	tx.OnCommitted(end)
	tx.OnRollback(end)
	return func() {
		if !held {
			lock()
			held = true
		}
	}
}

// erasure is what one transaction erases.
type erasure struct {
	all   *erasures
	store *store.Store
	gone  []goner
}

// goner is a customer who is erased.
type goner struct {
	set, name string
	told      *told
	fitting   *fitting
	census    *census // nil: there was no profile
}

// of is the erasure of a transaction.
func (e *erasures) of(s *store.Store, tx *store.Tx) *erasure {
	e.mu.Lock()
	defer e.mu.Unlock()
	if x := e.under[tx]; x != nil {
		return x
	}
	x := &erasure{all: e, store: s}
	e.under[tx] = x
	tx.OnCommitted(func() { x.end(tx, true) })
	tx.OnRollback(func() { x.end(tx, false) })
	hold := heldToTheEnd(tx, e.commits.Lock, e.commits.Unlock) // released after the end
	tx.BeforeCommit(func() error {
		hold()
		return x.sweepUp(tx)
	})
	return x
}

// add takes one more customer, in a step.
func (x *erasure) add(tx *store.Tx, g goner) {
	mark := len(x.gone)
	x.gone = append(x.gone, g)
	tx.OnDrop(func() { x.gone = x.gone[:mark] })
}

// sweepUp rewrites the records that have a customer who is gone. It reads what is committed
// now, which the transaction may be too old to see.
func (x *erasure) sweepUp(tx *store.Tx) error {
	names := map[string]map[string]struct{}{} // by feature set
	for _, g := range x.gone {
		if names[g.set] == nil {
			names[g.set] = map[string]struct{}{}
		}
		names[g.set][g.name] = struct{}{}
	}
	return x.store.View(context.Background(), func(r store.Reader) error {
		for set, gone := range names {
			if err := untell(r, tx, set, gone); err != nil {
				return err
			}
			if err := stepBack(r, tx, set, gone); err != nil {
				return err
			}
			if err := untask(r, tx, set, gone); err != nil {
				return err
			}
		}
		return nil
	})
}

// end takes over what was committed: all, or of whom there is no profile.
func (x *erasure) end(tx *store.Tx, all bool) {
	gone := x.gone
	if !all {
		_ = x.store.View(context.Background(), func(r store.Reader) error {
			gone = slices.DeleteFunc(gone, func(g goner) bool {
				stored, err := r.Get(profileKey(g.set, g.name))
				return err != nil || stored != nil
			})
			return nil
		})
	}
	for _, g := range gone {
		g.told.drop(g.name)
		g.fitting.drop(g.name)
		if g.census != nil {
			g.census.lose()
		}
	}
	x.all.mu.Lock()
	defer x.all.mu.Unlock()
	delete(x.all.under, tx)
}
