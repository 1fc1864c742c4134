package density

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// kindCell is the kind of the records beside those of the population. Their number has the
// rung of the ladder in its first byte, and goes on with the cell's id.
const (
	kindCell = 'c'
	cellBits = 56
)

// Save implements [clustering.Engine].
func (e *Engine) Save(to clustering.Records) {
	w := e.population.Begin(to)
	p, c, l := e.population, e.clock, e.ladder
	w.Varint(c.asOf)
	w.Varint(c.swept)
	w.Varint(l.used().now)
	w.Varint(l.landmark)
	for _, n := range [...]uint64{c.applied, c.looked, c.refreshed, c.doubts, uint64(p.Last), p.Refinements, l.learned, l.scored, l.doubts, uint64(l.use), uint64(e.d)} {
		w.Uvarint(n)
	}
	w.Bool(c.learning)
	w.Bool(l.settled)
	w.Varint(p.AsOf)
	w.Varint(p.Landmark)
	w.Float(p.Weight)
	w.Float(l.total)
	for _, f := range l.fields {
		w.Uvarint(f.last)
		w.Uvarint(uint64(len(f.cells)))
		w.Float(f.outside)
	}
	w.Put()
	p.SaveMetric(w)
	p.Save(w)
	for rung, f := range l.fields {
		f.save(w, rung)
	}
}

// save puts the cells that changed.
func (f *field) save(w *population.Writer, rung int) {
	for _, c := range f.changed {
		w.Begin(kindCell, uint64(rung)<<cellBits|c.id)
		c.changed = false
		if c.gone {
			w.Delete()
			continue
		}
		c.save(w)
		w.Put()
	}
	clear(f.changed)
	f.changed = f.changed[:0]
}

// save appends the cell with its bonds to younger ones.
func (c *cell) save(w *population.Writer) {
	w.Floats(c.centre)
	w.Float(c.weight)
	w.Float(c.own)
	w.Varint(c.seen)
	w.Float(c.fit)
	w.Float(c.points)
	w.Bool(c.strong)
	w.Uvarint(c.cluster)
	micro := clustering.MicroID(0)
	if c.micro != nil {
		micro = c.micro.ID
	}
	w.Uvarint(uint64(micro))
	younger := 0
	for _, b := range c.bonds {
		if b.a == c {
			younger++
		}
	}
	w.Uvarint(uint64(younger))
	for _, b := range c.bonds {
		if b.a == c {
			w.Uvarint(b.b.id)
			w.Float(b.weight)
			w.Bool(b.holds)
		}
	}
}

// Load implements [clustering.Engine].
func (e *Engine) Load(key, value []byte) error {
	return e.population.Load(key, value, func(kind byte, number uint64, r *population.Reader) {
		switch kind {
		case population.KindHeader:
			e.loadHeader(r)
		case kindCell:
			if f := e.ladder.rung(number>>cellBits, r); f != nil {
				f.loadCell(number&(1<<cellBits-1), r)
			}
		default:
			r.Refuse()
		}
	})
}

// rung is the field of a number; there may be none.
func (l *ladder) rung(number uint64, r *population.Reader) *field {
	if number >= uint64(len(l.fields)) {
		r.Refuse()
		return nil
	}
	return l.fields[number]
}

func (e *Engine) loadHeader(r *population.Reader) {
	p, c, l := e.population, &e.clock, e.ladder
	c.asOf, c.swept = r.Varint(), r.Varint()
	now, landmark := r.Varint(), r.Varint()
	c.applied, c.looked, c.refreshed, c.doubts = r.Uvarint(), r.Uvarint(), r.Uvarint(), r.Uvarint()
	p.Last, p.Refinements = clustering.MicroID(r.Uvarint()), r.Uvarint()
	l.learned, l.scored, l.doubts = r.Uvarint(), r.Uvarint(), r.Uvarint()
	use, d := r.Uvarint(), r.Uvarint()
	if use >= uint64(len(l.fields)) || d > mostDimensions {
		r.Refuse()
		return
	}
	l.use, e.d = int(use), int(d)
	c.learning, l.settled = r.Bool(), r.Bool()
	p.AsOf, p.Landmark = r.Varint(), r.Varint()
	p.Weight, l.total = r.Float(), r.Float()
	l.resume(now, landmark)
	for _, f := range l.fields {
		f.last, f.stored, f.outside = r.Uvarint(), r.Uvarint(), r.Float()
	}
}

// mostDimensions is more than anybody has: it bounds what damaged records can ask for.
const mostDimensions = 1 << 20

func (f *field) loadCell(id uint64, r *population.Reader) {
	c := &cell{id: id, centre: r.Floats(), weight: r.Float(), own: r.Float(), seen: r.Varint(), fit: r.Float(), points: r.Float(), strong: r.Bool(), cluster: r.Uvarint()}
	if micro := r.Uvarint(); micro != 0 {
		c.micro = &population.Micro{ID: clustering.MicroID(micro)} // until it is linked
	}
	for range r.Count(10) {
		c.bonds = append(c.bonds, &bond{a: c, b: &cell{id: r.Uvarint()}, weight: r.Float(), holds: r.Bool()})
	}
	f.cells = append(f.cells, c)
}

// Ready implements [clustering.Engine].
func (e *Engine) Ready() error { return e.population.Ready(e.link, e.Check) }

var errLink = errors.New("it refers to what is not there")

// link follows the references of the cells.
func (e *Engine) link() error {
	for rung, f := range e.ladder.fields {
		if err := f.link(); err != nil {
			return fmt.Errorf("radius %d: %w", rung, err)
		}
		f.widen(e.d)
		if rung != e.ladder.use && slices.ContainsFunc(f.cells, func(c *cell) bool { return c.micro != nil }) {
			return fmt.Errorf("radius %d, which is not in use: %w", rung, errLink)
		}
	}
	e.ladder.measure(e.population.Metric)
	for _, c := range e.ladder.used().cells {
		if c.micro == nil {
			continue
		}
		m := e.population.Micro(c.micro.ID)
		if m == nil || e.cells[m] != nil {
			return fmt.Errorf("cell %d, micro-cluster %d: %w", c.id, c.micro.ID, errLink)
		}
		c.micro, e.cells[m] = m, c
	}
	for m := range e.population.ByID() {
		if e.cells[m] == nil {
			e.unhoused = append(e.unhoused, m)
		}
	}
	return nil
}

// link puts the cells in order, and makes their bonds mutual.
func (f *field) link() error {
	if uint64(len(f.cells)) != f.stored {
		return fmt.Errorf("there are %d of %d cells", len(f.cells), f.stored)
	}
	slices.SortFunc(f.cells, byAge)
	for i, c := range f.cells {
		c.place = i
	}
	for _, c := range f.cells {
		for _, b := range slices.Clone(c.bonds) {
			if b.a != c {
				continue // an older cell's, by now
			}
			place, found := slices.BinarySearchFunc(f.cells, b.b, byAge)
			if !found || place <= c.place {
				return fmt.Errorf("cell %d, bond with %d: %w", c.id, b.b.id, errLink)
			}
			b.b = f.cells[place]
			b.b.bonds = append(b.b.bonds, b)
		}
	}
	return nil
}

// Check implements [clustering.Engine].
func (e *Engine) Check() error {
	if err := e.population.Check(); err != nil {
		return err
	}
	housed := 0
	for _, c := range e.ladder.used().cells {
		if c.micro == nil {
			continue
		}
		housed++
		if e.cells[c.micro] != c {
			return fmt.Errorf("the members of cell %d are in micro-cluster %d, which does not know", c.id, c.micro.ID)
		}
	}
	if housed != len(e.cells) || housed+len(e.unhoused) != e.population.Len() {
		return fmt.Errorf("of %d micro-clusters, %d are in cells and %d in none", e.population.Len(), housed, len(e.unhoused))
	}
	for rung, f := range e.ladder.fields {
		counted := 0.0
		for i, c := range f.cells {
			counted += c.own
			if c.place != i || c.gone || c.id > f.last || i > 0 && f.cells[i-1].id >= c.id || len(c.centre) != e.d {
				return fmt.Errorf("cell %d of radius %d is out of place", c.id, rung)
			}
		}
		if e.config.Keyed && e.clock.learning && math.Abs(counted-e.population.Weight) > 1e-6*e.population.Weight {
			return fmt.Errorf("the cells of radius %d count %v of %v customers", rung, counted, e.population.Weight)
		}
	}
	return nil
}
