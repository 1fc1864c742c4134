package population

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/shoal-stream/shoal/plugin/record"
)

// Records are canonical: equal counts have equal bytes, and other bytes are refused.
const (
	pageVersion   = 1
	sketchVersion = 1
)

// Append appends the votes to dst: a version; for each page that has votes, how many pages
// without were skipped, and the page. Sketches with the same votes have the same bytes,
// whatever was added and removed before.
func (s *Sketch) Append(dst []byte) []byte {
	dst = append(dst, sketchVersion)
	next := 0
	for _, p := range s.pages {
		dst = binary.AppendUvarint(dst, uint64(int(p.number)-next))
		dst = p.append(dst)
		next = int(p.number) + 1
	}
	return dst
}

// DecodeSketch reads what [Sketch.Append] wrote.
func DecodeSketch(stored []byte) (*Sketch, error) {
	r := record.Read(stored)
	version := r.Byte()
	if !r.Damaged() && version != sketchVersion {
		return nil, fmt.Errorf("reading a sketch of version %d: %w", version, ErrDamaged)
	}
	s := &Sketch{}
	next := uint64(0)
	for len(r.Rest()) > 0 {
		number := next + min(minimal(&r), 1<<16)
		s.take(&r, number)
		next = number + 1
	}
	if !r.Complete() {
		return nil, fmt.Errorf("reading a sketch: %w", ErrDamaged)
	}
	return s, nil
}

// take reads a page that is after all others.
func (s *Sketch) take(r *record.Reader, number uint64) {
	if number >= 1<<(16-pageBits) {
		r.Refuse()
		return
	}
	p := &page{number: uint16(number)}
	p.take(r)
	if r.Damaged() || s.votes+p.votes > maxVotes {
		r.Refuse()
		return
	}
	s.votes += p.votes
	s.pages = append(s.pages, p)
}

// append writes which buckets have votes, as 8 bytes, and uvarints of how many.
func (p *page) append(dst []byte) []byte {
	var used uint64
	for place, count := range &p.counts {
		if count > 0 {
			used |= 1 << place
		}
	}
	dst = binary.LittleEndian.AppendUint64(dst, used)
	for _, count := range &p.counts {
		if count > 0 {
			dst = binary.AppendUvarint(dst, count)
		}
	}
	return dst
}

// take reads a page. One without votes is refused, as is a vote that no value casts.
func (p *page) take(r *record.Reader) {
	used := r.Uint64()
	for rest := used; rest != 0; rest &= rest - 1 {
		place := bits.TrailingZeros64(rest)
		count := minimal(r)
		if count == 0 || count > maxVotes || !p.bucket(place).valid() {
			r.Refuse()
			return
		}
		p.counts[place] = count
		p.votes += count
	}
	if used == 0 {
		r.Refuse()
	}
}

// minimal takes an unsigned number that is written in as few bytes as there can be: so
// equal numbers have equal bytes.
func minimal(r *record.Reader) uint64 {
	before := r.Rest()
	v := r.Uvarint()
	if n := len(before) - len(r.Rest()); n > 1 && !r.Damaged() && before[n-1] == 0 {
		r.Refuse()
		return 0
	}
	return v
}
