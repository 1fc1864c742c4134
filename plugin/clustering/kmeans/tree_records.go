package kmeans

import (
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/identity"
	"github.com/shoal-stream/shoal/plugin/record"
)

// Save implements [clustering.Engine]. What changed is remembered until then, so a
// long stream needs a Save now and then.
func (t *Tree) Save(to clustering.Records) {
	w := &writer{to: to}
	w.begin(kindHeader)
	w.value = append(w.value, recordVersion)
	for _, n := range [...]uint64{
		uint64(t.last), t.lastNode, t.root.id, t.clock.applied, t.clock.refinements, t.clock.begun,
		t.clock.searched, t.clock.explored,
	} {
		w.uvarint(n)
	}
	w.varint(t.clock.asOf)
	w.varint(t.clock.landmark)
	w.choice(t.choice)
	w.float(t.weight)
	w.float(t.threshold)
	w.put()

	if t.newMetric {
		w.saveMetric(t.metric)
		t.newMetric = false
	}
	if t.newTask {
		t.saveTask(w)
		t.newTask = false
	}
	t.segments.saveLineage(w)
	t.save(w)
	t.segments.save(w)
	for _, n := range t.changedNodes {
		n.changed = false
		t.saveNode(w, n)
	}
	clear(t.changedNodes)
	t.changedNodes = t.changedNodes[:0]
}

// save puts the segments that changed.
func (p *segmentation) save(w *writer) {
	for _, s := range p.changed {
		w.begin(kindSegment, uint64(s.id))
		s.changed = false
		if s.gone {
			w.delete()
			continue
		}
		w.feature(s.members)
		w.put()
	}
	clear(p.changed)
	p.changed = p.changed[:0]
}

// saveNode puts an inner node: whether its children are micro-clusters, their number and
// numbers, then the mean, which the root does not have: weight and place in each dimension.
func (t *Tree) saveNode(w *writer, n *node) {
	w.begin(kindNode, n.id)
	if n.gone {
		w.delete()
		return
	}
	if len(n.children) > 0 && n.children[0].micro != nil {
		w.uvarint(1)
	} else {
		w.uvarint(0)
	}
	w.uvarint(uint64(len(n.children)))
	for _, child := range n.children {
		if child.micro != nil {
			w.uvarint(uint64(child.micro.id))
		} else {
			w.uvarint(child.id)
		}
	}
	if n != t.root {
		for j, weight := range n.mean.weights {
			w.float(weight)
			w.float(n.mean.at[j])
		}
	}
	w.put()
}

// treeLoading is what is known of a tree before references are followed.
type treeLoading struct {
	*loading
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
	kind, number, err := splitKey(key)
	if err != nil {
		return fmt.Errorf("loading a k-means tree: %w", err)
	}
	if t.loading == nil {
		t.loading = &treeLoading{loading: newLoading(), nodes: map[uint64]*loadedNode{}}
	}
	l, r := t.loading, &reader{record.Read(value)}
	switch kind {
	case kindHeader:
		if version := r.Uvarint(); version != recordVersion {
			return fmt.Errorf("loading a k-means tree: its records are of version %d, this program reads %d: use the program that wrote them", version, recordVersion)
		}
		l.began = true
		t.last, t.lastNode, l.root = clustering.MicroID(r.Uvarint()), r.Uvarint(), r.Uvarint()
		t.clock = clock{
			applied: r.Uvarint(), refinements: r.Uvarint(), begun: r.Uvarint(), searched: r.Uvarint(), explored: r.Uvarint(),
			asOf: r.Varint(), landmark: r.Varint(),
		}
		t.loadChoice(r.choice())
		t.weight, t.threshold = r.Float(), r.Float()
	case kindLineage:
		if t.segments.lineage, err = identity.Decode(value); err != nil {
			return fmt.Errorf("loading a k-means tree: %w", err)
		}
		return nil
	case kindTask:
		task, due := loadTask(r)
		l.task, l.due = &task, due
	case kindMetric:
		t.metric, err = cf.DecodeMetric(value)
		if err != nil {
			return fmt.Errorf("loading the metric of a k-means tree: %w", err)
		}
		return nil
	case kindMicro:
		t.loadMicro(l.loading, number, r)
	case kindAlias:
		t.loadAlias(l.loading, number, r)
	case kindSegment:
		s := &segment{id: clustering.SegmentID(number), members: &cf.Feature{}}
		r.feature(s.members)
		t.segments.list = append(t.segments.list, s)
	case kindNode:
		l.loadNode(number, r)
	default:
		r.Refuse()
	}
	if err := r.end(); err != nil {
		return fmt.Errorf("loading a k-means tree, record %q %d: %w", string(kind), number, err)
	}
	return nil
}

func (l *treeLoading) loadNode(number uint64, r *reader) {
	n := &loadedNode{node: &node{id: number}, beds: r.Uvarint() == 1}
	for range r.Count(1) {
		n.children = append(n.children, r.Uvarint())
	}
	for len(r.Rest()) > 0 {
		n.node.mean.weights, n.node.mean.at = append(n.node.mean.weights, r.Float()), append(n.node.mean.at, r.Float())
	}
	l.nodes[number] = n
}

// Ready implements [clustering.Engine]: references are followed, and checked.
func (t *Tree) Ready() error {
	l := t.loading
	t.loading = nil
	if l == nil {
		return nil // a new one
	}
	if !l.began {
		return fmt.Errorf("loading a k-means tree: there is no header: %w", errDamaged)
	}
	for _, n := range t.changedNodes {
		n.changed = false
	}
	t.changedNodes = t.changedNodes[:0] // the root of an empty tree
	t.segments.order()
	if err := t.link(l.loading, &t.segments); err != nil {
		return fmt.Errorf("loading a k-means tree: %w", err)
	}
	root := l.nodes[l.root]
	if root == nil {
		return fmt.Errorf("loading a k-means tree: node %d is not there: %w", l.root, errDamaged)
	}
	if err := t.grow(l, root); err != nil {
		return fmt.Errorf("loading a k-means tree: %w", err)
	}
	t.root = root.node
	t.widen(t.dims())
	if l.task != nil {
		l.task.Metric = t.metric
		t.task = begin(*l.task, l.due)
	}
	if err := t.Check(); err != nil {
		return fmt.Errorf("loading a k-means tree: %w: %w", err, errDamaged)
	}
	return nil
}

// loadChoice goes on with the number of segments that was chosen, within the bounds that
// are configured now.
func (t *Tree) loadChoice(c Choice) { t.choice.Now, t.choice.Streak = c.Now, c.Streak }

// dims is the number of dimensions that any vector in the tree has, at least 1.
func (t *Tree) dims() int {
	d := 1
	for _, m := range t.micros {
		d = max(d, m.members.Dims())
	}
	return d
}

// grow gives a node its children, and them theirs. Each is taken once only.
func (t *Tree) grow(l *treeLoading, n *loadedNode) error {
	delete(l.nodes, n.node.id)
	for _, number := range n.children {
		if n.beds {
			m := t.micros[clustering.MicroID(number)]
			if m == nil || m.place != nil {
				return fmt.Errorf("node %d has micro-cluster %d, which is not there or elsewhere: %w", n.node.id, number, errDamaged)
			}
			m.place = &node{micro: m}
			n.node.children = append(n.node.children, m.place)
			continue
		}
		child := l.nodes[number]
		if child == nil {
			return fmt.Errorf("node %d has node %d, which is not there or elsewhere: %w", n.node.id, number, errDamaged)
		}
		if err := t.grow(l, child); err != nil {
			return err
		}
		n.node.children = append(n.node.children, child.node)
	}
	return nil
}
