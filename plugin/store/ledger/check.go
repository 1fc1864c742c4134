package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/store"
)

// Check proves that every record of every ledger can be read, and is written as this
// package writes it. The error names the ledger, never an id.
func Check(r store.Reader) error {
	for _, kind := range []struct {
		kind  store.Kind
		check func(suffix, value []byte) error
	}{
		{store.KindLedger, checkBlock},
		{store.KindEventID, checkID},
	} {
		names, err := store.Namespaces(r, kind.kind)
		if err != nil {
			return err
		}
		for _, name := range names {
			prefix := store.Prefix(kind.kind, name)
			err := r.Scan(prefix, func(key, value []byte) error {
				return kind.check(key[len(prefix):], value)
			})
			if err != nil {
				return fmt.Errorf("ledger %q: %w", name, err)
			}
		}
	}
	return nil
}

func checkBlock(suffix, value []byte) error {
	b, err := decodeBlock(value)
	if err != nil {
		return err
	}
	for range 2 { // source and topic
		length, n := binary.Uvarint(suffix)
		if n <= 0 || length > uint64(len(suffix)-n) {
			return errBlock
		}
		suffix = suffix[n+int(length):]
	}
	const place = 4 + 8 // partition and block
	if len(suffix) < place || !isPart(suffix[place:]) || !bytes.Equal(b.append(nil), value) {
		return errBlock
	}
	return nil
}

// isPart tells that this is how a key of a position ends: with its part, unless that is 0.
func isPart(suffix []byte) bool {
	if len(suffix) == 0 {
		return true
	}
	part, _ := binary.Uvarint(suffix)
	return part > 0 && bytes.Equal(binary.AppendUvarint(nil, part), suffix)
}

func checkID(suffix, value []byte) error {
	switch {
	case len(suffix) == 1 && suffix[0] == newestKey:
		if newest, _ := binary.Varint(value); bytes.Equal(binary.AppendVarint(nil, newest), value) {
			return nil
		}
	case len(suffix) == 1+8+16 && suffix[0] == idKey:
		if note, _ := binary.Uvarint(value); bytes.Equal(binary.AppendUvarint(nil, note), value) {
			return nil
		}
	}
	return errGeneration
}
