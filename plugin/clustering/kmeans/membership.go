package kmeans

import (
	"errors"
	"fmt"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// micro is a micro-cluster: the cluster feature of exactly its members.
type micro struct {
	id       clustering.MicroID
	members  cf.Feature
	origins  origins
	segment  *segment             // nil while warming up
	since    int64                // event time at which it came there
	cause    clustering.Cause     // why it did
	carriers uint64               // members whose callers hold this very id
	aliases  []clustering.MicroID // the other ids that members hold, and some that nobody does any more
	unused   int                  // how many of those
	place    *node                // in the tree, if there is one

	changed bool // since it was saved
	gone    bool // empty, or merged into another
}

// alias leads from the id of a micro-cluster that has merged away to the one that holds
// its members now: always straight there.
type alias struct {
	to       *micro
	carriers uint64 // members whose callers still hold the id; with the last one it vanishes
}

// membership finds micro-clusters by the ids that callers hold.
type membership struct {
	micros  map[clustering.MicroID]*micro
	aliases map[clustering.MicroID]*alias
	last    clustering.MicroID // given out
	fading  bool               // weights of members are no numbers of them

	changed        []*micro
	changedAliases []clustering.MicroID
}

func newMembership() membership {
	return membership{micros: map[clustering.MicroID]*micro{}, aliases: map[clustering.MicroID]*alias{}}
}

var errNotHeld = errors.New("nobody holds this number: each that Insert returned may be used once, by Retract or Release")

// found makes a new micro-cluster, still empty.
func (b *membership) found() *micro {
	b.last++
	m := &micro{id: b.last}
	b.micros[m.id] = m
	b.touch(m)
	return m
}

// touch notes that a micro-cluster has to be saved.
func (b *membership) touch(m *micro) {
	if !m.changed {
		m.changed = true
		b.changed = append(b.changed, m)
	}
}

// resolve finds the micro-cluster that an id stands for, nil when there is none.
func (b *membership) resolve(id clustering.MicroID) *micro {
	if m := b.micros[id]; m != nil {
		return m
	}
	if a := b.aliases[id]; a != nil {
		return a.to
	}
	return nil
}

// home is that of the micro-cluster.
func (b *membership) home(id clustering.MicroID) clustering.Home {
	if m := b.resolve(id); m != nil {
		return clustering.Home{Segment: m.segment.number(), Since: m.since, Cause: m.cause}
	}
	return clustering.Home{}
}

// rehome makes a segment the home of a micro-cluster.
func (b *membership) rehome(m *micro, s *segment, at int64, cause clustering.Cause) {
	if m.segment != s {
		m.segment, m.since, m.cause = s, at, cause
		b.touch(m)
	}
}

// insert adds a vector to a micro-cluster, for a caller who holds its id.
func (b *membership) insert(m *micro, weight float64, x []float64) {
	m.members.Insert(weight, x)
	m.carriers++
	b.touch(m)
}

// retract takes a vector out of the micro-cluster that an id stands for. One that is
// left without members is gone.
func (b *membership) retract(id clustering.MicroID, x []float64) (*micro, error) {
	m, err := b.held(id)
	if err != nil {
		return nil, fmt.Errorf("retracting from micro-cluster %d: %w", id, err)
	}
	if err := m.members.Retract(1, x); err != nil {
		return nil, fmt.Errorf("micro-cluster %d: %w", id, err)
	}
	b.letGo(m, id)
	b.touch(m)
	return m, nil
}

// release gives an id back whose vector stays.
func (b *membership) release(id clustering.MicroID) {
	if m, err := b.held(id); err == nil {
		b.letGo(m, id)
		b.touch(m)
	}
}

// held is the micro-cluster of an id that somebody holds.
func (b *membership) held(id clustering.MicroID) (*micro, error) {
	if m := b.micros[id]; m != nil && m.carriers > 0 {
		return m, nil
	}
	if a := b.aliases[id]; a != nil {
		return a.to, nil
	}
	return nil, errNotHeld
}

// letGo counts one carrier less; an alias vanishes with its last.
func (b *membership) letGo(m *micro, id clustering.MicroID) {
	if m.id == id {
		m.carriers--
		return
	}
	a := b.aliases[id]
	if a.carriers--; a.carriers == 0 {
		delete(b.aliases, id)
		if m.unused++; 2*m.unused > len(m.aliases) {
			b.prune(m)
		}
	}
	b.changedAliases = append(b.changedAliases, id)
}

// prune forgets the aliases of a micro-cluster that nobody holds any more.
func (b *membership) prune(m *micro) {
	m.aliases = slices.DeleteFunc(m.aliases, func(id clustering.MicroID) bool { return b.aliases[id] == nil })
	m.unused = 0
}

// merge moves all members of one micro-cluster into another. Its id, as far as somebody
// holds it, becomes an alias.
func (b *membership) merge(from, into *micro) {
	into.members.Merge(&from.members)
	into.origins.merge(from.origins)
	b.prune(from)
	for _, id := range from.aliases {
		b.aliases[id].to = into
	}
	if from.carriers > 0 {
		b.aliases[from.id] = &alias{to: into, carriers: from.carriers}
		from.aliases = append(from.aliases, from.id)
	}
	b.changedAliases = append(b.changedAliases, from.aliases...)
	into.aliases = append(into.aliases, from.aliases...)
	b.touch(into)
	b.remove(from)
}

// remove forgets a micro-cluster that is empty or has merged away.
func (b *membership) remove(m *micro) {
	m.gone = true
	delete(b.micros, m.id)
	b.touch(m)
}

// check proves that every member is held by one id at most, and every alias leads to a
// micro-cluster that knows it.
func (b *membership) check() error {
	aliases := 0
	for id, m := range b.micros {
		held := m.carriers
		for _, other := range m.aliases {
			a := b.aliases[other]
			if a == nil {
				continue
			}
			if a.to != m || a.carriers == 0 {
				return fmt.Errorf("alias %d of micro-cluster %d does not lead there", other, id)
			}
			held += a.carriers
			aliases++
		}
		switch {
		case m.id != id || m.gone || id > b.last:
			return fmt.Errorf("micro-cluster %d is out of place", id)
		case !b.fading && float64(held) > m.members.N():
			return fmt.Errorf("micro-cluster %d has %v members, held by %d", id, m.members.N(), held)
		}
	}
	if aliases != len(b.aliases) {
		return fmt.Errorf("%d aliases are known, and %d to their micro-clusters", len(b.aliases), aliases)
	}
	return nil
}
