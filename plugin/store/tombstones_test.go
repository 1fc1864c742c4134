package store

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func lay(t testing.TB, s *Store, customer string, tombstone Tombstone) {
	t.Helper()
	require.NoError(t, s.Update(t.Context(), []Lock{TombstoneLock()}, func(tx *Tx) error {
		return tx.Step(func() error { return s.Tombstones().Lay(tx, customer, tombstone) })
	}))
}

func find(t testing.TB, s *Store, customer string) (tombstone Tombstone, found bool) {
	t.Helper()
	require.NoError(t, s.View(t.Context(), func(r Reader) (err error) {
		tombstone, found, err = s.Tombstones().Find(r, customer)
		return err
	}))
	return tombstone, found
}

func countTombstones(t testing.TB, s *Store) (n int) {
	t.Helper()
	require.NoError(t, s.View(t.Context(), func(r Reader) (err error) {
		n, err = CheckTombstones(r)
		return err
	}))
	return n
}

var erasedAt = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

// A tombstone is found again, also after a restart, by who has the key; it names nobody.
func TestTombstones(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s := openAt(t, path)
	assert.Nil(t, s.Tombstones().known(), "to look costs nothing yet")
	assert.Zero(t, countTombstones(t, s))
	want := Tombstone{Until: 5, At: erasedAt, Block: true, Profiles: 1, Contributions: 2, Moves: 300}
	lay(t, s, "canary", want)
	lay(t, s, "other", Tombstone{Until: math.MinInt64, At: erasedAt})
	for range 2 {
		got, found := find(t, s, "canary")
		assert.True(t, found)
		assert.Equal(t, want, got)
		_, found = find(t, s, "nobody")
		assert.False(t, found)
		assert.Equal(t, 2, countTombstones(t, s))
		require.NoError(t, s.View(t.Context(), func(r Reader) error {
			return r.Scan(nil, func(key, value []byte) error {
				assert.False(t, bytes.Contains(key, []byte("canary")) || bytes.Contains(value, []byte("canary")))
				return nil
			})
		}))
		require.NoError(t, s.Close())
		s = openAt(t, path)
	}
	require.NoError(t, s.Close())
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tombstone Tombstone
		at        int64
		want      error
	}{
		{Tombstone{Until: 5}, 4, ErrErased},
		{Tombstone{Until: 5}, 5, ErrErased},
		{Tombstone{Until: 5}, 6, nil},
		{Tombstone{Until: 5, Block: true}, 6, ErrBlocked},
		{Tombstone{Until: math.MinInt64}, math.MinInt64 + 1, nil},
		{Tombstone{Until: math.MinInt64, Block: true}, 0, ErrBlocked},
	} {
		assert.Equal(t, test.want, test.tombstone.Refuse(test.at), "%+v", test)
	}
}

// The first secret is made in the transaction that lays the first tombstone, and goes with it.
func TestTheFirstTombstoneIsRolledBack(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	refused := errors.New("refused")
	require.ErrorIs(t, s.Update(t.Context(), []Lock{TombstoneLock()}, func(tx *Tx) error {
		for _, name := range []string{"a", "b"} {
			require.NoError(t, tx.Step(func() error { return s.Tombstones().Lay(tx, name, Tombstone{At: erasedAt}) }))
		}
		return refused
	}), refused)
	assert.Nil(t, s.Tombstones().known())
	require.NoError(t, s.Update(t.Context(), []Lock{TombstoneLock()}, func(tx *Tx) error {
		for _, name := range []string{"a", "b"} {
			require.NoError(t, tx.Step(func() error { return s.Tombstones().Lay(tx, name, Tombstone{At: erasedAt}) }))
		}
		return nil
	}))
	assert.Len(t, s.Tombstones().known(), 1)
	for _, name := range []string{"a", "b"} {
		_, found := find(t, s, name)
		assert.True(t, found)
	}
}

// Of several tombstones of a customer, the newest decides, and nothing comes back that either
// refuses; in any order.
func TestTombstonesOfOneCustomer(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 0))
	for range 1000 {
		one := Tombstone{Until: random.Int64N(10), At: erasedAt, Block: random.IntN(2) == 0}
		other := Tombstone{Until: random.Int64N(10), At: erasedAt.Add(time.Hour), Block: random.IntN(2) == 0}
		both := one.with(other)
		require.Equal(t, both, other.with(one))
		require.Equal(t, Tombstone{Until: max(one.Until, other.Until), At: other.At, Block: other.Block}, both)
		require.Equal(t, both, both.with(one))
	}
}

func TestCheckTombstones(t *testing.T) {
	t.Parallel()
	good := Tombstone{At: erasedAt}.encode()
	for name, record := range map[string]struct {
		key, value []byte
		want       string
	}{
		"of no secret":     {Key(KindTombstone, "12345678", make([]byte, 32)), good, "laid under a secret that is lost"},
		"a secret cut off": {Key(KindMeta, secretNamespace, []byte("12345678")), []byte("short"), "record of an erasure is damaged"},
		"a secret misnamed": {
			Key(KindMeta, secretNamespace, []byte("12345678")), make([]byte, secretLength), "record of an erasure is damaged",
		},
	} {
		s := inMemory(t)
		lay(t, s, "a", Tombstone{At: erasedAt})
		require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
			return tx.Step(func() error { tx.Set(record.key, record.value); return nil })
		}))
		err := s.View(t.Context(), func(r Reader) error { _, err := CheckTombstones(r); return err })
		require.ErrorContains(t, err, record.want, name)
	}
	s := inMemory(t)
	lay(t, s, "a", Tombstone{At: erasedAt})
	key := s.Tombstones().known()[0].tombstoneKey("a")
	for _, damage := range [][2][]byte{{key, good[:len(good)-1]}, {key[:len(key)-1], good}} {
		require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
			return tx.Step(func() error { tx.Set(damage[0], damage[1]); return nil })
		}))
		err := s.View(t.Context(), func(r Reader) error { _, err := CheckTombstones(r); return err })
		require.ErrorContains(t, err, "record of an erasure is damaged")
		require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
			return tx.Step(func() error { tx.Set(key, good); return nil })
		}))
	}
}

func FuzzDecodeTombstone(f *testing.F) {
	f.Add(Tombstone{Until: math.MinInt64, At: erasedAt, Block: true, Moves: 7}.encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stored []byte) {
		tombstone, err := decodeTombstone(stored)
		if err != nil {
			require.ErrorIs(t, err, errTombstone)
			return
		}
		again, err := decodeTombstone(tombstone.encode())
		require.NoError(t, err)
		require.Equal(t, tombstone, again)
	})
}

// BenchmarkRefuse is what each event costs: nothing while nobody was erased.
func BenchmarkRefuse(b *testing.B) {
	for _, erased := range []int{0, 1, 100_000} {
		b.Run(fmt.Sprintf("erased=%d", erased), func(b *testing.B) {
			s := openAt(b, filepath.Join(b.TempDir(), "state"))
			require.NoError(b, s.Update(b.Context(), []Lock{TombstoneLock()}, func(tx *Tx) error {
				for i := range erased {
					if err := tx.Step(func() error { return s.Tombstones().Lay(tx, fmt.Sprint("gone", i), Tombstone{At: erasedAt}) }); err != nil {
						return err
					}
				}
				return nil
			}))
			require.NoError(b, s.Close())
			s = openAt(b, s.name)
			defer func() { require.NoError(b, s.Close()) }()
			names := make([]string, 1000)
			for i := range names {
				names[i] = fmt.Sprint("customer", i)
			}
			b.ReportAllocs()
			require.NoError(b, s.View(b.Context(), func(r Reader) error {
				for i := 0; b.Loop(); i++ {
					if err := s.Tombstones().Refuse(r, names[i%len(names)], 1); err != nil {
						return err
					}
				}
				return nil
			}))
		})
	}
}
