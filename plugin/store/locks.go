package store

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
)

// Lock stands for a key that a transaction reads and then writes. It is a hash:
// two keys that share one only wait for each other.
type Lock uint64

var lockSeed = maphash.MakeSeed()

// LockOf is the lock of a key. Use the same bytes as for the key in the store.
func LockOf(key []byte) Lock { return Lock(maphash.Bytes(lockSeed, key)) }

// lockTable gives a transaction all its locks at once, first come first served.
//
// Each lock has a queue of claims. A claim joins all its queues in one go, under
// mu, and holds its locks when it is first in each. As every queue sees claims in
// the same order, there is no cycle to wait in, and nobody starves.
type lockTable struct {
	mu     sync.Mutex // guards queues and every claim's waits
	queues map[Lock][]*claim
}

type claim struct {
	locks []Lock
	waits int           // queues in which another claim is first
	ready chan struct{} // closed when waits reaches zero
}

func newLockTable() *lockTable {
	return &lockTable{queues: map[Lock][]*claim{}}
}

// acquire waits until all locks are held or ctx ends. The caller must call
// release once, when it was given without an error.
func (t *lockTable) acquire(ctx context.Context, locks []Lock) (release func(), err error) {
	if len(locks) == 0 {
		return func() {}, nil
	}
	locks = slices.Clone(locks)
	slices.Sort(locks)
	c := &claim{locks: slices.Compact(locks), ready: make(chan struct{})}

	t.mu.Lock()
	for _, lock := range c.locks {
		queue := t.queues[lock]
		if len(queue) > 0 {
			c.waits++
		}
		t.queues[lock] = append(queue, c)
	}
	if c.waits == 0 {
		close(c.ready)
	}
	t.mu.Unlock()

	select {
	case <-c.ready:
		return func() { t.leave(c) }, nil
	case <-ctx.Done():
		t.leave(c)
		return nil, ctx.Err()
	}
}

// leave takes the claim out of its queues, whether it held its locks or still
// waited, and tells those who are first now.
func (t *lockTable) leave(c *claim) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, lock := range c.locks {
		queue := t.queues[lock]
		if len(queue) == 1 {
			delete(t.queues, lock)
			continue
		}
		place := slices.Index(queue, c)
		queue = slices.Delete(queue, place, place+1)
		t.queues[lock] = queue
		if place == 0 {
			if next := queue[0]; next.waits == 1 {
				next.waits = 0
				close(next.ready)
			} else {
				next.waits--
			}
		}
	}
}
