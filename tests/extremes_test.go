package tests

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/store"
)

// generated makes its events itself, and counts them.
const generated = `
http: { enabled: false }
logger: { level: ERROR }
input:
  generate:
    count: %d
    batch_size: %d
    interval: ""
    mapping: |
      let n = counter()
      %s
pipeline:
  threads: 1
  processors:
    - feature_extract:
        store: customers
        key: this.customer
        event: |
          root = this.without("customer")
          root.at = "2026-01-01T00:00:00Z"
        event_id_window: 0s
        features:
          - { name: events, agg: count }
          - { name: amounts, agg: sum, of: amount }
          - { name: tastes, agg: distinct, of: taste }
          - { name: p90, agg: quantile, of: amount, q: 0.9 }
    - segment_assign:
        store: customers
        key: this.customer
        kmeans: { k: 2 }
output:
  reject_errored:
    switch:
      cases:
        - check: this.id %% %d == 0
          output: { file: { path: out.jsonl, codec: lines } }
        - output: { drop: {} }
cache_resources:
  - label: customers
    segment_store: { path: ./state, min_free: "0" }
`

// customersOf are the customers of a store whose invariants hold.
func customersOf(t *testing.T, dir string) (profiles, members int) {
	t.Helper()
	s, err := store.Open(store.Options{Path: filepath.Join(dir, "state"), MemoryBudget: store.DefaultMemoryBudget})
	require.NoError(t, err)
	report, err := plugin.Verify(t.Context(), s)
	require.NoError(t, errors.Join(err, s.Close()))
	return report.Profiles["default"], report.Models["default"]
}

// A batch of more customers than a transaction takes is several of them. Killed between
// them, and delivered again, nobody is counted twice.
func TestABatchOfManyCustomers(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	customers := soak(100_000)
	dir := t.TempDir()
	config := fmt.Sprintf(generated, customers, customers, `root = {"id": $n, "customer": $n, "amount": $n % 100, "taste": $n % 7}`, customers)
	p := start(t, dir, config)
	second := filepath.Join(dir, "state", "00002.mem") // begins where the first is full
	require.Eventually(t, func() bool { return size(second) > 0 }, time.Minute, time.Millisecond, "%s", &p.output)
	require.False(t, p.finishes(t, 0))
	some, _ := customersOf(t, dir)
	t.Logf("killed after %d of %d customers", some, customers)
	require.Positive(t, some)
	require.Less(t, some, customers)
	start(t, dir, config).finish(t)
	profiles, members := customersOf(t, dir)
	assert.Equal(t, customers, profiles)
	assert.Equal(t, customers, members)
	assert.Contains(t, read(t, filepath.Join(dir, "out.jsonl")), `"events":1,`)
}

// A customer of very many events has a record like any other.
func TestACustomerOfManyEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	events := soak(100_000)
	dir := t.TempDir()
	start(t, dir, fmt.Sprintf(generated, events, 1000, `root = {"id": $n, "customer": "one", "amount": $n % 100, "taste": $n % 1000}`, events)).finish(t)
	assert.Contains(t, read(t, filepath.Join(dir, "out.jsonl")), fmt.Sprintf(`"events":%d,`, events))
	for key, value := range contents(t, filepath.Join(dir, "state")) {
		if store.Kind(key[0]) == store.KindProfile {
			t.Logf("%d events are a record of %d bytes", events, len(value))
			assert.Less(t, len(value), 1024)
		}
	}
}

// A message of 100 MB is an event like any other.
func TestAHugeMessage(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	dir := t.TempDir()
	start(t, dir, fmt.Sprintf(generated, 3, 1, `root = {"id": $n, "customer": "one", "taste": if $n == 2 { "x".repeat(100000000) } else { "y" } }`, 3)).finish(t)
	assert.Contains(t, read(t, filepath.Join(dir, "out.jsonl")), `"events":3,`)
	assert.Contains(t, read(t, filepath.Join(dir, "out.jsonl")), `"tastes":2`)
	contents(t, filepath.Join(dir, "state"))
}
