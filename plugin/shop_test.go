package plugin_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/store"
)

// shopPipeline has events of customers and requests to forget them, on their way through the
// real processors.
const shopPipeline = `
- switch:
    - check: this.forget != null
      processors:
        - segment_forget: { store: customers, key: this.forget, block: false }
    - check: this.block != null
      processors:
        - segment_forget: { store: customers, key: this.block, block: true }
    - processors:
        - feature_extract:
            store: customers
            key: this.customer
            event: |
              root.kind = "purchase"
              root.at = this.at
              root.amount = this.amount
              root.sku = this.sku
              root.id = this.id
            features:
              - { name: orders, agg: count }
              - { name: spend, agg: sum, of: amount, missing: median }
              - { name: largest, agg: max, of: amount, clip: { quantiles: [ 0.01, 0.99 ] } }
              - { name: favourite, agg: distinct, of: sku }
        - segment_assign:
            store: customers
            key: this.customer
            warmup: 20
            refresh: { points: 40 }
            forget: { inactive_after: 3000d }
            %s
        - segment_assign:
            store: customers
            model: other
            key: this.customer
            result: other
            warmup: 20
            %s
`

// shop is a stream through these processors in this process.
type shop struct {
	t      testing.TB
	path   string
	send   service.MessageBatchHandlerFunc
	stop   func()
	mu     sync.Mutex // guards out
	out    service.MessageBatch
	stream *service.Stream
}

// openShop starts the pipeline on a store at a path.
func openShop(t testing.TB, path string, threads int, engine, other string) *shop {
	t.Helper()
	return openPipeline(t, path, threads, fmt.Sprintf(shopPipeline, engine, other))
}

// openPipeline is openShop with other processors.
func openPipeline(t testing.TB, path string, threads int, pipeline string) *shop {
	t.Helper()
	env := service.NewEnvironment()
	require.NoError(t, plugin.Register(env))
	s := &shop{t: t, path: path}
	builder := env.NewStreamBuilder()
	builder.SetThreads(threads)
	require.NoError(t, builder.SetLoggerYAML("level: NONE"))
	require.NoError(t, builder.AddResourcesYAML(fmt.Sprintf(
		`cache_resources: [ { label: customers, segment_store: { path: %q, memory_budget: 32MiB, min_free: "0" } } ]`, path)))
	for i, processor := range processorsOf(pipeline) {
		require.NoError(t, builder.AddProcessorYAML(processor), "%d", i)
	}
	var err error
	s.send, err = builder.AddBatchProducerFunc()
	require.NoError(t, err)
	require.NoError(t, builder.AddBatchConsumerFunc(func(_ context.Context, batch service.MessageBatch) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.out = append(s.out, batch.DeepCopy()...)
		return nil
	}))
	s.stream, err = builder.Build()
	require.NoError(t, err)
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(done)
		_ = s.stream.Run(ctx)
	}()
	s.stop = sync.OnceFunc(func() {
		require.NoError(t, s.stream.Stop(context.Background()))
		<-done
		cancel()
	})
	t.Cleanup(s.stop)
	return s
}

// processorsOf takes the list apart: a builder adds one after the other.
func processorsOf(list string) []string {
	return []string{list[len("\n- "):]}
}

// pass sends a batch, and returns what came out of it once it is acknowledged. It is for one
// sender.
func (s *shop) pass(messages ...string) service.MessageBatch {
	s.t.Helper()
	batch := make(service.MessageBatch, len(messages))
	for i, text := range messages {
		batch[i] = service.NewMessage([]byte(text))
	}
	s.mu.Lock()
	s.out = nil
	s.mu.Unlock()
	require.NoError(s.t, s.send(context.Background(), batch))
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out
}

// do works on the store beside the stream, or after it.
func (s *shop) do(fn func(st *store.Store) error) {
	s.t.Helper()
	st, err := store.Open(store.Options{Path: s.path, MemoryBudget: store.MinMemoryBudget})
	require.NoError(s.t, err)
	require.NoError(s.t, fn(st))
	require.NoError(s.t, st.Close())
}

func (s *shop) verify() (report plugin.Report) {
	s.t.Helper()
	s.do(func(st *store.Store) (err error) {
		report, err = plugin.Verify(context.Background(), st)
		return err
	})
	return report
}

func statePath(t testing.TB) string { return filepath.Join(t.TempDir(), "state") }
