package segments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shoal-stream/shoal/plugin/features"
	"github.com/shoal-stream/shoal/plugin/store"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// Erasure asks to erase one customer.
type Erasure struct {
	Customer string
	Block    bool             // newer events are refused as well, from now on
	At       time.Time        // what happened up to then is refused, known or not; zero: only what is known
	Position *ledger.Position // of the message that asks; nil: each time it is delivered, it asks anew
	Source   string           // names the cluster that positions come from
}

// requests remembers for ever who was asked for by which message.
func requests() *ledger.Ledger { return ledger.New("forget", ledger.Options{}) }

// request is what an erasure is known by: the message and the customer, as one message may ask
// for several. It goes by the timestamp, too, so that a topic that was made anew asks anew: an
// erasure that comes twice does no harm, and one that is left out does.
func (e Erasure) request() ledger.Event {
	p := e.Position
	if p == nil {
		return ledger.Event{}
	}
	return ledger.Event{ID: fmt.Sprintf("%q %q %d %d %d %q", e.Source, p.Topic, p.Partition, p.Offset, p.Timestamp, e.Customer)}
}

// Receipt says what was erased of a customer, and not of whom.
type Receipt struct {
	Erased        bool // there was anything
	Profiles      int  // in feature sets
	Contributions int  // to models
	Moves         int  // that were kept of their history
	At            time.Time
}

// Forget erases customers from all feature sets and all models of a store, and lays their
// tombstones. Each goes in one transaction, all of them in one commit if they fit; it waits for
// the batches of all models that are under way. Errors are by customer, nil where there is none,
// and name nobody; whoever is not erased with one is as before.
//
// A customer who is not there may have been, and have left for being idle: they did nothing
// later than those who have. So their tombstone is of then. In a store that nobody has left,
// they leave none, unless they are to be blocked, or the erasure has a time: nothing of theirs
// was seen, so nothing of it can come back. A message that is delivered again erases nothing
// that has come since it was first: it is answered with what was erased last.
func Forget(ctx context.Context, s *store.Store, list []Erasure) ([]Receipt, []error) {
	receipts, problems := make([]Receipt, len(list)), make([]error, len(list))
	err := forget(ctx, s, list, receipts)
	if err == nil || len(list) == 1 {
		for i := range problems {
			problems[i] = err
		}
		return receipts, problems
	}
	for i := range list { // one whose records are damaged is no matter of the others
		problems[i] = forget(ctx, s, list[i:i+1], receipts[i:i+1])
	}
	return receipts, problems
}

// forgetting is an erasure of customers under way.
type forgetting struct {
	store  *store.Store
	places places
	sets   []*features.Profiles
	again  bool // only places are new, and receipts go on
}

// places are where customers may be: names of feature sets and models, sorted.
type places struct{ sets, models []string }

// placesOf lists them, also those that components have in hands and have not written yet.
func placesOf(ctx context.Context, s *store.Store) (p places, err error) {
	err = s.View(ctx, func(r store.Reader) error {
		if p.sets, err = features.Sets(s, r); err != nil {
			return err
		}
		p.models, err = store.Namespaces(r, store.KindModel)
		return err
	})
	for _, name := range s.Attached(attachedModel) {
		p.models = append(p.models, strings.TrimPrefix(name, attachedModel))
	}
	slices.Sort(p.models)
	p.models = slices.Compact(p.models)
	return p, err
}

func (p places) equal(other places) bool {
	return slices.Equal(p.sets, other.sets) && slices.Equal(p.models, other.models)
}

// forget erases all or nobody. A place that came while it was at work may have taken a customer
// in who has no tombstone there: then it goes once more, through all.
func forget(ctx context.Context, s *store.Store, list []Erasure, receipts []Receipt) error {
	f := forgetting{store: s}
	now, err := placesOf(ctx, s)
	for err == nil && (!f.again || !now.equal(f.places)) {
		f.places = now
		if err = f.run(ctx, list, receipts); err != nil {
			break
		}
		f.again = true
		now, err = placesOf(ctx, s)
	}
	for _, set := range f.places.sets {
		if err == nil {
			err = features.Fold(ctx, s, set)
		}
	}
	if err != nil {
		return fmt.Errorf("erasing customers: %w", err)
	}
	return nil
}

// run is one transaction.
func (f *forgetting) run(ctx context.Context, list []Erasure, receipts []Receipt) error {
	locks := []store.Lock{store.TombstoneLock()}
	f.sets = nil
	for _, e := range list {
		locks = requests().Locks(locks, e.request())
	}
	for _, set := range f.places.sets {
		f.sets = append(f.sets, features.ProfilesOf(set))
		for _, e := range list {
			locks = append(locks, features.ProfileLock(set, e.Customer))
		}
	}
	var models []*model
	for _, name := range f.places.models {
		m, err := attachModel(f.store, name)
		if err != nil {
			return err
		}
		err = m.view(ctx, f.store, func(store.Reader, *state) error { return nil }) // completes what was interrupted
		if err != nil && !errors.Is(err, errNotDefined) {
			return err
		}
		models, locks = append(models, m), append(locks, m.lock())
	}
	err := f.store.Update(ctx, locks, func(tx *store.Tx) error {
		var open []*model
		for _, m := range models {
			learned, err := m.openToErase(tx)
			if err != nil {
				return err
			}
			if learned {
				open = append(open, m)
			}
		}
		for i, e := range list {
			receipt := Receipt{}
			if f.again {
				receipt = receipts[i]
			}
			err := tx.Step(func() error { return f.one(ctx, tx, open, e, &receipt) })
			if err != nil {
				return err
			}
			receipts[i] = receipt
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range models {
		m.reporters.soon()
	}
	return nil
}

// one erases one customer, in a step.
func (f *forgetting) one(ctx context.Context, tx *store.Tx, models []*model, e Erasure, receipt *Receipt) error {
	tombstones := f.store.Tombstones()
	before, known, err := tombstones.Find(tx, e.Customer)
	if err != nil {
		return err
	}
	if !f.again {
		verdict, _, err := requests().Apply(tx, e.request(), 0)
		if err != nil {
			return err
		}
		if verdict == ledger.Duplicate {
			*receipt = receiptOf(before)
			return nil
		}
	}
	until := int64(never)
	if known {
		until = before.Until
	}
	newest, err := f.left(ctx, models, until)
	if err != nil {
		return err
	}
	if !e.At.IsZero() {
		newest = max(newest, e.At.UnixNano())
	}
	if before.Block && !e.Block { // what was there by now stays refused
		if newest, err = f.newest(ctx, models, newest); err != nil {
			return err
		}
	}
	was := *receipt
	for i, set := range f.places.sets {
		at, found, err := f.sets[i].LastSeen(ctx, f.store, tx, e.Customer)
		if err != nil {
			return err
		}
		if found {
			newest = max(newest, at)
			receipt.Profiles++
		}
		if _, err := features.Erase(ctx, f.store, tx, set, e.Customer); err != nil {
			return fmt.Errorf("feature set %q: %w", set, err)
		}
	}
	for _, m := range models {
		at, contribution, moves, err := m.erase(tx, m.state, e.Customer)
		if err != nil {
			return fmt.Errorf("model %q: %w", m.name, err)
		}
		newest = max(newest, at)
		receipt.Moves += moves
		if contribution {
			receipt.Contributions++
		}
	}
	receipt.Erased = receipt.Profiles+receipt.Contributions+receipt.Moves > 0
	if *receipt == was && before.Block == e.Block && newest == until { // there is nothing to add
		receipt.At = receiptOf(before).At
		return nil
	}
	receipt.At = time.Now().UTC()
	return tombstones.Lay(tx, e.Customer, store.Tombstone{
		Until: newest, At: receipt.At, Block: e.Block,
		Profiles: receipt.Profiles, Contributions: receipt.Contributions, Moves: receipt.Moves,
	})
}

// newest is the time of the newest event that the store has seen, in Unix nanoseconds, from one
// on.
func (f *forgetting) newest(ctx context.Context, models []*model, newest int64) (int64, error) {
	for _, set := range f.sets {
		at, err := set.Newest(ctx, f.store)
		if err != nil {
			return 0, err
		}
		newest = max(newest, at)
	}
	for _, m := range models {
		newest = max(newest, m.state.clock.asOf)
	}
	return newest, nil
}

// left is the newest event time of all who have left for being idle or inactive, in Unix
// nanoseconds, from one on.
func (f *forgetting) left(ctx context.Context, models []*model, newest int64) (int64, error) {
	for _, set := range f.sets {
		at, err := set.Left(ctx, f.store)
		if err != nil {
			return 0, err
		}
		newest = max(newest, at)
	}
	for _, m := range models {
		newest = max(newest, m.state.clock.left)
	}
	return newest, nil
}

// receiptOf is what was said of the last erasure; of none, that there is nobody.
func receiptOf(t store.Tombstone) Receipt {
	if t.At.IsZero() {
		t.At = time.Now().UTC()
	}
	return Receipt{
		Erased:   t.Profiles+t.Contributions+t.Moves > 0,
		Profiles: t.Profiles, Contributions: t.Contributions, Moves: t.Moves, At: t.At,
	}
}
