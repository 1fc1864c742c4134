package ledger

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/shoal-stream/shoal/plugin/record"
)

// blockSize is the number of offsets that share a record.
const blockSize = 4096

// spanSize is the number of neighbours whose timestamps are kept together.
const spanSize = 64

// block is the set of applied offsets among blockSize neighbours, and what is known of the
// timestamps that the source gave them.
type block struct {
	applied words
	named   words // those of them that had an id
	spans   [blockSize / spanSize]span
}

// span knows one of its timestamps, which are in milliseconds, exactly, and the range of all.
type span struct {
	timestamp int64 // of the first that was applied; 0: none is known
	low, high int64
	place     byte // offset of the first within the span
}

func newBlock() *block { return &block{} }

func (b *block) has(offset int64) bool {
	return b.applied[offset%blockSize/64]&(1<<(offset%64)) != 0
}

// isNamed tells that what was applied at this offset first had an id.
func (b *block) isNamed(offset int64) bool {
	return b.named[offset%blockSize/64]&(1<<(offset%64)) != 0
}

func (b *block) add(offset, timestamp int64, named bool) {
	b.applied[offset%blockSize/64] |= 1 << (offset % 64)
	if named {
		b.named[offset%blockSize/64] |= 1 << (offset % 64)
	}
	s := &b.spans[offset%blockSize/spanSize]
	switch {
	case timestamp == 0:
	case s.timestamp == 0:
		*s = span{timestamp: timestamp, low: timestamp, high: timestamp, place: byte(offset % spanSize)}
	default:
		s.low, s.high = min(s.low, timestamp), max(s.high, timestamp)
	}
}

// foreign tells that an event with this timestamp is not the one that was applied at this
// offset: another timestamp is known for it, or it is none of those in this span.
func (b *block) foreign(offset, timestamp int64) bool {
	s := b.spans[offset%blockSize/spanSize]
	switch {
	case timestamp == 0 || s.timestamp == 0:
		return false
	case s.place == byte(offset%spanSize):
		return s.timestamp != timestamp
	default:
		return timestamp < s.low || timestamp > s.high
	}
}

// The record: version, form, which had an id, the number of spans up to the last whose
// timestamps are known, these, then either the words of the bitmap or uvarints: gap, length,
// gap, length, ...
//
// Which had an id is a byte: none, all that were applied, or some, and then the words of their
// bitmap.
//
// A span is a byte, its place plus 1, or 0 where nothing is known; then varint(timestamp -
// the timestamp of the span before), uvarint(timestamp - low), uvarint(high - timestamp).
const (
	blockVersion = 3
	formRuns     = 0
	formBitmap   = 1

	namedNone = 0
	namedAll  = 1
	namedSome = 2
)

func (b *block) append(dst []byte) []byte {
	dst = append(dst, blockVersion, formRuns)
	form := len(dst) - 1
	dst = b.appendNamed(dst)
	dst = b.appendSpans(dst)
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
	return appendWords(dst, &b.applied)
}

type words = [blockSize / 64]uint64

func appendWords(dst []byte, bitmap *words) []byte {
	for _, word := range bitmap {
		dst = binary.LittleEndian.AppendUint64(dst, word)
	}
	return dst
}

func readWords(r *record.Reader, bitmap *words) {
	for i := range bitmap {
		bitmap[i] = r.Uint64()
	}
}

func (b *block) appendNamed(dst []byte) []byte {
	switch b.named {
	case words{}:
		return append(dst, namedNone)
	case b.applied:
		return append(dst, namedAll)
	default:
		return appendWords(append(dst, namedSome), &b.named)
	}
}

func (b *block) appendSpans(dst []byte) []byte {
	n := len(b.spans)
	for n > 0 && b.spans[n-1].timestamp == 0 {
		n--
	}
	dst = append(dst, byte(n))
	before := int64(0)
	for _, s := range b.spans[:n] {
		if s.timestamp == 0 {
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, s.place+1)
		dst = binary.AppendVarint(dst, s.timestamp-before)
		dst = binary.AppendUvarint(dst, uint64(s.timestamp-s.low))
		dst = binary.AppendUvarint(dst, uint64(s.high-s.timestamp))
		before = s.timestamp
	}
	return dst
}

func (b *block) readSpans(r *record.Reader) (ok bool) {
	n := int(r.Byte())
	if n > len(b.spans) {
		return false
	}
	before := int64(0)
	for i := range n {
		place := r.Byte()
		if place == 0 {
			continue
		}
		timestamp := before + r.Varint()
		s := span{timestamp: timestamp, low: timestamp - int64(r.Uvarint()), high: timestamp + int64(r.Uvarint()), place: place - 1}
		if s.place >= spanSize || s.timestamp == 0 || s.low > timestamp || s.high < timestamp {
			return false
		}
		b.spans[i], before = s, timestamp
	}
	return n == 0 || b.spans[n-1].timestamp != 0
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
	version, form, named := r.Byte(), r.Byte(), r.Byte()
	b := newBlock()
	if named == namedSome {
		readWords(&r, &b.named)
	}
	if version != blockVersion || named > namedSome || !b.readSpans(&r) || r.Damaged() {
		return nil, errBlock
	}
	switch form {
	case formBitmap:
		readWords(&r, &b.applied)
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
	if named == namedAll {
		b.named = b.applied
	}
	for i, word := range b.named {
		if word&^b.applied[i] != 0 {
			return nil, errBlock
		}
	}
	return b, nil
}
