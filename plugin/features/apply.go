package features

import (
	"bytes"
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
	tx        *store.Tx
	codec     *aggregate.Codec
	told      *told
	changes   changes
	due       []place             // customers to look after, in the order of the index
	forgotten map[string]struct{} // customers who were idle
	customers map[string]*customer
	fresh     int       // events that changed state
	features  []float64 // of all events, one after the other
	before    []float64 // scratch
}

// customer is a profile that the batch has decoded.
type customer struct {
	key     []byte
	noted   int64 // their place in the index of idle customers
	profile aggregate.Profile
}

// apply runs the transaction: a step for each event, in their order.
func (x *extract) apply(ctx context.Context, s *store.Store, events []event) error {
	codec, told, err := x.open(ctx, s)
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
	locks := make([]store.Lock, 0, 3*len(events)+len(due))
	for _, p := range due {
		locks = append(locks, ProfileLock(x.set, p.customer))
	}
	for i := range events {
		if e := &events[i]; e.pending() {
			locks = append(locks, ProfileLock(x.set, e.customer))
			locks = x.once.Locks(locks, e.identity)
		}
	}
	var b *batchState
	err = s.Update(ctx, locks, func(tx *store.Tx) error {
		b = &batchState{
			tx:        tx,
			codec:     codec,
			told:      told,
			changes:   census.begin(),
			due:       due,
			forgotten: map[string]struct{}{},
			customers: make(map[string]*customer, len(events)),
			features:  make([]float64, 0, len(events)*len(x.plan.Names())),
		}
		tx.BeforeCommit(func() error {
			if b.fresh > 0 {
				tx.Set(toldKey(x.set), told.encode(events, len(x.plan.Names()), b.changes.now.newest, b.forgotten))
			}
			b.changes.beforeCommit()
			return nil
		})
		defer func() {
			for _, c := range b.customers {
				x.idle.Put(c)
			}
		}()
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
			}
		}
		return nil
	})
	if b != nil {
		census.take(&b.changes, err == nil)
		x.metrics.countCustomers(census)
	}
	if err == nil {
		told.settle(events)
	}
	return err
}

// applyEvent is a step of the transaction.
func (x *extract) applyEvent(b *batchState, e *event) error {
	b.changes.beginStep()
	c, err := x.customer(b, e.customer)
	if err != nil {
		return err
	}
	verdict, first, err := x.once.Apply(b.tx, e.identity, c.profile.Events+1)
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
		b.before = x.plan.Features(b.before[:0], &c.profile, c.profile.Newest, nil)
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
	b.tx.Set(c.key, appendProfile(nil, b.codec, &c.profile, c.noted))
	b.fresh++
	x.tell(b, e, c)
	e.applied = true
	e.unchanged = x.changedOnly && known && same(b.before, e.features)
	return x.forgetIdle(b)
}

// tell gives the event the features that its customer has now. One who was forgotten has
// those of nobody, at the time of the event.
func (x *extract) tell(b *batchState, e *event, c *customer) {
	e.asOf, e.version = c.profile.Newest, c.profile.Events
	if e.version == 0 {
		e.asOf = e.event.At
	}
	from := len(b.features)
	b.features = x.plan.Features(b.features, &c.profile, e.asOf, nil)
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
	c.key, c.noted = profileKey(x.set, name), 0
	stored, err := b.tx.Get(c.key)
	if err != nil {
		return nil, fmt.Errorf("reading a customer: %w", err)
	}
	if stored == nil {
		x.plan.Reset(&c.profile)
	} else if c.noted, err = decodeProfile(b.codec, stored, &c.profile); err != nil {
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

// binding is the codec for the layout that a store was last seen with.
type binding struct {
	layout []byte // as stored
	codec  *aggregate.Codec
}

func layoutKey(set string) []byte {
	return store.Key(store.KindFeatureSet, set, []byte("layout"))
}

// open returns what reads and writes the profiles of this store, and what was told
// last. It looks at the stored layout each time: after a reload the store may be another
// one, and processors with other features may have made the layout grow.
func (x *extract) open(ctx context.Context, s *store.Store) (codec *aggregate.Codec, told *told, err error) {
	var stored []byte
	err = s.View(ctx, func(r store.Reader) (err error) {
		if stored, err = r.Get(layoutKey(x.set)); err != nil {
			return err
		}
		told, err = attachTold(s, r, x.set, len(x.plan.Names()))
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading feature set %q: %w", x.set, err)
	}
	if b := x.bound.Load(); b != nil && bytes.Equal(b.layout, stored) {
		return b.codec, told, nil
	}
	codec, err = x.bind(ctx, s)
	return codec, told, err
}

// bind gives the features their slots in the layout, and writes it where it grew.
func (x *extract) bind(ctx context.Context, s *store.Store) (*aggregate.Codec, error) {
	key := layoutKey(x.set)
	var b binding
	var old []byte // specs, where they are others now
	err := s.Update(ctx, []store.Lock{store.LockOf(key)}, func(tx *store.Tx) error {
		return tx.Step(func() error {
			stored, err := tx.Get(key)
			if err != nil {
				return err
			}
			layout, err := aggregate.DecodeLayout(stored)
			if err != nil {
				return err
			}
			layout, grew := layout.With(x.plan)
			b.layout = stored
			if grew {
				b.layout = layout.Append(nil)
				tx.Set(key, b.layout)
			}
			specs := encodeSpecs(x.plan.Specs())
			stored, err = tx.Get(specsKey(x.set))
			if err != nil {
				return err
			}
			if !bytes.Equal(specs, stored) {
				old = stored
				tx.Set(specsKey(x.set), specs)
			}
			b.codec, err = layout.Codec(x.plan)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("feature set %q: %w", x.set, err)
	}
	if old != nil {
		x.logChange(old)
	}
	x.bound.Store(&b)
	return b.codec, nil
}
