package population

import (
	"fmt"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// Micro is a micro-cluster: the cluster feature of exactly its members. Whoever changes
// anything but by a method of the population calls [Population.Touch].
type Micro struct {
	ID      clustering.MicroID
	Members cf.Feature
	Origins Origins
	Segment *Segment         // nil: none, as while warming up
	Since   int64            // event time at which it came there
	Cause   clustering.Cause // why it did

	carriers uint64               // members whose callers hold this very id
	aliases  []clustering.MicroID // the other ids that members hold, and some that nobody does any more
	unused   int                  // how many of those

	changed bool // since it was saved
	gone    bool // empty, or merged into another
}

// alias leads from the id of a micro-cluster that has merged away to the one that holds
// its members now: always straight there.
type alias struct {
	to       *Micro
	carriers uint64 // members whose callers still hold the id; with the last one it vanishes
}

// Found makes a new micro-cluster, still empty, that belongs to a segment (nil: to none)
// since a time.
func (p *Population) Found(home *Segment, since int64) *Micro {
	p.Last++
	m := &Micro{ID: p.Last, Segment: home, Since: since}
	p.micros[m.ID] = m
	p.Touch(m)
	return m
}

// Touch notes that a micro-cluster has to be saved.
func (p *Population) Touch(m *Micro) {
	if !m.changed {
		m.changed = true
		p.changed = append(p.changed, m)
	}
}

// Micro is the micro-cluster of a number that has not merged into another, nil when there
// is none.
func (p *Population) Micro(id clustering.MicroID) *Micro { return p.micros[id] }

// Resolve finds the micro-cluster that a number stands for, nil when there is none.
func (p *Population) Resolve(id clustering.MicroID) *Micro {
	if m := p.micros[id]; m != nil {
		return m
	}
	if a := p.aliases[id]; a != nil {
		return a.to
	}
	return nil
}

// Rehome makes a segment, nil for none, the home of a micro-cluster. It leaves the members
// of the segments as they are: see [Population.Sum].
func (p *Population) Rehome(m *Micro, s *Segment, at int64, cause clustering.Cause) {
	if m.Segment != s {
		m.Segment, m.Since, m.Cause = s, at, cause
		p.Touch(m)
	}
}

// Insert adds a vector to a micro-cluster and its segment, for a caller who holds its
// number. O(d).
func (p *Population) Insert(m *Micro, weight float64, x []float64) {
	p.Weight += weight
	m.Members.Insert(weight, x)
	m.carriers++
	p.Touch(m)
	if s := m.Segment; s.summed() {
		s.Members.Insert(weight, x)
		p.touchSegment(s)
	}
}

// Retract takes a vector out of the micro-cluster that a number stands for, which it
// returns: one that is left without members may be removed. It errs, and changes nothing,
// when nobody holds the number, x is not in there, or vectors fade. O(d).
func (p *Population) Retract(id clustering.MicroID, x []float64) (*Micro, error) {
	if p.fades() {
		return nil, errFading
	}
	m, err := p.held(id)
	if err != nil {
		return nil, fmt.Errorf("retracting from micro-cluster %d: %w", id, err)
	}
	if err := m.Members.Retract(1, x); err != nil {
		return nil, fmt.Errorf("micro-cluster %d: %w", id, err)
	}
	if s := m.Segment; s.summed() {
		if err := s.Members.Retract(1, x); err != nil {
			m.Members.Insert(1, x)
			return nil, fmt.Errorf("segment %d of micro-cluster %d: %w", s.ID, id, err)
		}
		p.touchSegment(s)
	}
	p.Weight--
	p.letGo(m, id)
	p.Touch(m)
	return m, nil
}

// Unlearn has the lineage and the metric forget a vector, once it was retracted, that somebody
// was nowhere but at. It tells whether the metric is another one. O(segments·d).
func (p *Population) Unlearn(x []float64) (measured bool) {
	p.Lineage.Erase(x)
	if measured = p.Metric.Has(x); measured {
		p.Measure(p.Refinements == 0)
	}
	return measured
}

// Release gives a number back whose vector stays.
func (p *Population) Release(id clustering.MicroID) {
	if m, err := p.held(id); err == nil {
		p.letGo(m, id)
		p.Touch(m)
	}
}

// held is the micro-cluster of an id that somebody holds.
func (p *Population) held(id clustering.MicroID) (*Micro, error) {
	if m := p.micros[id]; m != nil && m.carriers > 0 {
		return m, nil
	}
	if a := p.aliases[id]; a != nil {
		return a.to, nil
	}
	return nil, errNotHeld
}

// letGo counts one carrier less; an alias vanishes with its last.
func (p *Population) letGo(m *Micro, id clustering.MicroID) {
	if m.ID == id {
		m.carriers--
		return
	}
	a := p.aliases[id]
	if a.carriers--; a.carriers == 0 {
		delete(p.aliases, id)
		if m.unused++; 2*m.unused > len(m.aliases) {
			p.prune(m)
		}
	}
	p.changedAliases = append(p.changedAliases, id)
}

// prune forgets the aliases of a micro-cluster that nobody holds any more.
func (p *Population) prune(m *Micro) {
	m.aliases = slices.DeleteFunc(m.aliases, func(id clustering.MicroID) bool { return p.aliases[id] == nil })
	m.unused = 0
}

// Merge moves all members of one micro-cluster into another, which keeps its segment. The
// number of the one that is no more, as far as somebody holds it, becomes an alias. The
// members of segments stay as they are: see [Population.Sum]. O(d + aliases).
func (p *Population) Merge(from, into *Micro) {
	into.Members.Merge(&from.Members)
	into.Origins.merge(from.Origins)
	p.prune(from)
	for _, id := range from.aliases {
		p.aliases[id].to = into
	}
	if from.carriers > 0 {
		p.aliases[from.ID] = &alias{to: into, carriers: from.carriers}
		from.aliases = append(from.aliases, from.ID)
	}
	p.changedAliases = append(p.changedAliases, from.aliases...)
	into.aliases = append(into.aliases, from.aliases...)
	from.aliases = nil
	p.Touch(into)
	p.Remove(from)
}

// Remove forgets a micro-cluster, and the numbers that stand for it. Unless it is empty,
// [Population.Sum] is due.
func (p *Population) Remove(m *Micro) {
	for _, id := range m.aliases {
		if p.aliases[id] != nil {
			delete(p.aliases, id)
			p.changedAliases = append(p.changedAliases, id)
		}
	}
	m.aliases, m.unused = nil, 0
	m.gone = true
	delete(p.micros, m.ID)
	p.Touch(m)
}
