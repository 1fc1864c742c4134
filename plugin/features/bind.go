package features

import (
	"bytes"
	"context"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/population"
	"github.com/shoal-stream/shoal/plugin/store"
)

// binding is how the features of a configuration lie in a store, as that was last seen.
type binding struct {
	layout []byte // as stored, that codec is of
	codec  *aggregate.Codec
	people *people
	poll   *population.Poll
	life   life
}

func layoutKey(set string) []byte {
	return store.Key(store.KindFeatureSet, set, []byte("layout"))
}

// open returns what reads and writes the profiles of this store, and what was told
// last. It looks at the stored layout each time: after a reload the store may be another
// one, and processors with other features may have made the layout grow.
func (x *extract) open(ctx context.Context, s *store.Store) (b *binding, told *told, err error) {
	var stored []byte
	err = s.View(ctx, func(r store.Reader) (err error) {
		if stored, err = r.Get(layoutKey(x.set)); err != nil {
			return err
		}
		if told, err = attachTold(s, r, x.set); err == nil {
			told.suit(len(x.plan.Names()))
		}
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading feature set %q: %w", x.set, err)
	}
	people, err := peopleOf(ctx, s, x.set)
	if err != nil {
		return nil, nil, err
	}
	if b := x.bound.Load(); b != nil && b.people == people && bytes.Equal(b.layout, stored) {
		return b, told, nil
	}
	b, err = x.bind(ctx, s, people)
	return b, told, err
}

// bind gives the features their slots in the layout and on the slate, and writes both where
// they grew.
func (x *extract) bind(ctx context.Context, s *store.Store, people *people) (*binding, error) {
	key := layoutKey(x.set)
	b := &binding{people: people}
	var old []byte // specs, where they are others now
	err := s.Update(ctx, []store.Lock{store.LockOf(key)}, func(tx *store.Tx) error {
		return tx.Step(func() (err error) {
			if b.life, err = readLife(tx, x.set); err != nil {
				return err
			}
			if err := b.layOut(tx, key, x.plan); err != nil {
				return err
			}
			if b.poll, err = nominate(tx, people, x.plan); err != nil {
				return err
			}
			specs := encodeSpecs(x.plan.Specs())
			stored, err := tx.Get(specsKey(x.set))
			if err != nil {
				return err
			}
			if bytes.Equal(specs, stored) {
				return nil
			}
			old = stored
			tx.Set(specsKey(x.set), specs)
			return deleteOtherTask(tx, x.set, x.plan)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("feature set %q: %w", x.set, err)
	}
	if old != nil {
		x.logChange(old)
		if !x.hasModels() {
			if err := deleteDeparted(ctx, s, x.set); err != nil {
				return nil, fmt.Errorf("feature set %q: %w", x.set, err)
			}
		}
	}
	x.bound.Store(b)
	return b, nil
}

// layOut gives what the features keep slots in the records of customers.
func (b *binding) layOut(tx *store.Tx, key []byte, plan *aggregate.Plan) error {
	stored, err := tx.Get(key)
	if err != nil {
		return err
	}
	layout, err := aggregate.DecodeLayout(stored)
	if err != nil {
		return err
	}
	layout, grew := layout.With(plan)
	b.layout = stored
	if grew {
		b.layout = layout.Append(nil)
		tx.Set(key, b.layout)
	}
	b.codec, err = layout.Codec(plan)
	return err
}

// nominate gives the features that are voted on slots in ballots.
func nominate(tx *store.Tx, people *people, plan *aggregate.Plan) (*population.Poll, error) {
	slate, err := readSlate(tx, people.set)
	if err != nil {
		return nil, err
	}
	slate, grew, err := slate.With(plan.VoteIDs()...)
	if err != nil {
		return nil, err
	}
	if grew {
		tx.Set(slateKey(people.set), slate.Append(nil))
	}
	return people.poll(slate, plan), nil
}
