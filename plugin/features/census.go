package features

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// census is what a process knows of a feature set as a whole, as it is committed. All
// components of the process share it, and no other process can write meanwhile: so the
// customers are counted once, by their keys, and each commit adds to that. Time is kept
// with what was told last (see told.go).
type census struct {
	mu        sync.Mutex // guards what follows
	customers int
	newest    int64 // event time, in Unix nanoseconds; never: there was no event
	left      int64 // newest event time of all who were forgotten as idle; never: nobody was
	watchers  map[*eventMetrics]struct{}

	idleFrom int64 // the second before which the index of idle customers has nothing
	noted    int64 // the earliest second that was noted since somebody began to look

	looking sync.Mutex // held by who looks through the index
}

// never is the time of a feature set without events.
const never = math.MinInt64

// censusOf counts a feature set when the process comes to it first: a million customers
// take about half a second.
func censusOf(ctx context.Context, s *store.Store, set string) (*census, error) {
	return store.Attach(s, "features/"+set+"/census", func() (*census, error) {
		c, err := count(ctx, s, set)
		if err != nil {
			return nil, fmt.Errorf("counting the customers of feature set %q: %w", set, err)
		}
		return c, nil
	})
}

func count(ctx context.Context, s *store.Store, set string) (*census, error) {
	c := &census{newest: never, left: never, idleFrom: never, noted: math.MaxInt64, watchers: map[*eventMetrics]struct{}{}}
	return c, s.View(ctx, func(r store.Reader) error {
		last, err := r.Get(toldKey(set))
		if err != nil {
			return err
		}
		if last != nil {
			r := record.Read(last)
			head, err := readToldHead(&r)
			if err != nil {
				return err
			}
			c.newest, c.left = head.newest, head.left
		}
		return r.ScanKeys(store.Prefix(store.KindProfile, set), nil, func([]byte) error {
			c.customers++
			return nil
		})
	})
}

// look is the number of customers, and the newest event time.
func (c *census) look() (customers int, newest int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.customers, c.newest
}

// times are the newest event time, and that of all who were forgotten as idle.
func (c *census) times() (newest, left int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest, c.left
}

// watch shows the number of customers, and what becomes of it between batches.
func (c *census) watch(m *eventMetrics) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers[m] = struct{}{}
	m.showCustomers(c.customers)
}

func (c *census) unwatch(m *eventMetrics) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.watchers, m)
}

// lose takes a customer away who was erased.
func (c *census) lose() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.customers--
	for m := range c.watchers {
		m.showCustomers(c.customers)
	}
}

// change is what a transaction does to a census.
type change struct {
	customers int   // more than there were
	newest    int64 // event time
	left      int64 // event time of who was forgotten as idle
	noted     int64 // the earliest second noted in the index of idle customers
}

// changes are those of the commits of a batch, of which a large one has several. When one
// fails, those before it stand.
type changes struct {
	now       change // with the step under way
	offered   change // to the commit that comes, or went, last
	committed change
}

func (c *census) begin() changes {
	newest, left := c.times()
	none := change{newest: newest, left: left, noted: math.MaxInt64}
	return changes{none, none, none}
}

// beforeCommit is called before each commit.
func (c *changes) beforeCommit() { c.offered = c.now }

// beginStep is called as a step begins: what was offered to a commit was taken.
func (c *changes) beginStep() { c.committed = c.offered }

// take takes over what was committed: all of it, or all but the last commit.
func (c *census) take(changed *changes, all bool) {
	made := changed.committed
	if all {
		made = changed.offered
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.customers += made.customers
	c.newest = max(c.newest, made.newest)
	c.left = max(c.left, made.left)
	c.noted = min(c.noted, made.noted)
	c.idleFrom = min(c.idleFrom, made.noted)
}
