package tests

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fault is a topic, and what a consumer leaves to which nothing happens.
type fault struct {
	consumer

	messages int
	want     string // directory of its state
	dir      string // where to have trouble
	out      *follower
}

func newFault(t *testing.T, customers, messages int) *fault {
	t.Helper()
	f := &fault{messages: messages, dir: t.TempDir()}
	f.address = broker(t, "events", 1)
	var keys, values []string
	for _, e := range shopEvents(messages, customers, uint64(messages)) {
		keys, values = append(keys, e.Customer), append(values, oneLine(t, e))
	}
	publish(t, f.address, "events", keys, values)

	calm := t.TempDir()
	f.want = filepath.Join(calm, "state")
	p := start(t, calm, f.config())
	await(t, p, follow(filepath.Join(calm, "out.jsonl")), messages)
	p.stop(t)
	f.group = "troubled"
	f.out = follow(filepath.Join(f.dir, "out.jsonl"))
	return f
}

// end has a consumer take all that is left, and compares.
func (f *fault) end(t *testing.T) {
	t.Helper()
	p := start(t, f.dir, f.config())
	await(t, p, f.out, f.messages)
	p.stop(t)
	f.compare(t)
}

func (f *fault) compare(t *testing.T) {
	t.Helper()
	compareStates(t, f.want, filepath.Join(f.dir, "state"), true)
}

// onSmallDisk puts the state on a disk of so many MiB.
func (f *fault) onSmallDisk(t *testing.T, size int) {
	t.Helper()
	dir := filepath.Join(f.dir, "state")
	require.NoError(t, os.Mkdir(dir, 0o700))
	if err := mount(dir, size); err != nil {
		t.Skipf("a small disk cannot be made here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, unmount(dir)) })
	f.state = "./state/customers"
}

// While less is free than min_free, batches are refused and delivered again; with room, the
// stream goes on by itself, and nothing is lost or counted twice.
func TestADiskThatFillsUp(t *testing.T) {
	t.Parallel()
	f := newFault(t, 300, 3000)
	f.onSmallDisk(t, 256)
	f.minFree = "64MiB"
	ballast := filepath.Join(f.dir, "state", "ballast")
	p := start(t, f.dir, f.config())
	awaitNews(t, p, f.out)
	require.NoError(t, os.WriteFile(ballast, make([]byte, 200<<20), 0o600))
	require.Eventually(t, func() bool { // nothing more comes out
		f.out.look(t)
		time.Sleep(500 * time.Millisecond)
		return f.out.look(t) == 0
	}, time.Minute, time.Millisecond)
	require.Less(t, len(f.out.seen), f.messages)
	require.NoError(t, os.Remove(ballast))
	await(t, p, f.out, f.messages)
	p.stop(t)
	assert.Contains(t, p.output.String(), "min_free is 64 MiB: nothing was changed; free some space")
	// Where only the model refused a batch, features are by then those after it: a customer with
	// several events in it moves at once to where they ended.
	compareStates(t, f.want, filepath.Join(f.dir, "state", "customers"), false)
}

// Without min_free a full disk kills the process. With room, the next one goes on.
func TestADiskThatIsFull(t *testing.T) {
	t.Parallel()
	f := newFault(t, 3000, 12000)
	f.onSmallDisk(t, 256)
	p := start(t, f.dir, f.config())
	awaitNews(t, p, f.out)
	ballast, err := os.Create(filepath.Join(f.dir, "state", "ballast"))
	require.NoError(t, err)
	for full := false; !full; {
		_, err := ballast.Write(make([]byte, 64<<10))
		full = err != nil
	}
	require.NoError(t, ballast.Close())
	err = p.end(time.Minute)
	t.Logf("%v after %d messages: %.100s", err, len(f.out.seen), &p.output)
	require.Error(t, err)
	require.NoError(t, os.Remove(ballast.Name()))
	p = start(t, f.dir, f.config())
	await(t, p, f.out, f.messages)
	p.stop(t)
	compareStates(t, f.want, filepath.Join(f.dir, "state", "customers"), true)
}

// A process that may not let files grow has errors of input and output. Without the limit,
// the next one goes on.
func TestFilesThatCannotGrow(t *testing.T) {
	t.Parallel()
	f := newFault(t, 3000, 12000)
	reader := f.consumer
	reader.output = "\n  reject_errored: { drop: {} }" // the file of the output could not grow either
	p := start(t, f.dir, reader.config())
	require.Eventually(t, func() bool { return size(filepath.Join(f.dir, "state", "MANIFEST")) > 0 }, time.Minute, time.Millisecond, "%s", &p.output)
	if err := limitFiles(p.Process.Pid, 4096); err != nil {
		t.Skipf("the size of files cannot be limited here: %v", err)
	}
	err := p.end(20 * time.Second)
	t.Logf("%v: %.400s", err, &p.output)
	reader.group = "after"
	f.group = "after"
	f.end(t)
}

// An orderly end in the middle of a batch, with time for it or without, loses nothing.
func TestShutdown(t *testing.T) {
	t.Parallel()
	for name, timeout := range map[string]string{"time enough": "20s", "too little time": "10ms"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFault(t, 500, 4000)
			f.settings = "shutdown_timeout: " + timeout
			random := rand.New(rand.NewPCG(5, 0))
			for range 6 {
				p := start(t, f.dir, f.config())
				awaitNews(t, p, f.out)
				time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
				require.NoError(t, p.Process.Signal(os.Interrupt))
				err := p.end(time.Minute)
				t.Logf("%d messages, %v", len(f.out.seen), err)
				f.out.look(t)
				if len(f.out.seen) == f.messages {
					break
				}
			}
			f.end(t)
		})
	}
}

// A sink that refuses requests at random has events delivered again: each is
// counted once.
func TestASinkThatFails(t *testing.T) {
	t.Parallel()
	f := newFault(t, 60, 240)
	out, err := os.Create(f.out.path)
	require.NoError(t, err)
	defer out.Close() //nolint:errcheck // it is read before
	var requests atomic.Int64
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1); rand.IntN(40) == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		_, err = out.Write(append(body, '\n'))
		assert.NoError(t, err)
	}))
	defer sink.Close()
	f.output = "\n  reject_errored: { http_client: { url: \"" + sink.URL + "\", verb: POST, retries: 0, retry_period: 1ms, max_retry_backoff: 1ms } }\n"
	f.end(t)
	duplicates := 0
	for _, x := range f.out.lines {
		if x.Duplicate {
			duplicates++
		}
	}
	t.Logf("%d requests for %d messages, %d of them duplicates", requests.Load(), f.messages, duplicates)
	assert.Positive(t, duplicates)
}

func size(path string) int64 {
	stat, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return stat.Size()
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
