package features

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const twoFeatures = `
key: this.customer
event: root = this
features:
  - { name: events, agg: count }
  - { name: spend, agg: sum, of: amount, half_life: 30d }
`

// placed gives a message a Kafka position, with the types that inputs use.
func placed(text string, partition, offset int, strings bool) *service.Message {
	m := service.NewMessage([]byte(text))
	m.MetaSetMut("kafka_topic", "events")
	if strings {
		m.MetaSetMut("kafka_partition", strconv.Itoa(partition))
		m.MetaSetMut("kafka_offset", []byte(strconv.Itoa(offset)))
	} else {
		m.MetaSetMut("kafka_partition", partition)
		m.MetaSetMut("kafka_offset", offset)
	}
	return m
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	text := `{"customer":"c","at":"` + at(0) + `","amount":4}`
	withID := func(id string) *service.Message {
		return service.NewMessage([]byte(`{"customer":"c","at":"` + at(0) + `","amount":4,"id":` + id + `}`))
	}
	for name, test := range map[string]struct {
		first, second *service.Message
		duplicate     bool
	}{
		"same position":         {placed(text, 1, 17, false), placed(text, 1, 17, true), true},
		"another offset":        {placed(text, 1, 17, false), placed(text, 1, 16, false), false},
		"another partition":     {placed(text, 1, 17, false), placed(text, 2, 17, false), false},
		"same id":               {withID(`"a"`), withID(`"a"`), true},
		"same id as number":     {withID(`17`), withID(`"17"`), true},
		"another id":            {withID(`"a"`), withID(`"b"`), false},
		"null ids":              {withID(`null`), withID(`null`), false},
		"neither":               {service.NewMessage([]byte(text)), service.NewMessage([]byte(text)), false},
		"position without both": {placed(text, 1, 17, false), service.NewMessage([]byte(text)), false},
	} {
		for _, together := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, in one batch %v", name, together), func(t *testing.T) {
				t.Parallel()
				r := openRig(t, "")
				x := r.extract(twoFeatures)
				var out service.MessageBatch
				if together {
					out = x.pass(t, service.MessageBatch{test.first.Copy(), test.second.Copy()})
				} else {
					out = append(x.pass(t, service.MessageBatch{test.first.Copy()}), x.pass(t, service.MessageBatch{test.second.Copy()})...)
				}
				require.Len(t, out, 2)
				if test.duplicate {
					assert.Equal(t, "true", meta(out[1], "feature_duplicate"))
					assert.Equal(t, featuresOf(t, out[0]), featuresOf(t, out[1]))
					assert.Equal(t, "1", meta(out[1], "feature_version"))
					assert.Equal(t, int64(1), r.counters.get("feature_events default duplicate"))
				} else {
					assert.Empty(t, meta(out[1], "feature_duplicate"))
					assert.Equal(t, "2", meta(out[1], "feature_version"))
				}
			})
		}
	}
}

func TestDuplicateComesWithTheCurrentFeatures(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(twoFeatures)
	out := x.run(t,
		`{"customer":"c","id":1,"at":"`+at(0)+`"}`,
		`{"customer":"c","id":2,"at":"`+at(time.Hour)+`"}`,
		`{"customer":"c","id":1,"at":"`+at(0)+`"}`,
	)
	assert.Equal(t, featuresOf(t, out[1]), featuresOf(t, out[2]))
	assert.Equal(t, "2", meta(out[2], "feature_version"))
	assert.Equal(t, at(time.Hour), meta(out[2], "feature_as_of"))
}

func TestSourceAndFeatureSetKeepPositionsApart(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	text := `{"customer":"c"}`
	for _, conf := range []string{"", "source: eu", "feature_set: shop", "feature_set: shop\nsource: eu"} {
		out := r.extract(twoFeatures+conf).pass(t, service.MessageBatch{placed(text, 0, 0, false)})
		assert.Empty(t, meta(out[0], "feature_duplicate"), conf)
	}
}

// someEvents is a stream of events of a few customers, in the order of their times, with
// everything that happens to streams still to come.
func someEvents(random *rand.Rand, n int) []*service.Message {
	messages := make([]*service.Message, n)
	for i := range messages {
		messages[i] = placed(fmt.Sprintf(`{"customer":%d,"at":%q,"amount":%d.%02d,"id":%d}`,
			random.IntN(5), at(time.Duration(random.IntN(1e7))*time.Second), random.IntN(100), random.IntN(100), i), i%3, i/3, false)
	}
	return messages
}

// last is the final features of each customer.
func last(t *testing.T, x *extract) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for c := range 5 {
		// An event from long before changes a decayed sum by nothing, and a count by one.
		out := x.run(t, fmt.Sprintf(`{"customer":%d,"at":"1970-01-01"}`, c))
		all[strconv.Itoa(c)] = featuresOf(t, out[0])
		all[strconv.Itoa(c)]["version"] = meta(out[0], "feature_version")
		all[strconv.Itoa(c)]["as_of"] = meta(out[0], "feature_as_of")
	}
	return all
}

// Whatever the order, the batches and the repetitions, the state is the same.
func TestStateDependsOnTheSetOfEvents(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(21, 22))
	messages := someEvents(random, 120)
	plain := openRig(t, "").extract(twoFeatures)
	for _, m := range messages {
		plain.pass(t, service.MessageBatch{m.Copy()})
	}
	want := last(t, plain)

	for range 8 {
		stream := append([]*service.Message(nil), messages...)
		for range 60 {
			stream = append(stream, messages[random.IntN(len(messages))])
		}
		random.Shuffle(len(stream), func(i, j int) { stream[i], stream[j] = stream[j], stream[i] })
		r := openRig(t, "")
		x := r.extract(twoFeatures)
		for len(stream) > 0 {
			n := min(1+random.IntN(40), len(stream))
			batch := make(service.MessageBatch, n)
			for i := range batch {
				batch[i] = stream[i].Copy()
			}
			x.pass(t, batch)
			stream = stream[n:]
		}
		assert.Equal(t, int64(60), r.counters.get("feature_events default duplicate"))
		r.check()
		got := last(t, x)
		for customer, features := range want {
			assert.InEpsilon(t, features["spend"], got[customer]["spend"], 1e-9)
			delete(got[customer], "spend")
			for name, value := range got[customer] {
				assert.Equal(t, features[name], value, name)
			}
		}
	}
}

func TestManyThreadsOnFewCustomers(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x, y := r.extract(twoFeatures), r.extract(twoFeatures)
	const threads, batches, size = 4, 30, 20
	var group sync.WaitGroup
	for thread := range threads {
		group.Go(func() {
			random := rand.New(rand.NewPCG(31, uint64(thread)))
			for b := range batches {
				batch := make(service.MessageBatch, size)
				for i := range batch {
					// Every event is sent by two of the threads.
					id := (thread/2*batches+b)*size + i
					batch[i] = placed(fmt.Sprintf(`{"customer":%d,"at":%q}`, id%7, at(time.Duration(id)*time.Second)), 0, id, false)
				}
				random.Shuffle(size, func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
				if _, err := []*extract{x, y}[thread%2].ProcessBatch(context.Background(), batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()

	total := 0.0
	for c := range 7 {
		total += featuresOf(t, x.run(t, fmt.Sprintf(`{"customer":%d,"at":"1970-01-01"}`, c))[0])["events"].(float64) - 1
	}
	assert.InDelta(t, threads/2*batches*size, total, 0, "events over all customers")
	assert.Equal(t, int64(threads/2*batches*size), r.counters.get("feature_events default duplicate"))
	r.check()
}

func TestReopenFromDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(41, 42))
	messages := someEvents(random, 60)
	for range 3 { // the second and third time, everything is a duplicate
		r := openRig(t, dir)
		x := r.extract(twoFeatures)
		for i := 0; i < len(messages); i += 20 {
			batch := make(service.MessageBatch, 20)
			for j := range batch {
				batch[j] = messages[i+j].Copy()
			}
			x.pass(t, batch)
		}
		r.check()
		r.close()
	}
	r := openRig(t, dir)
	total := 0.0
	for _, features := range last(t, r.extract(twoFeatures)) {
		total += features["events"].(float64) - 1
	}
	assert.InDelta(t, 60, total, 0)
}

func TestChangeOfFeatures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	header := "key: this.customer\nevent: root = this\nfeatures:\n"
	orders := "  - { name: orders, agg: count, on: purchase }\n"
	spend := "  - { name: spend, agg: sum, on: purchase, of: amount }\n"
	views := "  - { name: views, agg: count, on: view }\n"
	mean := "  - { name: mean, agg: mean, of: amount }\n"
	for _, step := range []struct {
		features string
		want     map[string]any
	}{
		{orders + spend, map[string]any{"orders": 1.0, "spend": 10.0}},
		{views + spend + orders, map[string]any{"orders": 2.0, "spend": 20.0, "views": 0.0}},
		{orders, map[string]any{"orders": 3.0}},
		{mean + spend + orders, map[string]any{"orders": 4.0, "spend": 10.0, "mean": 10.0}},
	} {
		r := openRig(t, dir)
		out := r.extract(header+step.features).run(t, `{"customer":"c","kind":"purchase","amount":10}`)
		assert.Equal(t, step.want, featuresOf(t, out[0]))
		r.check()
		r.close()
	}
}

func TestAFeatureSetThatGrowsUnderARunningProcessor(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	old := r.extract(twoFeatures)
	old.run(t, `{"customer":"c","amount":3}`)
	r.extract("key: this.customer\nevent: root = this\nfeatures: [ { name: orders, agg: count, on: purchase } ]").run(t, `{"customer":"d"}`)
	out := old.run(t, `{"customer":"c","amount":3}`)
	assert.InDelta(t, 2, featuresOf(t, out[0])["events"], 0)
	r.check()
}
