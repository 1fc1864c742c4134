package store

import (
	"encoding/binary"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnePathIsOneStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	first := openAt(t, path)
	require.NoError(t, os.Symlink(path, filepath.Join(dir, "link")))
	second := openAt(t, path+"/../state/")
	third := openAt(t, filepath.Join(dir, "link"))
	assert.Same(t, first, second)
	assert.Same(t, first, third)
	require.NoError(t, first.Update(t.Context(), nil, func(tx *Tx) error { return set(tx, "a", "1") }))
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	assert.Equal(t, "1", read(t, third, "a"), "it is open until the last has closed it")
	require.NoError(t, third.Close())

	again := openAt(t, path)
	assert.NotSame(t, first, again)
	assert.Equal(t, "1", read(t, again, "a"))
	require.NoError(t, again.Close())
}

// Whoever comes first makes the directory; all others share it, whatever they call it.
func TestOnePathIsOneStoreFromTheStart(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "real"), 0o700))
	require.NoError(t, os.Symlink(filepath.Join(dir, "real"), filepath.Join(dir, "link")))
	stores := make([]*Store, 8)
	var all sync.WaitGroup
	pool.mu.Lock()
	for i := range stores {
		all.Go(func() {
			var err error
			stores[i], err = Open(Options{Path: filepath.Join(dir, []string{"real", "link"}[i%2], "state"), MemoryBudget: MinMemoryBudget})
			assert.NoError(t, err)
		})
	}
	time.Sleep(20 * time.Millisecond) // all of them wait, and there is no directory
	pool.mu.Unlock()
	all.Wait()
	for _, s := range stores {
		require.Same(t, stores[0], s)
	}
	for _, s := range stores {
		all.Go(func() { assert.NoError(t, s.Close()) })
	}
	all.Wait()
	require.NoError(t, openAt(t, filepath.Join(dir, "link", "state")).Close())
}

// A store that is closed says so, again and again: a reload may have left it to components.
func TestAClosedStore(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "state"))
	require.NoError(t, s.Close())
	for range 2 {
		err := s.Update(t.Context(), nil, func(tx *Tx) error { return set(tx, "a", "1") })
		require.ErrorContains(t, err, "is closed, nothing was changed: correct its configuration, or start again")
		require.ErrorIs(t, s.View(t.Context(), func(Reader) error { return nil }), badger.ErrDBClosed)
	}
}

// A store that is closed while a batch is under way refuses the commit.
func TestClosedMeanwhile(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "state"))
	undone := 0
	err := s.Update(t.Context(), nil, func(tx *Tx) error {
		tx.OnRollback(func() { undone++ })
		require.NoError(t, set(tx, "a", "1"))
		return s.Close()
	})
	require.ErrorContains(t, err, "is closed, the batch was not applied: it is applied when it is delivered again")
	assert.Equal(t, 1, undone)
}

func TestStoresInMemoryAreApart(t *testing.T) {
	t.Parallel()
	one, other := inMemory(t), inMemory(t)
	assert.NotSame(t, one, other)
}

func TestAttach(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	opened := 0
	open := func() (*int, error) { opened++; return &opened, nil }
	first, err := Attach(s, "n", open)
	require.NoError(t, err)
	second, err := Attach(s, "n", open)
	require.NoError(t, err)
	assert.Same(t, first, second)
	assert.Equal(t, 1, opened)
	_, err = Attach(s, "m", func() (*int, error) { return nil, errStep })
	require.ErrorIs(t, err, errStep)
	_, err = Attach(s, "m", open)
	require.NoError(t, err, "what failed may be tried again")
}

// writable makes a store with a record, and closes it.
func writable(t *testing.T, options Options) Options {
	t.Helper()
	if options.Path == "" {
		options.Path = filepath.Join(t.TempDir(), "state")
	}
	options.MemoryBudget = MinMemoryBudget
	s, err := Open(options)
	require.NoError(t, err)
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error { return set(tx, "a", "1") }))
	require.NoError(t, s.Close())
	return options
}

// Each error names the path and the remedy.
func TestOpenErrors(t *testing.T) {
	t.Parallel()
	k1, k2 := []byte(strings.Repeat("1", 16)), []byte(strings.Repeat("2", 16))
	for name, test := range map[string]struct {
		prepare func(t *testing.T) Options
		want    string
	}{
		"no path": {func(*testing.T) Options { return Options{} }, `segment_store path "": name a directory, or set in_memory: true`},
		"key of a strange length": {func(t *testing.T) Options {
			return Options{Path: t.TempDir(), EncryptionKey: []byte("short")}
		}, "encryption_key of 5 bytes: use base64 of 16, 24 or 32 random bytes"},
		"a file": {func(t *testing.T) Options {
			path := filepath.Join(t.TempDir(), "file")
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			return Options{Path: path}
		}, "is not a directory: name one"},
		"below a file": {func(t *testing.T) Options {
			path := filepath.Join(t.TempDir(), "file")
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			return Options{Path: filepath.Join(path, "state")}
		}, "is not a directory: name one"},
		"another key": {func(t *testing.T) Options {
			o := writable(t, Options{EncryptionKey: k1})
			o.EncryptionKey = k2
			return o
		}, "encryption_key is not the one that the state was created with: set that one, or none if it was created without"},
		"no key": {func(t *testing.T) Options {
			o := writable(t, Options{EncryptionKey: k1})
			o.EncryptionKey = nil
			return o
		}, "is encrypted and encryption_key is empty: set the key that it was created with"},
		"a key too many": {func(t *testing.T) Options {
			o := writable(t, Options{})
			o.EncryptionKey = k1
			return o
		}, "encryption_key is not the one that the state was created with: set that one, or none if it was created without"},
		"a newer format": {func(t *testing.T) Options {
			o := writable(t, Options{})
			foreign(t, o.Path, Key(KindMeta, "format", nil), binary.AppendUvarint(nil, Format+1))
			return o
		}, "has state of format 2, and this version reads up to 1: run the newer version, or restore a backup made by this one"},
		"another program": {func(t *testing.T) Options {
			path := filepath.Join(t.TempDir(), "state")
			foreign(t, path, []byte("key"), []byte("value"))
			return Options{Path: path}
		}, "holds a Badger database of another program, or has lost a file: name another directory, or restore the newest backup"},
		"a damaged manifest": {func(t *testing.T) Options {
			o := writable(t, Options{})
			damage(t, o.Path, "MANIFEST")
			return o
		}, "has a damaged file: restore the newest backup to a new path; or move the directory away, start afresh and let the input replay"},
		"a list of tables that is missing": {func(t *testing.T) Options {
			o := writable(t, Options{})
			require.NoError(t, os.Remove(filepath.Join(o.Path, "MANIFEST")))
			return o
		}, "restore the newest backup to a new path; or move the directory away, start afresh and let the input replay: table 000001.sst is not in the MANIFEST"},
		"a list of tables that is cut short": {func(t *testing.T) Options {
			o := writable(t, Options{})
			cut(t, o.Path, "MANIFEST", 3)
			return o
		}, "table 000001.sst is not in the MANIFEST"},
		"a table that is cut short": {func(t *testing.T) Options {
			o := writable(t, Options{EncryptionKey: k1})
			cut(t, o.Path, "000001.sst", 1)
			return o
		}, "has a damaged file: restore the newest backup to a new path; or move the directory away, start afresh and let the input replay: table 000001.sst: its index is damaged"},
		"an empty table": {func(t *testing.T) Options {
			o := writable(t, Options{})
			require.NoError(t, os.Truncate(filepath.Join(o.Path, "000001.sst"), 0))
			return o
		}, "table 000001.sst: its index is damaged"},
		"a key registry that is missing": {func(t *testing.T) Options {
			o := writable(t, Options{EncryptionKey: k1})
			require.NoError(t, os.Remove(filepath.Join(o.Path, "KEYREGISTRY")))
			return o
		}, "has a damaged file: restore the newest backup to a new path; or move the directory away, start afresh and let the input replay: there is no KEYREGISTRY"},
		"a damaged key registry": {func(t *testing.T) Options {
			o := writable(t, Options{EncryptionKey: k1})
			damage(t, o.Path, "KEYREGISTRY")
			return o
		}, "segment_store path"},
		"a table that is missing": {func(t *testing.T) Options {
			o := writable(t, Options{})
			tables, err := filepath.Glob(filepath.Join(o.Path, "*.sst"))
			require.NoError(t, err)
			require.NotEmpty(t, tables)
			require.NoError(t, os.Remove(tables[0]))
			return o
		}, "has a damaged file: restore the newest backup"},
		"a full disk": {func(t *testing.T) Options {
			return Options{Path: filepath.Join(t.TempDir(), "state"), MinFree: 1 << 50}
		}, "min_free is 1073741824 MiB: nothing was changed; free some space, and delivery again goes on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := test.prepare(t)
			options.MemoryBudget = MinMemoryBudget
			_, err := Open(options)
			require.ErrorContains(t, err, test.want)
			t.Log(err)
		})
	}
	_, err := Open(Options{Path: t.TempDir(), MemoryBudget: 1 << 20})
	require.ErrorContains(t, err, "memory_budget of 1048576 bytes: use 32MiB or more")
}

// foreign writes a record with Badger alone.
func foreign(t *testing.T, path string, key, value []byte) {
	t.Helper()
	db, err := badger.Open(badger.DefaultOptions(path).WithLogger(nil))
	require.NoError(t, err)
	require.NoError(t, db.Update(func(txn *badger.Txn) error { return txn.Set(key, value) }))
	require.NoError(t, db.Close())
}

// damage flips the bits in the middle of a file.
func damage(t *testing.T, path, name string) {
	t.Helper()
	file := filepath.Join(path, name)
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	for i := len(content) / 3; i < len(content); i++ {
		content[i] ^= 0xff
	}
	require.NoError(t, os.WriteFile(file, content, 0o600))
}

// cut takes the last bytes of a file away.
func cut(t *testing.T, path, name string, bytes int64) {
	t.Helper()
	stat, err := os.Stat(filepath.Join(path, name))
	require.NoError(t, err)
	require.NoError(t, os.Truncate(filepath.Join(path, name), stat.Size()-bytes))
}

// A table with flipped bits is noticed at once, not taken for state.
func TestADamagedTable(t *testing.T) {
	t.Parallel()
	o := Options{Path: filepath.Join(t.TempDir(), "state"), MemoryBudget: MinMemoryBudget}
	s, err := Open(o)
	require.NoError(t, err)
	noise := make([]byte, 100)
	random := rand.NewChaCha8([32]byte{})
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		for i := range 5000 {
			_, _ = random.Read(noise)
			if err := set(tx, strconv.Itoa(i), string(noise)); err != nil {
				return err
			}
		}
		return nil
	}))
	require.NoError(t, s.Close())
	tables, err := filepath.Glob(filepath.Join(o.Path, "*.sst"))
	require.NoError(t, err)
	require.NotEmpty(t, tables)
	file, err := os.OpenFile(tables[0], os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = file.WriteAt([]byte(strings.Repeat("x", 1000)), 100_000)
	require.NoError(t, err)
	require.NoError(t, file.Close())

	_, err = Open(o)
	require.ErrorContains(t, err, "has a damaged file: restore the newest backup to a new path")
	t.Log(err)
}

func TestAPathThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mount")
	require.NoError(t, os.Mkdir(dir, 0o700))
	if os.Getuid() == 0 {
		if err := syscall.Mount("none", dir, "tmpfs", syscall.MS_RDONLY, ""); err != nil {
			t.Skipf("the user may write anywhere, and not mount: %v", err)
		}
		t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	} else {
		require.NoError(t, os.Chmod(dir, 0o500))
	}
	_, err := Open(Options{Path: filepath.Join(dir, "state"), MemoryBudget: MinMemoryBudget})
	require.ErrorContains(t, err, "cannot be written by user")
	require.ErrorContains(t, err, "change its owner, or choose another path")
	t.Log(err)
}

func TestAPathInUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	holder, out := process(t, "hold", path)
	require.True(t, out.Scan())
	_, err := Open(Options{Path: path, MemoryBudget: MinMemoryBudget})
	require.ErrorContains(t, err, "is in use by another process: stop it, or give each process a path of its own")
	t.Log(err)
	require.NoError(t, holder.Process.Kill())
	_ = holder.Wait()
	require.NoError(t, openAt(t, path).Close(), "the lock dies with the process")
}

// A process that dies while it makes a log file leaves an empty one. It opens again; other
// damage is not swallowed with it.
func TestAnEmptyLogFileHeals(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"00009.mem", "000009.vlog"} {
		o := writable(t, Options{})
		require.NoError(t, os.WriteFile(filepath.Join(o.Path, name), nil, 0o600))
		s, err := Open(o)
		require.NoError(t, err, name)
		assert.Equal(t, "1", read(t, s, "a"))
		require.NoError(t, s.Close())
		require.NoError(t, openAt(t, o.Path).Close())
	}
}

// After kill -9 at any instant everything that was told as committed is there, and no batch
// is there in part, while tables are written and merged.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, env := range []string{"POWER=", "POWER=1"} {
		path := filepath.Join(t.TempDir(), "state")
		told := uint64(0)
		for round := range 6 {
			killed, out := process(t, "commit", path, env, "FIRST="+strconv.FormatUint(told+1, 10))
			require.True(t, out.Scan())
			time.Sleep(time.Duration(10+37*round) * time.Millisecond)
			require.NoError(t, killed.Process.Kill())
			told = max(told, lastNumber(t, out))
			_ = killed.Wait()

			s := openAt(t, path)
			records := map[uint64]int{} // by the number of their batch
			places := map[uint64]uint64{}
			require.NoError(t, s.View(t.Context(), func(r Reader) error {
				return r.Scan(Prefix(KindCache, "batch"), func(_, value []byte) error {
					number := binary.BigEndian.Uint64(value)
					records[number]++
					places[number%batchPlaces] = number
					return nil
				})
			}))
			for number, n := range records {
				require.Equal(t, 10, n, "batch %d is there in part", number)
			}
			for number := told; number > 0 && number+batchPlaces > told; number-- {
				require.GreaterOrEqual(t, places[number%batchPlaces], number, "batch %d was told, up to %d", number, told)
			}
			require.NoError(t, s.Close())
		}
		t.Logf("%s: %d batches", env, told)
	}
}

func TestEncryption(t *testing.T) {
	t.Parallel()
	o := writable(t, Options{EncryptionKey: []byte(strings.Repeat("1", 32))})
	s, err := Open(o)
	require.NoError(t, err)
	assert.Equal(t, "1", read(t, s, "a"))
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error { return set(tx, "b", "canary-canary-canary") }))
	require.NoError(t, s.Close())
	require.NoError(t, filepath.WalkDir(o.Path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		assert.NotContains(t, string(content), "canary", path)
		return err
	}))
}

// A disk without room refuses commits, keeps what it has, and goes on when there is room.
func TestMinFree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=384m"); err != nil {
		t.Skipf("a small disk cannot be made here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	s, err := Open(Options{Path: filepath.Join(dir, "state"), MemoryBudget: MinMemoryBudget, MinFree: 128 << 20})
	require.NoError(t, err)
	ballast := filepath.Join(dir, "ballast")
	fill := make([]byte, 190<<20)
	require.NoError(t, os.WriteFile(ballast, fill, 0o600))

	noise := make([]byte, 10_000) // that no compression makes smaller
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	value, written := string(noise), 0
	write := func() error {
		return s.Update(t.Context(), nil, func(tx *Tx) error {
			return set(tx, "k"+string(binary.BigEndian.AppendUint32(nil, uint32(written))), value)
		})
	}
	for ; written < 100_000; written++ {
		if err = write(); err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "min_free is 128 MiB: nothing was changed; free some space")
	t.Logf("after %d MiB: %v", written*len(value)>>20, err)
	assert.Equal(t, value, read(t, s, "k"+string(binary.BigEndian.AppendUint32(nil, uint32(written-1)))), "what was told as committed is there")
	require.NoError(t, os.Remove(ballast))
	require.NoError(t, write(), "it goes on by itself")
	require.NoError(t, s.Close())
}

// What is deleted gives its space back when tables are merged.
func TestDeletedStateGivesItsSpaceBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	change := func(fn func(tx *Tx, key []byte)) (bytes int64) {
		s := openAt(t, path)
		require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
			for i := range 20_000 {
				if err := tx.Step(func() error { fn(tx, keyOf(strconv.Itoa(i))); return nil }); err != nil {
					return err
				}
			}
			return nil
		}))
		require.NoError(t, s.db.Flatten(1))
		require.NoError(t, s.Close())
		tables, err := filepath.Glob(filepath.Join(path, "*.sst"))
		require.NoError(t, err)
		for _, table := range tables {
			stat, err := os.Stat(table)
			require.NoError(t, err)
			bytes += stat.Size()
		}
		return bytes
	}
	full := change(func(tx *Tx, key []byte) { tx.Set(key, make([]byte, 1000)) })
	assert.Greater(t, full, int64(20_000_000))
	change(func(tx *Tx, key []byte) { tx.Delete(key) })
	assert.Less(t, change(func(*Tx, []byte) {}), full/20)
}
