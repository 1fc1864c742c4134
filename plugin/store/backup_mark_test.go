package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A store of which only deletions were written for a while, and were merged away, counts its
// versions from a lower one when it is opened. A backup that goes on has all the same what is
// written then.
func TestVersionsThatGoBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	s := openAt(t, path)
	do := func(step func(tx *Tx)) {
		require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
			return tx.Step(func() error { step(tx); return nil })
		}))
	}
	var files []string
	since := ""
	backup := func() BackedUp {
		file := filepath.Join(dir, fmt.Sprint("backup-", len(files)))
		done, err := s.Backup(t.Context(), file, since, nil)
		require.NoError(t, err)
		files, since = append(files, file), file
		return done
	}
	for i := range 50 {
		do(func(tx *Tx) { tx.Set(keyOf(strconv.Itoa(i)), []byte("old")) })
	}
	backup()
	for i := range 40 {
		do(func(tx *Tx) { tx.Set(keyOf("tmp"+strconv.Itoa(i)), nil) })
		do(func(tx *Tx) { tx.Delete(keyOf("tmp" + strconv.Itoa(i))) })
	}
	backup()
	reached := s.db.MaxVersion()
	for range 8 { // each leaves a table of deletions, until they are merged
		do(func(tx *Tx) { tx.Delete(keyOf("none")) })
		require.NoError(t, s.Close())
		s = openAt(t, path)
	}
	require.NoError(t, s.db.Flatten(1))
	require.NoError(t, s.Close())
	s = openAt(t, path)
	h, err := headOf(since, nil)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, s.db.MaxVersion(), h.version, "reached: %d", reached)

	do(func(tx *Tx) { tx.Set(keyOf("45"), []byte("new")) })
	assert.Equal(t, int64(1), backup().Records)
	require.NoError(t, s.Close())
	to := filepath.Join(dir, "to")
	_, err = Restore(t.Context(), optionsAt(to, nil), files, nil, nothing)
	require.NoError(t, err)
	assert.Equal(t, "new", contents(t, to, nil)[string(keyOf("45"))])
}

// Files that are as they were before a backup, as a loss of power leaves them, do not have its
// mark; but they have those of earlier ones, of which all can be gone on from.
func TestAStoreThatIsSetBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	name := func(i int) string { return filepath.Join(dir, strconv.Itoa(i)) }
	change := func(key string) {
		s := openAt(t, path)
		require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error { return set(tx, key, "") }))
		require.NoError(t, s.Close())
	}
	backup := func(i int, since string) error {
		_, err := BackupStore(t.Context(), optionsAt(path, nil), name(i), since, nil)
		return err
	}
	change("a")
	require.NoError(t, backup(0, ""))
	require.NoError(t, os.CopyFS(filepath.Join(dir, "copy"), os.DirFS(path)))
	change("b")
	require.NoError(t, backup(1, name(0)))
	change("c")
	require.NoError(t, backup(2, name(0)))
	require.NoError(t, os.RemoveAll(path))
	require.NoError(t, os.Rename(filepath.Join(dir, "copy"), path))
	for range 5 {
		change("d")
	}
	require.ErrorIs(t, backup(3, name(1)), errNoMark)
	require.ErrorIs(t, backup(3, name(2)), errNoMark)
	require.NoError(t, backup(3, name(0)))
	for last, want := range map[int]string{1: "ab", 2: "abc", 3: "ad"} {
		to := filepath.Join(dir, fmt.Sprint("to-", last))
		_, err := Restore(t.Context(), optionsAt(to, nil), []string{name(0), name(last)}, nil, nothing)
		require.NoError(t, err)
		restored := contents(t, to, nil)
		for i := range 4 {
			key := string(rune('a' + i))
			_, found := restored[string(keyOf(key))]
			assert.Equal(t, strings.Contains(want, key), found, "%s in %d", key, last)
		}
	}
}

func TestTheLastBackupsAreKnown(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	first, err := s.mark(t.Context(), mark{})
	require.NoError(t, err)
	last := first
	for range mostMarks - 1 {
		last, err = s.mark(t.Context(), last)
		require.NoError(t, err)
	}
	_, err = s.mark(t.Context(), first)
	require.NoError(t, err)
	_, err = s.mark(t.Context(), first)
	require.ErrorIs(t, err, errNoMark)
	_, err = s.mark(t.Context(), last)
	require.NoError(t, err)
}

// A record that expires while a backup is under way is in it or not; either can be restored.
func TestRecordsThatExpireDuringABackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	all, more := filepath.Join(dir, "all"), filepath.Join(dir, "more")
	s := openAt(t, filepath.Join(dir, "state"))
	until := time.Now().Add(time.Second)
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		return tx.Step(func() error {
			tx.SetUntil(keyOf("x-old"), []byte("x"), until)
			tx.SetUntil(keyOf("x-stays"), []byte("x"), until.Add(time.Hour))
			return nil
		})
	}))
	_, err := s.Backup(t.Context(), all, "", nil)
	require.NoError(t, err)
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		for i := range 1<<12 + 300 { // progress is told in between, and some are read ahead
			if err := set(tx, strconv.Itoa(i), ""); err != nil {
				return err
			}
		}
		return tx.Step(func() error { tx.SetUntil(keyOf("x-new"), []byte("x"), until); return nil })
	}))
	wait := func(int64, int64) { time.Sleep(time.Until(until.Add(2 * time.Second))) }
	_, err = s.Backup(t.Context(), more, all, wait)
	require.NoError(t, err)
	require.Greater(t, time.Since(until), 2*time.Second, "else nothing has expired")
	require.NoError(t, s.Close())
	n, err := Restore(t.Context(), optionsAt(filepath.Join(dir, "to"), nil), []string{all, more}, nil, nothing)
	require.NoError(t, err)
	assert.Equal(t, int64(1<<12+300+2), n, "the format, x-stays, and those without a time")
}

// What is wrong in a chain is said of the file in which it is.
func TestChainsThatAreDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, h head, entries ...entry) string {
		var file bytes.Buffer
		sealed, err := newSealer(&file, nil)
		require.NoError(t, err)
		content := h.append(nil)
		for _, e := range entries {
			content = e.append(content)
		}
		_, err = sealed.Write(append(content, entryEnd, byte(len(entries))))
		require.NoError(t, err)
		require.NoError(t, sealed.Close())
		name = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(name, file.Bytes(), 0o600))
		return name
	}
	a, b := entry{item: item{key: Key(KindMeta, "format", nil), value: []byte{Format}}}, entry{item: item{key: keyOf("b")}}
	all := write("all", head{mark: mark{1}}, a, b)
	good := write("good", head{mark: mark{2}, since: mark{1}}, entry{name: nameOf(a.key)}, b)
	bad := write("bad", head{mark: mark{3}, since: mark{2}}, entry{name: nameOf(keyOf("c"))})
	last := write("last", head{mark: mark{3}, since: mark{2}}, entry{name: nameOf(a.key)}, b)
	restore := func(files ...string) error {
		_, err := Restore(t.Context(), optionsAt(filepath.Join(t.TempDir(), "to"), nil), files, nil, nothing)
		return err
	}
	require.NoError(t, restore(all, good, last))
	err := restore(all, good, bad)
	require.ErrorContains(t, err, bad+": it names a record that no backup before it has: it is cut short or damaged")
	require.ErrorIs(t, err, ErrDamaged)
	content, err := os.ReadFile(good)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(good, content[:len(content)-1], 0o600))
	err = restore(all, good, last)
	require.ErrorContains(t, err, good+": it is cut short or damaged")
	require.ErrorIs(t, err, ErrDamaged)
}
