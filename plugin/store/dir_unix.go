//go:build unix && !solaris && !aix

package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockDirectory keeps everybody else from opening the directory, as Badger does: not held when
// somebody has it open.
func lockDirectory(path string) (unlock func(), held bool, err error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	if err = unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
		return func() { _ = dir.Close() }, true, nil
	}
	_ = dir.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, false, nil
	}
	return nil, false, err
}

// syncDirectory has the names in a directory survive a loss of power.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
