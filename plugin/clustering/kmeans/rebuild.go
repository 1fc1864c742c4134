package kmeans

import (
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

const (
	room       = 0.8 // the share of the bound that a rebuild leaves taken at most, so that rebuilds are rare
	considered = 8   // rebuilds in which micro-clusters of different segments stay apart
)

func (t *Tree) roomFor() int {
	if t.population.Len() <= t.config.MicroClusters {
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
		mixed = round >= considered && len(t.population.Segments) > 1
		t.replant(mixed)
		if t.population.Len() <= limit {
			break
		}
		t.threshold = max(1.25*t.threshold, t.neighbours(t.population.Len()-limit, mixed), math.SmallestNonzeroFloat64)
	}
	if mixed {
		t.population.Sum()
	}
	return mixed
}

func (t *Tree) replant(mixed bool) {
	places := make([]*node, 0, t.population.Len())
	t.root.each(func(place *node) bool {
		places = append(places, place)
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
	m.Members.Centroid(centroid)
	nearest, squared := t.nearest(centroid)
	switch {
	case nearest == nil:
		t.attach(t.root, place)
	case t.threshold > 0 && (mixed || m.Segment == nearest.micro.Segment) && union(m, nearest.micro, squared) <= t.threshold:
		t.unite(m, nearest)
		return
	default:
		t.attach(nearest.parent, place)
	}
	t.climb(place, func(above *mean) { above.join(&m.Members) })
	t.splitIfFull(place.parent)
}

// union is by how much merging two micro-clusters adds to the sum of squared distances,
// for each member of the lighter: what the threshold bounds for a single vector too.
func union(a, b *population.Micro, squared float64) float64 {
	na, nb := a.Members.N(), b.Members.N()
	return cf.Ward(na, nb, squared) / min(na, nb)
}

// unite merges a micro-cluster with one in the tree. The heavier lives on, there.
func (t *Tree) unite(m *population.Micro, place *node) {
	t.climb(place, func(above *mean) { above.join(&m.Members) })
	from, into := m, place.micro
	if n, planted := m.Members.N(), into.Members.N(); n > planted || n == planted && m.ID < into.ID {
		from, into = into, from
	}
	t.population.Merge(from, into)
	delete(t.places, from)
	t.places[into], place.micro = place, into
	t.refresh(place)
}

// neighbours is what the threshold has to be for so many micro-clusters to merge with
// their nearest in the same node. Fewer may do, where two have the same in mind.
func (t *Tree) neighbours(count int, mixed bool) float64 {
	costs := make([]float64, 0, t.population.Len())
	t.root.each(func(place *node) bool {
		m, parent := place.micro, place.parent
		row := parent.rows[place.slot*t.stride:][:t.stride]
		least := math.Inf(1)
		for slot, sibling := range parent.children {
			if slot != place.slot && (mixed || sibling.micro.Segment == m.Segment) {
				least = min(least, union(m, sibling.micro, t.population.Metric.Squared(row, parent.rows[slot*t.stride:][:t.stride])))
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
