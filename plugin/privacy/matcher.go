package privacy

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// none is the rule of a place that no rule names.
const none = -1

// maxNodes bounds the automaton that wildcards unfold to.
const maxNodes = 4096

var errTooComplex = errors.New("the paths have too many combinations of * and **: use fewer wildcards, or fewer rules with them")

// node is the state of matching all paths at once at a place of a document: a
// deterministic automaton, so that a step down costs one lookup however many rules
// there are.
type node struct {
	rule  int  // the first whose path names this place, or one above it
	open  bool // a rule before that may name a place further down
	named map[string]*node
	other *node // for all names that are not in named
}

// at is the node one level down, and tells whether a path spells out that name.
func (n *node) at(name string) (next *node, spelled bool) {
	if len(n.named) == 0 {
		return n.other, false
	}
	if next, spelled = n.named[name]; spelled {
		return next, true
	}
	return n.other, false
}

// index is the node of an element of an array: its place is its name.
func (n *node) index(i int) *node {
	if len(n.named) == 0 {
		return n.other
	}
	next, _ := n.at(strconv.Itoa(i))
	return next
}

// below and element are at and index, of no node where there is none.
func (n *node) below(name string) *node {
	if n == nil {
		return nil
	}
	next, _ := n.at(name)
	return next
}

func (n *node) element(i int) *node {
	if n == nil {
		return nil
	}
	return n.index(i)
}

// position is how far matching has come along the path of a rule.
type position struct{ rule, segment int }

// compiler unfolds paths to nodes. Positions that behave the same share one.
type compiler struct {
	paths []path // nil: not matched here
	nodes map[string]*node
}

// compile makes the automaton of the paths, and tells which of them can name a place
// first: the others are hidden by earlier ones.
func compile(paths []path) (root *node, reached []bool, err error) {
	c := &compiler{paths: paths, nodes: map[string]*node{}}
	var start []position
	for rule, p := range paths {
		if p != nil {
			start = append(start, position{rule, 0})
		}
	}
	if root, err = c.node(start, none); err != nil {
		return nil, nil, err
	}
	reached = make([]bool, len(paths))
	for _, n := range c.nodes {
		if n.rule != none {
			reached[n.rule] = true
		}
	}
	return root, reached, nil
}

// node makes or finds the state of these positions, below a place that a rule names.
func (c *compiler) node(positions []position, rule int) (*node, error) {
	positions, rule = c.settle(positions, rule)
	signature := signatureOf(positions, rule)
	if n := c.nodes[signature]; n != nil {
		return n, nil
	}
	if len(c.nodes) == maxNodes {
		return nil, errTooComplex
	}
	n := &node{rule: rule, open: len(positions) > 0, named: map[string]*node{}}
	c.nodes[signature] = n
	for _, p := range positions {
		s := c.paths[p.rule][p.segment]
		if s.wild != literal || n.named[s.name] != nil {
			continue
		}
		next, err := c.node(c.step(positions, s.name, true), rule)
		if err != nil {
			return nil, err
		}
		n.named[s.name] = next
	}
	var err error
	n.other, err = c.node(c.step(positions, "", false), rule)
	return n, err
}

// settle follows ** to where it stands for no level, notes which path has come to its
// end, and drops the positions of rules that come after it: they cannot win any more.
func (c *compiler) settle(positions []position, rule int) ([]position, int) {
	var live []position
	for _, p := range positions {
		for {
			if p.segment == len(c.paths[p.rule]) {
				if rule == none || p.rule < rule {
					rule = p.rule
				}
				break
			}
			live = append(live, p)
			if c.paths[p.rule][p.segment].wild != deep {
				break
			}
			p.segment++
		}
	}
	if rule != none {
		live = slices.DeleteFunc(live, func(p position) bool { return p.rule >= rule })
	}
	slices.SortFunc(live, func(a, b position) int {
		if a.rule != b.rule {
			return a.rule - b.rule
		}
		return a.segment - b.segment
	})
	return slices.Compact(live), rule
}

// step goes one level down, to a name that a path spells out or to any other.
func (c *compiler) step(positions []position, name string, named bool) []position {
	var next []position
	for _, p := range positions {
		switch s := c.paths[p.rule][p.segment]; {
		case s.wild == deep:
			next = append(next, p)
		case s.wild == one, named && s.name == name:
			next = append(next, position{p.rule, p.segment + 1})
		}
	}
	return next
}

func signatureOf(positions []position, rule int) string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(rule))
	for _, p := range positions {
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(p.rule))
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(p.segment))
	}
	return b.String()
}
