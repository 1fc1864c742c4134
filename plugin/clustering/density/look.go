package density

// slack is how far below a threshold what has passed it may fall again: so a cell or a
// bond that is about there does not come and go.
const slack = 0.5

// look finds the clusters of the field: what is connected by bonds that hold, through
// cells that are strong, of a weight from least. O(cells + bonds).
func (f *field) look(least float64) {
	for _, c := range f.cells {
		f.weigh(c, least)
	}
	f.connect()
	if f.nested > 0 {
		f.border(false)
		f.dissolve(least)
	}
	f.border(true)
	for _, c := range f.cells {
		if c.cluster != c.reached {
			c.cluster = c.reached
			f.touch(c)
		}
	}
}

// weigh tells whether a cell is strong, and which of its bonds hold.
func (f *field) weigh(c *cell, least float64) {
	w := f.weightOf(c)
	if strong := w >= least || c.strong && w >= slack*least; strong != c.strong {
		c.strong = strong
		f.touch(c)
	}
	for _, b := range c.bonds {
		if b.a != c {
			continue
		}
		common := f.common(b)
		if holds := common > 1 || b.holds && common > slack; holds != b.holds {
			b.holds = holds
			f.touch(c)
		}
	}
}

// common is how much two cells share, in units of what connects them: the intersection, as
// a part of their mean weight. Unless DBSTREAM is asked for as it is, it is also enough when
// a good part of the lighter one is in the other: so a cell that is new at the front of a
// cluster which moves belongs to it, although the old one behind weighs more by far.
func (f *field) common(b *bond) float64 {
	one, other, both := f.weightOf(b.a), f.weightOf(b.b), b.weight/f.unit
	common := 2 * both / (one + other) / f.Intersection
	if f.nested > 0 {
		common = max(common, both/min(one, other)/f.nested)
	}
	return common
}

// connect finds the cluster of each strong cell: it has the id of the oldest of them.
func (f *field) connect() {
	for _, c := range f.cells {
		c.reached = 0
	}
	for _, first := range f.cells {
		if !first.strong || first.reached != 0 {
			continue
		}
		first.reached = first.id
		f.open = append(f.open[:0], first)
		for len(f.open) > 0 {
			c := f.open[len(f.open)-1]
			f.open = f.open[:len(f.open)-1]
			for _, b := range c.bonds {
				if other := b.other(c); b.holds && other.strong && other.reached == 0 {
					other.reached = first.id
					f.open = append(f.open, other)
				}
			}
		}
	}
}

// border finds the clusters of the cells that are not strong: one that shares enough with
// strong ones, or anything, is at the border of the cluster of which it shares most.
func (f *field) border(enough bool) {
	for _, c := range f.cells {
		if c.strong {
			continue
		}
		c.reached = 0
		if most := c.strongest(enough); most != nil {
			c.reached = most.reached
		}
	}
}

// strongest is the strong cell that shares most with c, or of those that share enough; nil:
// there is none.
func (c *cell) strongest(enough bool) (strongest *cell) {
	most := 0.0
	for _, b := range c.bonds {
		other := b.other(c)
		if !other.strong || enough && !b.holds {
			continue
		}
		if b.weight > most || b.weight == most && strongest != nil && other.id < strongest.id {
			strongest, most = other, b.weight
		}
	}
	return strongest
}
