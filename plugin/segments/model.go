package segments

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/store"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// model is a model in memory: what is committed in the store, plus what the
// transaction under way has done to it.
//
// Whoever touches it holds the store's lock of the model, which [model.update]
// takes; so batches of one model follow each other. When a transaction is not
// committed, the memory of it is dropped, and the next one reads the store again.
type model struct {
	name     string
	settings *settings // nil: nobody has used it yet
	state    *state    // nil: not read from the store yet
}

// state is what a model has learned.
type state struct {
	stored bool // the definition is in the store
	space  *space
	engine clustering.Engine
	asOf   int64 // newest event time, in Unix nanoseconds

	vector    []float64 // reused from event to event
	described time.Time // when metrics last told the sizes of the segments
}

// Suffixes of the keys of a model.
var (
	suffixDefinition = []byte("d")
	suffixNames      = []byte("n")
	suffixAsOf       = []byte("t")
	suffixEngine     = []byte("e") // then the engine's own key
)

// attachModel is the model in memory that all its processors share.
func attachModel(s *store.Store, name string) (*model, error) {
	return store.Attach(s, "segments/"+name, func() (*model, error) {
		return &model{name: name}, nil
	})
}

// adopt makes the settings those of the model: the newest processor's count, as a
// reload of the configuration starts it after the old one has stopped.
func (m *model) adopt(tx *store.Tx, c settings) error {
	if err := c.checkStored(tx, m); err != nil {
		return err
	}
	if m.settings == nil || !m.settings.same(c) {
		m.settings, m.state = &c, nil
	}
	return nil
}

// checkStored tells how the configured model differs from the stored one.
func (s settings) checkStored(r store.Reader, m *model) error {
	stored, err := r.Get(m.key(suffixDefinition))
	if err != nil || stored == nil {
		return err
	}
	return s.definition.checkSame(m.name, stored)
}

func (m *model) key(suffix []byte) []byte { return store.Key(store.KindModel, m.name, suffix) }

func (m *model) lock() store.Lock { return store.LockOf(store.Prefix(store.KindModel, m.name)) }

func (m *model) contributionKey(customer string) []byte {
	return store.Key(store.KindContribution, m.name, []byte(customer))
}

// update runs fn on the model in one transaction, for a processor with settings c.
func (m *model) update(tx *store.Tx, c settings, fn func(s *state) error) (err error) {
	if m.settings == nil {
		if err := m.adopt(tx, c); err != nil {
			return err
		}
	}
	if !m.settings.same(c) {
		return fmt.Errorf("model %q was taken over by a processor with other settings: give both the same, or one of them a model of its own", m.name)
	}
	tx.OnRollback(func() { m.state = nil })
	if m.state == nil {
		if m.state, err = readState(tx, m.name, c); err != nil {
			return fmt.Errorf("model %q: %w", m.name, err)
		}
	}
	before := m.state.asOf
	tx.BeforeCommit(func() error {
		m.write(tx, before)
		return nil
	})
	return fn(m.state)
}

// write saves what changed since the last commit.
func (m *model) write(tx *store.Tx, asOfBefore int64) {
	s := m.state
	if !s.stored {
		tx.Set(m.key(suffixDefinition), s.space.definition.encode())
		s.stored = true
	}
	if s.space.grown {
		tx.Set(m.key(suffixNames), s.space.encode())
		s.space.grown = false
	}
	if s.asOf != asOfBefore {
		tx.Set(m.key(suffixAsOf), binary.AppendVarint(nil, s.asOf))
	}
	s.engine.Save(engineRecords{tx: tx, prefix: m.key(suffixEngine)})
}

// engineRecords puts an engine's records below the model's key.
type engineRecords struct {
	tx     *store.Tx
	prefix []byte
}

func (r engineRecords) Put(key, value []byte) {
	r.tx.Set(r.key(key), bytes.Clone(value))
}

func (r engineRecords) Delete(key []byte) { r.tx.Delete(r.key(key)) }

func (r engineRecords) key(key []byte) []byte {
	return append(bytes.Clone(r.prefix), key...)
}

// readState reads a model of any name; settings that its state does not depend on
// may be those of the moment.
func readState(r store.Reader, name string, c settings) (*state, error) {
	m := &model{name: name}
	s := &state{space: newSpace(c.definition), asOf: math.MinInt64}
	stored, err := r.Get(m.key(suffixDefinition))
	if err != nil {
		return nil, err
	}
	s.stored = stored != nil
	names, err := r.Get(m.key(suffixNames))
	if err != nil {
		return nil, err
	}
	if names != nil {
		if err := s.space.decode(names); err != nil {
			return nil, err
		}
	}
	if names == nil && c.centers != nil {
		for _, name := range c.definition.Select { // the order of the numbers in centers
			s.space.admit(name)
		}
	}
	asOf, err := r.Get(m.key(suffixAsOf))
	if err != nil {
		return nil, err
	}
	if asOf != nil {
		s.asOf, _ = binary.Varint(asOf)
	}

	s.engine, err = newEngine(c, s.space.weight)
	if err != nil {
		return nil, err
	}
	prefix := m.key(suffixEngine)
	err = r.Scan(prefix, func(key, value []byte) error {
		return s.engine.Load(key[len(prefix):], value)
	})
	if err == nil {
		err = s.engine.Ready()
	}
	return s, err
}

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
			c.Changed = c.wasMovedBy(p)
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

// wasMovedBy tells that a repeated point is the one that made the last move: it is told
// as a move again, as nobody may have heard of it. Where the point cannot be told from
// others, they all tell of the move.
func (c *contribution) wasMovedBy(p point) bool {
	switch {
	case p.first != 0:
		return p.first == c.MovedBy
	case p.duplicate || p.version == 0:
		return c.Changed
	default:
		return p.version == c.MovedBy
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
