package kmeans

import (
	"fmt"
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// tolerance is the relative difference between a feature and the sum of its parts that
// rounding explains.
const tolerance = 1e-9

// fadingTolerance is that where weights differ by many powers of two.
const fadingTolerance = 1e-6

// Check implements [clustering.Engine].
func (t *Tree) Check() error {
	if err := t.check(); err != nil {
		return err
	}
	if count, err := t.checkNode(t.root, 0); err != nil {
		return err
	} else if count != len(t.micros) {
		return fmt.Errorf("%d micro-clusters are in the tree, of %d", count, len(t.micros))
	}

	sum := 0.0
	members := map[*segment]*cf.Feature{}
	for _, s := range t.segments.list {
		members[s] = &cf.Feature{}
	}
	for id, m := range t.micros {
		sum += m.members.N()
		if m.segment == nil {
			if len(t.segments.list) > 0 {
				return fmt.Errorf("micro-cluster %d is in no segment", id)
			}
			continue
		}
		if members[m.segment] == nil {
			return fmt.Errorf("micro-cluster %d is in segment %d, which is gone", id, m.segment.id)
		}
		members[m.segment].Merge(&m.members)
	}
	if d := math.Abs(t.weight - sum); d > tolerance*max(t.weight, sum) {
		return fmt.Errorf("the population counts %v, and its micro-clusters %v", t.weight, sum)
	}
	population, tolerance := t.Population(), tolerance
	if t.fading {
		tolerance = fadingTolerance
	}
	for i, s := range t.segments.list {
		if d := s.members.Differs(members[s], population); d > tolerance {
			return fmt.Errorf("segment %d differs from the sum of its micro-clusters by %g", s.id, d)
		}
		if t.segments.lineage.Current(s.id) != s.id || i > 0 && s.id <= t.segments.list[i-1].id {
			return fmt.Errorf("segment %d is out of order, or its life is not known", s.id)
		}
	}
	return nil
}

// checkNode counts the micro-clusters below a node, and proves that all are in place.
func (t *Tree) checkNode(n *node, depth int) (count int, err error) {
	if n.micro != nil {
		if n.micro.place != n || t.micros[n.micro.id] != n.micro || n.micro.members.N() == 0 {
			return 0, fmt.Errorf("micro-cluster %d is not the one at its place", n.micro.id)
		}
		return 1, nil
	}
	if len(n.children) > capacity || len(n.children) == 0 && n != t.root || len(n.rows) != len(n.children)*t.stride {
		return 0, fmt.Errorf("node %d at depth %d has %d children and %d numbers", n.id, depth, len(n.children), len(n.rows))
	}
	for slot, child := range n.children {
		if child.parent != n || child.slot != slot || child.gone {
			return 0, fmt.Errorf("child %d of node %d is out of place", slot, n.id)
		}
		below, err := t.checkNode(child, depth+1)
		if err != nil {
			return 0, err
		}
		count += below
	}
	if len(n.mean.at) != len(n.mean.weights) {
		return 0, fmt.Errorf("node %d has %d means and %d weights", n.id, len(n.mean.at), len(n.mean.weights))
	}
	return count, nil
}
