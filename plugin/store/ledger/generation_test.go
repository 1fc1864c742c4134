package ledger

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

// A transaction that ends late does not set the current generation back: what was written
// to a newer one meanwhile is still found.
func TestGenerationsNeverGoBack(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	threads := [3]*Ledger{}
	for i := range threads { // each thread of a pipeline has a ledger of its own
		threads[i] = New("a", Options{Window: time.Hour})
	}
	event := func(id string, hour int) Event { return Event{ID: id, At: start.Add(time.Duration(hour) * time.Hour)} }
	_, _, err := apply(t, s, threads[0], event("first", 4), 0)
	require.NoError(t, err)

	var all sync.WaitGroup
	applied, end := make(chan struct{}), make(chan struct{})
	slow := event("slow", 5)
	all.Go(func() {
		assert.NoError(t, s.Update(t.Context(), threads[0].Locks(nil, slow), func(tx *store.Tx) error {
			return tx.Step(func() error {
				_, _, err := threads[0].Apply(tx, slow, 0)
				close(applied)
				<-end
				return err
			})
		}))
	})
	<-applied
	all.Go(func() {
		for _, e := range []Event{event("newer", 6), event("late", 5)} {
			verdict, _, err := apply(t, s, threads[1], e, 0)
			if assert.NoError(t, err) {
				assert.Equal(t, Fresh, verdict)
			}
		}
	})
	time.Sleep(50 * time.Millisecond) // whoever does not wait gets ahead
	close(end)
	all.Wait()
	for _, e := range []Event{event("late", 5), slow, event("newer", 6)} {
		verdict, _, err := apply(t, s, threads[2], e, 0)
		require.NoError(t, err)
		assert.Equal(t, Duplicate, verdict, e.ID)
	}
}
