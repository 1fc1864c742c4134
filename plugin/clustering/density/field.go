package density

import (
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// field is the state of one DBSTREAM (Hahsler and Bolaños 2016): cells, and the bonds
// between them.
//
// A point belongs to every cell that it is nearer to than the radius. It adds to their
// weights, pulls their centres by a Gaussian of its distance, and adds to the density
// that each two of them share; centres that would come nearer than the radius stay. All
// of this fades by 2^-λ with each tick; in memory, what is new grows instead (forward decay). Cells that weigh enough and share enough are of
// one cluster. It costs O(cells·d) and the square of the few cells around a point.
//
// With customers, what is in a cell counts as long as they stay: see leave.
type field struct {
	Parameters
	radius float64
	keyed  bool
	nested float64 // see common; 0: not

	metric *cf.Metric
	scaled *cf.Metric // for rows
	now    int64      // ticks
	unit   float64    // what a point of now weighs
	cells  []*cell    // in the order of their ids
	rows   []float64  // their centres in scaled units
	last   uint64     // id given out
	stored uint64     // cells, while they are loaded

	outside float64 // share of the latest points that were in no cluster

	changed []*cell
	open    []*cell   // scratch, as are those below
	near    []*cell   // around the point
	far     []float64 // squared distances of those
	before  []float64 // where they were, d numbers each
}

func newField(p Parameters, radius float64, keyed bool) *field {
	return &field{Parameters: p, radius: radius, keyed: keyed, metric: &cf.Metric{}, scaled: &cf.Metric{}, unit: 1}
}

// measure puts a metric in force.
func (f *field) measure(m *cf.Metric) {
	f.metric, f.scaled = m, m.Scaled()
	d := m.Dims()
	f.rows = slices.Grow(f.rows[:0], d*len(f.cells))[:d*len(f.cells)]
	for _, c := range f.cells {
		m.Scale(f.row(c), c.centre)
	}
}

// widen makes room for more dimensions.
func (f *field) widen(d int) {
	for _, c := range f.cells {
		for len(c.centre) < d {
			c.centre = append(c.centre, math.NaN())
		}
	}
}

// row is the centre of a cell in scaled units.
func (f *field) row(c *cell) []float64 {
	d := f.metric.Dims()
	return f.rows[c.place*d : (c.place+1)*d]
}

// touch notes that a cell has to be saved.
func (f *field) touch(c *cell) {
	if !c.changed {
		c.changed = true
		f.changed = append(f.changed, c)
	}
}

// at brings the clock to a tick: see units.
func (f *field) at(tick int64, unit, scale float64) {
	f.now, f.unit = tick, unit
	if scale == 1 {
		return
	}
	for _, c := range f.cells {
		c.weight *= scale
		for _, b := range c.bonds {
			if b.a == c {
				b.weight *= scale
			}
		}
		f.touch(c)
	}
}

// weightOf is what a cell weighs now: no less than the customers that are in it.
func (f *field) weightOf(c *cell) float64 { return max(c.own, c.weight/f.unit) }

// mass is what a cell has of all weight: of customers, those that are in it.
func (f *field) mass(c *cell) float64 {
	if f.keyed {
		return c.own
	}
	return c.weight / f.unit
}

// around finds the cells that a point lies in, which is given in scaled units.
func (f *field) around(z []float64) {
	f.near, f.far = f.near[:0], f.far[:0]
	bound, d := f.radius*f.radius, len(z)
	for i, rest := 0, f.rows; i < len(f.cells); i, rest = i+1, rest[d:] {
		if beyond(z, rest, bound) {
			continue
		}
		if squared := f.squared(z, rest[:d], bound); squared < bound {
			f.near, f.far = append(f.near, f.cells[i]), append(f.far, squared)
		}
	}
}

// beyond tells of most points that are further apart than the bound that they are, by two
// dimensions alone. Where a value is missing, it tells nothing.
func beyond(z, row []float64, bound float64) bool {
	if len(z) < 2 || len(row) < 2 {
		return false
	}
	a, b := row[0]-z[0], row[1]-z[1]
	return a*a+b*b >= bound
}

// squared is the squared distance between two points, or something above the bound.
func (f *field) squared(z, row []float64, bound float64) float64 {
	row = row[:len(z)]
	sum, j := 0.0, 0
	for ; j+1 < len(z) && !(sum >= bound); j += 2 {
		a, b := row[j]-z[j], row[j+1]-z[j+1]
		sum += a*a + b*b
	}
	if j+1 == len(z) {
		a := row[j] - z[j]
		sum += a * a
	}
	if sum != sum { // something is missing
		sum = f.scaled.Squared(z, row)
	}
	return sum
}

// learn takes a point, given also in scaled units and after around, and returns the cell
// that it is a member of: a strong one if it lies in any, the nearest of those; a new one
// if it lies in none.
func (f *field) learn(x, z []float64, weight float64) *cell {
	mass := weight * f.unit
	if len(f.near) == 0 {
		c := f.found(x, z)
		c.weight = mass
		f.join(c)
		return c
	}
	f.before = f.before[:0]
	for i, c := range f.near {
		f.before = append(append(f.before, c.centre...), f.row(c)...)
		f.touch(c)
		c.weight, c.seen = c.weight+mass, f.now
		u := 3 * math.Sqrt(f.far[i]) / f.radius
		pull(c.centre, x, weight*math.Exp(-u*u/2))
		f.metric.Scale(f.row(c), c.centre)
		for _, other := range f.near[:i] {
			b := c.to(other)
			if b == nil {
				b = tie(c, other)
			}
			b.weight += mass
			f.touch(b.a)
		}
	}
	home := f.home()
	f.keepApart()
	f.join(home)
	return home
}

// home is the cell that takes a point, nil when it lies in none.
func (f *field) home() (home *cell) {
	least := math.Inf(1)
	for i, c := range f.near {
		if home == nil || c.strong && !home.strong || c.strong == home.strong && f.far[i] < least {
			home, least = c, f.far[i]
		}
	}
	return home
}

// keepApart takes the centres back that have come nearer to each other than the radius.
func (f *field) keepApart() {
	bound := f.radius * f.radius
	for i, c := range f.near {
		for j, other := range f.near[:i] {
			if f.squared(f.row(c), f.row(other), bound) < bound {
				f.restore(i)
				f.restore(j)
			}
		}
	}
}

// restore puts the centre of a cell around the point back to where it was.
func (f *field) restore(i int) {
	c := f.near[i]
	row := f.row(c)
	before := f.before[i*(len(c.centre)+len(row)):]
	copy(c.centre, before)
	copy(row, before[len(c.centre):])
}

// found makes a cell with the point as its centre.
func (f *field) found(x, z []float64) *cell {
	f.last++
	c := &cell{id: f.last, centre: slices.Clone(x), seen: f.now, place: len(f.cells)}
	f.cells, f.rows = append(f.cells, c), append(f.rows, z...)
	f.touch(c)
	return c
}

// sweep drops the cells and bonds that have faded to less than a point weighs that is as
// old as the last sweep; of customers, the cells that nobody is a member of.
func (f *field) sweep() (dropped []*cell) {
	weak := math.Exp2(-f.Fading * float64(f.Cleanup))
	for _, c := range f.cells {
		if f.keyed && c.own == 0 && c.micro == nil || !f.keyed && c.weight < weak*f.unit {
			dropped = append(dropped, c)
			continue
		}
		for _, b := range slices.Backward(c.bonds) {
			if b.weight < f.Intersection*weak*f.unit {
				f.untie(b)
			}
		}
	}
	f.drop(dropped...)
	return dropped
}

func (f *field) untie(b *bond) {
	b.a.loosen(b)
	b.b.loosen(b)
	f.touch(b.a)
}

// drop takes cells out. Their customers are counted where those are nearest who stay: each
// field counts all that there are.
func (f *field) drop(cells ...*cell) {
	if len(cells) == 0 {
		return
	}
	for _, c := range cells {
		for len(c.bonds) > 0 {
			f.untie(c.bonds[len(c.bonds)-1])
		}
		c.gone = true
		f.touch(c)
	}
	for _, c := range cells {
		f.bequeath(c)
	}
	d, kept := f.metric.Dims(), 0
	for _, c := range f.cells {
		if !c.gone {
			copy(f.rows[kept*d:(kept+1)*d], f.row(c))
			f.cells[kept], c.place = c, kept
			kept++
		}
	}
	clear(f.cells[kept:])
	f.cells, f.rows = f.cells[:kept], f.rows[:kept*d]
}

// weakest is the cell that weighs least, of equals the one that was touched longest ago.
func (f *field) weakest() (weakest *cell) {
	least := math.Inf(1)
	for _, c := range f.cells {
		w := f.weightOf(c)
		if w < least || w == least && c.seen < weakest.seen {
			weakest, least = c, w
		}
	}
	return weakest
}

// makeRoom drops the weakest cells until there are so many at most.
func (f *field) makeRoom(most int) (dropped []*cell) {
	for len(f.cells) > most {
		weakest := f.weakest()
		f.drop(weakest)
		dropped = append(dropped, weakest)
	}
	return dropped
}
