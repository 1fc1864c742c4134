//go:build unix && !solaris && !aix

package store

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// freeBytes is the space that an unprivileged process may still use.
func freeBytes(path string) (bytes int64, known bool) {
	var stat unix.Statfs_t
	if err := unix.Statfs(path, &stat); err != nil {
		return 0, false
	}
	return int64(uint64(stat.Bavail) * uint64(stat.Bsize)), true //nolint:unconvert // types differ between systems
}

// usedBytes is the space that a file takes: less than its size where it was not written.
func usedBytes(file fs.FileInfo) int64 {
	if stat, ok := file.Sys().(*syscall.Stat_t); ok {
		return int64(stat.Blocks) * 512 //nolint:unconvert // types differ between systems
	}
	return file.Size()
}
