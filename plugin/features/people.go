package features

import (
	"context"
	"fmt"
	"slices"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/population"
	"github.com/shoal-stream/shoal/plugin/store"
)

// people is the population of a feature set in a store: how many of its customers have which
// values, which is what medians and quantiles are taken from. Each customer's ballot is in
// their profile; see package population for the rest.
//
// All components of the process share it. It has the votes of transactions that are under
// way: an event is told with the population as it is after that event, whatever the batches.
type people struct {
	*population.Population
	store *store.Store
	set   string
}

// peopleOf loads a population when the process comes to it first.
func peopleOf(ctx context.Context, s *store.Store, set string) (*people, error) {
	return store.Attach(s, "features/"+set+"/people", func() (*people, error) {
		p := &people{store: s, set: set}
		err := s.View(ctx, func(r store.Reader) (err error) {
			p.Population, err = population.Load(shelf{r, peoplePrefix(set)})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("feature set %q: %w", set, err)
		}
		return p, nil
	})
}

func peoplePrefix(set string) []byte { return store.Prefix(store.KindPopulation, set) }

func slateKey(set string) []byte {
	return store.Key(store.KindPopulation, set, population.SlateKey())
}

func readSlate(r store.Reader, set string) (population.Slate, error) {
	stored, err := r.Get(slateKey(set))
	if err != nil {
		return population.Slate{}, err
	}
	return population.DecodeSlate(stored)
}

// poll is what a plan needs to know of the population, with the slots that the features have
// on a slate.
func (p *people) poll(slate population.Slate, plan *aggregate.Plan) *population.Poll {
	return p.Poll(slate, plan.VoteIDs()...)
}

// foldWhenDue folds the journal when it is long. It comes after the batch that made it long,
// before that is acknowledged: so a process that dies in between folds after the same batch.
func (p *people) foldWhenDue(ctx context.Context) error {
	if !p.Due() {
		return nil
	}
	return p.fold(ctx, p.Due)
}

// fold folds the journal, unless another thread has done so meanwhile. It writes before the
// commit, and has all of the transaction for it: more than a step has.
func (p *people) fold(ctx context.Context, needed func() bool) error {
	prefix := peoplePrefix(p.set)
	err := p.store.Update(ctx, []store.Lock{store.LockOf(prefix)}, func(tx *store.Tx) error {
		tx.BeforeCommit(func() error {
			if !needed() {
				return nil
			}
			settle, err := p.Fold(shelf{tx, prefix}, writer{tx, prefix})
			if err == nil {
				tx.OnCommitted(settle)
			}
			return err
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("feature set %q: folding the votes of its customers: %w", p.set, err)
	}
	return nil
}

// Fold writes what is stored of the population of a feature set in one way: that depends on
// its customers alone, not on what they were before, nor on who was erased.
func Fold(ctx context.Context, s *store.Store, set string) error {
	p, err := peopleOf(ctx, s, set)
	if err != nil {
		return err
	}
	return p.fold(ctx, func() bool { return true })
}

// shelf is where a population is kept.
type shelf struct {
	store.Reader
	prefix []byte
}

func (s shelf) key(of []byte) []byte { return slices.Concat(s.prefix, of) }

// Get reads a record of the population.
func (s shelf) Get(key []byte) ([]byte, error) { return s.Reader.Get(s.key(key)) }

// Scan reads all records of a kind.
func (s shelf) Scan(prefix []byte, fn func(key, value []byte) error) error {
	return s.Reader.Scan(s.key(prefix), func(key, value []byte) error { return fn(key[len(s.prefix):], value) })
}

// writer writes what is kept.
type writer struct {
	tx     *store.Tx
	prefix []byte
}

// Put writes a record.
func (w writer) Put(key, value []byte) { w.tx.Set(shelf{prefix: w.prefix}.key(key), value) }

// Delete removes a record.
func (w writer) Delete(key []byte) { w.tx.Delete(shelf{prefix: w.prefix}.key(key)) }
