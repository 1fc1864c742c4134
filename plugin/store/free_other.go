//go:build !unix || solaris || aix

package store

// freeBytes is not known on this system: min_free has no effect.
func freeBytes(string) (bytes int64, known bool) { return 0, false }
