package density

import (
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// passed is the part of what a cell counts that goes over to another, where somebody comes to
// that one who is in both: with less, a cell that has moved away keeps its count too long.
const passed = 0.5

// join counts a customer as a member of a cell, of those around them. Cells move, and
// whose customers are whose changes: of what the others count, a part goes over.
func (f *field) join(c *cell) {
	if !f.keyed {
		return
	}
	c.own++
	for _, other := range f.near {
		if other != c && other.own > 0 {
			part := passed * other.own / (c.own + other.own)
			other.own -= part
			c.own += part
		}
	}
}

// leave lets a customer go from a place: the nearest cell counts one less, or several do that
// count only parts of customers.
func (f *field) leave(z []float64) {
	const rounding = 1e-9
	for rest := 1.0; rest > rounding; {
		c := f.nearestMember(z)
		if c == nil {
			return
		}
		part := min(rest, c.own)
		rest -= part
		f.lose(c, part)
		if c.own < rounding {
			c.own = 0
		}
	}
}

// lose takes customers out of a cell. Its weight, and what it shares, lose the part of as many
// average members: so what is left is right in the mean, forgets what was wrong with it as
// customers come and go, and ends with the last of them.
func (f *field) lose(c *cell, n float64) {
	c.weight -= c.weight * n / c.own
	for _, b := range c.bonds {
		b.weight -= b.weight * n / max(n, b.a.own+b.b.own)
		f.touch(b.a)
	}
	c.own -= n
	f.touch(c)
}

// nearestMember is the cell nearest to a point that counts customers; nil when none does.
func (f *field) nearestMember(z []float64) (nearest *cell) {
	least, d := math.Inf(1), len(z)
	for i, rest := 0, f.rows; i < len(f.cells); i, rest = i+1, rest[d:] {
		if c := f.cells[i]; c.own == 0 || c.gone || beyond(z, rest, least) {
			continue
		}
		if squared := f.squared(z, rest[:d], least); squared < least {
			nearest, least = f.cells[i], squared
		}
	}
	return nearest
}

// erase drops the cells that nobody is a member of, and those that are where a customer was
// who is erased; one that has other members goes to these instead.
func (f *field) erase(x []float64) {
	var dropped []*cell
	for _, c := range f.cells {
		switch {
		case c.micro != nil:
			f.recentre(c, x)
		case cf.Same(c.centre, x), f.keyed && c.own == 0 && c.micro == nil:
			dropped = append(dropped, c)
		}
	}
	f.drop(dropped...)
}

// recentre moves a cell to where its members are, in the dimensions in which it is where
// somebody was who is erased.
func (f *field) recentre(c *cell, x []float64) {
	for j := range min(len(x), len(c.centre)) {
		if cf.SameNumber(c.centre[j], x[j]) {
			c.centre[j] = c.micro.Members.Mean(j)
			f.touch(c)
		}
	}
	f.metric.Scale(f.row(c), c.centre)
}

// bequeath has the customers of a cell that goes counted by the nearest of those who stay.
func (f *field) bequeath(c *cell) {
	if c.own == 0 {
		return
	}
	heir := f.nearestMember(f.row(c))
	if heir == nil { // nobody else counts any
		place := slices.IndexFunc(f.cells, func(other *cell) bool { return !other.gone })
		if place < 0 {
			return
		}
		heir = f.cells[place]
	}
	heir.own += c.own
	f.touch(heir)
}
