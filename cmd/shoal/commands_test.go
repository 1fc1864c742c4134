package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redpanda-data/benthos/v4/public/service"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin/store"
)

// run is a command line with Shoal's own commands.
func run(t *testing.T, arguments ...string) (output string, err error) {
	t.Helper()
	return runWith(t, "", arguments...)
}

// runWith is run with something on standard input.
func runWith(t *testing.T, input string, arguments ...string) (output string, err error) {
	t.Helper()
	var out bytes.Buffer
	app := &cli.App{
		Reader:         strings.NewReader(input),
		Commands:       []*cli.Command{healthcheckCommand(), storeCommand()},
		Writer:         &out,
		ErrWriter:      &out,
		ExitErrHandler: func(*cli.Context, error) {},
	}
	err = app.Run(append([]string{"shoal"}, arguments...))
	return out.String(), err
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	status, metrics := http.StatusOK, "segment_store_bytes 0\nsegment_store_writable{label=\"a\"} 1\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ready":
			w.WriteHeader(status)
		case "/metrics":
			_, _ = io.WriteString(w, metrics)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	check := func(more ...string) error {
		_, err := run(t, append([]string{"healthcheck", "--url", server.URL + "/ready"}, more...)...)
		return err
	}
	here := []string{"--metrics-url", server.URL + "/metrics"}
	require.NoError(t, check(here...))
	metrics += "segment_store_writable{label=\"b\"} 0\n"
	require.ErrorContains(t, check(), "not ready: a segment_store has less room", "the metrics are those of the process that is asked")
	require.ErrorContains(t, check(here...), "not ready: a segment_store has less room on its disk than min_free, and refuses batches: free some space")
	require.NoError(t, check("--metrics-url", ""))
	require.NoError(t, check("--metrics-url", server.URL+"/elsewhere"), "another exporter of metrics")
	status = http.StatusServiceUnavailable
	require.ErrorContains(t, check(here...), "503")
	server.Close()
	require.ErrorContains(t, check("--timeout", "1s"), "not ready: ")
}

func TestMetricsBesideWhatIsAsked(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]string{
		"":                               "http://127.0.0.1:4195/metrics",
		"http://host:4999/ready":         "http://host:4999/metrics",
		"http://host:4999":               "http://host:4999/metrics",
		"https://host/shoal/ready?a=b":   "https://host/shoal/metrics",
		"http://host:4999/ready, itself": "http://other/m",
	} {
		url, itself := strings.CutSuffix(asked, ", itself")
		var got string
		command := healthcheckCommand()
		command.Action = func(c *cli.Context) error { got = metricsURL(c); return nil }
		arguments := []string{"shoal", "healthcheck"}
		if url != "" {
			arguments = append(arguments, "--url", url)
		}
		if itself {
			arguments = append(arguments, "--metrics-url", want)
		}
		require.NoError(t, (&cli.App{Commands: []*cli.Command{command}}).Run(arguments))
		assert.Equal(t, want, got, asked)
	}
}

func TestStoreVerify(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	_, err := run(t, "store", "verify", "--path", path)
	require.ErrorContains(t, err, "there is no store at --path "+path+": name its directory")
	_, err = run(t, "store", "verify", "--path", t.TempDir(), "--encryption-key", "not base64!")
	require.ErrorContains(t, err, "encryption_key is not base64")

	s, err := store.Open(store.Options{Path: path, MemoryBudget: store.DefaultMemoryBudget})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	output, err := run(t, "store", "verify", "--path", path)
	require.NoError(t, err)
	assert.Equal(t, "all invariants hold\n", output)
}

// One life of a store on the command line: customers are forgotten, the files rewritten, backed
// up before and after, and restored.
func TestStoreCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, old, restored := filepath.Join(dir, "state"), filepath.Join(dir, "old"), filepath.Join(dir, "restored")
	for _, command := range [][]string{{"compact"}, {"forget", "--key", "c1"}, {"backup", "--to", old}} {
		arguments := append([]string{"store", command[0], "--path", path}, command[1:]...)
		_, err := run(t, arguments...)
		require.ErrorContains(t, err, "store "+command[0]+": there is no store at --path "+path+": name its directory")
	}
	fillFeatures(t, path)
	output, err := run(t, "store", "backup", "--path", path, "--to", old)
	require.NoError(t, err)
	assert.Contains(t, output, " records in "+old)

	output, err = run(t, "store", "forget", "--path", path, "--key", "c1")
	require.NoError(t, err)
	var receipt map[string]any
	require.NoError(t, json.Unmarshal([]byte(output), &receipt))
	assert.Equal(t, true, receipt["erased"])
	assert.InDelta(t, 1, receipt["profiles"], 0)
	output, err = runWith(t, "c2\n\nnobody\n", "store", "forget", "--path", path, "--key-from-stdin", "--block")
	require.NoError(t, err)
	assert.Len(t, strings.Split(strings.TrimSpace(output), "\n"), 2)
	for _, wrong := range [][]string{nil, {"--key", "c1", "--key-from-stdin"}, {"--key", ""}} {
		_, err = run(t, append([]string{"store", "forget", "--path", path}, wrong...)...)
		require.ErrorContains(t, err, "store forget: n")
	}

	output, err = run(t, "store", "compact", "--path", path)
	require.NoError(t, err)
	assert.Contains(t, output, " records, ")
	output, err = run(t, "store", "verify", "--path", path)
	require.NoError(t, err)
	assert.Equal(t, "feature set \"default\": 1 profile\nerased: 3 customers\nall invariants hold\n", output)

	output, err = run(t, "store", "restore", "--path", restored, "--from", old)
	require.NoError(t, err)
	assert.Contains(t, output, "feature set \"default\": 3 profiles\nall invariants hold\nerasures after the backup are not known")
	output, err = run(t, "store", "restore", "--path", restored+"2", "--from", old, "--erasures", path)
	require.NoError(t, err)
	assert.Contains(t, output, "feature set \"default\": 1 profile\nerased: 3 customers\nall invariants hold\n2 customers were erased since the backup, and are erased here")
	_, err = run(t, "store", "restore", "--path", restored, "--from", old)
	require.ErrorContains(t, err, "store restore: there is something at "+restored+" already")
	none := t.TempDir()
	_, err = run(t, "store", "restore", "--path", restored+"3", "--from", old, "--erasures", none)
	require.ErrorContains(t, err, "store restore: --erasures "+none+": there is no store at "+none+": name its directory")
	assert.NoDirExists(t, restored+"3")

	s, err := store.Open(store.Options{Path: path, MemoryBudget: store.MinMemoryBudget})
	require.NoError(t, err)
	_, err = run(t, "store", "compact", "--path", path)
	require.ErrorContains(t, err, "store compact: the store at "+path+" is open in this process: close it first")
	require.NoError(t, s.Close())
}

// fillFeatures has three customers leave something in a store.
func fillFeatures(t *testing.T, path string) {
	t.Helper()
	builder := service.NewStreamBuilder()
	require.NoError(t, builder.SetYAML(`
logger: { level: NONE }
http: { enabled: false }
input:
  generate: { count: 3, interval: "", mapping: 'root.id = "c" + counter().string()' }
pipeline:
  processors:
    - feature_extract: { store: customers, key: this.id, event: 'root.kind = "visit"', features: [ { name: visits, agg: count } ] }
output: { drop: {} }
cache_resources:
  - label: customers
    segment_store: { path: `+path+`, min_free: "0" }
`))
	stream, err := builder.Build()
	require.NoError(t, err)
	require.NoError(t, stream.Run(t.Context()))
}
