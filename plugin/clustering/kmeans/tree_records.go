package kmeans

import (
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// recordVersion is that of the records of both engines.
const recordVersion = 2

// Kinds of records that only a tree has.
const (
	kindTask = 't'
	kindNode = 'n'
)

// Save implements [clustering.Engine]. What changed is remembered until then, so a
// long stream needs a Save now and then.
func (t *Tree) Save(to clustering.Records) {
	t.renewTask()
	w := t.population.Begin(to)
	for _, n := range [...]uint64{
		uint64(t.population.Last), t.lastNode, t.root.id, t.clock.applied, t.population.Refinements, t.clock.begun,
		t.clock.searched, t.clock.explored,
	} {
		w.Uvarint(n)
	}
	w.Varint(t.population.AsOf)
	w.Varint(t.population.Landmark)
	saveChoice(w, t.choice)
	w.Float(t.population.Weight)
	w.Float(t.threshold)
	w.Put()

	t.population.SaveMetric(w)
	if t.newTask {
		t.saveTask(w)
		t.newTask = false
	}
	t.population.Save(w)
	for _, n := range t.changedNodes {
		n.changed = false
		t.saveNode(w, n)
	}
	clear(t.changedNodes)
	t.changedNodes = t.changedNodes[:0]
}

// saveNode puts an inner node: whether its children are micro-clusters, their number and
// numbers, then the mean, which the root does not have: weight and place in each dimension.
func (t *Tree) saveNode(w *population.Writer, n *node) {
	w.Begin(kindNode, n.id)
	if n.gone {
		w.Delete()
		return
	}
	w.Bool(len(n.children) > 0 && n.children[0].micro != nil)
	w.Uvarint(uint64(len(n.children)))
	for _, child := range n.children {
		if child.micro != nil {
			w.Uvarint(uint64(child.micro.ID))
		} else {
			w.Uvarint(child.id)
		}
	}
	if n != t.root {
		for j, weight := range n.mean.weights {
			w.Float(weight)
			w.Float(n.mean.at[j])
		}
	}
	w.Put()
}

// treeLoading is what is known of a tree before references are followed.
type treeLoading struct {
	task  *Refinement // that was under way
	due   uint64
	root  uint64
	nodes map[uint64]*loadedNode
}

type loadedNode struct {
	node     *node
	beds     bool // its children are micro-clusters
	children []uint64
}

// Load implements [clustering.Engine].
func (t *Tree) Load(key, value []byte) error {
	if t.loading == nil {
		t.loading = &treeLoading{nodes: map[uint64]*loadedNode{}}
	}
	return t.population.Load(key, value, t.load)
}

func (t *Tree) load(kind byte, number uint64, r *population.Reader) {
	switch l := t.loading; kind {
	case population.KindHeader:
		t.loadHeader(r)
	case kindTask:
		task, due := loadTask(r)
		l.task, l.due = &task, due
	case kindNode:
		l.loadNode(number, r)
	default:
		r.Refuse()
	}
}

func (t *Tree) loadHeader(r *population.Reader) {
	t.population.Last, t.lastNode, t.loading.root = clustering.MicroID(r.Uvarint()), r.Uvarint(), r.Uvarint()
	t.clock.applied, t.population.Refinements = r.Uvarint(), r.Uvarint()
	t.clock.begun, t.clock.searched, t.clock.explored = r.Uvarint(), r.Uvarint(), r.Uvarint()
	t.population.AsOf, t.population.Landmark = r.Varint(), r.Varint()
	choice := readChoice(r) // goes on within the bounds that are configured now
	t.choice.Now, t.choice.Streak = choice.Now, choice.Streak
	t.population.Weight, t.threshold = r.Float(), r.Float()
}

func (l *treeLoading) loadNode(number uint64, r *population.Reader) {
	n := &loadedNode{node: &node{id: number}, beds: r.Bool()}
	for range r.Count(1) {
		n.children = append(n.children, r.Uvarint())
	}
	for len(r.Rest()) > 0 {
		n.node.mean.weights, n.node.mean.at = append(n.node.mean.weights, r.Float()), append(n.node.mean.at, r.Float())
	}
	l.nodes[number] = n
}

// Ready implements [clustering.Engine]: references are followed, and checked.
func (t *Tree) Ready() error { return t.population.Ready(t.regrow, t.Check) }

// regrow makes the tree of the nodes that were loaded, and starts the refinement that was
// under way.
func (t *Tree) regrow() error {
	l := t.loading
	t.loading = nil
	for _, n := range t.changedNodes {
		n.changed = false
	}
	t.changedNodes = t.changedNodes[:0] // the root of an empty tree
	root := l.nodes[l.root]
	if root == nil {
		return fmt.Errorf("node %d is not there", l.root)
	}
	if err := t.grow(l, root); err != nil {
		return err
	}
	t.root = root.node
	t.widen(t.dims())
	if l.task != nil {
		l.task.Metric = t.population.Metric
		t.task = begin(*l.task, l.due)
	}
	return nil
}

// dims is the number of dimensions that any vector in the tree has, at least 1.
func (t *Tree) dims() int {
	d := 1
	for m := range t.places {
		d = max(d, m.Members.Dims())
	}
	return d
}

// grow gives a node its children, and them theirs. Each is taken once only.
func (t *Tree) grow(l *treeLoading, n *loadedNode) error {
	delete(l.nodes, n.node.id)
	for _, number := range n.children {
		if n.beds {
			m := t.population.Micro(clustering.MicroID(number))
			if m == nil || t.places[m] != nil {
				return fmt.Errorf("node %d has micro-cluster %d, which is not there or elsewhere", n.node.id, number)
			}
			n.node.children = append(n.node.children, t.newPlace(m))
			continue
		}
		child := l.nodes[number]
		if child == nil {
			return fmt.Errorf("node %d has node %d, which is not there or elsewhere", n.node.id, number)
		}
		if err := t.grow(l, child); err != nil {
			return err
		}
		n.node.children = append(n.node.children, child.node)
	}
	return nil
}
