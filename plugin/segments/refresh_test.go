package segments

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features"
	"github.com/shoal-stream/shoal/plugin/privacy"
	"github.com/shoal-stream/shoal/plugin/store"
)

// shopStream are all processors, in a stream as the runtime builds it.
const shopStream = `
pipeline:
  threads: 1
  processors:
    - privacy_mask:
        rules:
          - { path: customer_id, pseudonymize: { key: customer } }
        unlisted: keep
        keys: [ { id: customer, secret: c2hvYWwgcXVpY2tzdGFydDogbm90IGEgc2VjcmV0IGtleSE= } ]
    - feature_extract:
        store: customers
        key: this.customer_id
        event: 'root = this.without("customer_id")'
        features:
          - { name: recency, agg: since_last, unit: days }
          - { name: orders, agg: count }
    - segment_assign:
        store: customers
        key: this.customer_id
        select: [ recency ]
        timestamp: this.at # which a refresh has, too
        online_kmeans: { k: 2, centers: [ [ 0 ], [ 30 ] ] }
        warmup: 1
cache_resources:
  - label: customers
    segment_store: { path: %q, in_memory: %v, min_free: "0" }
output: { drop: {} }
logger: { level: NONE }
`

// running is a stream that a test feeds.
type running struct {
	t       *testing.T
	stream  *service.Stream
	produce service.MessageHandlerFunc
	done    chan error

	mu   sync.Mutex // guards what follows
	told []map[string]any
}

func startStream(t *testing.T, dir, input string) *running {
	t.Helper()
	env := service.NewEnvironment()
	require.NoError(t, store.Register(env))
	require.NoError(t, privacy.Register(env))
	require.NoError(t, features.Register(env))
	require.NoError(t, Register(env))
	builder := env.NewStreamBuilder()
	require.NoError(t, builder.SetYAML(fmt.Sprintf(shopStream, dir, dir == "")))
	require.NoError(t, builder.AddInputYAML(input))
	r := &running{t: t, done: make(chan error, 1)}
	var err error
	r.produce, err = builder.AddProducerFunc()
	require.NoError(t, err)
	require.NoError(t, builder.AddConsumerFunc(func(_ context.Context, m *service.Message) error {
		if err := m.GetError(); err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = append(r.told, structured(t, m))
		return nil
	}))
	r.stream, err = builder.Build()
	require.NoError(t, err)
	go func() { r.done <- r.stream.Run(context.Background()) }()
	return r
}

func (r *running) event(customer string, at time.Time) {
	r.t.Helper()
	require.NoError(r.t, r.produce(r.t.Context(), service.NewMessage(fmt.Appendf(nil,
		`{"customer_id":%q,"kind":"order","at":%q}`, customer, at.Format(time.RFC3339Nano)))))
}

// moved waits for moves of a cause.
func (r *running) moved(cause string, n int) (found []map[string]any) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		found = nil
		for _, m := range r.told {
			if s := m["segment"].(map[string]any); s["changed"] == true && s["cause"] == cause {
				found = append(found, m)
			}
		}
		return len(found) >= n
	}, 20*time.Second, 10*time.Millisecond)
	return found
}

func (r *running) stop() {
	r.t.Helper()
	require.NoError(r.t, r.stream.StopWithin(10*time.Second))
	require.NoError(r.t, <-r.done)
}

// Customers who stop buying move to another segment without an event, and back with one.
func TestSilenceMovesCustomers(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := startStream(t, "", "feature_refresh: { store: customers, clock: event, every: 7d }")
	for c := range 20 {
		r.event(fmt.Sprintf("c%02d", c), begin)
	}
	for d := range 60 {
		for c := range 5 {
			r.event(fmt.Sprintf("c%02d", c), begin.AddDate(0, 0, d))
		}
	}
	silent := r.moved("silence", 15)
	assert.Len(t, silent, 15)
	for _, m := range silent {
		assert.Equal(t, "s2", m["segment"].(map[string]any)["id"])
		assert.Equal(t, "s1", m["segment"].(map[string]any)["previous"])
		assert.Contains(t, m["customer_id"], "p_customer_", "as it is in the store, masked once")
		assert.Len(t, m["customer_id"], len("p_customer_")+22)
		assert.Greater(t, m["features"].(map[string]any)["recency"], 7.0)
	}
	r.event("c17", begin.AddDate(0, 0, 59))
	back := r.moved("behaviour", 1)
	assert.InDelta(t, 2, back[len(back)-1]["features"].(map[string]any)["orders"], 0)
	r.stop()
}

// On the wall, a customer who comes and goes away is shown once they were silent for long
// enough; a restart in between makes no difference.
func TestSilenceOnTheWall(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const input = "feature_refresh: { store: customers, every: 0.5s }"
	r := startStream(t, dir, "feature_refresh: { store: customers, every: 1h }")
	now := time.Now()
	for c := range 10 {
		r.event(fmt.Sprintf("c%02d", c), now.AddDate(0, 0, -40))
	}
	r.event("active", now)
	r.stop()
	assert.Empty(t, causes(r.told, "silence"))
	r = startStream(t, dir, input)
	assert.Len(t, r.moved("silence", 10), 10)
	r.stop()
	for _, m := range r.told {
		assert.Contains(t, m, "at")
	}
}

func causes(told []map[string]any, cause string) (found []map[string]any) {
	for _, m := range told {
		if m["segment"].(map[string]any)["cause"] == cause {
			found = append(found, m)
		}
	}
	return found
}

// Each example of feature_refresh is a configuration without lints, and each field is
// described: its neighbours are known here.
func TestDocumentationOfRefresh(t *testing.T) {
	t.Parallel()
	env := service.NewEnvironment()
	require.NoError(t, store.Register(env))
	require.NoError(t, features.Register(env))
	require.NoError(t, Register(env))
	documented := 0
	env.WalkInputs(func(name string, view *service.ConfigView) {
		if name != "feature_refresh" {
			return
		}
		documented++
		data, err := view.TemplateData()
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(data.Examples), 2)
		for _, example := range data.Examples {
			require.NoError(t, env.NewStreamBuilder().SetYAML(example.Config), example.Title)
		}
		for _, field := range data.Fields {
			assert.NotEmpty(t, field.Description, field.FullName)
		}
	})
	assert.Equal(t, 1, documented)
}
