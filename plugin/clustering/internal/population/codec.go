package population

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/record"
)

var errDamaged = errors.New("a record of the model is damaged: restore the newest backup to a new path")

// Writer puts records, and reuses its memory.
type Writer struct {
	to         clustering.Records
	key, value []byte
}

// NewWriter makes one that puts records there.
func NewWriter(to clustering.Records) *Writer { return &Writer{to: to} }

// Begin starts a record: the first byte of its key is its kind, and where there are many of
// that, the key goes on with a number.
func (w *Writer) Begin(kind byte, number ...uint64) {
	w.key, w.value = append(w.key[:0], kind), w.value[:0]
	for _, n := range number {
		w.key = binary.BigEndian.AppendUint64(w.key, n)
	}
}

// Put puts the record that was begun.
func (w *Writer) Put() { w.to.Put(w.key, w.value) }

// Delete deletes it instead.
func (w *Writer) Delete() { w.to.Delete(w.key) }

// Byte appends one byte.
func (w *Writer) Byte(b byte) { w.value = append(w.value, b) }

// Bool appends one byte.
func (w *Writer) Bool(b bool) {
	if b {
		w.Byte(1)
	} else {
		w.Byte(0)
	}
}

// Uvarint appends an unsigned number.
func (w *Writer) Uvarint(n uint64) { w.value = binary.AppendUvarint(w.value, n) }

// Varint appends a signed number.
func (w *Writer) Varint(n int64) { w.value = binary.AppendVarint(w.value, n) }

// Float appends a float64 of any value.
func (w *Writer) Float(v float64) {
	w.value = binary.LittleEndian.AppendUint64(w.value, math.Float64bits(v))
}

// Floats appends how many there are, and each.
func (w *Writer) Floats(list []float64) {
	w.Uvarint(uint64(len(list)))
	for _, v := range list {
		w.Float(v)
	}
}

func (w *Writer) feature(f *cf.Feature) { w.value = f.Append(w.value) }

// Reader takes the value of a record apart.
type Reader struct{ record.Reader }

// Read begins at the front of a value.
func Read(value []byte) *Reader { return &Reader{record.Read(value)} }

// Bool takes what [Writer.Bool] appended.
func (r *Reader) Bool() bool {
	b := r.Byte()
	if b > 1 {
		r.Refuse()
	}
	return b == 1
}

// Floats takes what [Writer.Floats] appended: never nil.
func (r *Reader) Floats() []float64 {
	list := make([]float64, r.Count(8))
	for i := range list {
		list[i] = r.Float()
	}
	return list
}

func (r *Reader) feature(f *cf.Feature) {
	rest, err := f.Decode(r.Rest())
	if err != nil {
		r.Refuse()
		return
	}
	r.Bytes(len(r.Rest()) - len(rest))
}

// End errs unless all of the value was read, and nothing was missing.
func (r *Reader) End() error {
	if !r.Complete() {
		return errDamaged
	}
	return nil
}

// splitKey takes the key of a record apart.
func splitKey(key []byte) (kind byte, number uint64, err error) {
	switch len(key) {
	case 1:
		return key[0], 0, nil
	case 9:
		return key[0], binary.BigEndian.Uint64(key[1:]), nil
	default:
		return 0, 0, errDamaged
	}
}
