package segments

import (
	"errors"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/store"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// point is one message, read.
type point struct {
	customer  string
	features  any
	at        int64        // event time, in Unix nanoseconds
	version   uint64       // orders vectors of one event time; 0: not known
	first     uint64       // the version that a duplicate had the first time; 0: not known
	duplicate bool         // the source says that this event was told before
	event     ledger.Event // what a point without a customer is counted once by
}

// errRejected wraps what is wrong with a point: nothing was changed.
var errRejected = errors.New("rejected")

func (s *state) vectorOf(p point, clip float64) ([]float64, error) {
	x, err := s.space.vector(s.vector, p.features)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRejected, err)
	}
	s.vector = x
	if clip > 0 {
		s.engine.Metric().Clip(x, clip)
	}
	return x, nil
}

// move brings a customer to where their new vector belongs: the old one is taken
// out, exactly, and the new one put in. It returns the customer's contribution.
func (m *model) move(tx *store.Tx, s *state, p point) (contribution, status, error) {
	key := m.contributionKey(p.customer)
	record, err := tx.Get(key)
	if err != nil {
		return contribution{}, 0, err
	}
	x, err := s.vectorOf(p, m.settings.clip)
	if err != nil {
		return contribution{}, 0, err
	}

	c := &contribution{}
	told := clustering.SegmentID(0)  // what the customer was told last
	stood := clustering.SegmentID(0) // where they are now, before this event
	if record != nil {
		if c, err = decodeContribution(record); err != nil {
			return contribution{}, 0, err
		}
		told, stood = c.Segment, s.engine.Segment(c.Micro)
		switch {
		case c.isRepeatedBy(p, x):
			s.history.tell(p, c)
			return *c, statusAssigned, nil
		case p.at < c.At:
			c.Segment, c.Changed = stood, false
			return *c, statusStale, nil
		}
		if err := s.engine.Retract(c.Micro, c.Vector); err != nil {
			return contribution{}, 0, fmt.Errorf("model %q: %w", m.name, err)
		}
	}

	c.Vector, c.At, c.Version = x, p.at, p.version
	c.Micro = s.engine.Insert(x)
	went := s.engine.Segment(c.Micro)
	s.engine.Advance()
	s.asOf = max(s.asOf, p.at)

	c.Segment = s.engine.Segment(c.Micro)
	c.Changed = c.Segment != told
	if c.Changed {
		c.Previous, c.Since, c.MovedBy = told, p.at, p.version
		c.Cause = causeBehaviour
		if record != nil && went == stood {
			c.Cause = causeRemodel // it was not this event that moved them
		}
		s.history.note(p, c)
	}
	tx.Set(key, c.append(nil))
	return *c, statusAssigned, nil
}

// isRepeatedBy tells that the point is the one that this contribution is from, or
// one before it that is delivered again.
func (c *contribution) isRepeatedBy(p point, x []float64) bool {
	switch {
	case p.duplicate && p.version == 0:
		return true
	case p.at != c.At:
		return p.at < c.At && p.duplicate
	case p.version != 0 && c.Version != 0:
		return p.version <= c.Version
	default:
		return sameVector(c.Vector, x)
	}
}

// add takes a point that belongs to nobody: it is learned and kept for good.
func (m *model) add(s *state, p point) (contribution, status, error) {
	x, err := s.vectorOf(p, m.settings.clip)
	if err != nil {
		return contribution{}, 0, err
	}
	c := contribution{Vector: x, At: p.at, Micro: s.engine.Insert(x)}
	s.engine.Advance()
	s.asOf = max(s.asOf, p.at)
	c.Segment = s.engine.Segment(c.Micro)
	s.engine.Release(c.Micro) // nobody will retract it
	return c, statusAssigned, nil
}

// locate finds where a point would go, and learns nothing from it.
func (m *model) locate(s *state, p point) (contribution, status, error) {
	known, grown := len(s.space.names), s.space.grown
	x, err := s.vectorOf(p, m.settings.clip)
	s.space.truncate(known)
	s.space.grown = grown
	if err != nil {
		return contribution{}, 0, err
	}
	c := contribution{Vector: x[:known], At: p.at}
	c.Micro = s.engine.Nearest(c.Vector)
	c.Segment = s.engine.Segment(c.Micro)
	return c, statusAssigned, nil
}
