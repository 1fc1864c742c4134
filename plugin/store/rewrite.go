package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4"
)

// A store is rewritten inside its own directory, which may be the root of a volume and cannot be
// renamed then. The new files are made in a directory of their own below it. Renaming that is
// the moment from which on they count: before it, the old ones do. What is left to do then is
// done by whoever opens the store next, if the process dies over it: the old files are deleted,
// the directory is renamed once more, and the new ones move up.
const (
	rewriteBegun    = "rewrite.begun"    // may be anything
	rewriteComplete = "rewrite.complete" // has all files; the old ones are going
	rewriteMoving   = "rewrite.moving"   // the old ones are gone; the new ones move up
)

// Exists tells that there is a store in a directory, whether or not it can be opened.
func Exists(path string) bool {
	for _, name := range [...]string{badger.ManifestFilename, rewriteComplete, rewriteMoving} {
		if _, err := os.Stat(filepath.Join(path, name)); err == nil {
			return true
		}
	}
	return false
}

// restoreDied tells that all there is in a directory is what a process began that died over a
// restore: over a compaction, the old files would be there as well.
func restoreDied(entries []fs.DirEntry) bool {
	return len(entries) == 1 && entries[0].Name() == rewriteBegun
}

// finishRewrite ends a rewriting that was interrupted: with the new files, or else the old ones.
// While somebody has the store open, it is theirs to do.
func finishRewrite(path string) error {
	pending := false
	for _, name := range [...]string{rewriteBegun, rewriteComplete, rewriteMoving} {
		_, err := os.Stat(filepath.Join(path, name))
		pending = pending || err == nil
	}
	if !pending {
		return nil
	}
	unlock, held, err := lockDirectory(path)
	if err != nil || !held {
		return err
	}
	defer unlock()
	return swap(path)
}

// swap puts the new files in the place of the old ones, if they are complete. Whoever calls it
// holds the lock of the directory. It may be interrupted anywhere, and called again.
func swap(path string) error {
	begun, complete, moving := filepath.Join(path, rewriteBegun), filepath.Join(path, rewriteComplete), filepath.Join(path, rewriteMoving)
	if err := os.RemoveAll(begun); err != nil {
		return err
	}
	if _, err := os.Stat(complete); err == nil {
		if err := removeFiles(path); err != nil {
			return err
		}
		if err := errors.Join(syncDirectory(path), os.Rename(complete, moving), syncDirectory(path)); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(moving)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.Rename(filepath.Join(moving, entry.Name()), filepath.Join(path, entry.Name())); err != nil {
			return err
		}
	}
	return errors.Join(syncDirectory(path), os.Remove(moving), syncDirectory(path))
}

// removeFiles deletes the files of Badger, and no others.
func removeFiles(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Type().IsRegular() && isBadgers(entry.Name()) {
			if err := os.Remove(filepath.Join(path, entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func isBadgers(name string) bool {
	for _, start := range [...]string{badger.ManifestFilename, badger.KeyRegistryFileName, "REWRITE-", "DISCARD", "LOCK"} {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	switch filepath.Ext(name) {
	case ".sst", ".vlog", ".mem":
		return true
	default:
		return false
	}
}

// rewrite has build make a store in an empty directory, and puts it in the place of the one at
// path. Release gives the lock of the directory back that somebody holds until then; nil: nobody
// does. Unless it errs, nothing of the old store is left.
func rewrite(path string, build func(dir string) error, release func() error) (err error) {
	begun := filepath.Join(path, rewriteBegun)
	if err := os.RemoveAll(begun); err != nil {
		return err
	}
	if err := os.Mkdir(begun, 0o700); err != nil {
		return err
	}
	err = build(begun)
	if err == nil {
		err = syncFiles(begun)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(begun), releaseIf(release))
	}
	if err := releaseIf(release); err != nil {
		return err
	}
	// Nobody can have written in this instant: to open a store and close it takes longer, and
	// whoever opens it removes what was begun.
	unlock, held, err := lockDirectory(path)
	if err != nil {
		return err
	}
	if !held {
		return fmt.Errorf("another process has opened %s meanwhile: nothing was changed; stop it, and try again", path)
	}
	defer unlock()
	if err := errors.Join(os.Rename(begun, filepath.Join(path, rewriteComplete)), syncDirectory(path)); err != nil {
		return err
	}
	return swap(path)
}

func releaseIf(release func() error) error {
	if release == nil {
		return nil
	}
	return release()
}

// syncFiles has all files in a directory survive a loss of power.
func syncFiles(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		file, err := os.OpenFile(filepath.Join(dir, entry.Name()), os.O_RDWR, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	return syncDirectory(dir)
}
