package aggregate

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// mostRecent is how many events of a measure keep their times and values: as many as most
// customers ever have.
const mostRecent = 32

// instant is an event that keeps its time and, unless only times matter, its value.
type instant struct {
	at     int64
	number float64
}

func (e instant) compare(o instant) int {
	return cmp.Or(cmp.Compare(e.at, o.at), cmp.Compare(e.number, o.number))
}

// keep takes an event: among the newest as it is, or into a tile. The newest of a set are
// the same in whatever order they come, so the tiles of the others are, too.
func (p *pyramid) keep(e instant) {
	if !p.within(e.at) {
		return
	}
	// Most events are new: look from the end.
	place := len(p.recent)
	for place > 0 && e.compare(p.recent[place-1]) < 0 {
		place--
	}
	switch {
	case len(p.recent) < mostRecent:
		p.recent = slices.Insert(p.recent, place, e)
	case place == 0:
		p.tile(e)
	default:
		p.tile(p.recent[0])
		copy(p.recent, p.recent[1:place])
		p.recent[place-1] = e
	}
}

// within tells that the tile of a time would not be beyond the reach. Events go when their
// tiles would: so there are no tiles while there is room among the newest.
func (p *pyramid) within(at int64) bool {
	bucket, _ := bucketOf(at, p.base)
	return p.raise(&tile{index: bucket})
}

// drop lets go of those beyond the reach.
func (p *pyramid) drop() {
	gone := 0
	for gone < len(p.recent) && !p.within(p.recent[gone].at) {
		gone++
	}
	p.recent = slices.Delete(p.recent, 0, gone)
}

// tile puts an event into a tile.
func (p *pyramid) tile(e instant) {
	bucket, into := bucketOf(e.at, p.base)
	one := tile{index: bucket, n: 1, first: uint8(into * 256 / p.base)}
	one.last = one.first
	if p.lane != formTiles {
		var digits uint8
		one.units, digits, one.rest.high = split(e.number, p.digits)
		p.refine(digits)
	}
	p.insert(one)
}

func (p *pyramid) coarsest(number int) int {
	for _, e := range p.recent {
		number = coarsest(e.at, number)
	}
	return number
}

// appendTimes appends the number of the newest events and how long before the one after
// it each was, but for the last, whose time the tally has; a bit tells that they are those
// of the peer.
func (p *pyramid) appendTimes(dst []byte, peer *pyramid, unit int64) []byte {
	head := uint64(len(p.recent)) << 1
	if peer != nil && p.sameTimes(peer) {
		return binary.AppendUvarint(dst, head|1)
	}
	dst = binary.AppendUvarint(dst, head)
	for i := len(p.recent) - 1; i > 0; i-- {
		dst = appendBefore(dst, p.recent[i].at, p.recent[i-1].at, unit)
	}
	return dst
}

func (p *pyramid) sameTimes(o *pyramid) bool {
	return slices.EqualFunc(p.recent, o.recent, func(a, b instant) bool { return a.at == b.at })
}

func (p *pyramid) decodeTimes(r *reader, peer *pyramid, f frame) {
	head := r.Uvarint()
	n := int(min(head>>1, mostRecent+1))
	same := head&1 != 0
	if n == 0 || n > mostRecent || same && (peer == nil || len(peer.recent) != n) {
		r.Refuse()
		return
	}
	p.recent = slices.Grow(p.recent, mostRecent)[:n]
	at := f.tally.newest
	for i := n - 1; i >= 0; i-- {
		if i < n-1 && !same {
			at = r.before(at, f.unit)
		}
		if same {
			at = peer.recent[i].at
		}
		p.recent[i] = instant{at: at}
	}
}

// wholly is set in the number of digits when a value is not a decimal of so many: each
// then has its own.
const wholly = 0x80

// appendNumbers appends the digits of the units and the values of the newest events.
func (p *pyramid) appendNumbers(dst []byte) []byte {
	from := len(dst)
	head := p.digits
	if p.resting() {
		head |= resting
	}
	dst = append(dst, head)
	for _, e := range p.recent {
		units, digits := decimal(e.number, p.digits)
		if digits != p.digits || math.Float64bits(value(units, digits)) != math.Float64bits(e.number) {
			dst = append(dst[:from], head|wholly)
			for _, e := range p.recent {
				dst = appendNumber(dst, e.number)
			}
			return dst
		}
		dst = appendWide(dst, units)
	}
	return dst
}

// decodeNumbers tells whether the tiles have rests.
func (p *pyramid) decodeNumbers(r *reader) (rests bool) {
	head := r.Byte()
	p.digits = r.digits(head &^ (wholly | resting))
	for i := range p.recent {
		if head&wholly != 0 {
			p.recent[i].number = r.number()
		} else {
			p.recent[i].number = value(r.wide(), p.digits)
		}
	}
	return head&resting != 0
}
