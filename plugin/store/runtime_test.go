package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// through runs messages through a pipeline of the real runtime, and returns what comes out.
func through(t *testing.T, yaml string, messages ...string) (out []string) {
	t.Helper()
	stream := environment(t).NewStreamBuilder()
	require.NoError(t, stream.SetYAML(yaml+"\noutput: { drop: {} }\nlogger: { level: none }\n"))
	produce, err := stream.AddBatchProducerFunc()
	require.NoError(t, err)
	require.NoError(t, stream.AddConsumerFunc(func(_ context.Context, m *service.Message) error {
		text, err := m.AsBytes()
		out = append(out, string(text))
		return err
	}))
	running, err := stream.Build()
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- running.Run(t.Context()) }()
	for _, text := range messages {
		require.NoError(t, produce(t.Context(), service.MessageBatch{service.NewMessage([]byte(text))}))
	}
	require.NoError(t, running.StopWithin(10*time.Second))
	require.NoError(t, <-done)
	return out
}

// A stream that stops and starts again finds its items; one with another label, or after
// their time, does not.
func TestCacheProcessors(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	config := func(label string) string {
		return fmt.Sprintf(`
cache_resources:
  - label: %s
    segment_store: { path: %q, memory_budget: 32MiB, min_free: "0" }
pipeline:
  processors:
    - switch:
        - check: this.do == "get"
          processors:
            - cache: { resource: %[1]s, operator: get, key: '${! json("key") }' }
            - catch: [ { mapping: 'root = "none"' } ]
        - check: this.do == "delete"
          processors: [ { cache: { resource: %[1]s, operator: delete, key: '${! json("key") }' } } ]
        - check: this.do == "add"
          processors:
            - cache: { resource: %[1]s, operator: add, key: '${! json("key") }', value: '${! json("value") }' }
            - mapping: 'root = if errored() { "failed" } else { "done" }'
        - check: this.do == "set"
          processors:
            - cache: { resource: %[1]s, operator: set, key: '${! json("key") }', value: '${! json("value") }', ttl: '${! json("ttl").or("1h") }' }
            - mapping: 'root = "done"'
`, label, path)
	}
	get := `{ "do": "get", "key": "a" }`
	assert.Equal(t, []string{"none", "done", "1", "failed", "1", "done", "2"}, through(t, config("first"),
		get,
		`{ "do": "add", "key": "a", "value": "1" }`, get,
		`{ "do": "add", "key": "a", "value": "x" }`, get,
		`{ "do": "set", "key": "a", "value": "2" }`, get,
	))
	assert.Equal(t, []string{"2"}, through(t, config("first"), get), "it is there after a restart")
	assert.Equal(t, []string{"none"}, through(t, config("second"), get), "labels do not mix")
	assert.Equal(t, []string{"done"}, through(t, config("first"), `{ "do": "set", "key": "a", "value": "3", "ttl": "20ms" }`))
	time.Sleep(30 * time.Millisecond)
	assert.Equal(t, []string{"none", "done", "4"}, through(t, config("first"), get, `{ "do": "add", "key": "a", "value": "4" }`, get))
	deleted := `{ "do": "delete", "key": "a" }`
	assert.Equal(t, []string{deleted, "none"}, through(t, config("first"), deleted, get))
}

// Many threads that add the same keys: each key is added once.
func TestAddFromManyThreads(t *testing.T) {
	t.Parallel()
	const keys, each = 50, 8
	var messages []string
	for i := range keys * each {
		messages = append(messages, strconv.Itoa(i%keys))
	}
	assert.Len(t, through(t, `
cache_resources: [ { label: seen, segment_store: { in_memory: true } } ]
pipeline:
  threads: 8
  processors: [ { dedupe: { cache: seen, key: '${! content() }' } } ]
`, messages...), keys)
}

// A reload that cannot open the new store leaves the old one under its label, closed: then
// each batch fails, and none waits for ever.
func TestALabelOfAClosedStore(t *testing.T) {
	t.Parallel()
	r, stop := resources(t, `{ label: customers, segment_store: { in_memory: true } }`)
	defer stop()
	label, err := Use(r, "customers")
	require.NoError(t, err)
	access(t, r, "customers", func(c service.Cache) {
		require.NoError(t, c.Close(t.Context()))
		require.NoError(t, c.Close(t.Context()), "it may be closed twice")
		_, err := c.Get(t.Context(), "k")
		require.ErrorContains(t, err, "is closed")
	})
	for range 2 {
		require.ErrorContains(t, label.Do(t.Context(), func(s *Store) error {
			return s.Update(t.Context(), nil, func(tx *Tx) error { return set(tx, "a", "1") })
		}), `segment_store in memory is closed, nothing was changed: correct its configuration, or start again`)
	}
}
