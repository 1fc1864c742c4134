package segments

import (
	"errors"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/store"
)

// Check proves the invariants of every model in the store, and counts its
// customers: the engine is sound; every contribution points at a micro-cluster that
// lives, or at what it has become; the contributions of each add up to its members.
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
	s, err := readState(r, name, d)
	if err != nil {
		return 0, err
	}
	if err := s.engine.Check(); err != nil {
		return 0, err
	}
	if !d.Keyed {
		return int(s.engine.Size()), nil
	}

	// A contribution names the micro-cluster that took it, which may have become part
	// of another since: the engine knows which, by the segment at least. So members
	// are compared by segment.
	sums := map[clustering.SegmentID]*cf.Feature{}
	prefix := store.Prefix(store.KindContribution, name)
	err = r.Scan(prefix, func(_, value []byte) error {
		c, err := decodeContribution(value)
		if err != nil {
			return err
		}
		id := s.engine.Home(c.Micro).Segment
		if id == 0 && len(s.engine.Segments()) > 0 {
			return fmt.Errorf("a contribution points at micro-cluster %d, which does not live", c.Micro)
		}
		if sums[id] == nil {
			sums[id] = &cf.Feature{}
		}
		sums[id].Insert(1, c.Vector)
		customers++
		return nil
	})
	if err != nil {
		return 0, err
	}
	return customers, s.compare(sums, customers)
}

func (s *state) compare(sums map[clustering.SegmentID]*cf.Feature, customers int) error {
	if n := s.engine.Size(); n != float64(customers) {
		return fmt.Errorf("its population counts %v, and there are %d contributions", n, customers)
	}
	const tolerance = 1e-9
	population := s.engine.Population()
	for _, segment := range s.engine.Segments() {
		sum := sums[segment.ID]
		if sum == nil {
			sum = &cf.Feature{}
		}
		if d := segment.Members.Differs(sum, population); d > tolerance {
			return fmt.Errorf("the members of segment %v differ by %g from the sum of their contributions", segmentName(segment.ID), d)
		}
	}
	return nil
}
