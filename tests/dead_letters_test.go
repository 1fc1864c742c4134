package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// strict is a pipeline with a dead-letter route, in the manner of the examples, that logs
// all there is to log.
const strict = `
http: { enabled: false }
logger: { level: ALL }
error_handling: { strict: true }
input:
  batched:
    child: { file: { paths: [ events.jsonl ] } }
    policy: { count: 50, period: 1s }
pipeline:
  threads: 1
  processors:` + processors + `
output:
  fallback:
    - file: { path: out.jsonl, codec: lines }
    - broker:
        batching:
          count: 1
          processors:
            - try_catch:
                catch:
                  - mapping: |
                      root.error = @error.what
                      root.event = this
        outputs:
          - file: { path: dead.jsonl, codec: lines }
cache_resources:
  - label: customers
    segment_store: { path: ./state, min_free: "0" }
`

// Each bad event goes to the dead letters with its reason, and drags no good one with it.
// What identifies a customer is nowhere: not in the output, the dead letters, the log nor
// the state.
func TestDeadLettersAndCanaries(t *testing.T) {
	t.Parallel()
	const canary = "canary"
	dir := t.TempDir()
	var text strings.Builder
	good := 0
	for i := range 400 {
		customer, email := fmt.Sprintf("%s-%d", canary, i%40), fmt.Sprintf("%s.%d@example.org", canary, i%40)
		event := map[string]any{"id": i, "customer": customer, "email": email, "type": "purchase", "at": "2026-01-01T00:00:00Z", "amount": i}
		switch i % 10 {
		case 3:
			fmt.Fprintf(&text, "{%q: %q\n", canary, customer) // no JSON
			continue
		case 4:
			event["customer"] = map[string]any{"id": []any{customer}}
		case 5:
			delete(event, "customer")
		case 6:
			event["amount"] = "much"
		case 7:
			event["at"] = "yesterday"
		default:
			good++
		}
		line, err := json.Marshal(event)
		require.NoError(t, err)
		text.Write(append(line, '\n'))
	}
	write(t, dir, "events.jsonl", text.String())
	p := start(t, dir, fmt.Sprintf(strict, "kmeans: { k: 3 }"))
	p.finish(t)

	assert.Len(t, lines(t, dir, "out.jsonl"), good)
	reasons := map[string]int{}
	for _, line := range lines(t, dir, "dead.jsonl") {
		var letter struct{ Error string }
		require.NoError(t, json.Unmarshal([]byte(line), &letter))
		reasons[strings.SplitN(letter.Error, ":", 3)[0]+":"+strings.SplitN(letter.Error, ":", 3)[1]]++
	}
	assert.Equal(t, map[string]int{
		"privacy_mask: the message is not JSON": 40,
		"feature_extract: key is an object":     40,
		"feature_extract: key is null":          40,
		"feature_extract: amount":               40,
		"feature_extract: at":                   40,
	}, reasons)

	assert.NotContains(t, strings.ReplaceAll(p.output.String(), dir, ""), canary, "the log")
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "events.jsonl" {
			return err
		}
		content, err := os.ReadFile(path)
		assert.NotContains(t, string(content), canary, entry.Name())
		return err
	}))
	contents(t, filepath.Join(dir, "state"))
}
