package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whatever is written and deleted between backups, while the store is open, what is restored of
// a chain of them is what there was at the last one.
func TestChainOfBackups(t *testing.T) {
	t.Parallel()
	for round := range 4 {
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(round), 0))
			dir := t.TempDir()
			path := filepath.Join(dir, "state")
			s := openAt(t, path)
			change := func(n int) {
				require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
					for range n {
						err := tx.Step(func() error {
							key := keyOf(strconv.Itoa(random.IntN(400)))
							if random.IntN(3) == 0 {
								tx.Delete(key)
							} else {
								tx.Set(key, []byte(strconv.Itoa(random.Int())))
							}
							return nil
						})
						if err != nil {
							return err
						}
					}
					return nil
				}))
			}
			var files []string
			since := ""
			for i := range 5 {
				change([]int{300, 40, 0, 500, 1}[i])
				file := filepath.Join(dir, fmt.Sprint("backup-", i))
				done, err := s.Backup(t.Context(), file, since, nil)
				require.NoError(t, err)
				t.Logf("%d records, %d bytes", done.Records, done.Bytes)
				if i == 2 {
					assert.Zero(t, done.Records, "nothing was written")
				}
				files, since = append(files, file), file
			}
			want := map[string]string{}
			require.NoError(t, s.View(t.Context(), func(r Reader) error {
				return r.Scan(nil, func(key, value []byte) error { want[string(key)] = string(value); return nil })
			}))
			delete(want, string(marksKey()))
			change(100) // after the last one
			require.NoError(t, s.Close())

			to := filepath.Join(dir, "to")
			n, err := Restore(t.Context(), optionsAt(to, nil), files, nil, nothing)
			require.NoError(t, err)
			assert.Equal(t, int64(len(want)), n)
			assert.Equal(t, want, contents(t, to, nil))

			restored := openAt(t, to)
			_, err = restored.Backup(t.Context(), filepath.Join(dir, "next"), since, nil)
			require.ErrorContains(t, err, "going on from "+since+": the store does not know it: it is of another store, of before this one was compacted, restored or set back")
			require.NoError(t, restored.Close())
		})
	}
}

func nothing(*Store) (bool, error) { return false, nil }

func TestChainsThatAreNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openAt(t, filepath.Join(dir, "state"))
	name := func(i int) string { return filepath.Join(dir, strconv.Itoa(i)) }
	for i, since := range []string{"", name(0), name(1), ""} {
		require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error { return set(tx, strconv.Itoa(i), "") }))
		_, err := s.Backup(t.Context(), name(i), since, nil)
		require.NoError(t, err)
	}
	for want, chain := range map[string][]int{
		"there is no backup to restore":                  {},
		"goes on from another backup":                    {1},
		"is a backup of all: name it first, or alone":    {0, 3},
		"does not go on from":                            {0, 2},
		name(1) + " does not go on from " + name(2):      {0, 1, 2, 1},
		"restoring " + name(0) + ", " + name(1) + ": no": {0, 1},
	} {
		var files []string
		for _, i := range chain {
			files = append(files, name(i))
		}
		_, err := Restore(t.Context(), optionsAt(filepath.Join(t.TempDir(), "to"), nil), files, nil, func(*Store) (bool, error) {
			return false, errors.New("no")
		})
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, s.Close())
}
