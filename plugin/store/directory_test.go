package store

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A directory that was made for a store, by whatever means, is nobody else's to read; one that
// holds something already stays as it is.
func TestStoresArePrivate(t *testing.T) {
	t.Parallel()
	mode := func(path string) os.FileMode {
		stat, err := os.Stat(path)
		require.NoError(t, err)
		return stat.Mode().Perm()
	}
	made := func(name string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.Mkdir(path, 0o700))
		require.NoError(t, os.Chmod(path, 0o755)) //nolint:gosec // as others make them
		return path
	}
	empty, mixed, restored := made("empty"), made("mixed"), made("restored")
	require.NoError(t, os.WriteFile(filepath.Join(mixed, "README"), nil, 0o600))
	for _, path := range []string{empty, mixed} {
		require.NoError(t, openAt(t, path).Close())
	}
	assert.Equal(t, os.FileMode(0o700), mode(empty))
	assert.Equal(t, os.FileMode(0o755), mode(mixed))
	backup := filepath.Join(t.TempDir(), "backup")
	_, err := BackupStore(t.Context(), optionsAt(empty, nil), backup, "", nil)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), mode(backup))
	_, err = Restore(t.Context(), optionsAt(restored, nil), []string{backup}, nil, nothing)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), mode(restored))
}

// Where a restore died, nobody finds an empty store: it is run again, or given up on purpose.
func TestARestoreThatWasInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, backup, to := filepath.Join(dir, "state"), filepath.Join(dir, "backup"), filepath.Join(dir, "to")
	fillStore(t, path, nil)
	want := contents(t, path, nil)
	_, err := BackupStore(t.Context(), optionsAt(path, nil), backup, "", nil)
	require.NoError(t, err)
	begun := filepath.Join(to, rewriteBegun)
	require.NoError(t, os.MkdirAll(begun, 0o700))
	require.NoError(t, openAt(t, filepath.Join(begun, "half")).Close())
	_, err = Open(optionsAt(to, nil))
	require.ErrorContains(t, err, `path "`+to+`": a shoal store restore to it was interrupted, and there is no store yet: run it again`)
	assert.DirExists(t, begun)
	_, err = Restore(t.Context(), optionsAt(to, nil), []string{backup}, nil, nothing)
	require.NoError(t, err)
	assert.Len(t, contents(t, to, nil), len(want))
}

// What is in the value log takes room when a store is rewritten.
func TestSizesOnDiskHaveLargeValues(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s, err := Open(Options{Path: path, MemoryBudget: 1 << 30})
	require.NoError(t, err)
	large := make([]byte, 1100_000)
	_, _ = rand.Read(large)
	for i := range 4 {
		require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error { return set(tx, strconv.Itoa(i), string(large)) }))
	}
	require.NoError(t, s.Close())
	tables, logs := bytesIn(path)
	assert.Less(t, tables, int64(len(large)), "else they are not in the value log")
	assert.Greater(t, logs, 4*int64(len(large)))
	assert.Equal(t, tables+logs, sizeOf(path))
}
