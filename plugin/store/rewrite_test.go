package store

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func optionsAt(path string, key []byte) Options {
	return Options{Path: path, MemoryBudget: MinMemoryBudget, EncryptionKey: key}
}

// fillStore sets many records, twice over, deletes some, and lets some expire.
func fillStore(t testing.TB, path string, key []byte) {
	t.Helper()
	s, err := Open(optionsAt(path, key))
	require.NoError(t, err)
	for _, round := range []string{"old", "new"} {
		require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
			for i := range 3000 {
				if err := set(tx, fmt.Sprint("key", i), round+strings.Repeat("x", i%300)); err != nil {
					return err
				}
			}
			return tx.Step(func() error {
				tx.Set(keyOf("large"), bytes.Repeat([]byte(round), 40_000))
				tx.SetUntil(keyOf("soon"), []byte(round), time.Now().Add(time.Hour))
				tx.Set(keyOf("canary-key"), []byte("canary-value"))
				return nil
			})
		}))
	}
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		return tx.Step(func() error {
			tx.Delete(keyOf("canary-key"))
			for i := range 500 {
				tx.Delete(keyOf(fmt.Sprint("key", 3*i)))
			}
			return nil
		})
	}))
	require.NoError(t, s.Close())
}

// contents are all records of the store at a path.
func contents(t testing.TB, path string, key []byte) map[string]string {
	t.Helper()
	s, err := Open(optionsAt(path, key))
	require.NoError(t, err)
	list := map[string]string{}
	require.NoError(t, s.View(t.Context(), func(r Reader) error {
		return r.Scan(nil, func(key, value []byte) error { list[string(key)] = string(value); return nil })
	}))
	require.NoError(t, s.Close())
	return list
}

// filesWith are the files at or below a path that have some bytes anywhere.
func filesWith(t testing.TB, path, what string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(what)) {
			names = append(names, entry.Name())
		}
		return err
	}))
	return names
}

func TestCompact(t *testing.T) {
	t.Parallel()
	for name, key := range map[string][]byte{"plain": nil, "encrypted": bytes.Repeat([]byte{7}, 32)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state")
			fillStore(t, path, key)
			require.NoError(t, os.WriteFile(filepath.Join(path, "README"), []byte("mine"), 0o600))
			want := contents(t, path, key)
			if key == nil {
				require.NotEmpty(t, filesWith(t, path, "canary-key"), "else this would find nothing")
			}
			told := int64(0)
			c, err := Compact(t.Context(), optionsAt(path, key), func(_, total int64) { told = total })
			require.NoError(t, err)
			assert.Equal(t, int64(len(want)), c.Records)
			assert.Equal(t, c.Records, told)
			assert.Less(t, c.After, c.Before)
			for _, gone := range []string{"canary-key", "canary-value", "oldx", "oldold"} {
				assert.Empty(t, filesWith(t, path, gone), gone)
			}
			assert.Equal(t, want, contents(t, path, key))
			assert.FileExists(t, filepath.Join(path, "README"), "it is not Badger's")
			again, err := Compact(t.Context(), optionsAt(path, key), nil)
			require.NoError(t, err)
			assert.Equal(t, c.Records, again.Records)
			if key != nil {
				_, err := Compact(t.Context(), optionsAt(path, nil), nil)
				require.ErrorContains(t, err, "is encrypted and encryption_key is empty")
			}
		})
	}
}

// Whatever a process that dies has done of a rewriting, whoever opens the store next finds the
// old state or the new.
func TestARewritingThatIsInterrupted(t *testing.T) {
	t.Parallel()
	prepare := func(t *testing.T) (path string) {
		t.Helper()
		path = filepath.Join(t.TempDir(), "state")
		fillStore(t, path, nil)
		other := filepath.Join(t.TempDir(), "other")
		s := openAt(t, other)
		require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error { return set(tx, "new", "state") }))
		require.NoError(t, s.Close())
		require.NoError(t, os.Rename(other, filepath.Join(path, rewriteBegun)))
		return path
	}
	isNew := func(t *testing.T, path string) {
		t.Helper()
		require.True(t, Exists(path))
		assert.Equal(t, "state", contents(t, path, nil)[string(keyOf("new"))])
		for _, name := range []string{rewriteBegun, rewriteComplete, rewriteMoving} {
			assert.NoDirExists(t, filepath.Join(path, name))
		}
		assert.Empty(t, filesWith(t, path, "canary-key"))
	}
	t.Run("begun", func(t *testing.T) {
		t.Parallel()
		path := prepare(t)
		assert.Len(t, contents(t, path, nil), 3000-500+3)
		assert.NoDirExists(t, filepath.Join(path, rewriteBegun))
	})
	// The new files count, and any number of the old ones are gone.
	for gone := range 4 {
		t.Run(fmt.Sprint("complete, gone ", gone), func(t *testing.T) {
			t.Parallel()
			path := prepare(t)
			require.NoError(t, os.Rename(filepath.Join(path, rewriteBegun), filepath.Join(path, rewriteComplete)))
			entries, err := os.ReadDir(path)
			require.NoError(t, err)
			for i, entry := range entries {
				if !entry.IsDir() && i%4 < gone {
					require.NoError(t, os.Remove(filepath.Join(path, entry.Name())))
				}
			}
			isNew(t, path)
		})
	}
	// The old ones are gone, and any number of the new ones have moved up.
	for moved := range 4 {
		t.Run(fmt.Sprint("moving, moved ", moved), func(t *testing.T) {
			t.Parallel()
			path := prepare(t)
			require.NoError(t, removeFiles(path))
			moving := filepath.Join(path, rewriteMoving)
			require.NoError(t, os.Rename(filepath.Join(path, rewriteBegun), moving))
			entries, err := os.ReadDir(moving)
			require.NoError(t, err)
			for i, entry := range entries {
				if i%4 < moved {
					require.NoError(t, os.Rename(filepath.Join(moving, entry.Name()), filepath.Join(path, entry.Name())))
				}
			}
			isNew(t, path)
		})
	}
}

func TestARewritingThatFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	fillStore(t, path, nil)
	want := contents(t, path, nil)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Compact(ended, optionsAt(path, nil), nil)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, want, contents(t, path, nil))
	assert.NoDirExists(t, filepath.Join(path, rewriteBegun))

	s := openAt(t, path)
	_, err = Compact(t.Context(), optionsAt(path, nil), nil)
	require.ErrorContains(t, err, "is open in this process")
	require.NoError(t, s.Close())
	_, err = Compact(t.Context(), Options{InMemory: true, MemoryBudget: MinMemoryBudget}, nil)
	require.ErrorContains(t, err, "a store in memory has no files")
}

// Another process that has the store open keeps it, with what it has begun.
func TestRewritingBesideAnotherProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	command, out := process(t, "hold", path)
	require.True(t, out.Scan())
	begun := filepath.Join(path, rewriteBegun)
	require.NoError(t, os.Mkdir(begun, 0o700))
	_, err := Compact(t.Context(), optionsAt(path, nil), nil)
	require.ErrorContains(t, err, "is in use by another process")
	assert.DirExists(t, begun, "it is theirs")
	require.NoError(t, command.Process.Kill())
	_ = command.Wait()
	require.NoError(t, openAt(t, path).Close())
	assert.NoDirExists(t, begun)
}

// BenchmarkCompact rewrites a store of 100,000 records of 500 bytes.
func BenchmarkCompact(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state")
	s, err := Open(Options{Path: path, MemoryBudget: DefaultMemoryBudget})
	require.NoError(b, err)
	value := bytes.Repeat([]byte("v"), 500)
	require.NoError(b, s.Update(b.Context(), nil, func(tx *Tx) error {
		for i := range 100_000 {
			if err := tx.Step(func() error { tx.Set(keyOf(strconv.Itoa(i)), value); return nil }); err != nil {
				return err
			}
		}
		return nil
	}))
	require.NoError(b, s.Close())
	b.SetBytes(100_000 * 520)
	for b.Loop() {
		_, err := Compact(b.Context(), Options{Path: path, MemoryBudget: DefaultMemoryBudget}, nil)
		require.NoError(b, err)
	}
}
