package segments

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// model is a model in memory: what is committed in the store, plus what the
// transaction under way has done to it.
//
// Whoever touches it holds the store's lock of the model, which [model.update]
// takes; so batches of one model follow each other. When a transaction is not
// committed, the memory of it is dropped, and the next one reads the store again.
type model struct {
	name      string
	retention store.Retention
	settings  *settings // nil: nobody has taught it yet
	state     *state    // nil: not read from the store yet
	reporters reporters
}

// state is what a model has learned.
type state struct {
	definition definition
	stored     bool // the definition is in the store
	space      *space
	engine     clustering.Engine
	clock      clock
	labels     *labels
	watch      watch
	health     health

	vector      []float64 // reused from event to event
	differences []float64
	lineage     uint64 // events of segments since the model was read
	told        told
}

// clock is how far a model has come.
type clock struct {
	asOf       int64  // newest event time, in Unix nanoseconds
	left       int64  // newest event time of all who have left for being inactive; never: nobody has
	events     uint64 // in the log
	generation uint64 // of the engine: a rebuild makes a new one
}

// Suffixes of the keys of a model.
var (
	suffixDefinition = []byte("d")
	suffixNames      = []byte("n")
	suffixClock      = []byte("t")
	suffixLabels     = []byte("l")
	suffixRebuild    = []byte("r")
	suffixEngine     = []byte("e") // then the generation and the engine's own key
	suffixRecent     = []byte("q")
	suffixBlock      = []byte("b")
	suffixMonitor    = []byte("w") // then the monitor's own key
	suffixVeiled     = []byte("v") // then how many customers make a segment that is shown
)

// attachedModel is what the names begin with that models are attached to a store by.
const attachedModel = "segments/"

// attachModel is the model in memory that all components share.
func attachModel(s *store.Store, name string) (*model, error) {
	return store.Attach(s, attachedModel+name, func() (*model, error) {
		return &model{name: name, retention: s.Retention()}, nil
	})
}

func (m *model) key(suffix []byte) []byte { return store.Key(store.KindModel, m.name, suffix) }

func (m *model) engineKey(generation uint64) []byte {
	return binary.BigEndian.AppendUint64(m.key(suffixEngine), generation)
}

func (m *model) lock() store.Lock { return store.LockOf(store.Prefix(store.KindModel, m.name)) }

func (m *model) contributionKey(customer string) []byte {
	return store.Key(store.KindContribution, m.name, []byte(customer))
}

// update runs fn on the model in one transaction, for a processor with settings c.
func (m *model) update(tx *store.Tx, c settings, fn func(s *state) error) error {
	if m.settings == nil {
		if err := m.adopt(tx, c, nil); err != nil {
			return err
		}
	}
	if !m.settings.same(c.definition) {
		return fmt.Errorf("model %q was taken over by a processor with other settings: give both the same, or one of them a model of its own", m.name)
	}
	tx.OnRollback(func() { m.state = nil })
	if err := m.read(tx, c.definition); err != nil {
		return err
	}
	m.state.labels.labeller = c.labeller
	before := m.state.clock
	tx.BeforeCommit(func() error {
		m.write(tx, m.state, before)
		return nil
	})
	return fn(m.state)
}

// errNotDefined is the error of looking at a model that nobody has taught.
var errNotDefined = errors.New("there is no such model yet")

// view runs fn on the model as it is committed: errNotDefined when there is none.
func (m *model) view(ctx context.Context, s *store.Store, fn func(r store.Reader, s *state) error) error {
	return s.Update(ctx, []store.Lock{m.lock()}, func(tx *store.Tx) error {
		if err := m.open(tx); err != nil {
			return err
		}
		return fn(tx, m.state)
	})
}

// viewIfDefined is view also of a model that nobody has taught: then there is no state.
func (m *model) viewIfDefined(ctx context.Context, s *store.Store, fn func(r store.Reader, s *state) error) error {
	err := m.view(ctx, s, fn)
	if errors.Is(err, errNotDefined) {
		return s.View(ctx, func(r store.Reader) error { return fn(r, nil) })
	}
	return err
}

// open makes sure that the state is in memory of a model that somebody has taught: else
// errNotDefined. A rebuild that was interrupted is completed.
func (m *model) open(tx *store.Tx) error {
	if m.state != nil {
		return nil
	}
	if err := m.resume(tx); err != nil || m.state != nil {
		return err
	}
	d, found, err := storedDefinition(tx, m.name)
	if err != nil {
		return err
	}
	if !found {
		return errNotDefined
	}
	if m.settings != nil { // which the next commit stores
		d = m.settings.definition
	}
	return m.read(tx, d)
}

// read makes sure that the state is in memory.
func (m *model) read(r store.Reader, d definition) (err error) {
	if m.state == nil {
		if m.state, err = readState(r, m.name, d); err != nil {
			return fmt.Errorf("model %q: %w", m.name, err)
		}
	}
	return nil
}

// write saves what changed since the last commit.
func (m *model) write(tx *store.Tx, s *state, before clock) {
	if batched, ok := s.engine.(clustering.Batched); ok {
		batched.EndBatch()
		s.labels.renew(s)
	}
	m.log(tx, s)
	if !s.stored {
		tx.Set(m.key(suffixDefinition), s.definition.encode())
		s.stored = true
	}
	if s.space.grown {
		tx.Set(m.key(suffixNames), s.space.encode())
		s.space.grown = false
	}
	if s.labels.changed {
		tx.Set(m.key(suffixLabels), s.labels.encode())
		s.labels.changed = false
	}
	if s.clock != before {
		tx.Set(m.key(suffixClock), s.clock.encode())
	}
	s.engine.Save(records{tx: tx, prefix: m.engineKey(s.clock.generation)})
	s.health.write(tx, m)
}

func (c clock) encode() []byte {
	stored := binary.AppendVarint(nil, c.asOf)
	stored = binary.AppendVarint(stored, c.left)
	stored = binary.AppendUvarint(stored, c.events)
	return binary.AppendUvarint(stored, c.generation)
}

func decodeClock(stored []byte) (clock, error) {
	if stored == nil {
		return clock{asOf: never, left: never}, nil
	}
	r := record.Read(stored)
	c := clock{asOf: r.Varint(), left: r.Varint(), events: r.Uvarint(), generation: r.Uvarint()}
	if !r.Complete() {
		return c, errors.New("the record of its clock is damaged: restore the newest backup to a new path")
	}
	return c, nil
}

// records puts those of a part of the model below its key.
type records struct {
	tx     *store.Tx
	prefix []byte
}

func (r records) Put(key, value []byte) {
	r.tx.Set(r.key(key), bytes.Clone(value))
}

func (r records) Delete(key []byte) { r.tx.Delete(r.key(key)) }

func (r records) key(key []byte) []byte {
	return append(bytes.Clone(r.prefix), key...)
}

// readState reads a model.
func readState(r store.Reader, name string, d definition) (*state, error) {
	s, err := readAround(r, name, d)
	if err != nil {
		return nil, err
	}
	s.engine, err = readEngine(r, (&model{name: name}).engineKey(s.clock.generation), d, s.space.weight)
	return s, err
}

// readAround reads a model without its engine.
func readAround(r store.Reader, name string, d definition) (*state, error) {
	m := &model{name: name}
	s := &state{definition: d, space: newSpace(d)}
	stored, err := r.Get(m.key(suffixDefinition))
	if err != nil {
		return nil, err
	}
	s.stored = stored != nil && bytes.Equal(stored, d.encode())
	if err := s.readNames(r, m); err != nil {
		return nil, err
	}
	if stored, err = r.Get(m.key(suffixClock)); err != nil {
		return nil, err
	}
	if s.clock, err = decodeClock(stored); err != nil {
		return nil, err
	}
	if stored, err = r.Get(m.key(suffixLabels)); err != nil {
		return nil, err
	}
	if s.labels, err = decodeLabels(stored); err != nil {
		return nil, err
	}
	s.health, err = readHealth(r, m)
	return s, err
}

func (s *state) readNames(r store.Reader, m *model) error {
	names, err := r.Get(m.key(suffixNames))
	if err != nil {
		return err
	}
	if names != nil {
		return s.space.decode(names)
	}
	if s.definition.Centers != nil {
		for _, name := range s.definition.Select { // the order of the numbers in centers
			s.space.admit(name)
		}
	}
	return nil
}

func readEngine(r store.Reader, prefix []byte, d definition, weight func(int) float64) (clustering.Engine, error) {
	engine, err := d.newEngine(weight)
	if err != nil {
		return nil, err
	}
	err = r.Scan(prefix, func(key, value []byte) error {
		return engine.Load(key[len(prefix):], value)
	})
	if err == nil {
		err = engine.Ready()
	}
	return engine, err
}

// storedDefinition is the one that a model was last used with.
func storedDefinition(r store.Reader, name string) (d definition, found bool, err error) {
	stored, err := r.Get((&model{name: name}).key(suffixDefinition))
	if err != nil || stored == nil {
		return d, false, err
	}
	d, err = decodeDefinition(name, stored)
	return d, true, err
}
