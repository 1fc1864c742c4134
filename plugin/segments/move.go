package segments

import (
	"errors"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/message"
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

	refresh *message.Refresh // no event of the customer, time has passed; nil: an event
}

// errUnreadable wraps what is wrong with a point: nothing was changed.
var errUnreadable = errors.New("not applied")

func (s *state) vectorOf(p point) ([]float64, error) {
	x, err := s.space.vector(s.vector, p.features)
	if errors.Is(err, errMissing) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	s.vector = x
	if clip := s.definition.Clip; clip > 0 {
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
	known := record != nil
	c := &contribution{Event: never, Seen: never}
	before := clustering.Home{} // where they are, before this event
	if known {
		if c, err = decodeContribution(record); err != nil {
			return contribution{}, 0, err
		}
		before = s.engine.Home(c.Micro)
	}
	x, err := s.vectorOf(p)
	switch {
	case errors.Is(err, errMissing):
		return s.stay(c, before), statusRejected, err
	case err != nil:
		return contribution{}, 0, err
	case known && c.isRepeatedBy(p, x):
		return *c, statusAssigned, m.tell(tx, p, c)
	}
	past := known && c.isAheadOf(p)
	if !known {
		if past, err = s.isPast(tx, p); err != nil {
			return contribution{}, 0, err
		}
	}
	if past {
		return s.stay(c, before), statusStale, nil
	}

	arrival, told := s.judge(x), c.Segment
	switch {
	case !known:
		c.Micro = s.engine.Insert(x, p.at)
	case !sameVector(c.Vector, x):
		if c.Micro, err = s.engine.Move(c.Micro, c.Vector, x, p.at); err != nil {
			return contribution{}, 0, fmt.Errorf("model %q: %w", m.name, err)
		}
	}
	c.take(p, x)
	went := s.engine.Home(c.Micro)
	s.advance(p.at)
	if err := m.settle(tx, s, p, c, known, before, went); err != nil {
		return contribution{}, 0, err
	}
	if s.definition.InactiveAfter > 0 && !known {
		m.watchOver(tx, s, p.customer, c)
	}
	tx.Set(key, c.append(nil))
	m.arrived(tx, s, p, x, arrival, told, c.Segment)
	if s.definition.InactiveAfter > 0 {
		err = m.retire(tx, s)
	}
	return *c, statusAssigned, err
}

// stay is the contribution of a customer whose message changes nothing.
func (s *state) stay(c *contribution, home clustering.Home) contribution {
	c.settleIn(home)
	c.Changed = false
	return *c
}

// settleIn makes a contribution say where the customer is now, if the segments have moved
// since they were told.
func (c *contribution) settleIn(home clustering.Home) {
	if home.Segment != c.Segment {
		c.Previous, c.Segment, c.Cause = c.Segment, home.Segment, causeOf(home.Cause)
		c.Since = max(home.Since, c.Since)
	}
}

// settle tells the customer where they are now, and why. Before is where they were before
// this point, and went where the point has brought them.
func (m *model) settle(tx *store.Tx, s *state, p point, c *contribution, known bool, before, went clustering.Home) error {
	told, now := c.Segment, s.engine.Home(c.Micro)
	c.Changed = now.Segment != told
	if !c.Changed {
		return nil
	}
	c.MovedBy = p.version
	switch {
	case known && now.Segment == before.Segment:
		c.settleIn(before) // it happened between this event and the last
	case known && went.Segment == before.Segment:
		c.settleIn(now) // it happened right now, not by what they did
	default:
		c.Previous, c.Segment, c.Since, c.Cause = told, now.Segment, p.at, causeBehaviour
		if p.refresh != nil {
			c.Cause = causeSilence
		}
	}
	return m.note(tx, s, p.customer, moved{
		version: p.version, at: p.at, since: c.Since, from: c.Previous, to: c.Segment, cause: c.Cause,
	})
}

// advance tells the engine that a point is applied.
func (s *state) advance(at int64) {
	s.clock.asOf = max(s.clock.asOf, at)
	if s.engine.Advance() || !s.labels.cover(s.engine) {
		s.labels.renew(s)
	}
}

// add takes a point that belongs to nobody: it is learned and kept for good.
func (m *model) add(tx *store.Tx, s *state, p point) (contribution, status, error) {
	x, err := s.vectorOf(p)
	if errors.Is(err, errMissing) {
		return contribution{}, statusRejected, err
	}
	if err != nil {
		return contribution{}, 0, err
	}
	arrival := s.judge(x)
	c := contribution{Vector: x, At: p.at, Micro: s.engine.Insert(x, p.at)}
	s.advance(p.at)
	c.Segment = s.engine.Home(c.Micro).Segment
	s.engine.Release(c.Micro) // nobody will retract it
	m.arrived(tx, s, p, x, arrival, 0, c.Segment)
	return c, statusAssigned, nil
}

// locate finds where a point would go, and learns nothing from it.
func (m *model) locate(s *state, p point) (contribution, status, error) {
	known, grown := len(s.space.names), s.space.grown
	x, err := s.vectorOf(p)
	s.space.truncate(known)
	s.space.grown = grown
	if errors.Is(err, errMissing) {
		return contribution{}, statusRejected, err
	}
	if err != nil {
		return contribution{}, 0, err
	}
	c := contribution{Vector: x[:known], At: p.at}
	c.Micro = s.engine.Nearest(c.Vector)
	c.Segment = s.engine.Home(c.Micro).Segment
	return c, statusAssigned, nil
}
