package tests

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// indented puts the processors below a processor that has some.
func indented(list string) string { return strings.ReplaceAll(list, "\n", "\n      ") }

// However the errors of a pipeline are handled, and whatever wraps the processors: a bad
// event drags no good one with it, and the state is that of the good events alone.
func TestErrorHandling(t *testing.T) {
	t.Parallel()
	three := fmt.Sprintf(processors, "kmeans: { k: 5 }")
	events := shopEvents(3000, 300, 31)
	calm := t.TempDir()
	writeEvents(t, calm, events)
	start(t, calm, fmt.Sprintf(readFile, "kmeans: { k: 5 }")).finish(t)
	want := filepath.Join(calm, "state")

	var text strings.Builder
	bad := 0
	for i, e := range events {
		if i%20 == 7 {
			bad++
			text.WriteString([]string{
				"no JSON\n",
				`{"id":-1,"customer":null,"type":"purchase","at":"2025-01-01T00:00:00Z","amount":1}` + "\n",
				`{"id":-2,"customer":"c","type":"purchase","at":"2025-01-01T00:00:00Z","amount":"much"}` + "\n",
			}[bad%3])
		}
		text.WriteString(oneLine(t, e) + "\n")
	}
	for name, c := range map[string]struct{ settings, processors string }{
		"lenient":        {"", three},
		"strict":         {"error_handling: { strict: true }", three},
		"try":            {"", "\n    - try:" + indented(three)},
		"strict in try":  {"error_handling: { strict: true }", "\n    - try:" + indented(three)},
		"for each":       {"", "\n    - for_each:" + indented(three)},
		"retry":          {"", "\n    - retry:\n        max_retries: 2\n        backoff: { initial_interval: 1ms, max_interval: 1ms }\n        processors:" + indented(three)},
		"switch":         {"", "\n    - switch:\n      - processors:" + indented(three)},
		"a batch of one": {"", "\n    - split: { size: 1 }" + three},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, "events.jsonl", text.String())
			takenUp := "log: { level: DEBUG }"
			if c.settings != "" { // else no output takes what has failed, and the input delivers it for ever
				takenUp = "try_catch: { catch: [ mapping: root = content().string() ] }"
			}
			p := start(t, dir, c.settings+`
http: { enabled: false }
logger: { level: ERROR }
input:
  batched:
    child: { file: { paths: [ events.jsonl ] } }
    policy: { count: 100, period: 1s }
pipeline:
  threads: 1
  processors:`+c.processors+`
output:
  fallback:
    - reject_errored:
        file: { path: out.jsonl, codec: lines }
    - broker:
        batching: { count: 1, processors: [ `+takenUp+` ] }
        outputs:
          - file: { path: dead.jsonl, codec: lines }
cache_resources:
  - label: customers
    segment_store: { path: ./state, min_free: "0" }
`)
			p.finish(t)
			assert.Len(t, lines(t, dir, "dead.jsonl"), bad)
			ids := map[int]bool{}
			for _, line := range lines(t, dir, "out.jsonl") {
				var x struct {
					ID      int
					Segment map[string]any
				}
				require.NoError(t, json.Unmarshal([]byte(line), &x))
				require.NotEmpty(t, x.Segment)
				ids[x.ID] = true
			}
			assert.Len(t, ids, len(events), "good events that came out")
			compareStates(t, want, filepath.Join(dir, "state"), true)
		})
	}
}
