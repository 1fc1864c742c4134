package features

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shoal-stream/shoal/plugin/duration"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// Customers without an event for idle_expiry are forgotten. They are found by an index in
// the order of time: each has one place in it, at the second of their newest event as it
// was when somebody looked last. When that is longer ago than idle_expiry, somebody looks
// again, and moves the place of a customer who was active meanwhile. So an event of a known
// customer writes nothing to the index; and as it does not depend on idle_expiry, there is
// nothing to build where that is turned on, or changed.
//
// Time is that of the events: the newest that the feature set has seen. A replay forgets
// whom the live stream forgot, and a pipeline that stood still forgets nobody. Each event
// that is applied looks at some of those who are due, in their order: so the same events
// forget the same customers at the same points, however they are cut into batches.

// place is where a customer is in the index.
type place struct {
	noted    int64 // Unix seconds
	customer string
}

func (p place) compare(o place) int {
	if c := cmp.Compare(p.noted, o.noted); c != 0 {
		return c
	}
	return strings.Compare(p.customer, o.customer)
}

func seenKey(set string, p place) []byte {
	key := store.Prefix(store.KindSeen, set)
	key = binary.BigEndian.AppendUint64(key, uint64(p.noted)^1<<63) // in the order of signed numbers
	return append(key, p.customer...)
}

var errPlace = errors.New("a place in the index of idle customers is damaged: restore the newest backup to a new path")

// placeOf reads the part of a key after the prefix.
func placeOf(suffix []byte) (p place, err error) {
	if len(suffix) <= 8 {
		return p, errPlace
	}
	return place{int64(binary.BigEndian.Uint64(suffix) ^ 1<<63), string(suffix[8:])}, nil
}

// lookedAfter is how many idle customers an applied event looks after at most. One is
// enough in the long run, as none is looked after more often than there are events of
// theirs.
const lookedAfter = 8

// expiry is idle_expiry of a feature set; 0: never.
type expiry time.Duration

// horizon is the second before which the places of the index are due.
func (x expiry) horizon(newest int64) int64 {
	if x == 0 || newest == never {
		return math.MinInt64
	}
	return seconds(max(newest, math.MinInt64+int64(x)) - int64(x))
}

// note is the second to note for a customer. One who comes with events that are old
// already, from a backfill beside the live stream, is given a day for the others to come.
func (x expiry) note(profileNewest, newest int64) int64 {
	if !x.isOver(profileNewest, newest) {
		return seconds(profileNewest)
	}
	return x.later(newest)
}

// later is the second to note for a customer who is given a day.
func (x expiry) later(newest int64) int64 {
	grace := min(time.Duration(x), duration.Day)
	return x.horizon(newest) + int64(grace/time.Second)
}

// isOver tells that a customer has had no event for too long.
func (x expiry) isOver(profileNewest, newest int64) bool {
	return x > 0 && profileNewest < max(newest, math.MinInt64+int64(x))-int64(x)
}

// findIdle reads the places that come to be due in a batch with these events: as many as
// they look at.
func (x *extract) findIdle(ctx context.Context, s *store.Store, c *census, events []event) (due []place, err error) {
	if x.idleExpiry == 0 {
		return nil, nil
	}
	_, newest := c.look()
	limit := 0
	for i := range events {
		if e := &events[i]; e.pending() {
			newest = max(newest, e.event.At)
			limit += lookedAfter
		}
	}
	if limit == 0 {
		return nil, nil
	}
	horizon := x.idleExpiry.horizon(newest)
	from, ok := c.beginLooking(horizon)
	if !ok {
		return nil, nil
	}
	end := horizon
	defer func() { c.endLooking(end, err) }()
	prefix := store.Prefix(store.KindSeen, x.set)
	err = s.View(ctx, func(r store.Reader) error {
		return r.ScanKeys(prefix, seenKey(x.set, place{noted: from}), func(key []byte) error {
			p, err := placeOf(key[len(prefix):])
			if err != nil {
				return fmt.Errorf("feature set %q: %w", x.set, err)
			}
			if p.noted >= horizon || len(due) == limit {
				end = p.noted
				return errEnough
			}
			due = append(due, p)
			return nil
		})
	})
	if len(due) > 0 {
		end = due[0].noted // they are there until the batch is committed
	}
	return due, ended(err)
}

// beginLooking tells from which second on places before the horizon may be: not ok where
// there are none, or another thread is looking.
func (c *census) beginLooking(horizon int64) (from int64, ok bool) {
	if !c.looking.TryLock() {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idleFrom >= horizon {
		c.looking.Unlock()
		return 0, false
	}
	c.noted = math.MaxInt64
	return c.idleFrom, true
}

// endLooking keeps that there is nothing before end but what was committed meanwhile.
func (c *census) endLooking(end int64, err error) {
	defer c.looking.Unlock()
	if ended(err) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idleFrom = min(end, c.noted)
}

// errEnough ends a scan.
var errEnough = errors.New("enough")

// ended is the error of a scan, nil when it was ended.
func ended(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// noteSeen gives a customer a place in the index.
func (b *batchState) noteSeen(x *extract, name string, c *customer) {
	c.noted = x.idleExpiry.note(c.profile.Newest, b.changes.now.newest)
	b.setPlace(x, place{c.noted, name})
}

func (b *batchState) setPlace(x *extract, p place) {
	b.tx.Set(seenKey(x.set, p), nil)
	b.changes.now.noted = min(b.changes.now.noted, p.noted)
	if x.idleExpiry > 0 { // it may be due in this very batch
		at, _ := slices.BinarySearchFunc(b.due, p, place.compare)
		b.due = slices.Insert(b.due, at, p)
	}
}

// forgetIdle looks after the customers who are due, as many as an applied event may.
func (x *extract) forgetIdle(b *batchState) error {
	horizon := x.idleExpiry.horizon(b.changes.now.newest)
	for range lookedAfter {
		if len(b.due) == 0 || b.due[0].noted >= horizon {
			return nil
		}
		p := b.due[0]
		b.due = b.due[1:]
		if err := x.lookAfter(b, p); err != nil {
			return err
		}
	}
	return nil
}

// lookAfter forgets a customer who is idle, and moves the place of one who is not.
func (x *extract) lookAfter(b *batchState, p place) error {
	key := seenKey(x.set, p)
	there, err := b.tx.Get(key)
	if err != nil || there == nil {
		return err // another thread was here
	}
	c, err := x.customer(b, p.customer)
	if err != nil {
		return x.putOff(b, p, err)
	}
	if c.profile.Events == 0 || c.noted != p.noted { // nobody's place
		b.tx.Delete(key)
		return nil
	}
	if !x.idleExpiry.isOver(c.profile.Newest, b.changes.now.newest) {
		b.tx.Delete(key)
		b.noteSeen(x, p.customer, c)
		b.tx.Set(c.key, c.append(nil, b.codec))
		return nil
	}
	newest := c.profile.Newest
	if err := c.erase(b.votes, x.set, p.customer); err != nil {
		return x.putOff(b, p, err)
	}
	b.changes.now.left = max(b.changes.now.left, newest)
	b.changes.now.customers--
	b.forgotten[p.customer] = struct{}{}
	b.gone = append(b.gone, leaver{p.customer, x.depart(b, p.customer, &c.profile)})
	c.reset(x.plan)
	return nil
}

// leaver is a customer who was forgotten, and what stays of them in the sample: nil if nothing.
type leaver struct {
	name string
	left *departed
}

// putOff moves the place of a customer whose record is damaged to a day later. This is no
// matter of the event that happens to look, nor of those who are due after them. The place
// is in front of the record, which else stays as it is.
func (x *extract) putOff(b *batchState, p place, problem error) error {
	x.damage.note(problem)
	key := profileKey(x.set, p.customer)
	stored, err := b.tx.Get(key)
	if err != nil {
		return err
	}
	b.tx.Delete(seenKey(x.set, p))
	later := place{x.idleExpiry.later(b.changes.now.newest), p.customer}
	r := record.Read(stored)
	if noted := r.Varint(); !r.Damaged() {
		if noted != p.noted {
			return nil // nobody's place
		}
		b.tx.Set(key, append(binary.AppendVarint(nil, later.noted), r.Rest()...))
	}
	delete(b.customers, p.customer) // to be read again
	b.setPlace(x, later)
	return nil
}
