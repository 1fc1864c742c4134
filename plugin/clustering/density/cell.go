package density

import (
	"cmp"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// cell is a micro-cluster of DBSTREAM: the points within the radius of a centre that moves
// along with them. The balls of cells overlap.
type cell struct {
	id     uint64    // the order of founding: never used again in its field
	centre []float64 // in the units of the vectors; NaN: never observed
	weight float64   // of the points in the ball, in units of the field
	own    float64   // customers in it to whom it was nearest: they do not fade
	seen   int64     // tick of the last of them
	bonds  []*bond
	fit    float64 // mean silhouette of its latest points
	points float64 // of which that is
	strong bool    // heavy enough for a cluster, when the field was last looked at

	cluster uint64 // that it was in then; 0: in none
	reached uint64 // the same, while clusters are searched

	place int               // in the list of its field
	micro *population.Micro // of the vectors that it took; nil: there are none, or the field is not in use

	changed bool // since it was saved
	gone    bool
}

// bond is the density that two cells share: the weight of the points that lay in both.
type bond struct {
	a, b   *cell // a is older
	weight float64
	holds  bool // the cells are of one cluster, if both are strong
}

func (b *bond) other(c *cell) *cell {
	if b.a == c {
		return b.b
	}
	return b.a
}

// to is the bond with another cell, nil when there is none.
func (c *cell) to(other *cell) *bond {
	for _, b := range c.bonds {
		if b.other(c) == other {
			return b
		}
	}
	return nil
}

// tie bonds two cells that have nothing in common yet.
func tie(a, b *cell) *bond {
	if a.id > b.id {
		a, b = b, a
	}
	t := &bond{a: a, b: b}
	a.bonds, b.bonds = append(a.bonds, t), append(b.bonds, t)
	return t
}

// loosen takes a bond away from one of its cells.
func (c *cell) loosen(b *bond) {
	i := slices.Index(c.bonds, b)
	c.bonds = slices.Delete(c.bonds, i, i+1)
}

// pull moves a centre by the share h towards x. Where it has no value, it takes that of x.
func pull(centre, x []float64, h float64) {
	for j, v := range x {
		switch {
		case cf.Missing(v):
		case centre[j] != centre[j]:
			centre[j] = v
		default:
			centre[j] += h * (v - centre[j])
		}
	}
}

func byAge(a, b *cell) int { return cmp.Compare(a.id, b.id) }
