package features

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/store"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// batchState is what the transaction of a batch has in hands.
type batchState struct {
	tx *store.Tx
	*binding
	everyone   everyone // with the models in force
	fitting    *fitting // nil without models
	hold       func()   // keeps erasures from committing until the end
	votes      *voting
	told       *told
	changes    changes
	due        []place             // customers to look after, in the order of the index
	forgotten  map[string]struct{} // customers who were idle
	gone       []leaver            // of them, those of the step under way, or the latest
	latest     *event              // that was applied
	customers  map[string]*customer
	tombstones *store.Tombstones
	fresh      int       // events that changed state
	features   []float64 // of all events, one after the other
	before     []float64 // scratch: features
	values     []float64 // scratch: to vote with
}

// apply runs the transaction: a step for each event, in their order.
func (x *extract) apply(ctx context.Context, s *store.Store, events []event) error {
	bound, told, err := x.open(ctx, s)
	if err != nil {
		return err
	}
	census, err := censusOf(ctx, s, x.set)
	if err != nil {
		return err
	}
	due, err := x.findIdle(ctx, s, census, events)
	if err != nil {
		return err
	}
	locks := make([]store.Lock, 0, 3*len(events)+len(due)+1)
	for _, p := range due {
		locks = append(locks, ProfileLock(x.set, p.customer))
	}
	for i := range events {
		if e := &events[i]; e.pending() {
			locks = append(locks, ProfileLock(x.set, e.customer))
			locks = x.once.Locks(locks, e.identity)
		}
	}
	erasures, err := erasuresOf(s)
	if err != nil {
		return err
	}
	fitting, err := fittingOf(s, x.set)
	if err != nil {
		return err
	}
	if x.hasModels() {
		locks = append(locks, fitLock(x.set))
	}
	var b *batchState
	err = s.Update(ctx, locks, func(tx *store.Tx) error {
		b = &batchState{
			tx:         tx,
			binding:    bound,
			everyone:   everyone{Poll: bound.poll},
			hold:       erasures.share(tx),
			votes:      bound.people.begin(tx),
			told:       told,
			changes:    census.begin(),
			due:        due,
			forgotten:  map[string]struct{}{},
			customers:  make(map[string]*customer, len(events)),
			tombstones: s.Tombstones(),
			features:   make([]float64, 0, len(events)*len(x.plan.Names())),
		}
		if x.hasModels() {
			models, err := fitting.begin(ctx, s, tx, x, bound.codec)
			if err != nil {
				return err
			}
			b.fitting, b.everyone.models = fitting, models
		}
		tx.BeforeCommit(func() error {
			if b.fresh > 0 {
				b.hold()
				tx.Set(toldKey(x.set), told.encode(events, x.plan, b.changes.now, b.forgotten, int(tx.Room()/2)))
			}
			b.changes.beforeCommit()
			return nil
		})
		defer func() {
			for _, c := range b.customers {
				x.idle.Put(c)
			}
		}()
		if b.fitting != nil {
			if err := x.keepUp(b); err != nil {
				return err
			}
		}
		for i := range events {
			e := &events[i]
			if !e.pending() {
				continue
			}
			before := b.changes.now
			if err := tx.Step(func() error { return x.applyEvent(b, e) }); err != nil {
				// What the step changed in memory is not what is stored.
				clear(b.customers)
				b.changes.now = before
				e.reject(err)
				x.failures.Log(err)
				continue
			}
			if b.fitting != nil && e.outcome.changed() {
				if err := x.advance(b, e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if b != nil {
		census.take(&b.changes, err == nil)
		census.watch(x.metrics)
	}
	if err != nil {
		return err
	}
	told.settle(events)
	x.models.show(b.everyone.models)
	if err := bound.people.foldWhenDue(ctx); err != nil {
		x.failures.Log(err) // what was committed stands, and the next batch folds
	}
	return nil
}

// applyEvent is a step of the transaction.
func (x *extract) applyEvent(b *batchState, e *event) error {
	b.changes.beginStep()
	b.gone = b.gone[:0]
	if done, err := x.refuse(b, e); done || err != nil {
		return err
	}
	c, err := x.customer(b, e.customer)
	if err != nil {
		return err
	}
	verdict, first, err := x.once.Apply(b.tx, e.identity, b.life.version(c.profile.Events+1))
	if err != nil {
		return err
	}
	if verdict == ledger.Duplicate {
		e.first = first
		x.tellAgain(b, e, c)
		return nil
	}
	known := c.profile.Events > 0
	if x.changedOnly && known {
		b.before = x.plan.Features(b.before[:0], &c.profile, c.profile.Newest, b.everyone)
	}
	switch {
	case verdict == ledger.Unprotected:
		e.outcome = unprotected
	case known && e.event.At < c.profile.Newest:
		e.outcome = late
	}
	x.plan.Apply(&c.profile, &e.event)
	b.changes.now.newest = max(b.changes.now.newest, e.event.At)
	if !known {
		b.changes.now.customers++
		b.noteSeen(x, e.customer, c)
	}
	if err := b.vote(x.plan, c); err != nil {
		return err
	}
	b.tx.Set(c.key, c.append(nil, b.codec))
	b.fresh++
	x.tell(b, e, c)
	if err := x.forgetIdle(b); err != nil {
		return err
	}
	e.applied = true
	e.unchanged = x.changedOnly && known && same(b.before, e.features)
	return nil
}

// vote has a customer vote with the values that they have now, as of their newest event.
func (b *batchState) vote(plan *aggregate.Plan, c *customer) error {
	b.values = plan.Votes(b.values[:0], &c.profile, c.profile.Newest, b.everyone)
	return b.votes.cast(b.poll, &c.ballot, b.values)
}

// tell gives the event the features that its customer has now. One who was forgotten has
// those of nobody, at the time of the event.
func (x *extract) tell(b *batchState, e *event, c *customer) {
	e.asOf, e.version = c.profile.Newest, b.life.version(c.profile.Events)
	if e.version == 0 {
		e.asOf = e.event.At
	}
	from := len(b.features)
	b.features = x.plan.Features(b.features, &c.profile, e.asOf, b.everyone)
	e.features = b.features[from:]
}

// tellAgain tells of a duplicate: what was told the first time, where the process died
// over it, else what is so now.
func (x *extract) tellAgain(b *batchState, e *event, c *customer) {
	e.outcome = duplicate
	x.tell(b, e, c)
	first, found, behind := b.told.find(e.print, e.customer)
	e.applied = found
	switch {
	case found && first.features != nil:
		e.features, e.asOf, e.version = first.features, first.asOf, first.version
		e.first = first.version
	case found:
		e.first = e.version
	case behind:
		e.version = 0
	}
}

// customer finds or reads a profile.
func (x *extract) customer(b *batchState, name string) (*customer, error) {
	if c := b.customers[name]; c != nil {
		return c, nil
	}
	c, _ := x.idle.Get().(*customer)
	if c == nil {
		c = &customer{}
	}
	c.key = profileKey(x.set, name)
	stored, err := b.tx.Get(c.key)
	if err != nil {
		return nil, fmt.Errorf("reading a customer: %w", err)
	}
	if stored == nil {
		c.reset(x.plan)
	} else if err := c.decode(b.codec, stored); err != nil {
		return nil, err
	}
	b.customers[name] = c
	return c, nil
}

// same compares features; two without a value are the same.
func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool {
		return x == y || math.IsNaN(x) && math.IsNaN(y)
	})
}
