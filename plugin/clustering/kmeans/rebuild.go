package kmeans

import (
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

const (
	room       = 0.8 // the share of the bound that a rebuild leaves taken at most, so that rebuilds are rare
	considered = 8   // rebuilds in which micro-clusters of different segments stay apart
)

func (t *Tree) roomFor() int {
	if len(t.micros) <= t.config.MicroClusters {
		return t.config.MicroClusters
	}
	return max(t.config.KMax, int(room*float64(t.config.MicroClusters)))
}

// rebuild plants all micro-clusters anew, the last first, under the metric that is now
// in force, and merges those that the threshold lets merge. While more than limit are
// left, the threshold rises and it starts over. Only micro-clusters of one segment merge,
// so that nobody's segment is another after it; true when that could not be kept up.
func (t *Tree) rebuild(limit int) (mixed bool) {
	for round := 0; ; round++ {
		mixed = round >= considered && len(t.segments.list) > 1
		t.replant(mixed)
		if len(t.micros) <= limit {
			break
		}
		t.threshold = max(1.25*t.threshold, t.neighbours(len(t.micros)-limit, mixed), math.SmallestNonzeroFloat64)
	}
	if mixed {
		t.sum()
	}
	return mixed
}

func (t *Tree) replant(mixed bool) {
	places := make([]*node, 0, len(t.micros))
	t.root.each(func(m *micro) bool {
		places = append(places, m.place)
		return true
	})
	t.fell(t.root)
	t.root = t.newNode()
	for _, place := range slices.Backward(places) {
		t.replace(place, mixed)
	}
}

// fell marks a node and all inner ones below it as gone.
func (t *Tree) fell(n *node) {
	if n.micro != nil {
		return
	}
	n.gone = true
	t.touchNode(n)
	for _, child := range n.children {
		t.fell(child)
	}
}

// replace merges a micro-cluster with its nearest, if that is near enough, or plants it
// there.
func (t *Tree) replace(place *node, mixed bool) {
	m := place.micro
	if cap(t.centroid) < t.stride {
		t.centroid = make([]float64, t.stride)
	}
	centroid := t.centroid[:t.stride]
	m.members.Centroid(centroid)
	nearest, squared := t.nearest(centroid)
	switch {
	case nearest == nil:
		t.attach(t.root, place)
	case t.threshold > 0 && (mixed || m.segment == nearest.segment) && union(m, nearest, squared) <= t.threshold:
		t.unite(m, nearest)
		return
	default:
		t.attach(nearest.place.parent, place)
	}
	t.climb(place, func(above *mean) { above.join(&m.members) })
	t.splitIfFull(place.parent)
}

// union is by how much merging two micro-clusters adds to the sum of squared distances,
// for each member of the lighter: what the threshold bounds for a single vector too.
func union(a, b *micro, squared float64) float64 {
	na, nb := a.members.N(), b.members.N()
	return cf.Ward(na, nb, squared) / min(na, nb)
}

// unite merges a micro-cluster with one in the tree. The heavier lives on, there.
func (t *Tree) unite(m, planted *micro) {
	place := planted.place
	t.climb(place, func(above *mean) { above.join(&m.members) })
	from, into := m, planted
	if n := m.members.N(); n > planted.members.N() || n == planted.members.N() && m.id < planted.id {
		from, into = planted, m
	}
	t.merge(from, into)
	into.place, place.micro = place, into
	t.refresh(place)
}

// neighbours is what the threshold has to be for so many micro-clusters to merge with
// their nearest in the same node. Fewer may do, where two have the same in mind.
func (t *Tree) neighbours(count int, mixed bool) float64 {
	costs := make([]float64, 0, len(t.micros))
	t.root.each(func(m *micro) bool {
		parent, row := m.place.parent, m.place.parent.rows[m.place.slot*t.stride:][:t.stride]
		least := math.Inf(1)
		for slot, sibling := range parent.children {
			if slot != m.place.slot && (mixed || sibling.micro.segment == m.segment) {
				least = min(least, union(m, sibling.micro, t.metric.Squared(row, parent.rows[slot*t.stride:][:t.stride])))
			}
		}
		if !math.IsInf(least, 1) {
			costs = append(costs, least)
		}
		return true
	})
	if len(costs) == 0 {
		return 0
	}
	slices.Sort(costs)
	return costs[min(count, len(costs)-1)]
}
