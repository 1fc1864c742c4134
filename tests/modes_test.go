package tests

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const storeResource = `
cache_resources:
  - label: customers
    segment_store: { path: ./state, min_free: "0", memory_budget: 64MiB }
`

// count is a pipeline that counts what is posted, and answers with the features.
const count = `
input:
  http_server: { address: "%s", path: /%s, timeout: 30s }
pipeline:
  threads: 4
  processors:
    - feature_extract:
        store: customers
        key: this.customer
        event: root = {}
        features: [ { name: events, agg: count }, { name: %s, agg: count } ]
output:
  sync_response: {}
`

// quiet keeps the server of the runtime off: many run at once.
const quiet = "http: { enabled: false }\n"

// free is an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// post posts an event until it is answered with something that contains want.
func post(t *testing.T, url, want string) {
	t.Helper()
	require.Eventually(t, func() bool {
		response, err := http.Post(url, "application/json", strings.NewReader(`{"customer":"c"}`))
		if err != nil {
			return false
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK && bytes.Contains(body, []byte(want))
	}, 20*time.Second, 50*time.Millisecond, "no %s at %s", want, url)
}

// A store in a resource file is found in run, and shared by the streams of streams mode.
func TestResourceFilesAndStreams(t *testing.T) {
	t.Parallel()
	dir, address := t.TempDir(), free(t)
	write(t, dir, "resources.yaml", storeResource)
	write(t, dir, "one.yaml", fmt.Sprintf(count, address, "post", "n")+quiet)
	run := command(t, dir, "run", "-r", "resources.yaml", "one.yaml")
	post(t, "http://"+address+"/post", `"events":1`)
	run.stop(t)

	address = free(t)
	write(t, dir, "main.yaml", "http: { address: "+address+" }\n")
	write(t, dir, "a.yaml", fmt.Sprintf(count, "", "post", "a"))
	write(t, dir, "b.yaml", fmt.Sprintf(count, "", "post", "b"))
	streams := command(t, dir, "streams", "-o", "main.yaml", "-r", "resources.yaml", "a.yaml", "b.yaml")
	post(t, "http://"+address+"/a/post", `"events":2`) // on the state that run has left
	post(t, "http://"+address+"/b/post", `"events":3`)
	post(t, "http://"+address+"/a/post", `"events":4`)
	streams.stop(t)
	contents(t, filepath.Join(dir, "state"))
}

// A configuration that changes while it runs takes over the store and its state.
func TestReload(t *testing.T) {
	t.Parallel()
	dir, address := t.TempDir(), free(t)
	config := func(feature string) string {
		// A server of its own: the closing input of the old configuration takes a path of the
		// shared one away from the new.
		return fmt.Sprintf(count, address, "post", feature) + storeResource + quiet
	}
	write(t, dir, "shoal.yaml", config("before"))
	p := command(t, dir, "run", "-w", "shoal.yaml")
	post(t, "http://"+address+"/post", `"before":1`)
	for round := range 3 {
		time.Sleep(200 * time.Millisecond) // the watcher takes changes together
		write(t, dir, "shoal.yaml", config(fmt.Sprintf("after%d", round)))
		post(t, "http://"+address+"/post", fmt.Sprintf(`"after%d":`, round))
	}
	p.stop(t)
	contents(t, filepath.Join(dir, "state"))
}

// A bad store stops the start, with what to do; it never waits for the first message.
func TestABadStoreStopsTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder := start(t, dir, fmt.Sprintf(count, free(t), "post", "n")+storeResource+quiet)
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, "state", "MANIFEST"))
		return err == nil
	}, 20*time.Second, 20*time.Millisecond)
	write(t, dir, "file", "")
	for store, want := range map[string]string{
		"path: ./state":                      "is in use by another process: stop it, or give each process a path of its own",
		"path: ./file":                       "is not a directory: name one",
		`path: ""`:                           "name a directory, or set in_memory: true",
		`{ path: ./other, min_free: 900TB }`: "min_free is 858306884 MiB",
		`{ path: ./other, encryption_key: "c2hvcnQ=" }`: "encryption_key of 5 bytes: use base64 of 16, 24 or 32 random bytes",
	} {
		if !strings.HasPrefix(store, "{") {
			store = "{ " + store + " }"
		}
		write(t, dir, "bad.yaml", fmt.Sprintf(count, free(t), "post", "n")+quiet+"cache_resources: [ { label: customers, segment_store: "+store+" } ]\n")
		p := command(t, dir, "run", "bad.yaml")
		require.Error(t, p.end(time.Minute))
		assert.Contains(t, p.output.String(), want)
	}
	holder.stop(t)
}
