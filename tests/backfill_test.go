package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

const backfilled = `
http: { enabled: false }
logger: { level: ERROR }
input:
%s
pipeline:
  threads: 1
  processors:
    - feature_extract:
        store: customers
        key: this.customer
        event: |
          root.kind = this.type
          root.at = this.at
          root.id = this.id
          root.amount = this.amount
          root.type = this.type
        event_id_window: 0s
        features:
          - { name: orders, agg: count, on: purchase }
          - { name: spend, agg: sum, on: purchase, of: amount, half_life: 30d }
          - { name: month, agg: sum, on: purchase, of: amount, window: 30d }
          - { name: swing, agg: stddev, on: purchase, of: amount }
          - { name: interval, agg: interval, on: purchase }
          - { name: variety, agg: entropy, of: type }
          - { name: contacts, agg: rate, on: support, half_life: 30d }
    - mapping: 'root = if errored() { throw(error()) } else { this.customer }'
output:
  file: { path: out.txt, codec: lines }
cache_resources:
  - label: customers
    segment_store: { path: ./state, min_free: "0" }
`

const fromFile = `
  batched:
    child: { file: { paths: [ events.jsonl ] } }
    policy: { count: 1000, period: 1s }
`

const fromTopic = `
  redpanda:
    seed_brokers: [ "%s" ]
    topics: [ events ]
    consumer_group: shoal
    start_offset: earliest
`

// History from a file, and then a topic that holds the end of it again and what came
// since, give the same profiles as that topic alone, read as things happened: to the bit.
func TestBackfill(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	events := shopEvents(20_000, 900, 11)
	var keys, values []string
	stretch(t, events, 26) // a year, not two weeks
	for i := range events {
		e := &events[i]
		value, err := json.Marshal(e)
		require.NoError(t, err)
		keys, values = append(keys, e.Customer), append(values, string(value))
	}
	// follow reads a topic until it has told of so many events, and no more come.
	follow := func(dir string, values, keys []string) {
		address := broker(t, "events", 3)
		publish(t, address, "events", keys, values)
		before := told(t, dir)
		p := start(t, dir, fmt.Sprintf(backfilled, fmt.Sprintf(fromTopic, address)))
		require.Eventually(t, func() bool { return told(t, dir) >= before+len(values) }, time.Minute, 50*time.Millisecond, "%s", &p.output)
		p.stop(t)
	}
	live := t.TempDir()
	follow(live, values, keys)

	late := t.TempDir()
	writeEvents(t, late, events[:16_000])
	start(t, late, fmt.Sprintf(backfilled, fromFile)).finish(t)
	follow(late, values[14_000:], keys[14_000:])

	want, got := profiles(t, live), profiles(t, late)
	require.Len(t, want, 900)
	assert.Equal(t, want, got)
}

// told counts the lines of the output.
func told(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "out.txt"))
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(t, err)
	return strings.Count(string(text), "\n")
}

// profiles are the records of all customers that a process has left.
func profiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	records := map[string]string{}
	for key, value := range contents(t, filepath.Join(dir, "state")) {
		if store.Kind(key[0]) == store.KindProfile {
			records[key] = value
		}
	}
	return records
}
