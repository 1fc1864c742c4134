package features

import (
	"errors"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// indexCheck proves that somebody looks after each customer, whether they are active: each
// has one place in the index of idle customers, at no later time than there is.
type indexCheck struct {
	r       store.Reader
	set     string
	codec   *aggregate.Codec
	profile aggregate.Profile
	newest  int64 // event time
	latest  int64 // second of a place
}

func newIndexCheck(r store.Reader, set string, layout []byte) (*indexCheck, error) {
	c := &indexCheck{r: r, set: set, newest: never, latest: never}
	last, err := r.Get(toldKey(set))
	if err != nil {
		return nil, err
	}
	if last != nil {
		r := record.Read(last)
		head, err := readToldHead(&r)
		if err != nil {
			return nil, err
		}
		c.newest = head.newest
	}
	specs, err := r.Get(specsKey(set))
	if err == nil && specs != nil {
		_, c.codec, err = compile(specs, layout)
	}
	return c, err
}

// customer takes one, with the place and the record of their profile.
func (c *indexCheck) customer(p place, profile []byte) error {
	there, err := c.r.Get(seenKey(c.set, p))
	if err != nil {
		return err
	}
	if there == nil {
		return errors.New("it has no place in the index of idle customers")
	}
	if c.codec == nil {
		return errors.New("nothing says which features it is of: restore the newest backup to a new path")
	}
	if err := c.codec.Decode(profile, &c.profile); err != nil {
		return err
	}
	c.newest = max(c.newest, c.profile.Newest)
	c.latest = max(c.latest, p.noted)
	return nil
}

// end is called after all customers: there may be no other places, and none in the future.
func (c *indexCheck) end(customers int) error {
	places := 0
	prefix := store.Prefix(store.KindSeen, c.set)
	err := c.r.ScanKeys(prefix, nil, func(key []byte) error {
		places++
		_, err := placeOf(key[len(prefix):])
		return err
	})
	switch {
	case err != nil:
		return err
	case places != customers:
		return fmt.Errorf("its index of idle customers has %d places for %d customers", places, customers)
	case c.latest > seconds(c.newest):
		return errors.New("a place in its index of idle customers is later than its newest event")
	default:
		return nil
	}
}
