package population

import (
	"encoding/binary"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/record"
)

// Ballot is what one customer last voted. It is kept with the customer: without it, their
// votes could not be taken back. The zero Ballot is that of a customer who has not voted.
//
// A ballot changes by [Batch.Cast] and [Batch.Withdraw] only.
type Ballot struct {
	votes []Bucket // by slot; the last one is not an abstention
}

// Empty tells that the customer has no vote.
func (b *Ballot) Empty() bool { return len(b.votes) == 0 }

// Reset makes the ballot that of a customer who has not voted, and keeps its memory.
func (b *Ballot) Reset() { b.votes = b.votes[:0] }

// vote is the one in a slot.
func (b *Ballot) vote(slot int) Bucket {
	if slot < len(b.votes) {
		return b.votes[slot]
	}
	return Abstention
}

// Append appends the ballot to dst: the number of slots up to the last vote, then for each
// an abstention as byte 0x00, zero as 0x80, and other buckets as two bytes, the high one
// first. It has no version: that is the matter of the record that it is part of.
func (b *Ballot) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b.votes)))
	for _, vote := range b.votes {
		dst = append(dst, byte(vote>>8))
		if vote != Abstention && vote != zero {
			dst = append(dst, byte(vote))
		}
	}
	return dst
}

// Take reads a ballot off the front of a record, and refuses what cannot be one. It reuses
// the memory of the ballot.
func (b *Ballot) Take(r *record.Reader) {
	b.Reset()
	for range slotCount(r) {
		vote := Bucket(r.Byte()) << 8
		if vote != Abstention && vote != zero {
			vote |= Bucket(r.Byte())
			if vote == zero || !vote.valid() {
				r.Refuse()
			}
		}
		b.votes = append(b.votes, vote)
	}
	if n := len(b.votes); n > 0 && b.votes[n-1] == Abstention {
		r.Refuse()
	}
	if r.Damaged() {
		b.Reset()
	}
}

// slotCount takes a number of slots, of a byte or more each.
func slotCount(r *record.Reader) int {
	n := minimal(r)
	if n > maxSlots || n > uint64(len(r.Rest())) {
		r.Refuse()
		return 0
	}
	return int(n)
}

// Decode reads a record that is a ballot and nothing else.
func (b *Ballot) Decode(stored []byte) error {
	r := record.Read(stored)
	b.Take(&r)
	if !r.Complete() {
		b.Reset()
		return fmt.Errorf("reading what a customer voted: %w", ErrDamaged)
	}
	return nil
}
