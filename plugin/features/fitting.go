package features

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/store"
)

// fitting is what a process holds of the models of a feature set and of their fits. All
// components of the process share it.
//
// A fit begins at every n-th event that is applied, goes on beside the stream, and takes
// effect half as many events later: also if it had to begin again meanwhile. Its input is stored before it begins, so a process that
// comes after one that died has the same models at the same events, whatever the batches.
//
// Events that have models are applied one batch after the other: whoever applies them holds
// the lock of the fits. Only erasures come in between. When a transaction is not committed, what
// is in memory is dropped, and read from the store again by the next.
type fitting struct {
	set string

	mu    sync.Mutex          // guards what follows; whoever holds it waits for no lock
	state *fitState           // as committed, and what the transaction under way has done; nil: not read
	loud  map[string]struct{} // models whose last fit failed, which was logged
}

// fitState is what is known of the models.
type fitState struct {
	clock  fitClock
	models []fitted // in force, by model of the plan
	sample sample
	task   *fitTask // nil: none is under way
}

func fittingOf(s *store.Store, set string) (*fitting, error) {
	return store.Attach(s, "features/"+set+"/fitting", func() (*fitting, error) {
		return &fitting{set: set, loud: map[string]struct{}{}}, nil
	})
}

func fitLock(set string) store.Lock { return store.LockOf(fitClockKey(set)) }

// prepare makes sure that the state is in memory, for a plan. It reads the keys of all
// customers, and the profiles of those in the sample: a million take about half a second; or all
// profiles, where so few buy that all buyers are in the sample: 100,000 take 0.2 s.
// Whoever calls it holds the lock of the fits.
func (f *fitting) prepare(ctx context.Context, s *store.Store, x *extract, codec *aggregate.Codec) error {
	f.mu.Lock() // whoever is erased meanwhile leaves it afterwards
	defer f.mu.Unlock()
	if f.state != nil && slices.EqualFunc(f.state.models, x.plan.Models(), func(a fitted, b aggregate.Model) bool { return a.id == b.ID }) {
		return nil
	}
	state := &fitState{}
	err := s.View(ctx, func(r store.Reader) error { return state.read(r, x, codec) })
	if err != nil {
		return fmt.Errorf("feature set %q: reading its models: %w", f.set, err)
	}
	if state.task != nil {
		state.task.run(state.models)
	}
	f.state = state
	return nil
}

// read reads all but what can be left out. A task of other models than those of the plan goes.
func (s *fitState) read(r store.Reader, x *extract, codec *aggregate.Codec) error {
	stored, err := r.Get(fitClockKey(x.set))
	if err != nil {
		return err
	}
	if s.clock, err = decodeFitClock(stored); err != nil {
		return err
	}
	if s.models, err = readModels(r, x.set, x.plan); err != nil {
		return err
	}
	if s.task, err = readTask(r, x.set); err != nil {
		return err
	}
	if s.task != nil && !s.task.fits(x.plan.Models()) {
		s.task = nil
	}
	s.sample.level = s.clock.level
	if err := s.sample.readDeparted(r, x.set, x.plan); err != nil {
		return err
	}
	return s.sample.readCustomers(r, x, codec)
}

// readCustomers reads the customers who are in a sample of this level, or of a higher one if these,
// with those who departed, are too many. One whose record is damaged is in none.
func (s *sample) readCustomers(r store.Reader, x *extract, codec *aggregate.Codec) error {
	s.known = map[uint64][]knowledge{}
	s.limit(x.predictions.most)
	prefix := store.Prefix(store.KindProfile, x.set)
	var c customer
	take := func(hash uint64, stored []byte) {
		if c.decode(codec, stored) == nil {
			s.put(hash, x.plan, &c.profile)
			s.limit(x.predictions.most)
		}
	}
	// Where most of the records are to be read, as few of many customers buy, they are
	// read one after the other: each by its key takes several times as long.
	const most = 1
	if s.level <= most {
		return r.Scan(prefix, func(key, value []byte) error {
			if hash := sampleHash(string(key[len(prefix):])); within(hash, s.level) {
				take(hash, value)
			}
			return nil
		})
	}
	return r.ScanKeys(prefix, nil, func(key []byte) error { // much faster than a scan of all records
		hash := sampleHash(string(key[len(prefix):]))
		if !within(hash, s.level) {
			return nil
		}
		stored, err := r.Get(bytes.Clone(key))
		if err == nil && stored != nil {
			take(hash, stored)
		}
		return err
	})
}

// begin prepares a transaction that applies events, and returns the models in force. It holds
// the lock of the fits.
func (f *fitting) begin(ctx context.Context, s *store.Store, tx *store.Tx, x *extract, codec *aggregate.Codec) ([]fitted, error) {
	if err := f.prepare(ctx, s, x, codec); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	tx.OnRollback(f.forget)
	before := f.state.clock
	tx.BeforeCommit(func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.state.clock != before {
			tx.Set(fitClockKey(f.set), f.state.clock.encode())
			before = f.state.clock
		}
		return nil
	})
	return f.state.models, nil
}

// drop takes a customer out who was erased, and the fit under way that they may be in.
func (f *fitting) drop(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state == nil {
		return
	}
	hash := sampleHash(name)
	f.state.sample.drop(hash)
	if t := f.state.task; t != nil && within(hash, t.level) {
		f.state.task = nil
	}
}

// untask deletes the fit under way, if customers who are gone may be in it.
func untask(r store.Reader, tx *store.Tx, set string, gone map[string]struct{}) error {
	head, err := r.Get(taskKey(set))
	if err != nil {
		return err
	}
	if head != nil {
		t, _, _, err := taskHead(head)
		if err != nil {
			return fmt.Errorf("feature set %q: %w", set, err)
		}
		in := false
		for name := range gone {
			in = in || within(sampleHash(name), t.level)
		}
		if !in {
			return nil
		}
	}
	return deleteTask(r, tx, set)
}
