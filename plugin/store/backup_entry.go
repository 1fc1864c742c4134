package store

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// entry is what a backup says of one record: the record, or that an earlier backup has it.
type entry struct {
	item        // nil key: an earlier backup has it
	name uint64 // then: its [nameOf]
}

// What a sealed file has is a head (see backup_head.go), then entries in the order of their
// keys, each a byte that says which it is, and
//
//   - of a record: uvarint of the length of its key, key, uvarint of the length of its value,
//     value, uvarint of when it expires;
//   - of a name: 8 bytes;
//   - at the end: uvarint of how many there were.
//
// Only what is there at the time of the backup is in it: neither older values nor marks of what
// was deleted, which have its key. What a backup that goes on does not name is gone. Records
// and names come from one pass, so that one that expires meanwhile is in both or in neither.
const (
	entryEnd    = 0
	entryRecord = 1
	entryName   = 2

	maxKey   = 1 << 16 // as Badger has it
	maxValue = 1 << 30
)

func (e entry) append(dst []byte) []byte {
	if e.key == nil {
		return binary.BigEndian.AppendUint64(append(dst, entryName), e.name)
	}
	dst = binary.AppendUvarint(append(dst, entryRecord), uint64(len(e.key)))
	dst = append(dst, e.key...)
	dst = binary.AppendUvarint(dst, uint64(len(e.value)))
	dst = append(dst, e.value...)
	return binary.AppendUvarint(dst, e.expires)
}

// entryReader reads a backup: its head, then entries.
type entryReader struct {
	head head
	from *bufio.Reader
	n    uint64
}

// openBackup reads a backup.
func openBackup(from io.Reader, key []byte) (*entryReader, error) {
	opened, err := newOpener(bufio.NewReaderSize(from, 1<<20), key)
	if err != nil {
		return nil, err
	}
	r := &entryReader{from: bufio.NewReader(opened)}
	r.head, err = r.readHead()
	return r, err
}

// next is io.EOF after the last entry, and once everything behind it was found sound.
func (r *entryReader) next() (e entry, err error) {
	kind, err := r.from.ReadByte()
	if err != nil {
		return e, incomplete(err)
	}
	switch kind {
	case entryEnd:
		return e, r.end()
	case entryRecord:
		e.item, err = r.record()
	case entryName:
		var name [8]byte
		_, err = io.ReadFull(r.from, name[:])
		e.name, err = binary.BigEndian.Uint64(name[:]), incomplete(err)
	default:
		err = errSealedDamaged
	}
	r.n++
	return e, err
}

// nextRecord is next without names.
func (r *entryReader) nextRecord() (item, error) {
	for {
		if e, err := r.next(); err != nil || e.key != nil {
			return e.item, err
		}
	}
}

func (r *entryReader) record() (i item, err error) {
	if i.key, err = r.bytes(maxKey); err != nil {
		return i, err
	}
	if len(i.key) == 0 {
		return i, errSealedDamaged
	}
	if i.value, err = r.bytes(maxValue); err != nil {
		return i, err
	}
	i.expires, err = r.number()
	return i, err
}

func (r *entryReader) end() error {
	n, err := r.number()
	switch {
	case err != nil:
		return err
	case n != r.n:
		return errSealedDamaged
	}
	if _, err := r.from.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.Join(errSealedDamaged, err)
	}
	return io.EOF
}

func (r *entryReader) number() (uint64, error) {
	ahead, err := r.from.Peek(binary.MaxVarintLen64) // errs where fewer are left
	n, length := binary.Uvarint(ahead)
	switch {
	case length > 0:
		_, err = r.from.Discard(length)
		return n, err
	case length == 0 && err != nil:
		return 0, incomplete(err)
	default:
		return 0, errSealedDamaged
	}
}

func (r *entryReader) bytes(most uint64) ([]byte, error) {
	length, err := r.number()
	if err != nil {
		return nil, err
	}
	if length > most {
		return nil, errSealedDamaged
	}
	var read bytes.Buffer // grows with what is there
	_, err = io.CopyN(&read, r.from, int64(length))
	return read.Bytes(), incomplete(err)
}

// incomplete tells of an end where there must be more.
func incomplete(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errSealedDamaged
	}
	return err
}
