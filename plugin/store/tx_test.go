package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errStep = errors.New("the step errs")

func TestAStepIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		require.NoError(t, set(tx, "a", "1"))
		err := tx.Step(func() error {
			tx.Set(keyOf("a"), []byte("2"))
			tx.Set(keyOf("b"), []byte("2"))
			v, err := tx.Get(keyOf("a"))
			assert.Equal(t, "2", string(v), "it sees its own writes")
			return errors.Join(err, errStep)
		})
		require.ErrorIs(t, err, errStep)
		v, err := tx.Get(keyOf("a"))
		assert.Equal(t, "1", string(v), "the earlier step stands")
		require.NoError(t, err)
		return set(tx, "c", "3")
	}))
	assert.Equal(t, "1", read(t, s, "a"))
	assert.Empty(t, read(t, s, "b"))
	assert.Equal(t, "3", read(t, s, "c"))
}

// Whoever follows a transaction in memory is told what became of it.
func TestFollowing(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	var heard []string
	hear := func(what string) func() { return func() { heard = append(heard, what) } }
	for _, last := range []error{nil, errStep} {
		heard = nil
		err := s.Update(t.Context(), nil, func(tx *Tx) error {
			tx.OnCommitted(hear("committed"))
			tx.OnRollback(hear("rolled back"))
			require.NoError(t, tx.Step(func() error {
				tx.OnDrop(hear("not dropped"))
				tx.Set(keyOf("a"), nil)
				return nil
			}))
			require.ErrorIs(t, tx.Step(func() error {
				tx.OnDrop(hear("first"))
				tx.OnDrop(hear("second"))
				return errStep
			}), errStep)
			require.ErrorIs(t, tx.Step(func() error { return errStep }), errStep)
			require.Error(t, tx.Step(func() error {
				tx.OnDrop(hear("too large"))
				tx.Set(keyOf("b"), make([]byte, s.db.MaxBatchSize()))
				return nil
			}))
			return last
		})
		require.ErrorIs(t, err, last)
		end := map[bool]string{true: "committed", false: "rolled back"}[last == nil]
		assert.Equal(t, []string{"second", "first", "too large", end}, heard)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error { return set(tx, "a", "1") }))
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		return tx.Step(func() error {
			tx.Delete(keyOf("a"))
			v, err := tx.Get(keyOf("a"))
			assert.Nil(t, v)
			return err
		})
	}))
	assert.Empty(t, read(t, s, "a"))
}

// An empty value is a value: before the commit, after it, and after the next.
func TestAnEmptyValue(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	for _, value := range [][]byte{nil, {}, nil} {
		require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
			return tx.Step(func() error {
				_, err := tx.Get(keyOf("a"))
				tx.Set(keyOf("a"), value)
				v, _ := tx.Get(keyOf("a"))
				assert.NotNil(t, v)
				return err
			})
		}))
		require.NoError(t, s.View(t.Context(), func(r Reader) error {
			v, err := r.Get(keyOf("a"))
			assert.NotNil(t, v)
			assert.Empty(t, v)
			return err
		}))
	}
}

func TestAnErrorChangesNothing(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	undone := 0
	require.ErrorIs(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		tx.OnRollback(func() { undone++ })
		require.NoError(t, set(tx, "a", "1"))
		return errStep
	}), errStep)
	assert.Panics(t, func() {
		_ = s.Update(t.Context(), []Lock{LockOf([]byte("k"))}, func(tx *Tx) error {
			tx.OnRollback(func() { undone++ })
			_ = set(tx, "a", "1")
			panic("a bug")
		})
	})
	assert.Empty(t, read(t, s, "a"))
	assert.Equal(t, 2, undone)
	require.NoError(t, s.Update(t.Context(), []Lock{LockOf([]byte("k"))}, func(*Tx) error { return nil }), "the panic gave its lock back")
}

// A batch that no transaction takes becomes several, in order, each of whole steps, and
// with what is gathered before a commit.
func TestALargeBatch(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	const steps = 20_000
	gathered, commits := 0, 0
	stop := s.OnCommit(func(time.Duration) { commits++ })
	defer stop()
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		tx.BeforeCommit(func() error {
			tx.Set(keyOf("gathered"), []byte(strconv.Itoa(gathered)))
			return nil
		})
		for i := range steps {
			err := tx.Step(func() error {
				for part := range 3 {
					tx.Set(keyOf(fmt.Sprintf("%d/%d", i, part)), []byte(strings.Repeat("x", 100)))
				}
				return nil
			})
			if err != nil {
				return err
			}
			gathered++
			if i%2 == 1 {
				v, err := tx.Get(keyOf(fmt.Sprintf("%d/2", i/2)))
				require.NoError(t, err)
				require.Len(t, v, 100, "it sees what earlier commits wrote")
			}
		}
		return nil
	}))
	assert.Greater(t, commits, 1)
	assert.Equal(t, strconv.Itoa(steps), read(t, s, "gathered"))
	assert.Len(t, read(t, s, fmt.Sprintf("%d/2", steps-1)), 100)
}

// A key that each step of a batch sets again counts as often as Badger counts it: the batch
// is split before Badger refuses it, and the last value stands.
func TestOneKeyInEveryStep(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	const steps = 20_000
	commits := 0
	defer s.OnCommit(func(time.Duration) { commits++ })()
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		for i := range steps {
			err := tx.Step(func() error {
				before, err := tx.Get(keyOf("sum"))
				n, _ := strconv.Atoi(string(before))
				assert.Equal(t, i, n)
				for range 3 {
					tx.Set(keyOf("sum"), []byte(strconv.Itoa(i+1)))
				}
				tx.Delete(keyOf("gone"))
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	assert.Greater(t, commits, 1)
	assert.Equal(t, strconv.Itoa(steps), read(t, s, "sum"))
}

// What several commits of a batch have written stays when a later step of it errs, and
// memory is told to roll back.
func TestABatchThatFailsHalfway(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	commits, undone := 0, 0
	defer s.OnCommit(func(time.Duration) { commits++ })()
	require.ErrorIs(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		tx.OnRollback(func() { undone++ })
		for i := 0; ; i++ {
			if commits == 2 {
				return errStep
			}
			if err := set(tx, strconv.Itoa(i), strings.Repeat("x", 1000)); err != nil {
				return err
			}
		}
	}), errStep)
	assert.Equal(t, 1, undone)
	assert.Len(t, read(t, s, "0"), 1000)
	stands := 0
	require.NoError(t, s.View(t.Context(), func(r Reader) error {
		return r.Scan(Prefix(KindCache, "test"), func([]byte, []byte) error { stands++; return nil })
	}))
	for i := range stands {
		require.NotEmpty(t, read(t, s, strconv.Itoa(i)), "commits are in order")
	}
}

// What is gathered for a commit and does not fit is an error with its remedy.
func TestTooMuchGathered(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	require.ErrorContains(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		tx.BeforeCommit(func() error {
			for i := range 100_000 {
				tx.Set(keyOf(strconv.Itoa(i)), nil)
			}
			return nil
		})
		return set(tx, "a", "1")
	}), "a batch changes more state than a transaction takes: raise memory_budget of the segment_store, or make batches smaller")
	assert.Empty(t, read(t, s, "a"))
}

func TestAStepThatIsTooLarge(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	err := s.Update(t.Context(), nil, func(tx *Tx) error {
		for i := range 100 {
			if err := set(tx, strconv.Itoa(i), strings.Repeat("x", 100)); err != nil {
				return err
			}
		}
		return tx.Step(func() error {
			for i := range 100_000 {
				tx.Set(keyOf("large"+strconv.Itoa(i)), []byte(strings.Repeat("x", 100)))
			}
			return nil
		})
	})
	require.ErrorContains(t, err, "one event changes 100000 keys")
	require.ErrorContains(t, err, "raise memory_budget of the segment_store")
	assert.Empty(t, read(t, s, "large0"))
}

func TestAfterAFailedCommitNothingRuns(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	undone, ran := 0, 0
	err := s.Update(t.Context(), nil, func(tx *Tx) error {
		tx.OnRollback(func() { undone++ })
		tx.BeforeCommit(func() error { return errStep })
		for i := range 20_000 {
			_ = tx.Step(func() error {
				ran++
				tx.Set(keyOf(strconv.Itoa(i)), []byte(strings.Repeat("x", 1000)))
				return nil
			})
		}
		return nil // even when the function does not look
	})
	require.ErrorIs(t, err, errStep)
	assert.Equal(t, 1, undone)
	assert.Less(t, ran, 20_000)
	assert.Empty(t, read(t, s, "0"))
}

// Many goroutines that add to few counters, under overlapping locks, lose nothing.
func TestNoUpdateIsLost(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	const workers, rounds, counters = 8, 200, 5
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 0))
			for range rounds {
				var names []string
				var locks []Lock
				for range 1 + random.IntN(counters) {
					name := strconv.Itoa(random.IntN(counters))
					names, locks = append(names, name), append(locks, LockOf(keyOf(name)))
				}
				assert.NoError(t, s.Update(t.Context(), locks, func(tx *Tx) error {
					return tx.Step(func() error {
						for _, name := range append(names, "sum "+strconv.Itoa(worker)) {
							v, err := tx.Get(keyOf(name))
							if err != nil {
								return err
							}
							n, _ := strconv.Atoi(string(v))
							tx.Set(keyOf(name), []byte(strconv.Itoa(n+1)))
						}
						total, err := tx.Get(keyOf("total " + strconv.Itoa(worker)))
						n, _ := strconv.Atoi(string(total))
						tx.Set(keyOf("total "+strconv.Itoa(worker)), []byte(strconv.Itoa(n+len(names))))
						return err
					})
				}))
			}
		})
	}
	all.Wait()
	counted, added := 0, 0
	for i := range counters {
		n, _ := strconv.Atoi(read(t, s, strconv.Itoa(i)))
		counted += n
	}
	for worker := range workers {
		n, _ := strconv.Atoi(read(t, s, "total "+strconv.Itoa(worker)))
		added += n
	}
	assert.Equal(t, added, counted)
	assert.Empty(t, s.locks.queues, "all locks were given back")
}

func TestLocksAreFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	table := newLockTable()
	release, err := table.acquire(t.Context(), []Lock{1, 2})
	require.NoError(t, err)

	var order []int
	var mu sync.Mutex
	var all sync.WaitGroup
	for i, locks := range [][]Lock{{2}, {2, 3}, {1, 2}, {2}} {
		all.Go(func() {
			release, err := table.acquire(t.Context(), locks)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			release()
		})
		require.Eventually(t, func() bool {
			table.mu.Lock()
			defer table.mu.Unlock()
			return len(table.queues[2]) == i+2
		}, time.Second, time.Millisecond)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = table.acquire(canceled, []Lock{1, 2, 3})
	require.ErrorIs(t, err, context.Canceled)
	release()
	all.Wait()
	assert.Equal(t, []int{0, 1, 2, 3}, order)
	assert.Empty(t, table.queues)
}

// With random sets of locks, and waiters that give up at random, nobody holds a lock that
// another holds, nobody waits for ever, and no claim is left behind.
func TestLocksExclude(t *testing.T) {
	t.Parallel()
	const workers, rounds, locks = 16, 300, 6
	table := newLockTable()
	var holders [locks]atomic.Int32
	var acquired, gaveUp atomic.Int32
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			for range rounds {
				wanted := make([]Lock, 1+random.IntN(locks)) // some of them twice
				for i := range wanted {
					wanted[i] = Lock(random.IntN(locks))
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(1000))*time.Microsecond)
				release, err := table.acquire(ctx, wanted)
				cancel()
				if err != nil {
					gaveUp.Add(1)
					continue
				}
				acquired.Add(1)
				slices.Sort(wanted)
				wanted = slices.Compact(wanted)
				for _, lock := range wanted {
					assert.Equal(t, int32(1), holders[lock].Add(1))
				}
				time.Sleep(time.Duration(random.IntN(20)) * time.Microsecond)
				for _, lock := range wanted {
					holders[lock].Add(-1)
				}
				release()
			}
		})
	}
	all.Wait()
	assert.Positive(t, acquired.Load())
	assert.Positive(t, gaveUp.Load())
	assert.Empty(t, table.queues)
}

func TestAWaiterThatGivesUp(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	locks := []Lock{LockOf([]byte("k"))}
	inside, leave := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- s.Update(context.Background(), locks, func(*Tx) error {
			close(inside)
			<-leave
			return nil
		})
	}()
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, s.Update(ctx, locks, func(*Tx) error { return nil }), "waiting for the customers of this batch")
	close(leave)
	require.NoError(t, <-done)
	require.NoError(t, s.Update(t.Context(), locks, func(*Tx) error { return nil }))
}

func TestKeysOfNamespacesDoNotMix(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	names := []string{"", "a", "ab", "b", "a\x00", strings.Repeat("n", 300)}
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		for _, name := range names {
			for _, suffix := range []string{"", "b", "x"} {
				err := tx.Step(func() error {
					tx.Set(Key(KindModel, name, []byte(suffix)), []byte(name))
					return nil
				})
				if err != nil {
					return err
				}
			}
		}
		return nil
	}))
	require.NoError(t, s.View(t.Context(), func(r Reader) error {
		found, err := Namespaces(r, KindModel)
		require.NoError(t, err)
		assert.ElementsMatch(t, names, found)
		for _, name := range names {
			count := 0
			require.NoError(t, r.Scan(Prefix(KindModel, name), func(key, value []byte) error {
				kind, namespace, _, err := SplitKey(key)
				assert.Equal(t, KindModel, kind)
				assert.Equal(t, name, namespace)
				assert.Equal(t, name, string(value))
				count++
				return err
			}))
			assert.Equal(t, 3, count)
		}
		none, err := Namespaces(r, KindContribution)
		assert.Empty(t, none)
		return err
	}))
}

func FuzzSplitKey(f *testing.F) {
	f.Add([]byte{'m', 1, 'a', 'b'})
	f.Add([]byte{'m', 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, key []byte) {
		kind, namespace, suffix, err := SplitKey(key)
		if err == nil {
			again, name, rest, err := SplitKey(Key(kind, namespace, suffix))
			require.NoError(t, err)
			assert.Equal(t, kind, again)
			assert.Equal(t, namespace, name)
			assert.Equal(t, string(suffix), string(rest))
		}
	})
}
