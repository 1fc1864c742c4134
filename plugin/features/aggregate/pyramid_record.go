package aggregate

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/record"
)

// The record of a pyramid is the number of the newest events and the times between them;
// if there are as many as can be, the number of tiles; the tiles from the newest: how many
// places for tiles were skipped, the number of events, the place of the first in the tile
// and that of the last if there are several; and what the lane keeps: the number of digits,
// the values of the newest events, and for each tile its units, if any has a rest that, and, of moments, the squares. As the newest bucket
// determines the places for tiles, a tile need not say which it is. Pyramids for the same
// kinds of events mostly have the same times and tiles: a bit of their number says so instead.

// places walks through the places for tiles from the newest.
type places struct {
	newest int64
	index  int64
	level  uint8
}

func placesFrom(newest int64) places { return places{newest: newest, index: newest} }

// next goes to the place after this.
func (p *places) next() {
	p.index--
	if p.index < (p.newest>>(p.level+1)-halfTiles+1)<<1 { // the least of its level
		p.level++
		p.index = p.newest>>p.level - halfTiles
	}
}

func (p *places) isOf(t *tile) bool { return p.level == t.level && p.index == t.index }

func (p *pyramid) append(dst []byte, f frame) []byte {
	peer, _ := f.peer.(*pyramid)
	dst = p.appendTimes(dst, peer, f.unit)
	if len(p.recent) < mostRecent {
		// There are no tiles.
	} else if peer != nil && p.sameTiles(peer) {
		dst = binary.AppendUvarint(dst, uint64(len(p.tiles))<<1|1)
	} else {
		dst = p.appendTiles(binary.AppendUvarint(dst, uint64(len(p.tiles))<<1))
	}
	if p.lane == formTiles {
		return dst
	}
	dst = p.appendNumbers(dst)
	rests := p.resting()
	for i := range p.tiles {
		t := &p.tiles[i]
		dst = appendWide(dst, t.units)
		if rests {
			dst = t.rest.append(dst)
		}
		if p.lane == formTileMoments && t.n > 1 {
			dst = record.AppendCompact(dst, t.squares)
		}
	}
	return dst
}

// sameTiles tells that events of another pyramid are in the same tiles, at the same
// places.
func (p *pyramid) sameTiles(o *pyramid) bool {
	return p.newest == o.newest && slices.EqualFunc(p.tiles, o.tiles, func(a, b tile) bool {
		return a.index == b.index && a.level == b.level && a.n == b.n && a.first == b.first && a.last == b.last
	})
}

func (p *pyramid) appendTiles(dst []byte) []byte {
	place, skipped := placesFrom(p.newest), uint64(0)
	for _, t := range slices.Backward(p.tiles) {
		for !place.isOf(&t) {
			place.next()
			skipped++
		}
		place.next()
		// Most tiles of most customers hold one event: that takes no byte of its own.
		head := skipped << 1
		if t.n > 1 {
			head |= 1
		}
		dst = append(binary.AppendUvarint(dst, head), t.first)
		if t.n > 1 {
			dst = append(binary.AppendUvarint(dst, t.n), t.last)
		}
		skipped = 0
	}
	return dst
}

func (p *pyramid) decode(r *reader, f frame) {
	p.newest, _ = bucketOf(f.tally.newest, p.base)
	peer, _ := f.peer.(*pyramid)
	p.decodeTimes(r, peer, f)
	if len(p.recent) == mostRecent {
		p.decodeAllTiles(r, peer)
	}
	if p.lane == formTiles || r.Damaged() {
		return
	}
	rests := p.decodeNumbers(r)
	for i := range p.tiles {
		t := &p.tiles[i]
		t.units = r.wide()
		if rests {
			t.rest = r.rest()
		}
		if p.lane == formTileMoments && t.n > 1 {
			t.squares = r.Compact()
		}
	}
}

// decodeAllTiles reads tiles, or takes those of the peer.
func (p *pyramid) decodeAllTiles(r *reader, peer *pyramid) {
	head := r.Uvarint()
	n := head >> 1
	switch {
	case n > mostTiles:
		r.Refuse()
	case head&1 == 0:
		p.decodeTiles(r, int(n))
	case peer != nil && peer.newest == p.newest && len(peer.tiles) == int(n):
		for _, t := range peer.tiles {
			p.tiles = append(p.tiles, tile{index: t.index, level: t.level, n: t.n, first: t.first, last: t.last})
		}
	default:
		r.Refuse()
	}
}

func (p *pyramid) decodeTiles(r *reader, n int) {
	place := placesFrom(p.newest)
	for range n {
		head := r.Uvarint()
		if head>>1 > mostTiles {
			r.Refuse()
			return
		}
		for range head >> 1 {
			place.next()
		}
		t := tile{index: place.index, level: place.level, n: 1, first: r.Byte()}
		t.last = t.first
		place.next()
		if head&1 != 0 {
			t.n, t.last = r.Uvarint(), r.Byte()
		}
		if (t.index+1)<<t.level <= p.newest-p.reach || r.Damaged() {
			r.Refuse()
			return
		}
		p.tiles = append(p.tiles, t)
	}
	slices.Reverse(p.tiles)
}

func (p *pyramid) check(t tally) string {
	if len(p.recent) == 0 || !slices.IsSortedFunc(p.recent, instant.compare) || p.recent[len(p.recent)-1].at != t.newest {
		return wrongTime
	}
	n := uint64(len(p.recent))
	for i := range p.tiles {
		tile := &p.tiles[i]
		if tile.n == 0 || tile.n > math.MaxUint64-n || tile.first > tile.last || tile.squares < 0 {
			return wrongNumbers
		}
		n += tile.n
	}
	if n > t.n { // those beyond the reach are gone
		return wrongNumbers
	}
	return ""
}
