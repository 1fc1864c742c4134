package segments

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/store"
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

	history *history

	vector    []float64 // reused from event to event
	described time.Time // when metrics last told the sizes of the segments
}

// Suffixes of the keys of a model.
var (
	suffixDefinition = []byte("d")
	suffixNames      = []byte("n")
	suffixAsOf       = []byte("t")
	suffixEngine     = []byte("e") // then the engine's own key
	suffixHistory    = []byte("h") // then the place in the ring
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
	s.history.save(func(place byte, record []byte) {
		tx.Set(append(m.key(suffixHistory), place), record)
	})
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
	s := &state{space: newSpace(c.definition), asOf: math.MinInt64, history: newHistory()}
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

	err = r.Scan(m.key(suffixHistory), func(_, record []byte) error { return s.history.load(record) })
	if err != nil {
		return nil, err
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
