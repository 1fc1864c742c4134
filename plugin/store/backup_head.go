package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// head says what a backup is of: its mark, the mark of the one that it goes on from, and the
// version up to which it is complete.
type head struct {
	mark    mark
	since   mark // zero: it is of all
	version uint64
}

func (h *head) append(dst []byte) []byte {
	dst = append(dst, h.mark[:]...)
	dst = append(dst, h.since[:]...)
	return binary.AppendUvarint(dst, h.version)
}

func (r *entryReader) readHead() (h head, err error) {
	for _, one := range [...]*mark{&h.mark, &h.since} {
		if _, err := io.ReadFull(r.from, one[:]); err != nil {
			return h, incomplete(err)
		}
	}
	h.version, err = r.number()
	return h, err
}

// headOf is the head of a backup.
func headOf(file string, key []byte) (h head, err error) {
	in, err := os.Open(file)
	if err != nil {
		return h, fmt.Errorf("there is no backup to go on from: name one that is there: %w", err)
	}
	defer in.Close() //nolint:errcheck // it is only read
	r, err := openBackup(in, key)
	if err != nil {
		return h, fmt.Errorf("%s: %w", file, err)
	}
	return r.head, nil
}

// nameOf stands for a key that an earlier backup has the record of: the first 8 bytes of its
// SHA-256.
func nameOf(key []byte) uint64 {
	sum := sha256.Sum256(key)
	return binary.BigEndian.Uint64(sum[:8])
}
