package store

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/stretchr/testify/require"
)

const (
	benchKeys  = 100_000
	benchBytes = 500
)

func benchKey(n int) []byte {
	return Key(KindProfile, "bench", binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// The store against what is below it: read-modify-writes of 500 bytes, one operation each.
func BenchmarkReadModifyWrite(b *testing.B) {
	for _, batch := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("Badger alone, batches of %d", batch), func(b *testing.B) {
			options := Options{Path: filepath.Join(b.TempDir(), "state"), MemoryBudget: DefaultMemoryBudget}
			db, err := badger.Open(options.badger())
			require.NoError(b, err)
			defer func() { require.NoError(b, db.Close()) }()
			random := rand.New(rand.NewPCG(1, 0))
			for i := 0; b.Loop(); i += batch {
				txn := db.NewTransaction(true)
				for range batch {
					key := benchKey(random.IntN(benchKeys))
					value, err := get(txn, key)
					require.NoError(b, err)
					require.NoError(b, txn.Set(key, modified(value)))
				}
				require.NoError(b, txn.Commit())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/record")
		})
		store := func(b *testing.B, durable bool) {
			s, err := Open(Options{Path: filepath.Join(b.TempDir(), "state"), MemoryBudget: DefaultMemoryBudget, SyncWrites: durable})
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			random := rand.New(rand.NewPCG(1, 0))
			locks := make([]Lock, batch)
			keys := make([][]byte, batch)
			for b.Loop() {
				for i := range keys {
					keys[i] = benchKey(random.IntN(benchKeys))
					locks[i] = LockOf(keys[i])
				}
				require.NoError(b, s.Update(b.Context(), locks, func(tx *Tx) error {
					for _, key := range keys {
						err := tx.Step(func() error {
							value, err := tx.Get(key)
							tx.Set(key, modified(value))
							return err
						})
						if err != nil {
							return err
						}
					}
					return nil
				}))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/record")
		}
		b.Run(fmt.Sprintf("store, batches of %d", batch), func(b *testing.B) { store(b, false) })
		b.Run(fmt.Sprintf("store, durability power, batches of %d", batch), func(b *testing.B) { store(b, true) })
	}
}

func modified(value []byte) []byte {
	next := make([]byte, benchBytes)
	copy(next, value)
	binary.BigEndian.PutUint64(next, binary.BigEndian.Uint64(next)+1)
	return next
}

// Opening a store of a million records of 250 bytes.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state")
	options := Options{Path: path, MemoryBudget: DefaultMemoryBudget}
	s, err := Open(options)
	require.NoError(b, err)
	noise := rand.NewChaCha8([32]byte{})
	for from := 0; from < 1_000_000; from += 1000 {
		require.NoError(b, s.Update(b.Context(), nil, func(tx *Tx) error {
			for i := range 1000 {
				err := tx.Step(func() error {
					value := make([]byte, 250)
					_, _ = noise.Read(value)
					tx.Set(benchKey(from+i), value)
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	require.NoError(b, s.Close())
	for b.Loop() {
		begun := time.Now()
		s, err := Open(options)
		require.NoError(b, err)
		b.ReportMetric(time.Since(begun).Seconds(), "s/open")
		require.NoError(b, s.Close())
	}
}
