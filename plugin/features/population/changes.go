package population

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/shoal-stream/shoal/plugin/record"
)

// change is votes for a bucket that come, or go if they are negative.
type change struct {
	at    place
	votes int64
}

// place is a count of a population: the slot of its feature, and the bucket.
type place uint32

func placeOf(slot int, b Bucket) place { return place(slot)<<16 | place(b) }

func (p place) slot() int      { return int(p >> 16) }
func (p place) bucket() Bucket { return Bucket(p) }

// placePage is that of a page of counts: the key that it is stored under.
type placePage uint32

func (p place) page() placePage { return placePage(p >> pageBits) }

func (p placePage) slot() int      { return int(p >> (16 - pageBits)) }
func (p placePage) number() uint16 { return uint16(p & (1<<(16-pageBits) - 1)) }

// net sorts changes by place and adds up those of one place, in their own memory. What
// comes to nothing is left out.
func net(changes []change) []change {
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	sums := changes[:0]
	for i := 0; i < len(changes); {
		sum := changes[i]
		for i++; i < len(changes) && changes[i].at == sum.at; i++ {
			sum.votes += changes[i].votes
		}
		if sum.votes != 0 {
			sums = append(sums, sum)
		}
	}
	return sums
}

// The record of net changes: a version, then for each how far its place is from the one
// before, shifted by two bits that say what happens to its count, and how many votes that
// is where it is not one. Between neighbours, a vote that moves takes two bytes.
const (
	changesVersion = 1

	oneComes = 0
	oneGoes  = 1
	someCome = 2
	someGo   = 3
)

func appendChanges(dst []byte, net []change) []byte {
	dst = append(dst, changesVersion)
	before := place(0)
	for _, c := range net {
		distance := uint64(c.at-before) << 2
		before = c.at
		switch {
		case c.votes == 1:
			dst = binary.AppendUvarint(dst, distance|oneComes)
		case c.votes == -1:
			dst = binary.AppendUvarint(dst, distance|oneGoes)
		case c.votes > 0:
			dst = binary.AppendUvarint(dst, distance|someCome)
			dst = binary.AppendUvarint(dst, uint64(c.votes))
		default:
			dst = binary.AppendUvarint(dst, distance|someGo)
			dst = binary.AppendUvarint(dst, uint64(-c.votes))
		}
	}
	return dst
}

// decodeChanges appends the changes of a record to dst. Other bytes than appendChanges
// writes are refused.
func decodeChanges(dst []change, stored []byte) ([]change, error) {
	r := record.Read(stored)
	if version := r.Byte(); !r.Damaged() && version != changesVersion {
		return dst, fmt.Errorf("reading changes of votes of version %d: %w", version, ErrDamaged)
	}
	before := uint64(0)
	for len(r.Rest()) > 0 {
		head := minimal(&r)
		distance, form := head>>2, head&3
		at := before + distance
		if distance == 0 || at >= maxSlots<<16 || !place(at).bucket().valid() {
			r.Refuse()
			break
		}
		before = at
		votes := int64(1)
		if form >= someCome {
			some := minimal(&r)
			if some < 2 || some > maxVotes {
				r.Refuse()
				break
			}
			votes = int64(some)
		}
		if form == oneGoes || form == someGo {
			votes = -votes
		}
		dst = append(dst, change{place(at), votes})
	}
	if !r.Complete() {
		return dst, fmt.Errorf("reading changes of votes: %w", ErrDamaged)
	}
	return dst, nil
}
