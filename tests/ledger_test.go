package tests

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/shoal-stream/shoal/plugin"
)

// byPosition are the three processors where the ledger knows an event by its position only.
var byPosition = strings.Replace(fmt.Sprintf(processors, "kmeans: { k: 5 }"), "          root.id = this.id\n", "", 1)

// send publishes events to a topic.
func send(t *testing.T, address string, events []event) {
	t.Helper()
	var keys, values []string
	for _, e := range events {
		keys, values = append(keys, e.Customer), append(values, oneLine(t, e))
	}
	publish(t, address, "events", keys, values)
}

// calmly sends events to a topic of their own, and gives the directory of the state of a process
// to which nothing happens.
func calmly(t *testing.T, events []event, processors string) (state string) {
	t.Helper()
	dir, address := t.TempDir(), broker(t, "events", 1)
	send(t, address, events)
	p := start(t, dir, consumer{address: address, processors: processors}.config())
	await(t, p, follow(filepath.Join(dir, "out.jsonl")), len(events))
	p.stop(t)
	return filepath.Join(dir, "state")
}

// Topics of two clusters, of one name and with the same offsets, share a store by their source:
// each event is counted, once, whenever the process is killed.
func TestKillWithTwoClusters(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	events := shopEvents(6000, 400, 31)
	random := rand.New(rand.NewPCG(32, 0))
	halves := [2][]event{}
	for _, e := range events {
		half := random.IntN(2)
		halves[half] = append(halves[half], e)
	}
	dir := t.TempDir()
	write(t, dir, "main.yaml", "http: { address: "+free(t)+" }\nlogger: { level: ERROR }\n")
	write(t, dir, "resources.yaml", storeResource)
	files := [2]*follower{}
	for i, name := range []string{"east", "west"} {
		address := broker(t, "events", 1)
		send(t, address, halves[i])
		config := consumer{address: address, processors: strings.Replace(byPosition, "        store: customers\n", "        store: customers\n        source: "+name+"\n", 1)}.config()
		config = strings.Replace(config, "out.jsonl", name+".jsonl", 1)
		config = config[strings.Index(config, "input:"):strings.Index(config, "cache_resources:")]
		write(t, dir, name+".yaml", config)
		files[i] = follow(filepath.Join(dir, name+".jsonl"))
	}
	run := func() *shoal {
		return command(t, dir, "streams", "-o", "main.yaml", "-r", "resources.yaml", "east.yaml", "west.yaml")
	}
	kills := 0
	for ; kills < soak(4) && len(files[0].seen) < len(halves[0]); kills++ {
		p := run()
		awaitNews(t, p, files[kills%2])
		require.False(t, p.finishes(t, time.Duration(random.IntN(200))*time.Millisecond))
		files[0].look(t)
	}
	p := run()
	await(t, p, files[0], len(halves[0]))
	await(t, p, files[1], len(halves[1]))
	p.stop(t)
	t.Logf("%d and %d messages; killed %d times", len(halves[0]), len(halves[1]), kills)
	want, got := featuresOf(t, calmly(t, events, byPosition)), featuresOf(t, filepath.Join(dir, "state"))
	require.Len(t, got, len(want))
	for customer, features := range want {
		require.Len(t, got[customer], len(features))
		for name, value := range features { // but for rounding: the clusters are read in no order
			assert.InEpsilon(t, 1+value, 1+got[customer][name], 1e-9, name)
		}
	}
}

// featuresOf are those of all customers of a store.
func featuresOf(t *testing.T, path string) map[string]map[string]float64 {
	t.Helper()
	list := map[string]map[string]float64{}
	for line := range strings.Lines(exported(t, path)) {
		var customer struct {
			Key      string
			Features map[string]float64
		}
		require.NoError(t, json.Unmarshal([]byte(line), &customer))
		list[customer.Key] = customer.Features
	}
	return list
}

// remade is a topic that was read, deleted and made anew with other events.
type remade struct {
	consumer
	dir  string
	out  *follower
	news int // messages of the new topic
}

func remake(t *testing.T, processors string, old, anew []event) *remade {
	t.Helper()
	r := &remade{dir: t.TempDir(), news: len(anew)}
	r.processors = processors
	first := cluster(t, kfake.SeedTopics(1, "events"))
	r.address = first.ListenAddrs()[0]
	send(t, r.address, old)
	r.out = follow(filepath.Join(r.dir, "out.jsonl"))
	p := start(t, r.dir, r.config())
	await(t, p, r.out, len(old))
	p.stop(t)
	first.Close()

	_, text, err := net.SplitHostPort(r.address)
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	cluster(t, kfake.SeedTopics(1, "events"), kfake.Ports(port))
	send(t, r.address, anew)
	return r
}

// refuses has a process read the new topic, which tells what is wrong, changes nothing, and lets
// nothing through.
func (r *remade) refuses(t *testing.T) {
	t.Helper()
	before, told := contents(t, filepath.Join(r.dir, "state")), len(r.out.lines)
	p := start(t, r.dir, r.config())
	require.Eventually(t, func() bool {
		return strings.Contains(p.output.String(), "the topic was recreated; nothing was changed; set source to a new name")
	}, 30*time.Second, 20*time.Millisecond, "%s", &p.output)
	require.False(t, p.finishes(t, 500*time.Millisecond)) // it is tried again and again
	assert.Contains(t, p.output.String(), "shoal store reset")
	r.out.look(t)
	assert.Len(t, r.out.lines, told, "nothing is told of the new topic")
	require.Empty(t, differences(before, contents(t, filepath.Join(r.dir, "state"))))
}

// goesOn has a process read the new topic to its end.
func (r *remade) goesOn(t *testing.T) {
	t.Helper()
	r.out.seen = map[place]int{}
	p := start(t, r.dir, r.config())
	await(t, p, r.out, r.news)
	p.stop(t)
}

func (r *remade) forgetPositions(t *testing.T) {
	t.Helper()
	_, err := plugin.Reset(t.Context(), optionsAt(filepath.Join(r.dir, "state")), plugin.Part{FeatureSet: "default", Model: "default", Positions: true}, nil)
	require.NoError(t, err)
}

// A topic that was deleted and made anew is noticed: nothing of it is taken for what was counted
// before. It is counted once its positions are forgotten, or under a new source.
func TestATopicThatIsMadeAnew(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	events := shopEvents(3000, 300, 33)
	old, anew := events[:1500], events[1500:]
	t.Run("positions are forgotten", func(t *testing.T) {
		t.Parallel()
		r := remake(t, byPosition, old, anew)
		r.refuses(t)
		r.forgetPositions(t)
		r.goesOn(t)
		compareProfiles(t, calmly(t, events, byPosition), filepath.Join(r.dir, "state"))
	})
	t.Run("a new source", func(t *testing.T) {
		t.Parallel()
		r := remake(t, byPosition, old, anew)
		r.refuses(t)
		r.processors = strings.Replace(byPosition, "        store: customers\n", "        store: customers\n        source: second\n", 1)
		r.goesOn(t)
		compareProfiles(t, calmly(t, events, byPosition), filepath.Join(r.dir, "state"))
	})
	t.Run("the same events, with ids", func(t *testing.T) {
		t.Parallel()
		both := fmt.Sprintf(processors, "kmeans: { k: 5 }")
		r := remake(t, both, old, events) // the producer sends all of them once more
		r.refuses(t)
		r.forgetPositions(t)
		r.goesOn(t)
		duplicates := 0
		for _, x := range r.out.lines {
			if x.Duplicate {
				duplicates++
			}
		}
		assert.GreaterOrEqual(t, duplicates, len(old))
		compareProfiles(t, calmly(t, events, both), filepath.Join(r.dir, "state"))
	})
}

// Two consumers, each with a store of its own, come and go, and partitions with them. State does
// not move with a partition, and nothing is lost: each message is counted in one store, and in
// the other again only if it was not acknowledged when its partition went.
func TestPartitionsThatComeAndGo(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	events := shopEvents(12000, 400, 34)
	address := broker(t, "events", 4)
	send(t, address, events)
	dirs, outs := [2]string{}, [2]*follower{}
	config := consumer{address: address, processors: byPosition}.config()
	for i := range dirs {
		dirs[i] = t.TempDir()
		outs[i] = follow(filepath.Join(dirs[i], "out.jsonl"))
	}
	all := func() int {
		seen := map[place]bool{}
		for _, out := range outs {
			out.look(t)
			for place := range out.seen {
				seen[place] = true
			}
		}
		return len(seen)
	}
	stays := start(t, dirs[0], config)
	awaitNews(t, stays, outs[0])
	for range soak(3) { // the other one takes partitions, and gives them back in order
		p := start(t, dirs[1], config)
		require.Eventually(t, func() bool { return outs[1].look(t) > 0 || all() == len(events) }, time.Minute, 5*time.Millisecond)
		p.stop(t)
	}
	require.Eventually(t, func() bool { return all() == len(events) }, time.Minute, 20*time.Millisecond, "%s", &stays.output)
	stays.stop(t)
	counted := 0
	for i, dir := range dirs {
		n := applied(t, filepath.Join(dir, "state"))
		assert.Equal(t, len(outs[i].seen), n, "messages that one of the consumers has told of are those that it has counted")
		counted += n
	}
	t.Logf("%d messages; the consumers counted %d and %d", len(events), len(outs[0].seen), len(outs[1].seen))
	assert.GreaterOrEqual(t, counted, len(events))
	assert.NotEmpty(t, outs[1].seen)
}

// applied is the number of events in the profiles of a store.
func applied(t *testing.T, path string) (events int) {
	t.Helper()
	for line := range strings.Lines(exported(t, path)) {
		var customer struct{ Events int }
		require.NoError(t, json.Unmarshal([]byte(line), &customer))
		events += customer.Events
	}
	return events
}
