package kmeans

import "fmt"

// Check implements [clustering.Engine].
func (t *Tree) Check() error {
	if err := t.population.Check(); err != nil {
		return err
	}
	if count, err := t.checkNode(t.root, 0); err != nil {
		return err
	} else if count != t.population.Len() || count != len(t.places) {
		return fmt.Errorf("%d micro-clusters are in the tree, of %d, and %d have a place", count, t.population.Len(), len(t.places))
	}
	return nil
}

// checkNode counts the micro-clusters below a node, and proves that all are in place.
func (t *Tree) checkNode(n *node, depth int) (count int, err error) {
	if n.micro != nil {
		if t.places[n.micro] != n || t.population.Micro(n.micro.ID) != n.micro || n.micro.Members.N() == 0 {
			return 0, fmt.Errorf("micro-cluster %d is not the one at its place", n.micro.ID)
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
