package tests

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

// readFile reads the events in batches, on one thread, and writes the moves.
const readFile = `
http: { enabled: false }
logger: { level: ERROR }
input:
  batched:
    child: { file: { paths: [ events.jsonl ] } }
    policy: { count: 100, period: 1s }
pipeline:
  threads: 1
  processors:` + processors + `
    - mapping: |
        root = if errored() { throw(error()) } else if this.segment.changed {
          { "id": this.id, "customer": this.customer, "segment": this.segment.without("model_version", "distance", "confidence", "reasons", "label") }
        } else { deleted() }
output:
  file: { path: moves.jsonl, codec: lines }
cache_resources:
  - label: customers
    segment_store: { path: ./state, min_free: "0" }
`

// A process that is killed at any instant, and started again, ends with the state of one
// that never was: byte for byte. It tells of every move at least once.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	for name, engine := range map[string]string{
		"kmeans":                    "kmeans: { k: 5 }",
		"online_kmeans":             "online_kmeans: { k: 5, decay: { factor: 0.999 } }",
		"density":                   "density: {}",
		"customers are forgotten":   "kmeans: { k: 5 }\n        forget: { inactive_after: 2d }",
		"medians and quantiles":     "kmeans: { k: 5 }",
		"predictions":               "kmeans: { k: 5 }",
		"k chosen, customers leave": "kmeans: { k: auto }\n        scaling: robust\n        forget: { inactive_after: 1d }",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := fmt.Sprintf(readFile, engine)
			switch name {
			case "customers are forgotten":
				config = strings.Replace(config, "        features:\n", "        idle_expiry: 1d\n        features:\n", 1)
			case "medians and quantiles":
				config = strings.Replace(config, "missing: 0 }", "missing: median, clip: { quantiles: [ 0.02, 0.98 ] } }", 1)
				config = strings.Replace(config, "        features:\n", "        idle_expiry: 3d\n        features:\n", 1)
			case "predictions":
				config = strings.Replace(config, "        features:\n", `        idle_expiry: 90d
        predictions: { fit_every: 700, sample: 300, warmup: 50 }
        features:
          - { name: alive, agg: p_alive, on: purchase }
          - { name: worth, agg: lifetime_value, on: purchase, of: amount, horizon: 30d }
`, 1)
			}
			events := shopEvents(12000, 1500, 1)
			if name == "predictions" { // orders are counted by day
				stretch(t, events, 26)
			}

			calm := t.TempDir()
			writeEvents(t, calm, events)
			begun := time.Now()
			start(t, calm, config).finish(t)
			whole := time.Since(begun)

			want := contents(t, filepath.Join(calm, "state"))
			// What was told last goes by how the input cut the batches.
			told := string(store.Key(store.KindFeatureSet, "default", []byte("told")))
			delete(want, told)
			if name == "predictions" {
				fitted := want[string(store.Key(store.KindFeatureSet, "default", []byte("models")))]
				require.Greater(t, len(fitted), 160, "three models without parameters take less")
			}
			inRounds(t, func(t *testing.T, round uint64) {
				rough := t.TempDir()
				writeEvents(t, rough, events)
				random := rand.New(rand.NewPCG(2, round))
				kills := 0
				for range 13 {
					if !start(t, rough, config).finishes(t, time.Duration(random.Float64()*float64(whole)*0.45)) {
						kills++
					}
				}
				start(t, rough, config).finish(t)
				t.Logf("a run takes %v; killed %d times", whole.Round(time.Millisecond), kills)
				require.Greater(t, kills, 5)
				got := contents(t, filepath.Join(rough, "state"))
				delete(got, told)
				require.Empty(t, differences(want, got))
				movesAreTold(t, calm, rough)
			})
		})
	}
}

// movesAreTold compares the moves that two processes have told of.
func movesAreTold(t *testing.T, calm, rough string) {
	t.Helper()
	told := map[string]bool{}
	for _, move := range lines(t, rough, "moves.jsonl") {
		told[move] = true
	}
	moves := lines(t, calm, "moves.jsonl")
	require.Greater(t, len(moves), 100)
	missing := 0
	for _, move := range moves {
		if !told[move] {
			missing++
		}
	}
	assert.Zero(t, missing, "moves that nobody was told of, of %d", len(moves))
}

// differences counts the records that differ, by kind, with one key of each.
func differences(want, got map[string]string) map[byte]string {
	counts, found := map[byte]int{}, map[byte]string{}
	note := func(key, how string) {
		counts[key[0]]++
		found[key[0]] = fmt.Sprintf("%d, such as %q (%s)", counts[key[0]], key, how)
	}
	for key, value := range want {
		if other, there := got[key]; !there {
			note(key, "missing")
		} else if other != value {
			note(key, "of another value")
		}
	}
	for key := range got {
		if _, there := want[key]; !there {
			note(key, "too many")
		}
	}
	return found
}

func lines(t *testing.T, dir, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}
