package features

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store"
)

// traces are the records of the whole store that have a customer's key, or its hash.
func (r *rig) traces(name string) (list []string) {
	r.t.Helper()
	hash := binary.LittleEndian.AppendUint64(nil, message.KeyHash(name))
	r.view(func(read store.Reader) error {
		return read.Scan(nil, func(key, value []byte) error {
			for _, text := range [][]byte{key, value} {
				if bytes.Contains(text, []byte(name)) || bytes.Contains(text, hash) {
					list = append(list, fmt.Sprintf("%q", key))
				}
			}
			return nil
		})
	})
	return list
}

// Who is erased leaves no byte anywhere in the store, and what comes again tells of nobody:
// also after a restart.
func TestWhoIsErasedIsToldOfNoMore(t *testing.T) {
	t.Parallel()
	first, second := dayEvent("alice", 1, 0), dayEvent("alice", 2, 0)
	for _, died := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "state")
		r := openRig(t, path)
		r.extract(twoFeatures).run(t, first, second, dayEvent("bob", 3, 0))
		if died {
			r.close()
			r = openRig(t, path)
		}
		x := r.extract(twoFeatures)
		require.NotEmpty(t, r.traces("alice"))
		r.erase("alice")
		assert.Equal(t, int64(1), r.counters.gauge("feature_customers default"), "at once")
		assert.Empty(t, r.traces("alice"))
		assert.NotEmpty(t, r.traces("bob"))
		r.check()
		for range 2 {
			again := x.run(t, first)[0]
			assert.Equal(t, map[string]any{"events": 0.0, "spend": 0.0}, featuresOf(t, again))
			assert.Equal(t, "true", meta(again, "feature_duplicate"))
			assert.Empty(t, meta(again, "feature_version"))
			r.close()
			r = openRig(t, path)
			x = r.extract(twoFeatures)
		}
		assert.Equal(t, int64(1), r.counters.gauge("feature_customers default"))
		assert.Equal(t, "1", meta(x.run(t, dayEvent("bob", 3, 0))[0], "feature_version"), "the others are told of as before")
	}
}

// A sweep that stands on a customer who is erased steps back, and leaves nobody out: also
// where its messages are acknowledged later, and where those before are erased with them.
func TestWhereASweepStands(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		early bool // acknowledged before they are erased
		erase []string
		want  string
	}{
		{true, []string{"c13"}, "c12"},
		{false, []string{"c13"}, "c12"},
		{true, []string{"c13", "c12"}, "c11"},
		{true, []string{"c13", "c12", "c11"}, ""},
		{false, []string{"c13", "c12", "c11"}, ""},
	} {
		r := openRig(t, "")
		x := r.extract(twoFeatures)
		x.run(t, dayEvent("c11", 1, 0), dayEvent("c12", 2, 0), dayEvent("c13", 3, 0), dayEvent("d", 4, 10))
		in := r.refresh("clock: event\nevery: 7d")
		in.after, in.pace.at = "c13", start.UnixNano()
		if test.early {
			require.NoError(t, in.keep(t.Context(), &progress{after: "c13"}, 0))
		}
		for _, name := range test.erase {
			r.erase(name)
		}
		if !test.early {
			require.NoError(t, in.keep(t.Context(), &progress{after: "c13"}, 0))
		}
		for _, name := range test.erase {
			assert.Empty(t, r.traces(name), name)
		}
		again := r.refresh("clock: event\nevery: 7d")
		assert.Equal(t, test.want, again.after)
	}
}

// An erasure that is not committed changes nothing, and one of a transaction with several
// commits changes what was committed.
func TestErasureThatFails(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(twoFeatures)
	x.run(t, dayEvent("alice", 1, 0), dayEvent("bob", 2, 0))
	refused := errors.New("refused")
	erase := func(s *store.Store, tx *store.Tx, name string, end error) error {
		return tx.Step(func() error {
			erased, err := Erase(t.Context(), s, tx, "default", name)
			require.NoError(t, err)
			assert.True(t, erased)
			return end
		})
	}
	locks := []store.Lock{ProfileLock("default", "alice"), ProfileLock("default", "bob")}
	r.do(func(s *store.Store) error {
		require.NoError(t, s.Update(t.Context(), locks, func(tx *store.Tx) error {
			require.ErrorIs(t, erase(s, tx, "alice", refused), refused)
			return nil
		}))
		require.ErrorIs(t, s.Update(t.Context(), locks, func(tx *store.Tx) error {
			require.NoError(t, erase(s, tx, "alice", nil))
			return refused
		}), refused)
		census, err := censusOf(t.Context(), s, "default")
		require.NoError(t, err)
		customers, _ := census.look()
		assert.Equal(t, 2, customers)
		erasures, err := erasuresOf(s)
		require.NoError(t, err)
		assert.Empty(t, erasures.under)
		return nil
	})
	assert.NotEmpty(t, r.traces("alice"))
	r.check()
	assert.Equal(t, "2", meta(x.run(t, dayEvent("alice", 3, 0))[0], "feature_version"))
}

// Batches that are under way as a customer is erased do not bring them back.
func TestErasureAmongBatches(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	const customers = 20
	r := openRig(t, path)
	var batch []string
	for i := range customers {
		batch = append(batch, dayEvent(fmt.Sprintf("alice%02d", i), i, 0))
	}
	r.extract(twoFeatures).run(t, batch...)
	r.close()
	r = openRig(t, path) // each batch writes again what was told of them
	x := r.extract(twoFeatures)
	var group sync.WaitGroup
	stop := make(chan struct{})
	for thread := range 3 {
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				_, err := x.ProcessBatch(context.Background(), batchOf([]citizen{{thread, 1000*(thread+1) + i, 1, 0}}))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range customers {
		name := fmt.Sprintf("alice%02d", i)
		r.erase(name)
		assert.Empty(t, r.traces(name))
	}
	close(stop)
	group.Wait()
	assert.Empty(t, r.traces("alice"))
	r.check()
}

// What is not newer than a tombstone is refused, again and again, whether it was applied before or
// is news; it is counted, and changes nothing. What is newer starts afresh.
func TestEventsOfWhoWasErased(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(twoFeatures)
	x.run(t, dayEvent("alice", 1, 0), dayEvent("alice", 2, 1), dayEvent("bob", 3, 0))
	r.erase("alice")
	lay := func(block bool) {
		r.do(func(s *store.Store) error {
			return s.Update(t.Context(), []store.Lock{store.TombstoneLock()}, func(tx *store.Tx) error {
				return tx.Step(func() error {
					return s.Tombstones().Lay(tx, "alice", store.Tombstone{Until: start.AddDate(0, 0, 1).UnixNano(), At: start, Block: block})
				})
			})
		})
	}
	lay(false)
	votes := r.votes()
	for range 2 {
		for _, event := range []string{dayEvent("alice", 1, 0), dayEvent("alice", 2, 1), dayEvent("alice", 7, 1)} {
			m := x.run(t, event)[0]
			require.ErrorIs(t, m.GetError(), store.ErrErased)
			assert.NotContains(t, m.GetError().Error(), "alice")
			text, err := m.AsBytes()
			require.NoError(t, err)
			assert.JSONEq(t, event, string(text))
		}
	}
	assert.Equal(t, int64(6), r.counters.get("feature_events default refused"))
	assert.Zero(t, r.counters.get("feature_events default rejected"))
	assert.Equal(t, votes, r.votes())
	assert.Equal(t, 1, r.customers())
	assert.Empty(t, r.traces("alice"))

	out := x.run(t, dayEvent("alice", 8, 2), dayEvent("alice", 2, 1), dayEvent("bob", 9, 2))
	assert.Equal(t, "1", meta(out[0], "feature_version"))
	require.ErrorIs(t, out[1].GetError(), store.ErrErased, "amid a batch")
	assert.Equal(t, "2", meta(out[2], "feature_version"))
	lay(true)
	require.ErrorIs(t, x.run(t, dayEvent("alice", 10, 5))[0].GetError(), store.ErrBlocked)
	require.ErrorContains(t, r.wrong(), `feature set "default": profile 1: what was erased is there`)
}

// wrong is what the check of invariants says.
func (r *rig) wrong() (err error) {
	r.view(func(read store.Reader) error {
		_, err = Check(read)
		return nil
	})
	return err
}
