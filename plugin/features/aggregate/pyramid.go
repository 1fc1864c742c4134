package aggregate

import (
	"math"
	"slices"
	"time"
)

// pyramid keeps the newest events as they are, and those before them in tiles of time that are wider the older they are, so that any
// window can be read out of it. A tile of level l covers 2^l buckets, each base long.
// With B the bucket of the newest event, bucket b is in a tile of the least level l for
// which (B>>(l+1))-(b>>(l+1)) < 8: siblings grow up together, so what the tiles are
// depends on B alone, and what they hold on the set of events. They are between 1/16 and
// 1/7 of their age wide, and at most 73. Tiles that end before the reach are dropped.
//
// A tile knows where in it the first and the last event are, to 1/256 of its width.
type pyramid struct {
	unfading
	lane  form
	base  int64 // nanoseconds
	reach int64 // buckets

	newest int64     // bucket
	recent []instant // the newest events
	digits uint8     // of units: those of the value that has most
	tiles  []tile    // of events before these
}

// tile is the events in one stretch of time.
type tile struct {
	index       int64 // among the tiles of its level
	n           uint64
	units       wide    // the sum, or the least or greatest value
	rest        rest    // what of it are no decimals
	squares     float64 // of the deviations from the mean
	level       uint8
	first, last uint8
}

// Bases of pyramids. A window is read from the finer one while that reaches far enough:
// a boundary that falls into a tile cuts it by estimate.
const (
	fineBase   = 5 * time.Minute
	coarseBase = 24 * time.Hour

	fineReach   = 7 * 24 * time.Hour
	coarseReach = 1024 * 24 * time.Hour
)

// reaches are in buckets.
var reaches = map[time.Duration]int64{
	fineBase:   int64(fineReach / fineBase),
	coarseBase: int64(coarseReach / coarseBase),
}

// baseOf is the base of the pyramid that answers a window.
func baseOf(window time.Duration) time.Duration {
	if window < fineReach {
		return fineBase
	}
	return coarseBase
}

const (
	halfTiles = 8 // m/2: a level but the lowest has at most so many tiles
	mostTiles = 80
)

// bucketOf is the bucket of a time and how far into it the time is.
func bucketOf(at, base int64) (bucket, into int64) {
	bucket, into = at/base, at%base
	if into < 0 {
		bucket--
		into += base
	}
	return bucket, into
}

func (p *pyramid) reset() {
	p.newest, p.digits, p.recent, p.tiles = 0, 0, p.recent[:0], p.tiles[:0]
}

func (p *pyramid) add(e entry, before tally) {
	if bucket, _ := bucketOf(e.at, p.base); before.n == 0 || bucket > p.newest {
		p.advance(bucket)
	}
	one := instant{at: e.at}
	if p.lane != formTiles {
		one.number = e.number
		_, digits, _ := split(e.number, p.digits)
		p.refine(digits)
	}
	p.keep(one)
}

// advance makes a later bucket the newest. Tiles go up to the levels that they have now.
func (p *pyramid) advance(newest int64) {
	p.newest = newest
	kept := p.tiles[:0]
	for _, t := range p.tiles {
		if !p.raise(&t) {
			continue
		}
		if n := len(kept); n > 0 && kept[n-1].same(&t) {
			p.combine(&kept[n-1], &t)
		} else {
			kept = append(kept, t)
		}
	}
	p.tiles = kept
	p.drop()
}

// raise brings a tile to the level at which its buckets are kept; false: they are beyond
// the reach. Places go up exactly, as a floor of a floor.
func (p *pyramid) raise(t *tile) bool {
	bucket := t.index << t.level
	level := t.level
	for p.newest>>(level+1)-bucket>>(level+1) >= halfTiles {
		level++
	}
	up := level - t.level
	within := t.index & (1<<up - 1)
	t.first = uint8((within<<8 + int64(t.first)) >> up)
	t.last = uint8((within<<8 + int64(t.last)) >> up)
	t.level, t.index = level, t.index>>up
	return (t.index+1)<<level > p.newest-p.reach
}

// insert adds the events of a tile of a level not above that which it will have here.
func (p *pyramid) insert(t tile) {
	if !p.raise(&t) {
		return
	}
	// Most events are new: look from the end.
	place := len(p.tiles)
	for place > 0 && p.tiles[place-1].index<<p.tiles[place-1].level > t.index<<t.level {
		place--
	}
	if place > 0 && p.tiles[place-1].same(&t) {
		p.combine(&p.tiles[place-1], &t)
		return
	}
	p.tiles = slices.Insert(p.tiles, place, t)
}

func (t *tile) same(o *tile) bool { return t.index == o.index && t.level == o.level }

// combine adds the events of a tile to those of the same stretch.
func (p *pyramid) combine(t, o *tile) {
	switch p.lane {
	case formTileSums:
		t.units = t.units.plus(o.units)
		t.rest.merge(o.rest)
	case formTileMins:
		if p.less(o, t) {
			t.units, t.rest = o.units, o.rest
		}
	case formTileMaxs:
		if p.less(t, o) {
			t.units, t.rest = o.units, o.rest
		}
	case formTileMoments:
		both := p.moments(t)
		both.combine(p.moments(o))
		t.units, t.squares = t.units.plus(o.units), both.squares
		t.rest.merge(o.rest)
	}
	t.n += o.n
	t.first, t.last = min(t.first, o.first), max(t.last, o.last)
}

// number is what the tile keeps: a sum, or the least or greatest value.
func (p *pyramid) number(t *tile) float64 {
	total := sum{units: t.units, digits: p.digits, rest: t.rest}
	return total.value()
}

// less compares the least or greatest values of tiles.
func (p *pyramid) less(t, o *tile) bool {
	if t.rest == o.rest { // mostly none: then to the last unit
		return t.units.less(o.units)
	}
	return p.number(t) < p.number(o)
}

// resting tells that a tile has a rest.
func (p *pyramid) resting() bool {
	for i := range p.tiles {
		if p.tiles[i].rest != (rest{}) {
			return true
		}
	}
	return false
}

func (p *pyramid) moments(t *tile) moments {
	n := float64(t.n)
	return moments{weight: n, mean: p.number(t) / n, squares: t.squares}
}

// refine makes the units those of more digits.
func (p *pyramid) refine(digits uint8) {
	if digits == p.digits {
		return
	}
	factor := more(p.digits, digits)
	for i := range p.tiles {
		p.tiles[i].units = p.tiles[i].units.times(factor)
	}
	p.digits = digits
}

func (p *pyramid) merge(from state, _ float64, own, _ tally) {
	other := from.(*pyramid)
	if own.n == 0 || other.newest > p.newest {
		p.advance(other.newest)
	}
	p.refine(max(p.digits, other.digits))
	factor := more(other.digits, p.digits)
	for _, t := range other.tiles {
		t.units = t.units.times(factor)
		p.insert(t)
	}
	for _, e := range other.recent {
		p.keep(e)
	}
}

// after is how many of the tile's events are taken to be later than a place in it: as
// many as if they were evenly spaced. That is right on average when they come by chance,
// and exact while there are no more than two. An event at the very time of the cut is
// not later.
func (t *tile) after(cut int64) uint64 {
	first, last := int64(t.first), int64(t.last)
	switch {
	case cut < first:
		return t.n
	case cut >= last:
		return 0
	case t.n <= 2:
		return 1
	}
	steps := float64(t.n - 1)
	spacing := float64(last-first) / steps
	// Places are rounded down: an event may lie up to one further on.
	passed := math.Floor((float64(cut-first) + min(1, spacing/2)) / spacing)
	return uint64(max(1, steps-passed))
}

// window is what a pyramid tells of the events in a stretch of time.
type window struct {
	n       float64
	sum     float64
	extreme float64 // the least or greatest value
	moments moments
}

// later reads the events later than an instant.
func (p *pyramid) later(than int64) (w window) {
	total := sum{digits: p.digits}
	if len(p.recent) > 0 && than < p.recent[0].at {
		p.laterTiles(than, &w, &total)
	}
	for _, e := range p.recent {
		if e.at <= than {
			continue
		}
		w.count(1, e.number, p.lane)
		switch p.lane {
		case formTileSums:
			total.add(entry{number: e.number}, tally{})
		case formTileMoments:
			w.moments.combine(moments{weight: 1, mean: e.number})
		}
	}
	w.sum = saturate(w.sum + total.value())
	return w
}

// count adds events, one of them the least or greatest.
func (w *window) count(n, number float64, lane form) {
	if w.n == 0 || lane == formTileMins && number < w.extreme || lane == formTileMaxs && number > w.extreme {
		w.extreme = number
	}
	w.n += n
}

// laterTiles reads those in tiles. The sum of a tile that is cut goes to that of the window,
// those of whole ones to the total.
func (p *pyramid) laterTiles(than int64, w *window, total *sum) {
	bucket, into := bucketOf(than, p.base)
	for i := len(p.tiles) - 1; i >= 0; i-- {
		t := &p.tiles[i]
		from := t.index << t.level
		if from+1<<t.level <= bucket {
			break
		}
		inside := t.n
		if from <= bucket {
			cut := ((bucket-from)*p.base + into) * 256 / (p.base << t.level)
			if inside = t.after(cut); inside == 0 {
				break
			}
		}
		share := float64(inside) / float64(t.n)
		w.count(float64(inside), p.number(t), p.lane)
		switch {
		case p.lane == formTileMoments:
			m := p.moments(t)
			m.weight, m.squares = float64(inside), m.squares*share
			w.moments.combine(m)
		case inside == t.n:
			total.plus(t.units, p.digits)
			total.rest.merge(t.rest)
		default:
			w.sum = p.number(t) * share
		}
	}
}
