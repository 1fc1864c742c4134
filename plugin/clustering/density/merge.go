package density

import (
	"errors"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// alike is how near two cells of different shards are to be one, in radii: with .8, rings of a
// given radius fall apart; with .95 nothing gets better.
const alike = 0.9

// Merge makes one engine of shards that each have learned a part of a stream, all with this
// configuration and past their warm-up: its segments are nearly those of one engine that has
// learned it all. It numbers segments and micro-clusters anew, so the shards' numbers mean
// nothing to it, and the vectors that callers hold there stay in it for good. Each customer has
// to be in one shard only.
//
// Its population is exactly that of the shards. Of their cells, those that are nearly in one
// place are one. O(cells²·d) for each shard and radius.
func Merge(config Config, shards ...*Engine) (*Engine, error) {
	e, err := NewEngine(config)
	if err != nil {
		return nil, err
	}
	for _, s := range shards {
		switch {
		case s.config.Radius != e.config.Radius || s.config.Keyed != e.config.Keyed:
			return nil, errors.New("merging density engines: they differ in Radius or in Keyed: make all with one configuration")
		case s.Refinements() == 0:
			return nil, errors.New("merging density engines: one of them is warming up: wait until it has segments")
		}
		e.d = max(e.d, s.d)
		e.clock.asOf = max(e.clock.asOf, s.clock.asOf)
		e.clock.applied += s.clock.applied
	}
	if len(shards) == 0 {
		return e, nil
	}
	e.clock.learning = true
	now := int64(0)
	if e.config.EventTime {
		now, e.clock.swept = e.clock.asOf, e.clock.asOf
	}
	e.ladder.resume(now, now)
	e.population.AsOf, e.population.Landmark = now, now
	for _, s := range shards {
		for theirs := range s.population.All() {
			m := e.population.Found(nil, e.clock.asOf)
			m.Members.Merge(&theirs.Members)
			m.Members.Decay(s.Fade())
			e.unhouse(m)
		}
	}
	e.population.Sum()
	e.measure()
	for _, s := range shards {
		e.ladder.absorb(s.ladder)
	}
	e.refresh(clustering.Remodel, 0)
	return e, nil
}

// absorb takes over what a shard knows at each radius.
func (l *ladder) absorb(s *ladder) {
	l.total += s.total
	l.learned += s.learned
	l.scored += s.scored
	for i, f := range l.fields {
		f.absorb(s.fields[i])
		if l.scored > 0 {
			f.outside += (s.fields[i].outside - f.outside) * float64(s.scored) / float64(l.scored)
		}
		f.makeRoom(l.most)
	}
}

// absorb takes the cells of a shard over, and what they share.
func (f *field) absorb(s *field) {
	cells := map[*cell]*cell{}
	z := make([]float64, f.metric.Dims())
	for _, theirs := range s.cells {
		x := slices.Clone(theirs.centre)
		for len(x) < len(z) {
			x = append(x, math.NaN())
		}
		f.metric.Scale(z, x)
		f.around(z)
		c, weight := f.nearest(alike), theirs.weight/s.unit
		if c == nil {
			c = f.found(x, z)
		}
		c.weight += weight
		pull(c.centre, x, weight/c.weight)
		f.metric.Scale(f.row(c), c.centre)
		c.own += theirs.own
		if points := c.points + theirs.points; points > 0 {
			c.fit += (theirs.fit - c.fit) * theirs.points / points
			c.points = min(points, judged)
		}
		cells[theirs] = c
	}
	for _, theirs := range s.cells {
		for _, b := range theirs.bonds {
			a, c := cells[b.a], cells[b.b]
			if b.a != theirs || a == c {
				continue
			}
			shared := a.to(c)
			if shared == nil {
				shared = tie(a, c)
			}
			shared.weight += b.weight / s.unit
		}
	}
}

// nearest is the nearest of the cells around a point, if it is within so many radii, else nil.
func (f *field) nearest(radii float64) (nearest *cell) {
	least := radii * radii * f.radius * f.radius
	for i, c := range f.near {
		if f.far[i] < least {
			nearest, least = c, f.far[i]
		}
	}
	return nearest
}
