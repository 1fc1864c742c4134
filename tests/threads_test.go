package tests

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Four threads on seven customers lose no update: each event, of which every third comes
// twice, is counted once.
func TestThreadsOnFewCustomers(t *testing.T) {
	t.Parallel()
	const n, customers = 6000, 7
	dir := t.TempDir()
	events := shopEvents(n, customers, 3)
	again := events[:0:0]
	for i, e := range events {
		again = append(again, e)
		if i%3 == 0 {
			again = append(again, e)
		}
	}
	rand.New(rand.NewPCG(4, 0)).Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
	writeEvents(t, dir, again)
	start(t, dir, fmt.Sprintf(`
http: { enabled: false }
logger: { level: ERROR }
input:
  batched:
    child: { file: { paths: [ events.jsonl ] } }
    policy: { count: 20, period: 1s }
pipeline:
  threads: 4
  processors:`+processors+`
    - mapping: 'root = if errored() { throw(error()) } else { this }'
output:
  file: { path: out.jsonl, codec: lines }
cache_resources:
  - label: customers
    segment_store: { path: ./state, min_free: "0" }
`, "kmeans: { k: 2 }")).finish(t)

	type result struct {
		Customer string
		Features struct{ Orders, Contacts float64 }
		Segment  struct{ Status string }
	}
	newest := map[string]float64{}
	out := lines(t, dir, "out.jsonl")
	require.Len(t, out, len(again), "each message goes on, also a duplicate")
	for _, line := range out {
		var r result
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		newest[r.Customer] = max(newest[r.Customer], r.Features.Orders)
	}
	sum, want := 0.0, 0.0
	for _, orders := range newest {
		sum += orders
	}
	for _, e := range events {
		if e.Type == "purchase" {
			want++
		}
	}
	assert.Len(t, newest, customers)
	assert.InDelta(t, want, sum, 0, "orders over all customers")
	contents(t, dir+"/state") // proves the invariants
}
