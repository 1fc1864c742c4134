package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// verifyFiles looks for damage that Badger answers with a panic, or with an empty
// database, before it opens the directory. What it cannot read it leaves to Badger.
//
// Badger deletes tables that its list does not name. A process that is killed leaves such
// tables, and its lock file or the log of what it wrote last beside them; then only Badger
// can tell what counts. After an orderly end there is neither, and each table is listed.
func verifyFiles(options badger.Options) error {
	entries, err := os.ReadDir(options.Dir)
	if err != nil {
		return nil // there is no state yet, or Badger says what is wrong
	}
	var listed badger.Manifest
	file, err := os.Open(filepath.Join(options.Dir, badger.ManifestFilename))
	noList := errors.Is(err, fs.ErrNotExist)
	if err == nil {
		listed, _, err = badger.ReplayManifestFile(file, options.ExternalMagicVersion, options)
		err = errors.Join(err, file.Close())
	}
	if err != nil && !noList {
		return nil // Badger says what is wrong
	}

	unlisted, killed, hasKeys, encrypted := "", false, false, false
	for _, entry := range entries {
		name := entry.Name()
		killed = killed || name == "LOCK" || strings.HasSuffix(name, ".mem")
		hasKeys = hasKeys || name == badger.KeyRegistryFileName
		id, isTable := table.ParseFileID(name)
		if !isTable {
			continue
		}
		manifest, known := listed.Tables[id]
		if !known {
			unlisted = name
			continue
		}
		encrypted = encrypted || manifest.KeyID != 0
		if err := verifyIndex(filepath.Join(options.Dir, name)); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	switch {
	case unlisted != "" && (noList || !killed):
		return fmt.Errorf("table %s is not in the %s", unlisted, badger.ManifestFilename)
	case encrypted && !hasKeys:
		return errors.New("there is no " + badger.KeyRegistryFileName)
	default:
		return nil
	}
}

var errIndex = errors.New("its index is damaged")

// verifyIndex proves that the end of a table is as it was written: the index, its length,
// its checksum (CRC-32C, a field of protobuf), and the length of that.
func verifyIndex(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // compacted away by a process that is about to end
	}
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it is only read
	stat, err := file.Stat()
	if err != nil {
		return err
	}
	end := stat.Size()
	last := func(n int64) ([]byte, error) {
		if n > end {
			return nil, errIndex
		}
		end -= n
		piece := make([]byte, n)
		_, err := file.ReadAt(piece, end)
		return piece, err
	}
	var sum []byte
	length, err := last(4)
	if err == nil {
		sum, err = last(int64(binary.BigEndian.Uint32(length)))
	}
	if err == nil {
		length, err = last(4)
	}
	if err != nil {
		return err
	}
	index, err := last(int64(binary.BigEndian.Uint32(length)))
	if err != nil {
		return err
	}
	const fieldSum = 2 << 3
	var want []byte
	if crc := crc32.Checksum(index, crc32.MakeTable(crc32.Castagnoli)); crc != 0 {
		want = binary.AppendUvarint([]byte{fieldSum}, uint64(crc))
	}
	if !bytes.Equal(sum, want) {
		return errIndex
	}
	return nil
}

// verifyTables reads all tables and proves that no bit of them has changed: in Badger, a
// block that cannot be read looks like one without the key. It takes about a second for
// each gigabyte.
func (s *Store) verifyTables() (err error) {
	defer func() {
		if recover() != nil { // Badger looks at the block that it could not read
			err = errors.New("the checksum of a block is wrong")
		}
	}()
	return s.db.VerifyChecksum()
}
