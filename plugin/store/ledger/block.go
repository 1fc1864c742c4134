package ledger

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/shoal-stream/shoal/plugin/record"
)

// blockSize is the number of offsets that share a record.
const blockSize = 4096

// block is the set of applied offsets among blockSize neighbours, and the range of
// the timestamps that the source gave them.
type block struct {
	applied     [blockSize / 64]uint64
	first, last int64 // milliseconds; first > last while none is known
}

func newBlock() *block { return &block{first: 1, last: 0} }

func (b *block) has(offset int64) bool {
	return b.applied[offset%blockSize/64]&(1<<(offset%64)) != 0
}

func (b *block) add(offset, timestamp int64) {
	b.applied[offset%blockSize/64] |= 1 << (offset % 64)
	switch {
	case timestamp == 0:
	case b.first > b.last:
		b.first, b.last = timestamp, timestamp
	default:
		b.first, b.last = min(b.first, timestamp), max(b.last, timestamp)
	}
}

// foreign tells that a timestamp cannot be that of an event in this block.
func (b *block) foreign(timestamp int64) bool {
	return timestamp != 0 && b.first <= b.last && (timestamp < b.first || timestamp > b.last)
}

// The record: version, form, zigzag(first), uvarint(last-first+1, 0 for none), then
// either the words of the bitmap or uvarints: gap, length, gap, length, ...
const (
	blockVersion = 1
	formRuns     = 0
	formBitmap   = 1
)

func (b *block) append(dst []byte) []byte {
	dst = append(dst, blockVersion, formRuns)
	form := len(dst) - 1
	dst = binary.AppendVarint(dst, b.first)
	dst = binary.AppendUvarint(dst, uint64(b.last-b.first+1))
	start := len(dst)
	for at := 0; ; {
		from := b.nextBit(at, 0)
		if from == blockSize {
			return dst
		}
		to := b.nextBit(from, ^uint64(0))
		dst = binary.AppendUvarint(dst, uint64(from-at))
		dst = binary.AppendUvarint(dst, uint64(to-from))
		if len(dst)-start > blockSize/8 {
			break
		}
		at = to
	}
	dst = dst[:start]
	dst[form] = formBitmap
	for _, word := range b.applied {
		dst = binary.LittleEndian.AppendUint64(dst, word)
	}
	return dst
}

// nextBit is the first place from at on whose bit differs from flip's: with flip 0
// the next applied offset, with all ones the next that is not.
func (b *block) nextBit(at int, flip uint64) int {
	for at < blockSize {
		if word := (b.applied[at/64] ^ flip) >> (at % 64); word != 0 {
			return at + bits.TrailingZeros64(word)
		}
		at = (at/64 + 1) * 64
	}
	return blockSize
}

var errBlock = errors.New("a record of applied offsets is damaged: restore the newest backup to a new path")

func decodeBlock(stored []byte) (*block, error) {
	r := record.Read(stored)
	version, form := r.Byte(), r.Byte()
	first, span := r.Varint(), r.Uvarint()
	if r.Damaged() || version != blockVersion {
		return nil, errBlock
	}
	b := &block{first: first, last: first + int64(span) - 1}

	switch form {
	case formBitmap:
		for i := range b.applied {
			b.applied[i] = r.Uint64()
		}
	case formRuns:
		for at := uint64(0); len(r.Rest()) > 0; {
			gap, length := r.Uvarint(), r.Uvarint()
			if gap > blockSize || length > blockSize || at+gap+length > blockSize {
				return nil, errBlock
			}
			for at += gap; length > 0; length-- {
				b.applied[at/64] |= 1 << (at % 64)
				at++
			}
		}
	default:
		return nil, errBlock
	}
	if !r.Complete() {
		return nil, errBlock
	}
	return b, nil
}
