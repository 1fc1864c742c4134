package tests

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

// readWithRequests reads events among which are requests to forget a customer. A line has a
// position, as a message of Kafka has.
const readWithRequests = `
http: { enabled: false }
logger: { level: NONE }
input:
  file: { paths: [ events.jsonl ] }
pipeline:
  threads: 1
  processors:
    - mapping: |
        meta kafka_topic = "events"
        meta kafka_partition = 0
        meta kafka_offset = this.id
    - switch:
        - check: this.type == "forget"
          processors:
            - segment_forget: { store: customers, key: this.customer }
        - check: this.type == "block"
          processors:
            - segment_forget: { store: customers, key: this.customer, block: true }
        - processors:
            - feature_extract:
                store: customers
                key: this.customer
                event: |
                  root.kind = this.type
                  root.at = this.at
                  root.amount = this.amount
                features:
                  - { name: orders, agg: count, on: purchase }
                  - { name: spend, agg: sum, on: purchase, of: amount, missing: median }
            - segment_assign:
                store: customers
                key: this.customer
                transforms: { orders: log1p, spend: log1p }
                %s
                warmup: 50
                refresh: { points: 100 }
                forget: { inactive_after: 3d }
    - mapping: 'root = if errored() { error() + "\n" } else if this.erased != null { "receipt" } else { "ok" }'
output:
  file: { path: out.txt, codec: lines }
cache_resources:
  - label: customers
    segment_store: { path: ./state, min_free: "0" }
`

// Customers are erased amid a stream that is killed at any instant, and read again from its
// beginning: it ends with the state of one that never was, byte for byte, and nobody is there who
// was erased last of all.
func TestKillAmidErasures(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	for name, engine := range map[string]string{"kmeans": "kmeans: { k: 4 }", "density": "density: {}"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := fmt.Sprintf(readWithRequests, engine)
			events := shopEvents(2500, 300, 3)
			random := rand.New(rand.NewPCG(4, 0))
			gone, blocked := map[string]bool{}, map[string]bool{}
			for i := range events {
				e := &events[i]
				switch {
				case i > 200 && random.IntN(25) == 0:
					e.Type = "forget"
					delete(blocked, e.Customer)
				case i > 200 && random.IntN(200) == 0:
					e.Type = "block"
					blocked[e.Customer] = true
				case !blocked[e.Customer]:
					delete(gone, e.Customer)
					continue
				}
				gone[e.Customer] = true
			}

			calm := t.TempDir()
			writeEvents(t, calm, events)
			begun := time.Now()
			start(t, calm, config).finish(t)
			whole := time.Since(begun)

			inRounds(t, func(t *testing.T, round uint64) {
				random := rand.New(rand.NewPCG(5, round))
				rough := t.TempDir()
				writeEvents(t, rough, events)
				kills := 0
				for range 8 {
					if !start(t, rough, config).finishes(t, time.Duration(random.Float64()*float64(whole)*0.8)) {
						kills++
					}
				}
				start(t, rough, config).finish(t)
				require.Greater(t, kills, 2)

				want, got := contents(t, filepath.Join(calm, "state")), contents(t, filepath.Join(rough, "state"))
				tombstones := 0
				for _, records := range []map[string]string{want, got} {
					for key := range records {
						kind, namespace, _, err := store.SplitKey([]byte(key))
						require.NoError(t, err)
						switch {
						case kind == store.KindTombstone: // laid under a secret that is random, at a time on the wall
							tombstones++
							delete(records, key)
						case kind == store.KindMeta && namespace == "tombstones":
							delete(records, key)
						}
					}
					// What was told last goes by how the input cut the batches.
					delete(records, string(store.Key(store.KindFeatureSet, "default", []byte("told"))))
				}
				require.Empty(t, differences(want, got))
				assert.Greater(t, tombstones, 50)
				there := 0
				for customer := range gone {
					if _, is := got[string(store.Key(store.KindProfile, "default", []byte(customer)))]; is {
						there++
					}
					for key := range got {
						if strings.HasSuffix(key, customer) && key[0] != byte(store.KindEventID) {
							there++
						}
					}
				}
				assert.Zero(t, there, "of %d", len(gone))
				assert.Greater(t, len(gone), 5)
			})
		})
	}
}
