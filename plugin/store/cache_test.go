package store

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
)

func environment(t testing.TB) *service.Environment {
	t.Helper()
	env := service.NewEnvironment()
	require.NoError(t, Register(env))
	return env
}

// resources are caches as the runtime builds them.
func resources(t testing.TB, caches ...string) (r *service.Resources, stop func()) {
	t.Helper()
	builder := environment(t).NewResourceBuilder()
	builder.SetLogger(slog.New(slog.DiscardHandler))
	for _, yaml := range caches {
		require.NoError(t, builder.AddCacheYAML(yaml))
	}
	r, closeAll, err := builder.BuildSuspended()
	require.NoError(t, err)
	return r, func() { require.NoError(t, closeAll(context.Background())) }
}

func access(t testing.TB, r *service.Resources, label string, fn func(c service.Cache)) {
	t.Helper()
	require.NoError(t, r.AccessCache(t.Context(), label, fn))
}

func TestCache(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	yaml := func(label string) string {
		return fmt.Sprintf(`{ label: %s, segment_store: { path: %q, memory_budget: 32MiB, min_free: "0" } }`, label, path)
	}
	r, stop := resources(t, yaml("a"), yaml("b"))
	ctx := t.Context()
	short, long := 30*time.Millisecond, time.Hour
	access(t, r, "a", func(c service.Cache) {
		_, err := c.Get(ctx, "k")
		require.ErrorIs(t, err, service.ErrKeyNotFound)
		require.NoError(t, c.Set(ctx, "k", []byte("1"), nil))
		v, err := c.Get(ctx, "k")
		require.NoError(t, err)
		assert.Equal(t, "1", string(v))
		require.ErrorIs(t, c.Add(ctx, "k", []byte("2"), nil), service.ErrKeyAlreadyExists)
		require.NoError(t, c.Add(ctx, "empty", nil, &long))
		v, err = c.Get(ctx, "empty")
		require.NoError(t, err)
		assert.Empty(t, v)

		require.NoError(t, c.Set(ctx, "soon", []byte("1"), &short))
		time.Sleep(2 * short)
		_, err = c.Get(ctx, "soon")
		require.ErrorIs(t, err, service.ErrKeyNotFound, "a TTL of less than a second holds")
		require.NoError(t, c.Add(ctx, "soon", []byte("2"), nil))

		require.NoError(t, c.Delete(ctx, "k"))
		require.NoError(t, c.Delete(ctx, "k"), "what is not there is deleted already")
		_, err = c.Get(ctx, "k")
		require.ErrorIs(t, err, service.ErrKeyNotFound)
		require.NoError(t, c.Set(ctx, "stays", []byte("1"), &long))
	})
	access(t, r, "b", func(c service.Cache) {
		_, err := c.Get(ctx, "stays")
		require.ErrorIs(t, err, service.ErrKeyNotFound, "labels on one path do not mix")
	})
	stop()

	r, stop = resources(t, yaml("a"))
	defer stop()
	access(t, r, "a", func(c service.Cache) {
		v, err := c.Get(ctx, "stays")
		require.NoError(t, err)
		assert.Equal(t, "1", string(v), "it survives a restart")
	})
}

// The cache as the memory of other processors, through the real runtime.
func TestDedupe(t *testing.T) {
	t.Parallel()
	stream := environment(t).NewStreamBuilder()
	require.NoError(t, stream.SetYAML(`
pipeline:
  processors:
    - dedupe: { cache: seen, key: '${! json("id") }' }
cache_resources:
  - label: seen
    segment_store: { in_memory: true }
output: { drop: {} }
logger: { level: none }
`))
	produce, err := stream.AddBatchProducerFunc()
	require.NoError(t, err)
	var passed []string
	require.NoError(t, stream.AddConsumerFunc(func(_ context.Context, m *service.Message) error {
		text, err := m.AsBytes()
		passed = append(passed, string(text))
		return err
	}))
	running, err := stream.Build()
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- running.Run(t.Context()) }()
	for range 3 {
		require.NoError(t, produce(t.Context(), service.MessageBatch{
			service.NewMessage([]byte(`{"id":1}`)), service.NewMessage([]byte(`{"id":2}`)), service.NewMessage([]byte(`{"id":1}`)),
		}))
	}
	require.NoError(t, running.StopWithin(10*time.Second))
	require.NoError(t, <-done)
	assert.Equal(t, []string{`{"id":1}`, `{"id":2}`}, passed)
}

func TestUse(t *testing.T) {
	t.Parallel()
	r, stop := resources(t,
		`{ label: customers, segment_store: { in_memory: true } }`,
		`{ label: memory, memory: {} }`,
		`{ label: broken, segment_store: { path: "" } }`)
	defer stop()
	_, err := Use(r, "customer")
	require.ErrorContains(t, err, `store "customer": there is no cache resource with this label: add a segment_store with it to cache_resources`)
	_, err = Use(r, "memory")
	require.ErrorContains(t, err, `store "memory" is a cache of another type: use the label of a segment_store`)
	_, err = Use(r, "broken")
	require.ErrorContains(t, err, `segment_store path "": name a directory, or set in_memory: true`, "a bad store stops the start")

	label, err := Use(r, "customers")
	require.NoError(t, err)
	var first, second *Store
	require.NoError(t, label.Do(t.Context(), func(s *Store) error { first = s; return nil }))
	require.NoError(t, label.Do(t.Context(), func(s *Store) error { second = s; return nil }))
	assert.Same(t, first, second)
	require.ErrorIs(t, label.Do(t.Context(), func(*Store) error { return errStep }), errStep)
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	for conf, want := range map[string]string{
		`{ in_memory: true, memory_budget: 1MiB }`:           "memory_budget of 1048576 bytes: use 32MiB or more",
		`{ in_memory: true, memory_budget: much }`:           `segment_store memory_budget "much": use a size such as 256MiB or 1GiB`,
		`{ in_memory: true, min_free: -1 }`:                  `segment_store min_free "-1": use a size`,
		`{ in_memory: true, encryption_key: "not base64!" }`: "encryption_key is not base64",
		`{ in_memory: true, encryption_key: c2hvcnQ= }`:      "encryption_key of 5 bytes",
		`{}`: `path "": name a directory`,
	} {
		parsed, err := storeSpec().ParseYAML(conf, nil)
		require.NoError(t, err, conf)
		_, err = newStoreFromConfig(parsed, service.MockResources())
		require.ErrorContains(t, err, want, conf)
	}
	linter := environment(t).NewComponentConfigLinter()
	lints, err := linter.LintCacheYAML([]byte(`{ label: a, segment_store: { durability: always } }`))
	require.NoError(t, err)
	require.NotEmpty(t, lints)
	assert.Contains(t, lints[0].Error(), "value always is not a valid option")
}

// Each example is a configuration without lints, and each field is described.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	env := environment(t)
	env.WalkCaches(func(name string, view *service.ConfigView) {
		if name != "segment_store" {
			return
		}
		data, err := view.TemplateData()
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(data.Examples), 2)
		for _, example := range data.Examples {
			require.NoError(t, env.NewStreamBuilder().SetYAML(strings.ReplaceAll(example.Config, "${SHOAL_STATE_KEY}", "")), example.Title)
		}
		for _, field := range data.Fields {
			assert.NotEmpty(t, field.Description, field.FullName)
		}
	})
}
