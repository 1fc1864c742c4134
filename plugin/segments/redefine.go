package segments

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/store"
)

// adopt makes the settings those of the model: the newest processor's count, as a
// reload of the configuration starts it after the old one has stopped. Where they change
// what defines the model, it keeps what can be kept, segments with their numbers before
// all, and warn is told of it.
func (m *model) adopt(tx *store.Tx, c settings, warn func(format string, args ...any)) error {
	if m.settings == nil || !m.settings.same(c.definition) {
		m.settings, m.state = nil, nil
	}
	old, found, err := storedDefinition(tx, m.name)
	if err != nil {
		return err
	}
	if found {
		if err := m.redefine(tx, old, c, warn); err != nil {
			return err
		}
	}
	m.settings = &c
	return nil
}

func (m *model) redefine(tx *store.Tx, old definition, c settings, warn func(string, ...any)) error {
	most, differences := c.compare(old)
	switch most {
	case changeNone:
		return nil
	case changeRefused:
		return fmt.Errorf("model %q is stored with another definition (%s): change it back, or give the new model a name of its own in the field model", m.name, differences)
	}
	if warn != nil {
		warn("segment_assign: model %q is defined anew (%s): its segments keep their ids, customers who move do so by definition", m.name, differences)
	}
	tx.OnRollback(func() { m.state = nil })
	if most >= changeReindex {
		return m.rebuild(tx, rebuild{Definition: c.definition, Index: old.InactiveAfter != c.InactiveAfter, Engine: most == changeRebuild}, c)
	}
	s, err := readState(tx, m.name, c.definition)
	if err != nil {
		return fmt.Errorf("model %q: %w", m.name, err)
	}
	m.defineNow(tx, s, c)
	return nil
}

// defineNow puts a new definition into effect.
func (m *model) defineNow(tx *store.Tx, s *state, c settings) {
	m.state = s
	before := clock{}
	s.labels.labeller = c.labeller
	s.engine.Refine(clustering.Definition)
	s.labels.renew(s)
	s.health.begin()
	tx.BeforeCommit(func() error {
		m.write(tx, s, before)
		return nil
	})
}

// rebuild is a pass over all customers that a new definition asks for. It is stored while
// it is under way, so that it is completed when the process dies in between: until then,
// the old engine stays in the store beside the new one.
type rebuild struct {
	Definition definition `json:"definition"`
	Engine     bool       `json:"engine"` // customers are put into a new one
	Index      bool       `json:"index"`  // it is noted anew when to look after each
	Names      []string   `json:"names"`  // of the new dimensions
	Done       []byte     `json:"done"`   // the key of the last customer that is done
	Moved      bool       `json:"moved"`  // all are: the old engine may be gone, or be gone in part
}

// resume completes a rebuild that was interrupted, in a transaction of its own.
func (m *model) resume(tx *store.Tx) error {
	stored, err := tx.Get(m.key(suffixRebuild))
	if err != nil || stored == nil {
		return err
	}
	var b rebuild
	if err := json.Unmarshal(stored, &b); err != nil {
		return fmt.Errorf("model %q: the record of a change of its definition is damaged: restore the newest backup to a new path: %w", m.name, err)
	}
	tx.OnRollback(func() { m.state = nil })
	return m.rebuild(tx, b, settings{definition: b.Definition})
}

// rebuild passes over all customers, in commits of their own.
func (m *model) rebuild(tx *store.Tx, b rebuild, c settings) error {
	old, _, err := storedDefinition(tx, m.name)
	if err != nil {
		return err
	}
	from, err := readAround(tx, m.name, old)
	if err == nil && !b.Moved {
		from.engine, err = readEngine(tx, m.engineKey(from.clock.generation), old, from.space.weight)
	}
	if err != nil {
		return fmt.Errorf("model %q: %w", m.name, err)
	}
	to, err := m.successor(tx, from, &b)
	if err != nil {
		return fmt.Errorf("model %q: %w", m.name, err)
	}
	done := false
	tx.BeforeCommit(func() error {
		if !done {
			to.engine.Save(records{tx: tx, prefix: m.engineKey(to.clock.generation)})
			text, err := json.Marshal(b)
			tx.Set(m.key(suffixRebuild), text)
			return err
		}
		return nil
	})
	if b.Index && b.Done == nil { // else those who are done are in it already
		if err := deleteAll(tx, store.Prefix(store.KindActivity, m.name)); err != nil {
			return err
		}
	}
	err = inPages(tx, store.Prefix(store.KindContribution, m.name), b.Done, func(key []byte) error {
		if err := m.rebuildOne(tx, key, from, to, &b); err != nil {
			return err
		}
		b.Done = key
		return nil
	})
	if err != nil {
		return err
	}
	if b.Engine {
		b.Moved = true
		if err := deleteAll(tx, m.engineKey(from.clock.generation)); err != nil {
			return err
		}
	}
	return tx.Step(func() error {
		done = true
		tx.Delete(m.key(suffixRebuild))
		to.space.grown = true
		m.defineNow(tx, to, c)
		return nil
	})
}

// successor is the state that a rebuild builds: a new one, or as far as it has come.
func (m *model) successor(r store.Reader, from *state, b *rebuild) (*state, error) {
	to := &state{definition: b.Definition, space: newSpace(b.Definition), clock: from.clock, labels: from.labels, health: from.health}
	if b.Names == nil {
		if b.Definition.Centers != nil {
			b.Names = append(b.Names, b.Definition.Select...)
		}
		for _, name := range from.space.names {
			if to.space.selects(name) && !slices.Contains(b.Names, name) {
				b.Names = append(b.Names, name)
			}
		}
	}
	for _, name := range b.Names {
		to.space.admit(name)
	}
	if !b.Engine {
		engine, err := readEngine(r, m.engineKey(from.clock.generation), b.Definition, to.space.weight)
		to.engine = engine
		return to, err
	}
	to.clock.generation++
	engine, err := readEngine(r, m.engineKey(to.clock.generation), b.Definition, to.space.weight)
	if err != nil {
		return nil, err
	}
	to.engine = engine
	if b.Done == nil && !b.Moved {
		return to, engine.Inherit(from.engine.Lineage(), from.engine.Refinements())
	}
	return to, nil
}

// rebuildOne brings one customer over.
func (m *model) rebuildOne(tx *store.Tx, key []byte, from, to *state, b *rebuild) error {
	record, err := tx.Get(key)
	if err != nil || record == nil {
		return err
	}
	c, err := decodeContribution(record)
	if err != nil {
		return err
	}
	if b.Engine {
		home := from.engine.Home(c.Micro)
		c.Vector = to.space.convert(c.Vector, from.space)
		c.Micro = to.engine.Import(c.Vector, c.At, home.Segment)
	}
	if b.Index {
		c.Watched, c.Slot = false, 0
		if b.Definition.InactiveAfter > 0 {
			m.watchOver(tx, to, string(key[len(store.Prefix(store.KindContribution, m.name)):]), c)
		}
	}
	tx.Set(key, c.append(nil))
	return nil
}

// convert brings a vector of another space over to this one.
func (s *space) convert(x []float64, from *space) []float64 {
	converted := make([]float64, len(s.names))
	for j, name := range s.names {
		converted[j] = math.NaN()
		if i, known := from.index[name]; known && i < len(x) && !math.IsNaN(x[i]) {
			if value, err := s.transform(name, s.transforms[j], from.transforms[i].inverse(x[i])); err == nil {
				converted[j] = value
			}
		}
		if math.IsNaN(converted[j]) && s.definition.Missing == missingZero {
			converted[j] = s.transforms[j].apply(0)
		}
	}
	return converted
}

// page is how many keys are read at once.
const page = 512

// inPages runs a step for each key with the prefix after one.
func inPages(tx *store.Tx, prefix, after []byte, fn func(key []byte) error) error {
	for {
		var keys [][]byte
		var from []byte
		if after != nil {
			from = append(slices.Clip(after), 0)
		}
		err := tx.ScanKeys(prefix, from, func(key []byte) error {
			if keys = append(keys, key); len(keys) == page {
				return errEnough
			}
			return nil
		})
		if ended(err) != nil {
			return err
		}
		if len(keys) == 0 {
			return nil
		}
		for _, key := range keys {
			if err := tx.Step(func() error { return fn(key) }); err != nil {
				return err
			}
		}
		after = keys[len(keys)-1]
	}
}

// deleteAll deletes all keys with the prefix.
func deleteAll(tx *store.Tx, prefix []byte) error {
	return inPages(tx, prefix, nil, func(key []byte) error {
		tx.Delete(key)
		return nil
	})
}
