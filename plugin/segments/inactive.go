package segments

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/duration"
	"github.com/shoal-stream/shoal/plugin/store"
)

// Customers without an event of their own for inactive_after leave the model. They are
// found by an index in the order of the time at which to look after each: when that comes,
// a customer who was active meanwhile is only noted anew, so that an event writes nothing
// to the index. Where a customer is noted is kept with their contribution.
//
// Time is cut into slots, of a day mostly. What is due in a slot is known when it begins,
// and is worked off in order, a number at each applied point: so a run that is interrupted
// retires the same customers at the same points.

// watch is how far a model has come with the index.
type watch struct {
	due   []duePlace // found, and not looked at yet
	from  []byte     // where to look on; nil: from the beginning
	swept int64      // the slot up to which nothing is left, from 1; 0: not known
	next  int64      // the first slot after it that has anything; 0: not known
}

type duePlace struct {
	key      []byte
	customer string
}

// lookedAfter is how many customers are looked after at each applied point at most.
const lookedAfter = 256

// slotLength is the unit of the index: short where customers are let go soon.
func slotLength(inactiveAfter time.Duration) time.Duration {
	for _, length := range []time.Duration{duration.Day, time.Hour, time.Minute} {
		if inactiveAfter >= 7*length {
			return length
		}
	}
	return time.Second
}

// slot is that of an instant, which may lie before 1970.
func (d *definition) slot(at int64) int64 {
	length := int64(slotLength(d.InactiveAfter))
	slot := at / length
	if at%length < 0 {
		slot--
	}
	return slot
}

// dueSlot is when to look after a customer who was seen then: in the slot after the one in
// which they become inactive, and never in one that has begun.
func (s *state) dueSlot(seen int64) int64 {
	return max(s.definition.slot(seen+int64(s.definition.InactiveAfter)), s.definition.slot(s.clock.asOf)) + 1
}

func (m *model) activityKey(slot int64, customer string) []byte {
	key := store.Prefix(store.KindActivity, m.name)
	key = binary.BigEndian.AppendUint64(key, uint64(slot)^1<<63) // in the order of signed numbers
	return append(key, customer...)
}

// watchOver notes when to look after a customer. The caller writes the contribution.
func (m *model) watchOver(tx *store.Tx, s *state, customer string, c *contribution) {
	c.Watched, c.Slot = true, s.dueSlot(c.Seen)
	tx.Set(m.activityKey(c.Slot, customer), nil)
	if s.watch.next != 0 {
		s.watch.next = min(s.watch.next, c.Slot)
	}
}

// unwatch takes a customer out of the index, and out of what was found in it.
func (m *model) unwatch(tx *store.Tx, s *state, customer string, c *contribution) {
	if c.Watched {
		tx.Delete(m.activityKey(c.Slot, customer))
		s.watch.due = slices.DeleteFunc(s.watch.due, func(p duePlace) bool { return p.customer == customer })
	}
}

// retire lets go of customers who are due, as many as an applied point may.
func (m *model) retire(tx *store.Tx, s *state) error {
	today := s.definition.slot(s.clock.asOf)
	for range lookedAfter {
		if len(s.watch.due) == 0 {
			if err := m.findDue(tx, s, today); err != nil || len(s.watch.due) == 0 {
				return err
			}
		}
		place := s.watch.due[0]
		s.watch.due = s.watch.due[1:]
		tx.Delete(place.key)
		if err := m.lookAfter(tx, s, place.customer); err != nil {
			return err
		}
	}
	return nil
}

// findDue reads the next places of the index that are due.
func (m *model) findDue(tx *store.Tx, s *state, today int64) error {
	w := &s.watch
	if w.next != 0 && w.next > today || w.swept == today {
		return nil
	}
	prefix := store.Prefix(store.KindActivity, m.name)
	err := tx.ScanKeys(prefix, w.from, func(key []byte) error {
		suffix := key[len(prefix):]
		if len(suffix) < 8 {
			return fmt.Errorf("model %q: a place in its index of activity is damaged: restore the newest backup to a new path", m.name)
		}
		if slot := int64(binary.BigEndian.Uint64(suffix) ^ 1<<63); slot > today {
			w.next = slot
			return errEnough
		}
		w.due = append(w.due, duePlace{key: key, customer: string(suffix[8:])})
		w.from = append(slices.Clip(key), 0) // the next key after this one
		if len(w.due) == lookedAfter {
			return errEnough
		}
		return nil
	})
	switch {
	case ended(err) != nil:
		return err
	case len(w.due) == 0:
		w.swept, w.from = today, nil
	}
	if err == nil && len(w.due) == 0 {
		w.next = 0
	}
	return nil
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

// lookAfter lets a customer go who is inactive, and notes anew when to look after one who
// is not.
func (m *model) lookAfter(tx *store.Tx, s *state, customer string) error {
	key := m.contributionKey(customer)
	record, err := tx.Get(key)
	if err != nil || record == nil {
		return err // erased
	}
	c, err := decodeContribution(record)
	if err != nil {
		return err
	}
	if s.clock.asOf-c.Seen <= int64(s.definition.InactiveAfter) {
		m.watchOver(tx, s, customer, c)
		tx.Set(key, c.append(nil))
		return nil
	}
	home := s.engine.Home(c.Micro)
	if err := s.engine.Retract(c.Micro, c.Vector); err != nil {
		return fmt.Errorf("model %q: %w", m.name, err)
	}
	s.clock.left = max(s.clock.left, c.Seen)
	tx.Delete(key)
	return m.note(tx, s, customer, moved{
		at: s.clock.asOf, since: s.clock.asOf, from: home.Segment, to: clustering.SegmentID(0), cause: causeSilence,
	})
}
