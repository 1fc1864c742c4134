//go:build !unix || solaris || aix

package store

import "io/fs"

// freeBytes is not known on this system: min_free has no effect.
func freeBytes(string) (bytes int64, known bool) { return 0, false }

// usedBytes is the size of a file.
func usedBytes(file fs.FileInfo) int64 { return file.Size() }
