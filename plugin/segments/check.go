package segments

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/store"
)

// Check proves the invariants of every model in the store, and counts its
// customers: the engine is sound; every contribution points at a micro-cluster that
// lives, or at what it has become; the contributions to each segment, and those to none, add
// up to its members; the history can be read, and has each name that the log knows its
// customer by; somebody looks after each customer who may become inactive; nobody is there who
// was erased.
func Check(r store.Reader) (customers map[string]int, err error) {
	names, err := store.Namespaces(r, store.KindModel)
	if err != nil {
		return nil, err
	}
	customers = map[string]int{}
	for _, name := range names {
		n, err := checkModel(r, name)
		if err != nil {
			return customers, fmt.Errorf("model %q: %w", name, err)
		}
		customers[name] = n
	}
	return customers, nil
}

func checkModel(r store.Reader, name string) (customers int, err error) {
	d, found, err := storedDefinition(r, name)
	if err != nil {
		return 0, err
	}
	if !found {
		return 0, errors.New("there are records of it, and no definition")
	}
	pending, err := r.Get((&model{name: name}).key(suffixRebuild))
	if err != nil {
		return 0, err
	}
	if pending != nil { // customers are between two engines: the next start brings them over
		return customers, r.Scan(store.Prefix(store.KindContribution, name), func(_, value []byte) error {
			customers++
			_, err := decodeContribution(value)
			return err
		})
	}
	s, err := readState(r, name, d)
	if err != nil {
		return 0, err
	}
	if err := s.engine.Check(); err != nil {
		return 0, err
	}
	if err := s.checkHistory(r, name); err != nil {
		return 0, err
	}
	if !d.Keyed {
		return int(s.engine.Size()), nil
	}

	// A contribution names the micro-cluster that took it, which may have become part
	// of another since: the engine knows which, by the segment at least. So members
	// are compared by segment.
	tombstones, err := store.ReadTombstones(r)
	if err != nil {
		return 0, err
	}
	sums := map[clustering.SegmentID]*cf.Feature{}
	prefix := store.Prefix(store.KindContribution, name)
	err = r.Scan(prefix, func(key, value []byte) error {
		c, err := decodeContribution(value)
		if err != nil {
			return err
		}
		if err := tombstones.Refuse(r, string(key[len(prefix):]), c.Seen); err != nil {
			return fmt.Errorf("what was erased is there: %w", err)
		}
		home := s.engine.Home(c.Micro)
		if !home.Held {
			return fmt.Errorf("a contribution points at micro-cluster %d, which does not live", c.Micro)
		}
		if sums[home.Segment] == nil {
			sums[home.Segment] = &cf.Feature{}
		}
		sums[home.Segment].Insert(1, c.Vector)
		customers++
		return nil
	})
	if err != nil {
		return 0, err
	}
	return customers, s.compare(sums, customers)
}

// checkHistory proves that the log, the moves of customers and the index of activity can be
// read, and that no entry is from the future.
func (s *state) checkHistory(r store.Reader, name string) error {
	prefix := store.Prefix(store.KindEvent, name)
	err := r.Scan(prefix, func(key, value []byte) error {
		if _, err := decodeEntry(value); err != nil || len(key) != len(prefix)+8 {
			return errEntry
		}
		if n := binary.BigEndian.Uint64(key[len(prefix):]); n > s.clock.events {
			return fmt.Errorf("entry %d of its log is beyond the last, %d", n, s.clock.events)
		}
		return nil
	})
	if err != nil {
		return err
	}
	m, moved := &model{name: name}, store.Prefix(store.KindMoves, name)
	err = r.Scan(moved, func(key, value []byte) error {
		h, err := decodeHistory(value)
		if err != nil {
			return err
		}
		for _, v := range h.moves {
			if v.sequence > s.clock.events {
				return fmt.Errorf("a move is entry %d of its log, beyond the last, %d", v.sequence, s.clock.events)
			}
		}
		named, err := r.Get(m.nameKey(h.name))
		if err == nil && named != nil && string(named) != string(key[len(moved):]) {
			err = errors.New("the name of a customer in its log is that of another")
		}
		return err
	})
	if err == nil {
		err = m.checkNames(r)
	}
	if err != nil {
		return err
	}
	return s.checkActivity(r, name)
}

// checkNames proves that each name in the log is that of the history of its customer, so that
// it goes when they are erased. Both are retained as long; that may end between two looks.
func (m *model) checkNames(r store.Reader) error {
	prefix := store.Prefix(store.KindName, m.name)
	return r.Scan(prefix, func(key, customer []byte) error {
		if len(key) != len(prefix)+8 {
			return errEntry
		}
		name := binary.BigEndian.Uint64(key[len(prefix):])
		h, err := m.readHistory(r, string(customer))
		if err != nil || h.name == name {
			return err
		}
		if still, err := r.Get(key); err != nil || still == nil {
			return err
		}
		return errors.New("a name in its log leads to a customer whose history has another")
	})
}

// checkActivity proves that each customer is looked after, where they leave when they are
// inactive.
func (s *state) checkActivity(r store.Reader, name string) error {
	places := 0
	prefix := store.Prefix(store.KindActivity, name)
	err := r.ScanKeys(prefix, nil, func(key []byte) error {
		if len(key) < len(prefix)+8 {
			return errors.New("a place in its index of activity is damaged: restore the newest backup to a new path")
		}
		places++
		return nil
	})
	if err != nil || s.definition.InactiveAfter == 0 {
		return err
	}
	m, prefix := &model{name: name}, store.Prefix(store.KindContribution, name)
	err = r.Scan(prefix, func(key, value []byte) error {
		c, err := decodeContribution(value)
		if err != nil {
			return err
		}
		var place []byte
		if c.Watched {
			place, err = r.Get(m.activityKey(c.Slot, string(key[len(prefix):])))
		}
		if err == nil && place == nil {
			err = errors.New("nobody looks after one of its customers, whether they are active")
		}
		places--
		return err
	})
	if err == nil && places != 0 {
		err = fmt.Errorf("its index of activity has %d places more than it has customers", places)
	}
	return err
}

// compare proves that the members of each segment, and those who are in none, are exactly
// the contributions that point there.
func (s *state) compare(sums map[clustering.SegmentID]*cf.Feature, customers int) error {
	if n := s.engine.Size(); n != float64(customers) {
		return fmt.Errorf("its population counts %v, and there are %d contributions", n, customers)
	}
	const tolerance = 1e-9
	population := s.engine.Population()
	held := s.members()
	for id := range sums {
		if held[id] == nil {
			return fmt.Errorf("contributions point at segment %v, which does not live", segmentName(id))
		}
	}
	for id, members := range held {
		sum := sums[id]
		if sum == nil {
			sum = &cf.Feature{}
		}
		where := "in no segment"
		if id != 0 {
			where = fmt.Sprintf("of segment %v", segmentName(id))
		}
		if d := members.Differs(sum, population); d > tolerance {
			return fmt.Errorf("the members %s differ by %g from the sum of their contributions", where, d)
		}
	}
	return nil
}

// members are those of each segment, and at 0 those who are in none.
func (s *state) members() map[clustering.SegmentID]*cf.Feature {
	none := &cf.Feature{}
	s.engine.MicroClusters(func(_ clustering.MicroID, f *cf.Feature, id clustering.SegmentID) bool {
		if id == 0 {
			none.Merge(f)
		}
		return true
	})
	held := map[clustering.SegmentID]*cf.Feature{0: none}
	for _, segment := range s.engine.Segments() {
		held[segment.ID] = segment.Members
	}
	return held
}
