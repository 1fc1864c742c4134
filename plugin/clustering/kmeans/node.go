package kmeans

import (
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

var nan = math.NaN()

// capacity is the number of children that a node has at most. With it, a thousand
// micro-clusters lie three steps below the root.
const capacity = 32

// node is a place in the tree: an inner one, or that of a micro-cluster, which has no
// children. All micro-clusters are equally far from the root.
type node struct {
	id       uint64            // of an inner node
	micro    *population.Micro // of a place without children
	mean     mean              // of an inner node, but for the root; as it was when it was last summarised
	parent   *node             // nil: the root
	slot     int               // among the children of the parent
	children []*node
	rows     []float64 // centroids of the children, side by side for a quick search

	changed bool // since it was saved
	gone    bool
}

func (t *Tree) newNode() *node {
	t.lastNode++
	n := &node{id: t.lastNode}
	t.touchNode(n)
	return n
}

// touchNode notes that an inner node has to be saved.
func (t *Tree) touchNode(n *node) {
	if !n.changed && n.micro == nil {
		n.changed = true
		t.changedNodes = append(t.changedNodes, n)
	}
}

// nearest descends to the place of a micro-cluster, always to the child whose centroid is
// nearest, and returns its squared distance: nil when the tree is empty.
func (t *Tree) nearest(x []float64) (*node, float64) {
	squared := math.Inf(1)
	n := t.root
	for n.micro == nil {
		if len(n.children) == 0 {
			return nil, squared
		}
		var slot int
		slot, squared = t.population.Metric.Nearest(x, n.rows, t.stride)
		n = n.children[slot]
	}
	return n, squared
}

// plant gives a new micro-cluster a place beside the nearest, nil if it is the first.
func (t *Tree) plant(m *population.Micro, neighbour *node) *node {
	bed := t.root
	if neighbour != nil {
		bed = neighbour.parent
	}
	place := t.newPlace(m)
	t.attach(bed, place)
	return place
}

func (t *Tree) newPlace(m *population.Micro) *node {
	place := &node{micro: m}
	t.places[m] = place
	return place
}

// climb applies what a new place brings to the means of all above it.
func (t *Tree) climb(place *node, apply func(*mean)) {
	t.refresh(place)
	for n := place.parent; n.parent != nil; n = n.parent {
		apply(&n.mean)
		t.refresh(n)
		t.touchNode(n)
	}
}

// attach makes a child the last of a node.
func (t *Tree) attach(n, child *node) {
	child.parent, child.slot = n, len(n.children)
	n.children = append(n.children, child)
	n.rows = append(n.rows, make([]float64, t.stride)...)
	t.refresh(child)
	t.touchNode(n)
}

// refresh copies the centroid of a node to its row.
func (t *Tree) refresh(n *node) {
	row := n.parent.rows[n.slot*t.stride:][:t.stride]
	if n.micro != nil {
		n.micro.Members.Centroid(row)
		return
	}
	for j := copy(row, n.mean.at); j < len(row); j++ {
		row[j] = nan
	}
}

// uproot takes a place out, and with it the nodes that this leaves without children.
func (t *Tree) uproot(n *node) {
	parent := n.parent
	parent.children = slices.Delete(parent.children, n.slot, n.slot+1)
	parent.rows = slices.Delete(parent.rows, n.slot*t.stride, (n.slot+1)*t.stride)
	for slot, child := range parent.children[n.slot:] {
		child.slot = n.slot + slot
	}
	n.gone = true
	t.touchNode(n)
	t.touchNode(parent)
	if len(parent.children) == 0 && parent.parent != nil {
		t.uproot(parent)
	}
	t.lower()
}

// lower takes a root away that has one inner node only.
func (t *Tree) lower() {
	for len(t.root.children) == 1 && t.root.children[0].micro == nil {
		t.root.gone = true
		t.touchNode(t.root)
		t.root = t.root.children[0]
		t.root.parent = nil
		t.touchNode(t.root)
	}
}

// splitIfFull divides a node that has too many children, and what lies above it as far
// as needed: the two that are furthest apart are the seeds, and each other goes with
// the nearer one (with the smaller, if they are equally near).
func (t *Tree) splitIfFull(n *node) {
	if len(n.children) <= capacity {
		return
	}
	children, rows := n.children, n.rows
	row := func(i int) []float64 { return rows[i*t.stride:][:t.stride] }
	left, right, widest := 0, 1, -1.0
	for i := range children {
		for j := range i {
			if d := t.population.Metric.Squared(row(i), row(j)); d > widest {
				left, right, widest = j, i, d
			}
		}
	}

	sibling := t.newNode()
	n.children, n.rows = nil, nil
	for i, child := range children {
		toLeft, toRight := t.population.Metric.Squared(row(i), row(left)), t.population.Metric.Squared(row(i), row(right))
		switch {
		case i == left:
			t.attach(n, child)
		case i == right:
			t.attach(sibling, child)
		case toLeft < toRight, toLeft == toRight && len(n.children) < len(sibling.children):
			t.attach(n, child)
		default:
			t.attach(sibling, child)
		}
	}
	n.summarise()
	sibling.summarise()

	if n.parent == nil {
		t.root = t.newNode()
		t.attach(t.root, n)
		t.attach(t.root, sibling)
		return
	}
	t.refresh(n)
	t.attach(n.parent, sibling)
	t.splitIfFull(n.parent)
}

// summarise brings all means up to date. In between, vectors come and go without a
// change above their micro-cluster: the way there may be a little old.
func (t *Tree) summarise(n *node) {
	for _, child := range n.children {
		if child.micro == nil {
			t.summarise(child)
		}
	}
	if n.parent != nil {
		n.summarise()
		t.refresh(n)
		t.touchNode(n)
	}
}

// summarise sums the children up anew.
func (n *node) summarise() {
	n.mean.reset()
	for _, child := range n.children {
		if child.micro != nil {
			n.mean.join(&child.micro.Members)
		} else {
			n.mean.merge(&child.mean)
		}
	}
}

// widen makes room for vectors of d dimensions in all rows.
func (t *Tree) widen(d int) {
	t.stride = d
	t.root.lay(t)
}

// lay lays the rows of a node and of all below it out anew.
func (n *node) lay(t *Tree) {
	n.rows = make([]float64, len(n.children)*t.stride)
	for slot, child := range n.children {
		child.parent, child.slot = n, slot
		t.refresh(child)
		if child.micro == nil {
			child.lay(t)
		}
	}
}

// scale multiplies the weights of all means, from a node down.
func (n *node) scale(t *Tree, g float64) {
	if n.micro != nil {
		return
	}
	n.mean.decay(g)
	t.touchNode(n)
	for _, child := range n.children {
		child.scale(t, g)
	}
}

// micros visits all micro-clusters in the order of the tree, neighbours beside each other.
func (t *Tree) micros(visit func(*population.Micro) bool) {
	t.root.each(func(place *node) bool { return visit(place.micro) })
}

// each visits the places of the micro-clusters below a node, until visit returns false.
func (n *node) each(visit func(place *node) bool) bool {
	if n.micro != nil {
		return visit(n)
	}
	for _, child := range n.children {
		if !child.each(visit) {
			return false
		}
	}
	return true
}
