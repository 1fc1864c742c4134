package features

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/population"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// customer is what is kept of a customer: the record of their aggregates, behind the second
// that their place in the index of idle.go is at, and what they last voted. So both are found
// when they are erased, and no event has to write the index.
type customer struct {
	key     []byte
	noted   int64 // their place in the index
	ballot  population.Ballot
	profile aggregate.Profile
}

func profileKey(set, customer string) []byte {
	return store.Key(store.KindProfile, set, []byte(customer))
}

// append writes a customer.
func (c *customer) append(dst []byte, codec *aggregate.Codec) []byte {
	dst = binary.AppendVarint(dst, c.noted)
	dst = c.ballot.Append(dst)
	return codec.Append(dst, &c.profile)
}

// split reads what is in front of the record of the aggregates, and returns that.
func (c *customer) split(stored []byte) (aggregates []byte, err error) {
	r := record.Read(stored)
	c.noted = r.Varint()
	c.ballot.Take(&r)
	if r.Damaged() {
		return nil, fmt.Errorf("reading a customer: %w", aggregate.ErrRecord)
	}
	return r.Rest(), nil
}

// decode reads a customer. It reuses the memory of the one before.
func (c *customer) decode(codec *aggregate.Codec, stored []byte) error {
	aggregates, err := c.split(stored)
	if err != nil {
		return err
	}
	if err := codec.Decode(aggregates, &c.profile); err != nil {
		return fmt.Errorf("reading a customer: %w", err)
	}
	return nil
}

// reset makes them a customer without events.
func (c *customer) reset(plan *aggregate.Plan) {
	c.noted = 0
	c.ballot.Reset()
	plan.Reset(&c.profile)
}

// Knows tells that the feature set has a profile of this customer. Of a feature set that is
// not kept in this store, it is not known who was erased: then it does.
func Knows(r store.Reader, set, customer string) (bool, error) {
	stored, err := r.Get(profileKey(set, customer))
	if err != nil || stored != nil {
		return stored != nil, err
	}
	stored, err = r.Get(specsKey(set))
	return stored == nil, err
}

// Erase removes a customer from a feature set with all that it keeps of them, in a step of
// a transaction that holds [ProfileLock]. It tells whether there was anything. After the
// commit, [Fold] leaves no trace of their votes, either.
func Erase(ctx context.Context, s *store.Store, tx *store.Tx, set, name string) (erased bool, err error) {
	erasures, err := erasuresOf(s)
	if err != nil {
		return false, err
	}
	gone := goner{set: set, name: name}
	if gone.told, err = attachTold(s, tx, set); err != nil {
		return false, fmt.Errorf("feature set %q: %w", set, err)
	}
	if gone.fitting, err = fittingOf(s, set); err != nil {
		return false, err
	}
	key := profileKey(set, name)
	stored, err := tx.Get(key)
	if err != nil {
		return false, err
	}
	if stored == nil { // one who was idle may have left traces
		erasures.of(s, tx).add(tx, gone)
		return false, nil
	}
	c := customer{key: key}
	if _, err := c.split(stored); err != nil {
		return false, err
	}
	people, err := peopleOf(ctx, s, set)
	if err != nil {
		return false, err
	}
	if gone.census, err = censusOf(ctx, s, set); err != nil {
		return false, err
	}
	if err := c.erase(people.begin(tx), set, name); err != nil {
		return false, err
	}
	erasures.of(s, tx).add(tx, gone)
	return true, nil
}

// erase takes back all that is kept of a customer. Whoever else keeps something of each
// customer of a feature set takes it back here.
func (c *customer) erase(v *voting, set, name string) error {
	if err := v.withdraw(&c.ballot); err != nil {
		return err
	}
	v.tx.Delete(c.key)
	v.tx.Delete(seenKey(set, place{c.noted, name}))
	return nil
}

// ProfileLock is the lock of all that a feature set keeps of a customer.
func ProfileLock(set, customer string) store.Lock {
	return store.LockOf(profileKey(set, customer))
}

// seconds is an instant in whole seconds, rounded down.
func seconds(nanoseconds int64) int64 {
	whole := nanoseconds / int64(time.Second)
	if nanoseconds%int64(time.Second) < 0 {
		whole--
	}
	return whole
}
