package store

import (
	"fmt"
	"os"
)

// prepareDirectory makes a directory private that is there and empty, and refuses one where a
// restore died: what was restored so far is not the store that somebody wants to open.
func prepareDirectory(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil // it is not there yet, or Badger says what is wrong
	}
	if restoreDied(entries) {
		return fmt.Errorf("segment_store path %q: a shoal store restore to it was interrupted, and there is no store yet: run it again, or delete %s in it to start with an empty store", path, rewriteBegun)
	}
	if len(entries) == 0 {
		keepPrivate(path)
	}
	return nil
}

// keepPrivate has nobody else read what is in a directory: the mode of Badger's files is what
// the umask makes of 0666. A directory that is another user's stays as it is, such as the root
// of a volume.
func keepPrivate(path string) {
	_ = os.Chmod(path, 0o700) //nolint:gosec // a directory needs x
}
