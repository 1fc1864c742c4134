// Package record reads the compact binary records that state is kept in.
package record

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Reader takes numbers off the front of a record. When one is not there it gives zeros
// from then on, and remembers that the record is damaged: whoever reads asks once, at the
// end.
type Reader struct {
	rest    []byte
	damaged bool
}

// Read begins at the front of a record, which is not modified.
func Read(record []byte) Reader { return Reader{rest: record} }

// Rest is what has not been taken yet: nothing once the record is damaged.
func (r *Reader) Rest() []byte { return r.rest }

// Damaged tells that something was not there, or was refused by [Reader.Refuse].
func (r *Reader) Damaged() bool { return r.damaged }

// Complete tells that all of the record was taken, and nothing was missing.
func (r *Reader) Complete() bool { return !r.damaged && len(r.rest) == 0 }

// Refuse makes the record damaged: what was taken cannot be so.
func (r *Reader) Refuse() { r.rest, r.damaged = nil, true }

// Bytes takes n bytes, which share the memory of the record: nil when there are fewer.
func (r *Reader) Bytes(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.Refuse()
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

// Byte takes one byte.
func (r *Reader) Byte() byte {
	if b := r.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// Uvarint takes an unsigned number.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.skip(n)
	return v
}

// Count takes a number of things that are at least so many bytes long each. More than
// there is room for are refused: so nothing is allocated for what cannot be there.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(len(r.rest)/size) {
		r.Refuse()
		return 0
	}
	return int(n)
}

// Varint takes a signed number.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.rest)
	r.skip(n)
	return v
}

func (r *Reader) skip(n int) {
	if n <= 0 {
		r.Refuse()
		return
	}
	r.rest = r.rest[n:]
}

// Uint64 takes 8 bytes, little endian.
func (r *Reader) Uint64() uint64 {
	if b := r.Bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Float takes a float64 of any value, 8 bytes, little endian.
func (r *Reader) Float() float64 { return math.Float64frombits(r.Uint64()) }

// AppendCompact writes a float64 in which round numbers are short: its bytes from the sign
// on as one varint, ten bytes at most.
func AppendCompact(dst []byte, v float64) []byte {
	return binary.AppendUvarint(dst, bits.ReverseBytes64(math.Float64bits(v)))
}

// Compact takes a float64 that AppendCompact wrote. One that is not finite is refused.
func (r *Reader) Compact() float64 {
	v := math.Float64frombits(bits.ReverseBytes64(r.Uvarint()))
	if math.IsNaN(v) || math.IsInf(v, 0) {
		r.Refuse()
		return 0
	}
	return v
}
