package kmeans

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

const (
	maxHalfLives = 40   // ahead of the landmark, before all weights are brought down
	minHalfLives = -60  // a vector that is older weighs as if it were that old
	maxFade      = 300  // half-lives at once: below, weights would lose their digits
	faded        = 0.01 // a micro-cluster that weighs less is dropped
)

// clock counts what refinements go by.
type clock struct {
	applied     uint64 // points
	refinements uint64 // in effect
	begun       uint64 // the applied points when the last refinement began
	searched    uint64 // when segments were last searched from scratch
	explored    uint64 // when other numbers of segments were last looked at
	asOf        int64  // newest event time
	landmark    int64  // event time at which a vector weighs 1
}

func newClock() clock { return clock{asOf: math.MinInt64} }

// weigh is the weight of a vector of this time beside those that are in.
func (t *Tree) weigh(at int64) float64 {
	first := t.clock.asOf == math.MinInt64
	t.clock.asOf = max(t.clock.asOf, at)
	if !t.fading {
		return 1
	}
	if first {
		t.clock.landmark = at
	}
	ahead := t.halfLives(at)
	if ahead > maxHalfLives {
		t.fade(math.Exp2(-min(ahead, maxFade))) // what is older than that weighs nothing either way
		t.clock.landmark, ahead = at, 0
	}
	return math.Exp2(max(ahead, minHalfLives))
}

// halfLives is how far a time is ahead of the landmark.
func (t *Tree) halfLives(at int64) float64 {
	return (float64(at) - float64(t.clock.landmark)) / float64(t.config.HalfLife)
}

// Fade implements [clustering.Engine].
func (t *Tree) Fade() float64 {
	if !t.fading || t.clock.asOf == math.MinInt64 {
		return 1
	}
	return math.Exp2(-t.halfLives(t.clock.asOf))
}

// fade multiplies all weights.
func (t *Tree) fade(g float64) {
	t.weight *= g
	t.root.each(func(m *micro) bool {
		m.members.Decay(g)
		m.origins.scale(g)
		t.touch(m)
		return true
	})
	t.root.fade(t, g)
	for _, s := range t.segments.list {
		s.members.Decay(g)
		t.segments.touch(s)
	}
}

func (n *node) fade(t *Tree, g float64) {
	if n.micro != nil {
		return
	}
	n.mean.decay(g)
	t.touchNode(n)
	for _, child := range n.children {
		child.fade(t, g)
	}
}

// dropFaded takes micro-clusters out that weigh next to nothing by now.
func (t *Tree) dropFaded() {
	if !t.fading {
		return
	}
	least, fade := faded, t.Fade()
	var dropped []*micro
	t.root.each(func(m *micro) bool {
		if m.members.N()*fade < least && m.carriers == 0 && len(m.aliases) == m.unused {
			dropped = append(dropped, m)
		}
		return true
	})
	if len(dropped) == 0 || len(dropped) == len(t.micros) {
		return
	}
	for _, m := range dropped {
		t.remove(m)
		t.uproot(m.place)
	}
	t.sum()
}

// sum adds up the members of all segments anew, from their micro-clusters.
func (t *Tree) sum() {
	members := map[*segment]*cf.Feature{}
	for _, s := range t.segments.list {
		members[s] = &cf.Feature{}
	}
	t.weight = 0
	t.root.each(func(m *micro) bool {
		t.weight += m.members.N()
		if m.segment != nil {
			members[m.segment].Merge(&m.members)
		}
		return true
	})
	for _, s := range t.segments.list {
		s.members = members[s]
		t.segments.touch(s)
	}
}
