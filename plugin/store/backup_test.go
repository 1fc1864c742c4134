package store

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	for name, key := range map[string][]byte{"plain": nil, "encrypted": bytes.Repeat([]byte{7}, 16)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path, file, to := filepath.Join(dir, "state"), filepath.Join(dir, "backup"), filepath.Join(dir, "to")
			fillStore(t, path, key)
			want := contents(t, path, key)
			done, err := BackupStore(t.Context(), optionsAt(path, key), file, "", nil)
			require.NoError(t, err)
			assert.Equal(t, int64(len(want)), done.Records)
			assert.Empty(t, filesWith(t, file, "canary-key"), "what was deleted is not in it")
			assert.Equal(t, key == nil, len(filesWith(t, file, "newxxxx")) > 0)
			_, err = BackupStore(t.Context(), optionsAt(path, key), file, "", nil)
			require.ErrorContains(t, err, "is there already: name a new file")

			n, err := Restore(t.Context(), optionsAt(to, key), []string{file}, nil, func(s *Store) (bool, error) {
				return true, s.Update(t.Context(), nil, func(tx *Tx) error {
					return tx.Step(func() error { tx.Delete(keyOf("large")); return nil })
				})
			})
			require.NoError(t, err)
			assert.Equal(t, int64(len(want)), n)
			delete(want, string(keyOf("large")))
			assert.Equal(t, want, contents(t, to, key))
			assert.Empty(t, filesWith(t, to, "newnewnewnew"), "it was deleted before the store was there")
			_, err = Restore(t.Context(), optionsAt(to, key), []string{file}, nil, nil)
			require.ErrorContains(t, err, "there is something at "+to+" already: name a new directory")
		})
	}
}

func TestBackupsThatAreNoGood(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, secret := filepath.Join(dir, "state"), bytes.Repeat([]byte{7}, 32)
	fillStore(t, path, nil)
	plain := filepath.Join(dir, "plain")
	_, err := BackupStore(t.Context(), optionsAt(path, nil), plain, "", nil)
	require.NoError(t, err)
	whole, err := os.ReadFile(plain)
	require.NoError(t, err)
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 4
	swapped := bytes.Clone(whole) // two frames of the same length
	const frame = 4 + sealedContent + 4
	copy(swapped[sealedHeader:], whole[sealedHeader+frame:][:frame])
	copy(swapped[sealedHeader+frame:], whole[sealedHeader:][:frame])
	for name, test := range map[string]struct {
		content, key []byte
		want         string
	}{
		"cut short":    {whole[:len(whole)-1], nil, "it is cut short or damaged"},
		"cut at frame": {whole[:sealedHeader+frame], nil, "it is cut short or damaged"},
		"no frames":    {whole[:sealedHeader], nil, "it is cut short or damaged"},
		"cut in magic": {whole[:3], nil, "it is cut short or damaged"},
		"empty":        {nil, nil, "it is cut short or damaged"},
		"flipped":      {flipped, nil, "it is cut short or damaged"},
		"swapped":      {swapped, nil, "it is cut short or damaged"},
		"longer":       {append(bytes.Clone(whole), 0), nil, "it is cut short or damaged"},
		"another file": {[]byte("PK\x03\x04 something else altogether"), nil, "it is no backup of a Shoal store"},
		"with a key":   {whole, secret, "it is not encrypted, and --encryption-key is set"},
	} {
		file, to := filepath.Join(t.TempDir(), "file"), filepath.Join(t.TempDir(), "to")
		require.NoError(t, os.WriteFile(file, test.content, 0o600))
		_, err := Restore(t.Context(), optionsAt(to, test.key), []string{file}, nil, func(*Store) (bool, error) { return false, nil })
		require.ErrorContains(t, err, test.want, name)
		assert.Equal(t, strings.Contains(test.want, "cut short"), errors.Is(err, ErrDamaged), name)
		assert.NoDirExists(t, to, name)
		_, err = ErasuresAt(t.Context(), optionsAt(file, test.key))
		require.ErrorContains(t, err, test.want, name)
	}
	refused := errors.New("refused")
	_, err = Restore(t.Context(), optionsAt(filepath.Join(dir, "to"), nil), []string{plain}, nil, func(*Store) (bool, error) { return true, refused })
	require.ErrorIs(t, err, refused)
	assert.NoDirExists(t, filepath.Join(dir, "to"))
}

// What is sealed is what is opened, whatever the key and the cuts; what was changed in any bit
// is refused, and so is another key.
func TestSealedFiles(t *testing.T) {
	t.Parallel()
	random := mathrand.New(mathrand.NewPCG(1, 0))
	for round := range 40 {
		content := make([]byte, []int{0, 1, sealedContent - 1, sealedContent, sealedContent + 1, 3*sealedContent + random.IntN(9)}[round%6])
		_, _ = rand.Read(content)
		var key []byte
		if round%2 == 1 {
			key = bytes.Repeat([]byte{byte(round)}, 32)
		}
		var file bytes.Buffer
		s, err := newSealer(&file, key)
		require.NoError(t, err)
		for rest := content; len(rest) > 0; {
			n := min(1+random.IntN(100_000), len(rest))
			_, err := s.Write(rest[:n])
			require.NoError(t, err)
			rest = rest[n:]
		}
		require.NoError(t, s.Close())
		read := func(file, key []byte) ([]byte, error) {
			o, err := newOpener(bytes.NewReader(file), key)
			if err != nil {
				return nil, err
			}
			return io.ReadAll(o)
		}
		got, err := read(file.Bytes(), key)
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, got))
		damaged := bytes.Clone(file.Bytes())
		damaged[random.IntN(len(damaged))] ^= 1 << random.IntN(8)
		_, err = read(damaged, key)
		require.Error(t, err)
		require.True(t, errors.Is(err, ErrDamaged) || errors.Is(err, errSealedKind), "a wrong key is another matter: %v", err)
		if key != nil {
			_, err = read(file.Bytes(), bytes.Repeat([]byte{200}, 32))
			require.ErrorIs(t, err, errSealedKey)
			_, err = read(file.Bytes(), nil)
			require.ErrorIs(t, err, errSealedNoKey)
		}
	}
}

// Whoever reads on after an error, as a buffer does that reads ahead, gets it again: a damaged
// frame is never left out.
func TestSealedFilesStayDamaged(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	s, err := newSealer(&file, nil)
	require.NoError(t, err)
	_, err = s.Write(make([]byte, 3*sealedContent))
	require.NoError(t, err)
	require.NoError(t, s.Close())
	file.Bytes()[sealedHeader+4+sealedContent+4+100] ^= 1 // in the second frame
	o, err := newOpener(&file, nil)
	require.NoError(t, err)
	content, err := io.ReadAll(o)
	require.ErrorIs(t, err, errSealedDamaged)
	require.Len(t, content, sealedContent)
	for range 3 {
		n, err := o.Read(make([]byte, 100))
		require.ErrorIs(t, err, errSealedDamaged)
		require.Zero(t, n)
	}
}

// What is no backup does no more than err.
func FuzzBackup(f *testing.F) {
	var file bytes.Buffer
	s, err := newSealer(&file, nil)
	require.NoError(f, err)
	seed := (&head{since: mark{3}, version: 7}).append(nil)
	k := entry{item: item{key: []byte("k"), value: []byte("v"), expires: 5}}
	_, err = s.Write(append(entry{name: 9}.append(k.append(seed)), entryEnd, 2))
	require.NoError(f, err)
	require.NoError(f, s.Close())
	f.Add(file.Bytes(), k.append(seed))
	f.Add(file.Bytes(), append(entry{name: 9}.append(seed), entryEnd, 1))
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, file, records []byte) {
		if o, err := newOpener(bytes.NewReader(file), nil); err == nil {
			_, _ = io.ReadAll(o)
		}
		var sealed bytes.Buffer
		s, err := newSealer(&sealed, nil)
		require.NoError(t, err)
		_, err = s.Write(records)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		from, err := openBackup(&sealed, nil)
		if err != nil {
			require.ErrorIs(t, err, errSealedDamaged)
			return
		}
		for range len(records) + 1 {
			e, err := from.next()
			if err != nil {
				require.True(t, errors.Is(err, io.EOF) || errors.Is(err, errSealedDamaged), "%v", err)
				return
			}
			require.True(t, e.key == nil || len(e.key) > 0)
		}
		t.Fatal("more records than bytes")
	})
}

// Tombstones of another store, with a secret of their own or the same, taken over again and
// again.
func TestErasures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, other := openAt(t, filepath.Join(dir, "one")), openAt(t, filepath.Join(dir, "other"))
	lay(t, one, "a", Tombstone{Until: 9, At: erasedAt, Block: true})
	lay(t, one, "b", Tombstone{Until: 1, At: erasedAt})
	lay(t, other, "b", Tombstone{Until: 5, At: erasedAt.Add(-time.Hour), Block: true})
	lay(t, other, "c", Tombstone{Until: 7, At: erasedAt})
	var theirs *Erasures
	require.NoError(t, other.View(t.Context(), func(r Reader) (err error) { theirs, err = ErasuresOf(r); return err }))
	assert.Equal(t, 2, theirs.Len())
	_, found := theirs.Find("a")
	assert.False(t, found)
	for range 2 {
		require.NoError(t, one.AdoptErasures(t.Context(), theirs))
		for name, want := range map[string]Tombstone{
			"a": {Until: 9, At: erasedAt, Block: true}, "b": {Until: 5, At: erasedAt}, "c": {Until: 7, At: erasedAt},
		} {
			got, found := find(t, one, name)
			assert.True(t, found)
			assert.Equal(t, want, got, name)
		}
		assert.Equal(t, 4, countTombstones(t, one))
	}
	require.NoError(t, one.Close())
	require.NoError(t, other.Close())
	file := filepath.Join(dir, "file")
	_, err := BackupStore(t.Context(), optionsAt(filepath.Join(dir, "one"), nil), file, "", nil)
	require.NoError(t, err)
	none := t.TempDir()
	_, err = ErasuresAt(t.Context(), optionsAt(none, nil))
	require.ErrorContains(t, err, "there is no store at "+none+": name its directory")
	made, err := os.ReadDir(none)
	require.NoError(t, err)
	assert.Empty(t, made)
	_, err = ErasuresAt(t.Context(), optionsAt(filepath.Join(none, "nowhere"), nil))
	require.ErrorContains(t, err, "there is nothing at that path: name a store, or a backup")
	for _, from := range []string{file, filepath.Join(dir, "one")} {
		e, err := ErasuresAt(t.Context(), optionsAt(from, nil))
		require.NoError(t, err)
		got, found := e.Find("b")
		assert.True(t, found)
		assert.Equal(t, Tombstone{Until: 5, At: erasedAt}, got)
	}
}

// BenchmarkBackup backs up a store of 100,000 records of 500 bytes: all, and what is new, of
// which there is nothing.
func BenchmarkBackup(b *testing.B) {
	dir := b.TempDir()
	s := openAt(b, filepath.Join(dir, "state"))
	value := bytes.Repeat([]byte("v"), 500)
	require.NoError(b, s.Update(b.Context(), nil, func(tx *Tx) error {
		for i := range 100_000 {
			if err := tx.Step(func() error { tx.Set(keyOf(strconv.Itoa(i)), value); return nil }); err != nil {
				return err
			}
		}
		return nil
	}))
	first := filepath.Join(dir, "first")
	_, err := s.Backup(b.Context(), first, "", nil)
	require.NoError(b, err)
	for name, since := range map[string]string{"all": "", "new": first} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			file := filepath.Join(dir, name)
			for b.Loop() {
				_, err := s.Backup(b.Context(), file, since, nil)
				require.NoError(b, err)
				require.NoError(b, os.Remove(file))
			}
		})
	}
	require.NoError(b, s.Close())
}
