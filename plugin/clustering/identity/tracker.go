package identity

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// Thresholds, as MONIC names them.
const (
	survives = 0.5 // a segment lives on in a cluster that has this share of both
	splits   = 0.3 // a segment is a parent of a cluster that owes it this share of its weight
	absorbs  = 0.5 // a segment has merged into a cluster that has more than this share of it
	returns  = 2   // a segment revives within so many of its radii from where it was
)

const (
	patience   = 2    // reclusterings after which a segment without members has died
	maxResting = 64   // segments that may revive
	maxAliases = 4096 // segments that have merged into others and are still known
)

// Cluster is one of a new clustering.
type Cluster struct {
	Segment clustering.SegmentID // that it continues by construction; 0: that is to be found out
	Members *cf.Feature          // not empty
	Origins Shares               // where its weight was while segments were last settled; 0: not in the population yet
	From    Shares               // where its weight is now
}

// Shares is weight by segment.
type Shares map[clustering.SegmentID]float64

// Tracker gives segments their numbers and keeps what is known of them. Its zero value is
// not ready: use [NewTracker].
type Tracker struct {
	last    clustering.SegmentID // given out
	round   uint64               // reclusterings
	living  map[clustering.SegmentID]*life
	resting []*life // without members, in the order in which they went
	aliases map[clustering.SegmentID]clustering.SegmentID
	events  []clustering.Event

	changed bool // since it was saved
}

// life is what is known of a segment.
type life struct {
	id      clustering.SegmentID
	born    int64
	parents []clustering.SegmentID
	trace   trace

	left     uint64                 // while resting: the round in which it went
	told     bool                   // its end, by a merge or a death
	children []clustering.SegmentID // where its customers went
}

// trace is where a segment was when it last had members.
type trace struct {
	centroid, variance []float64 // NaN: never observed
}

// NewTracker makes one that knows of no segment.
func NewTracker() *Tracker {
	return &Tracker{living: map[clustering.SegmentID]*life{}, aliases: map[clustering.SegmentID]clustering.SegmentID{}}
}

// Recluster takes a new clustering and returns the number of each cluster. Segments that
// none of them carries on are gone. O(n³) for n clusters that are not continued by
// construction, and O(n²·d).
func (t *Tracker) Recluster(at int64, cause clustering.Cause, metric *cf.Metric, clusters []Cluster) []clustering.SegmentID {
	t.round++
	t.changed = true
	c := newCorrespondence(t, clusters)
	c.match()
	for i := range clusters {
		if c.numbers[i] == 0 {
			c.numbers[i] = t.found(at, cause, metric, c, i)
		}
	}
	t.part(at, cause, c)
	t.relabel(at, cause, c)
	for i := range clusters {
		t.living[c.numbers[i]].trace = traceOf(clusters[i].Members)
	}
	t.bury(at)
	return c.numbers
}

// found gives a number to a cluster that carries no living segment on.
func (t *Tracker) found(at int64, cause clustering.Cause, metric *cf.Metric, c *correspondence, i int) clustering.SegmentID {
	size := c.clusters[i].Members.N()
	if place, shift := t.returning(c.clusters[i].Members, metric); place >= 0 {
		l := t.resting[place]
		t.resting = slices.Delete(t.resting, place, place+1)
		delete(t.aliases, l.id)
		l.told, l.children = false, nil
		t.living[l.id] = l
		t.Tell(clustering.Event{Kind: clustering.Revival, At: at, Segment: l.id, Size: size, Shift: shift, Cause: cause})
		return l.id
	}
	parents := c.parents(i)
	kind := clustering.Split
	switch {
	case len(c.absorbed(i)) > 0:
		return t.Begin(at, parents) // it is told as a merge
	case len(parents) == 0:
		kind = clustering.Birth
	}
	id := t.Begin(at, parents)
	t.Tell(clustering.Event{Kind: kind, At: at, Segment: id, Parents: parents, Size: size, Cause: cause})
	return id
}

// Begin gives out a new number.
func (t *Tracker) Begin(at int64, parents []clustering.SegmentID) clustering.SegmentID {
	t.last++
	t.living[t.last] = &life{id: t.last, born: at, parents: parents}
	t.changed = true
	return t.last
}

// returning finds the resting segment that a cluster is back at, and how far off it is in
// standard deviations of what that segment was: -1 if there is none.
func (t *Tracker) returning(members *cf.Feature, metric *cf.Metric) (place int, shift float64) {
	centroid := make([]float64, metric.Dims())
	members.Centroid(centroid)
	place, shift = -1, math.Inf(1)
	for i, l := range t.resting {
		if !l.trace.known() {
			continue // it was where somebody was who is erased
		}
		radius := math.Sqrt(l.trace.spread(metric))
		distance := math.Sqrt(metric.Squared(centroid, l.trace.centroid))
		if distance > returns*radius {
			continue
		}
		if off := distance / max(radius, math.SmallestNonzeroFloat64); off < shift {
			place, shift = i, off
		}
	}
	return place, shift
}

// part lets go of the segments that no cluster carries on: they have merged into the one
// that has most of them, or are dissolved.
func (t *Tracker) part(at int64, cause clustering.Cause, c *correspondence) {
	for i, number := range c.numbers {
		vanished := c.absorbed(i)
		if len(vanished) == 0 {
			continue
		}
		parents := vanished
		if !c.isNew(number) {
			parents = append([]clustering.SegmentID{number}, vanished...)
			slices.Sort(parents)
		}
		t.Tell(clustering.Event{Kind: clustering.Merge, At: at, Segment: number, Parents: parents, Size: c.clusters[i].Members.N(), Cause: cause})
		for _, id := range vanished {
			t.alias(id, number)
			t.rest(at, id, true, nil)
		}
	}
	for _, id := range c.vanished() {
		if t.living[id] != nil {
			t.rest(at, id, false, c.heirs(id))
		}
	}
}

// End lets go of a segment whose customers went to another one: 0 if it had none.
func (t *Tracker) End(at int64, id, into clustering.SegmentID, size float64, last *cf.Feature) {
	t.living[id].trace = traceOf(last)
	t.changed = true
	if into == 0 {
		t.Tell(clustering.Event{Kind: clustering.Death, At: at, Segment: id})
	} else {
		parents := []clustering.SegmentID{id, into}
		slices.Sort(parents)
		t.Tell(clustering.Event{Kind: clustering.Merge, At: at, Segment: into, Parents: parents, Size: size})
		t.alias(id, into)
	}
	t.rest(at, id, true, nil)
}

// Erase forgets where segments were that were nowhere but at x, in each dimension. One that
// rests, and was nowhere else in any, does so for good. O(segments·d).
func (t *Tracker) Erase(x []float64) {
	for _, l := range slices.Concat(slices.Collect(maps.Values(t.living)), t.resting) {
		for j := range min(len(x), len(l.trace.centroid)) {
			if cf.SameNumber(l.trace.centroid[j], x[j]) {
				l.trace.centroid[j], l.trace.variance[j] = math.NaN(), math.NaN()
				t.changed = true
			}
		}
	}
}

// Touch makes sure that the tracker is saved, as after it was taken over.
func (t *Tracker) Touch() { t.changed = true }

// Tell adds an event to those to hand over.
func (t *Tracker) Tell(e clustering.Event) { t.events = append(t.events, e) }

func (t *Tracker) alias(id, to clustering.SegmentID) {
	t.aliases[id] = to
	if len(t.aliases) > maxAliases {
		delete(t.aliases, slices.Min(slices.Collect(maps.Keys(t.aliases))))
	}
}

// rest moves a segment to those that may revive, and forgets the oldest of them.
func (t *Tracker) rest(at int64, id clustering.SegmentID, told bool, heirs []clustering.SegmentID) {
	l := t.living[id]
	delete(t.living, id)
	l.left, l.told, l.children = t.round, told, heirs
	t.resting = append(t.resting, l)
	for len(t.resting) > maxResting {
		if oldest := t.resting[0]; !oldest.told {
			t.Tell(clustering.Event{Kind: clustering.Death, At: at, Segment: oldest.id, Children: oldest.children})
		}
		t.resting = slices.Delete(t.resting, 0, 1)
	}
}

// bury tells of the deaths of those that stay away.
func (t *Tracker) bury(at int64) {
	for _, l := range t.resting {
		if !l.told && t.round-l.left >= patience {
			l.told = true
			t.Tell(clustering.Event{Kind: clustering.Death, At: at, Segment: l.id, Children: l.children})
		}
	}
}

// relabel tells who was moved from where to where.
func (t *Tracker) relabel(at int64, cause clustering.Cause, c *correspondence) {
	for i, number := range c.numbers {
		for _, from := range slices.Sorted(maps.Keys(c.clusters[i].From)) {
			if weight := c.clusters[i].From[from]; from != number && from != 0 && weight > 0 {
				t.Tell(clustering.Event{
					Kind: clustering.Relabel, At: at, Segment: number, Parents: []clustering.SegmentID{from},
					Size: weight, Cause: cause,
				})
			}
		}
	}
}

// Events hands over what happened since it was last called.
func (t *Tracker) Events() []clustering.Event {
	events := t.events
	t.events = nil
	return events
}

// Current is the segment that a number stands for today: 0 when it has died.
func (t *Tracker) Current(id clustering.SegmentID) clustering.SegmentID {
	for range maxAliases {
		if t.living[id] != nil {
			return id
		}
		to, merged := t.aliases[id]
		if !merged {
			return 0
		}
		id = to
	}
	return 0
}

// Aliases lists the segments that have merged into others, and what each is today.
func (t *Tracker) Aliases() map[clustering.SegmentID]clustering.SegmentID {
	list := map[clustering.SegmentID]clustering.SegmentID{}
	for id := range t.aliases {
		if to := t.Current(id); to != 0 {
			list[id] = to
		}
	}
	return list
}

// Living lists the segments that live, in order.
func (t *Tracker) Living() []clustering.SegmentID { return slices.Sorted(maps.Keys(t.living)) }

// Origin is when a living segment was born, and what it was split from.
func (t *Tracker) Origin(id clustering.SegmentID) (born int64, parents []clustering.SegmentID) {
	if l := t.living[id]; l != nil {
		return l.born, l.parents
	}
	return 0, nil
}

func traceOf(members *cf.Feature) trace {
	d := members.Dims()
	to := trace{centroid: make([]float64, d), variance: make([]float64, d)}
	members.Centroid(to.centroid)
	for j := range d {
		to.variance[j] = members.Variance(j)
	}
	return to
}

// known tells that there is a dimension in which it is known where the segment was.
func (t trace) known() bool {
	return slices.ContainsFunc(t.centroid, func(v float64) bool { return !math.IsNaN(v) })
}

// spread is the mean squared distance of what was there to its centroid.
func (t trace) spread(metric *cf.Metric) (sum float64) {
	for j, v := range t.variance {
		if !math.IsNaN(v) {
			sum += metric.Weight(j) * v
		}
	}
	return sum
}

// byWeight sorts segments, the largest first, and equal ones by their number.
func byWeight(ids []clustering.SegmentID, weight func(clustering.SegmentID) float64) []clustering.SegmentID {
	slices.SortFunc(ids, func(a, b clustering.SegmentID) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a, b))
	})
	return ids
}
