//go:build unix && !solaris && !aix

package store

import "golang.org/x/sys/unix"

// freeBytes is the space that an unprivileged process may still use.
func freeBytes(path string) (bytes int64, known bool) {
	var stat unix.Statfs_t
	if err := unix.Statfs(path, &stat); err != nil {
		return 0, false
	}
	return int64(uint64(stat.Bavail) * uint64(stat.Bsize)), true //nolint:unconvert // types differ between systems
}
