package tests

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

// consumer reads a topic in a consumer group, and writes each message as it left the
// processors. What it is given is set into it; the rest is what most tests want.
type consumer struct {
	address    string // of the broker
	group      string // shoal
	threads    int    // 1
	processors string // the three, kmeans
	output     string // toFile
	state      string // ./state
	minFree    string // 0
	settings   string // of the whole, such as shutdown_timeout
}

// toFile is an output that refuses what has failed: the input delivers it again.
const toFile = `
  reject_errored:
    file: { path: out.jsonl, codec: lines }
`

func (c consumer) config() string {
	return fmt.Sprintf(`
http: { enabled: false }
logger: { level: ERROR }
%s
input:
  redpanda:
    seed_brokers: [ "%s" ]
    topics: [ events ]
    consumer_group: %s
    start_offset: earliest
    session_timeout: 600ms
    heartbeat_interval: 150ms
    commit_period: 200ms
    max_yield_batch_bytes: 8KB
pipeline:
  threads: %d
  processors:%s
    - mapping: |
        root = if errored() { throw(error()) } else { {
          "partition": @kafka_partition, "offset": @kafka_offset, "duplicate": @feature_duplicate.or(false),
          "customer": this.customer, "features": this.features,
          "segment": this.segment.without("model_version", "distance", "confidence", "reasons", "label")
        } }
output:%s
cache_resources:
  - label: customers
    segment_store: { path: %s, min_free: "%s", memory_budget: 64MiB }
`, c.settings, c.address, cmp.Or(c.group, "shoal"), cmp.Or(c.threads, 1), cmp.Or(c.processors, fmt.Sprintf(processors, "kmeans: { k: 5 }")),
		cmp.Or(c.output, toFile), cmp.Or(c.state, "./state"), cmp.Or(c.minFree, "0"))
}

// answer is a line of the output.
type answer struct {
	Partition int
	Offset    int64
	Duplicate bool
	Customer  string
	Features  map[string]float64
	Segment   map[string]any
}

// place is where an event stands in its topic.
type place struct {
	partition int
	offset    int64
}

// follower reads the lines of a file that grows.
type follower struct {
	path  string
	read  int64 // bytes, up to the end of a line
	lines []answer
	seen  map[place]int
}

func follow(path string) *follower { return &follower{path: path, seen: map[place]int{}} }

// look reads what has come since. A line that a dead process has begun and the next one has
// gone on with is left out.
func (f *follower) look(t *testing.T) (news int) {
	t.Helper()
	file, err := os.Open(f.path)
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // it is only read
	_, err = file.Seek(f.read, io.SeekStart)
	require.NoError(t, err)
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return news // the rest is not whole yet
		}
		f.read += int64(len(line))
		var x answer
		if json.Unmarshal([]byte(line), &x) != nil {
			continue
		}
		f.lines = append(f.lines, x)
		f.seen[place{x.Partition, x.Offset}]++
		news++
	}
}

// last is what was told last of each customer.
func (f *follower) last() map[string]answer {
	last := map[string]answer{}
	for _, x := range f.lines {
		x.Duplicate = false
		last[x.Customer] = x
	}
	return last
}

// A consumer that is killed at any instant, and comes back, ends with the state of one that
// never was: with one thread and one partition byte for byte, and with several the same
// profiles, and a model of the same customers.
func TestKillKafka(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	for name, c := range map[string]struct {
		partitions int32
		threads    int
		engine     string
	}{
		"one partition, one thread":    {1, 1, "kmeans: { k: 5 }"},
		"six partitions, four threads": {6, 4, "kmeans: { k: auto }"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ordered := c.partitions == 1
			events := shopEvents(12000, 900, 8)
			address := broker(t, "events", c.partitions)
			var keys, values []string
			for i, e := range events {
				keys, values = append(keys, e.Customer), append(values, oneLine(t, e))
				if i%50 == 0 { // the producer sends it again, at another offset
					keys, values = append(keys, e.Customer), append(values, values[len(values)-1])
				}
			}
			publish(t, address, "events", keys, values)
			reader := consumer{address: address, threads: c.threads, processors: fmt.Sprintf(processors, c.engine)}

			calm := t.TempDir()
			want := follow(filepath.Join(calm, "out.jsonl"))
			p := start(t, calm, reader.config())
			await(t, p, want, len(values))
			p.stop(t)

			inRounds(t, func(t *testing.T, round uint64) {
				reader.group = fmt.Sprint("killed", round) // which begins anew
				killConsumer(t, reader, len(values), ordered, calm, want.last(), rand.New(rand.NewPCG(3+round, uint64(c.partitions))))
			})
		})
	}
}

// killConsumer kills a consumer until it has told of all messages, and compares what it leaves
// with what a calm one has left, and has told last.
func killConsumer(t *testing.T, reader consumer, messages int, ordered bool, calm string, want map[string]answer, random *rand.Rand) {
	t.Helper()
	rough := t.TempDir()
	got := follow(filepath.Join(rough, "out.jsonl"))
	kills := 0
	for ; kills < 30 && len(got.seen) < messages; kills++ {
		p := start(t, rough, reader.config())
		if random.IntN(4) > 0 { // else at any instant of the start
			awaitNews(t, p, got)
		}
		require.False(t, p.finishes(t, time.Duration(random.IntN(200))*time.Millisecond))
		got.look(t)
	}
	p := start(t, rough, reader.config())
	await(t, p, got, messages)
	p.stop(t)
	again, refused := 0, 0
	for _, x := range got.lines {
		if x.Duplicate {
			refused++
		}
	}
	for _, times := range got.seen {
		again += times - 1
	}
	t.Logf("%d messages; killed %d times; %d told again, %d of all known as duplicates", messages, kills, again, refused)
	require.Greater(t, kills, 5)
	compareStates(t, filepath.Join(calm, "state"), filepath.Join(rough, "state"), ordered)
	compareLast(t, want, got.last(), ordered)
}

func oneLine(t *testing.T, e event) string {
	t.Helper()
	line, err := json.Marshal(e)
	require.NoError(t, err)
	return string(line)
}

// await waits until so many messages were told at least once.
func await(t *testing.T, p *shoal, f *follower, messages int) {
	t.Helper()
	require.Eventually(t, func() bool {
		f.look(t)
		return len(f.seen) == messages
	}, 2*time.Minute, 20*time.Millisecond, "%s", &p.output)
}

// awaitNews waits until the process has told anything.
func awaitNews(t *testing.T, p *shoal, f *follower) {
	t.Helper()
	require.Eventually(t, func() bool { return f.look(t) > 0 }, time.Minute, 5*time.Millisecond, "%s", &p.output)
}

// compareStates compares what two processes have left: all records, or where customers came
// in another order the profiles, and who is in the models.
func compareStates(t *testing.T, calm, rough string, ordered bool) {
	t.Helper()
	want, got := contents(t, calm), contents(t, rough)
	told := string(store.Key(store.KindFeatureSet, "default", []byte("told")))
	for _, records := range []map[string]string{want, got} {
		delete(records, told) // it goes by how the input cut the batches
		for key := range records {
			if kind := store.Kind(key[0]); !ordered && kind != store.KindProfile && kind != store.KindLedger && kind != store.KindEventID {
				if kind == store.KindContribution {
					records[key] = "" // their vectors follow the profiles; micro-clusters go by the order
				} else {
					delete(records, key)
				}
			}
		}
	}
	require.NotEmpty(t, want)
	require.Empty(t, differences(want, got))
}

// compareLast compares what was told last of each customer; the segment only where it does
// not go by the order in which customers came.
func compareLast(t *testing.T, want, got map[string]answer, ordered bool) {
	t.Helper()
	require.NotEmpty(t, want)
	require.Len(t, got, len(want))
	for customer, w := range want {
		g := got[customer]
		if !ordered {
			w.Segment, g.Segment = nil, nil
		}
		assert.Equal(t, w, g)
	}
}
