package features

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store"
)

func (r *rig) buildRefresh(conf string) (*refreshInput, error) {
	parsed, err := refreshSpec().ParseYAML("store: customers\n"+conf, r.env)
	require.NoError(r.t, err)
	return newRefreshFromConfig(parsed, r.resources)
}

func (r *rig) refresh(conf string) *refreshInput {
	r.t.Helper()
	in, err := r.buildRefresh(conf)
	require.NoError(r.t, err)
	require.NoError(r.t, in.Connect(r.t.Context()))
	return in
}

// next is the next batch, nil when there is none for now.
func (in *refreshInput) next(t *testing.T) (service.MessageBatch, service.AckFunc) {
	t.Helper()
	for {
		batch, ack, rest, err := in.readMore(t.Context())
		require.NoError(t, err)
		if len(batch) > 0 || rest > 0 {
			return batch, ack
		}
	}
}

// all are the customers that have their turn now, acknowledged.
func (in *refreshInput) all(t *testing.T) (customers []string) {
	t.Helper()
	for {
		batch, ack := in.next(t)
		if len(batch) == 0 {
			return customers
		}
		customers = append(customers, keysOf(t, batch)...)
		require.NoError(t, ack(t.Context(), nil))
	}
}

func keysOf(t *testing.T, batch service.MessageBatch) (customers []string) {
	t.Helper()
	for _, m := range batch {
		content, err := m.AsStructured()
		require.NoError(t, err)
		customers = append(customers, content.(map[string]any)["customer_id"].(string))
	}
	return customers
}

// A refresh shows a customer as feature_extract would, at a later instant.
func TestRefreshMessage(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(shop)
	x.run(t,
		`{"customer":17850,"kind":"purchase","at":"`+at(0)+`","amount":10,"category":"shoes"}`,
		`{"customer":17850,"kind":"view","at":"`+at(time.Hour)+`"}`,
		`{"customer":"late","kind":"view","at":"`+at(50*time.Hour)+`"}`,
	)
	in := r.refresh("clock: event\nevery: 2d\nkey_field: customer.id\nresult: customer.now")
	batch, _ := in.next(t)
	require.Len(t, batch, 1, "the other one had an event")
	text, err := batch[0].AsBytes()
	require.NoError(t, err)
	assert.JSONEq(t, `{"at":"2011-06-03T12:00:00Z","customer":{"id":"17850","now":
		{"orders":1,"spend":10,"basket":10,"recency":50,"returns":0,"taste.shoes":1,"taste.other":0}}}`, string(text))
	assert.Equal(t, "2011-06-03T12:00:00Z", meta(batch[0], "feature_as_of"))
	assert.Equal(t, "2", meta(batch[0], "feature_version"))
	mark := message.RefreshOf(batch[0])
	require.NotNil(t, mark)
	assert.Equal(t, "default", mark.FeatureSet)
	assert.Equal(t, "17850", mark.Customer)
	assert.Equal(t, start.Add(50*time.Hour).UnixNano(), mark.At)
	assert.Equal(t, start.Add(time.Hour).UnixNano(), mark.Seen)
	assert.Equal(t, uint64(2), mark.Version)

	before := r.records()
	out := x.pass(t, batch)
	assert.Same(t, batch[0], out[0], "it passes feature_extract unchanged")
	assert.Equal(t, before, r.records())
	assert.Equal(t, int64(1), r.counters.get("feature_events default refreshed"))
	out = r.extract(shop+"emit: changed").pass(t, batch)
	assert.Len(t, out, 1)
}

// What carries the mark of a refresh and holds something else is counted, or flagged.
func TestEventsBehindARefresh(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(twoFeatures)
	x.run(t, dayEvent("a", 1, 0), dayEvent("b", 2, 9))
	batch, _ := r.refresh("clock: event\nevery: 7d").next(t)
	require.Len(t, batch, 1)
	taken, joined := batch[0].Copy(), batch[0].Copy()
	taken.SetBytes([]byte(dayEvent("a", 3, 10)))
	joined.SetBytes([]byte("[" + dayEvent("a", 4, 10) + "," + dayEvent("b", 5, 10) + "]"))
	out := x.pass(t, service.MessageBatch{taken, joined, batch[0]})
	assert.Equal(t, "2", meta(out[0], "feature_version"))
	require.ErrorContains(t, out[1].GetError(), "the message is an array")
	assert.Same(t, batch[0], out[2])
	assert.Equal(t, int64(1), r.counters.get("feature_events default refreshed"))
}

// In event time everybody who is silent is shown once in each period, as time goes on.
func TestRefreshInEventTime(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	in := r.refresh("clock: event\nevery: 7d")
	assert.Empty(t, in.all(t), "there are no customers, and there is no time")
	x := r.extract(twoFeatures)
	const customers = 500
	id := 0
	event := func(customer int, days float64) {
		id++
		x.run(t, dayEvent(fmt.Sprintf("c%03d", customer), id, days))
	}
	for c := range customers {
		event(c, 0)
	}
	assert.Empty(t, in.all(t))
	turns := map[string]int{}
	for half := 1; half <= 60; half++ {
		event(0, float64(half)/2)
		for _, customer := range in.all(t) {
			turns[customer]++
		}
	}
	for c := 1; c < customers; c++ {
		require.InDelta(t, 3, turns[fmt.Sprintf("c%03d", c)], 1, "in 30 days less the first 7")
	}
	assert.Zero(t, turns["c000"], "who was active all the time")
}

// On the wall the sweep begins slowly, goes on evenly, and shows who is silent.
func TestRefreshOnTheWall(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(twoFeatures)
	for c := range 1000 {
		x.run(t, dayEvent(strconv.Itoa(c), c, 0))
	}
	in, err := r.buildRefresh("every: 1h")
	require.NoError(t, err)
	now := start.Add(40 * 24 * time.Hour)
	in.wall = func() time.Time { return now }
	require.NoError(t, in.Connect(t.Context()))
	assert.Empty(t, in.all(t), "no burst on an existing store")
	counts := map[string]int{}
	for range 3600 {
		now = now.Add(time.Second)
		batch := in.all(t)
		require.LessOrEqual(t, len(batch), 1)
		for _, customer := range batch {
			counts[customer]++
		}
	}
	assert.Len(t, counts, 1000)
	now = now.Add(24 * time.Hour)
	assert.InDelta(t, 1000/60, len(in.all(t)), 1, "of a day that was missed, a minute is made up for")
	x.run(t, `{"customer":"0","at":"`+now.Format(time.RFC3339)+`"}`)
	for range 3600 {
		now = now.Add(time.Second)
		assert.NotContains(t, in.all(t), "0")
	}
}

// A process that is ended again and again, before anybody's turn comes, gets on all the same.
func TestRefreshOfAProcessThatIsEndedOften(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	r.extract(twoFeatures).run(t, dayEvent("a", 1, 0), dayEvent("b", 2, 0))
	now := start.Add(40 * 24 * time.Hour)
	var shown []string
	for range 48 { // two turns a day
		in, err := r.buildRefresh("")
		require.NoError(t, err)
		in.wall = func() time.Time { return now }
		require.NoError(t, in.Connect(t.Context()))
		shown = append(shown, in.all(t)...)
		now = now.Add(time.Hour)
		shown = append(shown, in.all(t)...)
		r.close()
		r = openRig(t, path)
	}
	assert.Equal(t, []string{"a", "b", "a", "b"}, shown)
}

// Whoever was not acknowledged comes again after a restart, and nobody else does.
func TestRefreshResumes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	const customers = 2000
	r := openRig(t, path)
	x := r.extract(twoFeatures)
	var batch service.MessageBatch
	for c := range customers {
		batch = append(batch, service.NewMessage([]byte(dayEvent(fmt.Sprintf("c%04d", c), c, 0))))
	}
	x.pass(t, batch)
	x.run(t, dayEvent("z", customers, 10))

	seen := map[string]int{}
	for round := range 6 {
		in := r.refresh("clock: event\nevery: 7d")
		var acks []service.AckFunc
		var keys [][]string
		for range 4 {
			batch, ack := in.next(t)
			if len(batch) == 0 {
				break
			}
			keys, acks = append(keys, keysOf(t, batch)), append(acks, ack)
		}
		for i := range acks { // the second of them is lost with the process
			if i != 1 {
				require.NoError(t, acks[i](t.Context(), nil))
			}
			for _, customer := range keys[i] {
				seen[customer]++
			}
		}
		if round == 3 { // the last words of a process may come late
			for _, ack := range acks {
				require.NoError(t, ack(t.Context(), nil))
			}
		}
		r.close()
		r = openRig(t, path)
	}
	for _, customer := range r.refresh("clock: event\nevery: 7d").all(t) {
		seen[customer]++
	}
	assert.Len(t, seen, customers, "nobody is left out")
	for customer, n := range seen {
		require.LessOrEqual(t, n, 4, customer)
	}
	assert.Empty(t, r.refresh("clock: event\nevery: 7d").all(t), "the pass is over")
	r.check()
}

// Each input of a pipeline sweeps for itself, and is known again by its place or its label.
func TestTwoSweeps(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(twoFeatures)
	x.run(t, dayEvent("a", 1, 0), dayEvent("b", 2, 0), dayEvent("z", 3, 10))
	input := func(path string) *refreshInput {
		in := *r
		in.resources = r.resources.IntoPath("input", "broker", "inputs", path)
		return in.refresh("clock: event\nevery: 7d")
	}
	assert.Equal(t, []string{"a", "b"}, input("0").all(t))
	assert.Equal(t, []string{"a", "b"}, input("1").all(t))
	assert.Empty(t, input("0").all(t))
}

// Inputs without a label in one broker are in places of their own.
func TestTwoSweepsInABroker(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	r.extract(twoFeatures).run(t, dayEvent("a", 1, 0), dayEvent("z", 2, 10))
	r.close()
	builder := r.env.NewStreamBuilder()
	require.NoError(t, builder.SetYAML(fmt.Sprintf(`
input:
  broker:
    inputs:
      - feature_refresh: { store: customers, clock: event, every: 7d }
      - feature_refresh: { store: customers, clock: event, every: 7d }
output: { drop: {} }
logger: { level: none }
cache_resources:
  - label: customers
    segment_store: { path: %q, min_free: "0" }
`, path)))
	stream, err := builder.Build()
	require.NoError(t, err)
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	require.ErrorIs(t, stream.Run(ctx), context.DeadlineExceeded)
	r = openRig(t, path)
	cursors := 0
	r.view(func(read store.Reader) error {
		return read.Scan(progressPrefix("default"), func(_, _ []byte) error {
			cursors++
			return nil
		})
	})
	assert.Equal(t, 2, cursors)
}

// What was not taken is sent again, with its mark.
func TestRefreshIsSentAgain(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	r.extract(twoFeatures).run(t, dayEvent("a", 1, 0), dayEvent("b", 2, 9))
	in := service.AutoRetryNacksBatched(r.refresh("clock: event\nevery: 7d"))
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	first, ack, err := in.ReadBatch(ctx)
	require.NoError(t, err)
	require.NoError(t, ack(ctx, errors.New("refused")))
	again, ack, err := in.ReadBatch(ctx)
	require.NoError(t, err)
	assert.Equal(t, keysOf(t, first), keysOf(t, again))
	assert.True(t, message.RefreshOf(again[0]).IsContentOf(again[0]))
	require.NoError(t, ack(ctx, nil))
}

// Erased customers do not come back, neither from the store nor as unknown ones.
func TestErase(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	r.extract(twoFeatures).run(t, dayEvent("a", 1, 0), dayEvent("b", 2, 0), dayEvent("c", 3, 9))
	label, err := store.Use(r.resources, "customers")
	require.NoError(t, err)
	require.NoError(t, label.Do(t.Context(), func(s *store.Store) error {
		return s.Update(t.Context(), []store.Lock{ProfileLock("default", "a")}, func(tx *store.Tx) error {
			return tx.Step(func() error {
				for _, want := range []bool{true, false} {
					erased, err := Erase(t.Context(), s, tx, "default", "a")
					require.NoError(t, err)
					assert.Equal(t, want, erased)
				}
				known, err := Knows(tx, "default", "a")
				assert.False(t, known)
				require.NoError(t, err)
				known, err = Knows(tx, "elsewhere", "a")
				assert.True(t, known, "another store may have them")
				return err
			})
		})
	}))
	assert.Equal(t, 2, r.customers(), "the index goes with them")
	assert.Equal(t, []string{"b"}, r.refresh("clock: event\nevery: 7d").all(t))
}

// Progress is of one pipeline, and its record may be damaged.
func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	for conf, want := range map[string]string{
		"every: 0s":                             "every 0s: use a time above 0",
		"clock: sun":                            `clock "sun": use wall or event`,
		"every: soon":                           `every: "soon" is not a duration`,
		"key_field: a..b":                       `key_field: path "a..b" has an empty part`,
		"key_field: at":                         "would be in one place of the message",
		"result: at.now":                        "would be in one place of the message",
		"key_field: features.id":                "would be in one place of the message",
		"result: customer\nkey_field: customer": "would be in one place of the message",
	} {
		_, err := r.buildRefresh(conf)
		require.ErrorContains(t, err, want, conf)
	}
	in, err := r.buildRefresh("")
	require.NoError(t, err)
	label, err := store.Use(r.resources, "customers")
	require.NoError(t, err)
	require.NoError(t, label.Do(t.Context(), func(s *store.Store) error {
		return s.Update(t.Context(), nil, func(tx *store.Tx) error {
			return tx.Step(func() error {
				tx.Set(in.cursor, []byte{77})
				return nil
			})
		})
	}))
	require.ErrorIs(t, in.Connect(t.Context()), errProgress)
}
