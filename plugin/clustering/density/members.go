package density

import "math"

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
	least := math.Inf(1)
	for _, c := range f.cells {
		if c.own == 0 {
			continue
		}
		if squared := f.squared(z, f.row(c), least); squared < least {
			nearest, least = c, squared
		}
	}
	return nearest
}
