package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// room knows whether there is enough free space to commit.
//
// Badger writes through memory maps: on a full disk the kernel kills the process
// instead of returning an error. So commits stop while there is still room for the
// compactions under way, and go on by themselves when there is enough again.
type room struct {
	path string
	min  int64
}

func newRoom(options Options) *room {
	if options.InMemory || options.MinFree <= 0 {
		return &room{}
	}
	return &room{path: options.Path, min: options.MinFree}
}

// check costs one call of statfs, about a microsecond.
func (r *room) check() error {
	if r.min == 0 {
		return nil
	}
	free, known := freeBytes(existing(r.path))
	if !known || free >= r.min {
		return nil
	}
	return fmt.Errorf("segment_store path %q: %d MiB are free on its disk, and min_free is %d MiB: nothing was changed; free some space, and delivery again goes on", r.path, free>>20, r.min>>20)
}

// existing is the directory, or the nearest one above it that exists.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil {
			return path
		}
		parent := filepath.Dir(path)
		if parent == path {
			return path
		}
		path = parent
	}
}
