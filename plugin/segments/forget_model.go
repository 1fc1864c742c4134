package segments

import (
	"errors"
	"fmt"
	"math"

	"github.com/redpanda-data/benthos/v4/public/bloblang"

	"github.com/shoal-stream/shoal/plugin/store"
)

// openToErase has a transaction that holds the lock of a model write what is erased from it. Of
// a model without customers there is nothing to erase.
func (m *model) openToErase(tx *store.Tx) (keyed bool, err error) {
	tx.OnRollback(func() { m.state = nil })
	err = m.open(tx)
	if errors.Is(err, errNotDefined) {
		return false, nil
	}
	if err != nil || !m.state.definition.Keyed {
		return false, err
	}
	if m.state.labels.labeller == nil && m.state.definition.Labels != "" { // its processor is elsewhere
		if m.state.labels.labeller, err = bloblang.Parse(m.state.definition.Labels); err != nil {
			return false, fmt.Errorf("model %q: labels: %w", m.name, err)
		}
	}
	before := m.state.clock
	tx.BeforeCommit(func() error {
		m.write(tx, m.state, before)
		return nil
	})
	return true, nil
}

// erase removes a customer with all that the model keeps of them, in a step: the vector that is
// in, exactly, their places in the log and in the index of activity, and their history. It tells
// the newest event time that there was of them, in Unix nanoseconds, and how many moves.
//
// Of the moves that their history was too short for, and of all but the last few in a history
// that is very long, the log forgets whose they were.
func (m *model) erase(tx *store.Tx, s *state, customer string) (newest int64, contributed bool, moves int, err error) {
	newest = math.MinInt64
	key := m.contributionKey(customer)
	stored, err := tx.Get(key)
	if err != nil {
		return newest, false, 0, err
	}
	if stored != nil {
		c, err := decodeContribution(stored)
		if err != nil {
			return newest, false, 0, err
		}
		if err := s.erase(c); err != nil {
			return newest, false, 0, err
		}
		tx.Delete(key)
		m.unwatch(tx, s, customer, c)
		newest, contributed = c.Seen, true
	}
	h, err := m.readHistory(tx, customer)
	if err != nil {
		return newest, contributed, 0, err
	}
	const most = 256 // places in the log: a step has room for that in several models
	for i, v := range h.moves {
		if v.cause == causeBehaviour {
			newest = max(newest, v.at)
		}
		if len(h.moves)-i <= most {
			tx.Delete(m.logKey(v.sequence))
		}
	}
	if h.name != 0 {
		tx.Delete(m.nameKey(h.name))
		tx.Delete(m.movesKey(customer))
	}
	return newest, contributed, len(h.moves), nil
}

// erase takes a contribution out of the engine, and out of what watches it.
func (s *state) erase(c *contribution) error {
	refinements := s.engine.Refinements()
	if err := s.engine.Erase(c.Micro, c.Vector); err != nil {
		return err
	}
	s.health.monitor.Erase(c.Vector)
	if s.engine.Refinements() != refinements {
		s.labels.renew(s)
	}
	return nil
}

// refuse is the error of a point of a customer who was erased, and that is not newer than what
// was known of them: of an event by its time, of a refresh by that of the event before it.
func refuse(r store.Reader, tombstones *store.Tombstones, p point) error {
	at := p.at
	if p.refresh != nil {
		at = p.refresh.Seen
	}
	if err := tombstones.Refuse(r, p.customer, at); err != nil {
		return fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return nil
}
