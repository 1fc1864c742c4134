package features

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store"
)

const aDay = 24 * time.Hour

const forgetful = twoFeatures + "event_id_window: 0s\nidle_expiry: 30d\n"

// dayEvent is one of a customer, some days after the start.
func dayEvent(customer string, id int, days float64) string {
	return fmt.Sprintf(`{"customer":%q,"id":%d,"amount":1,"at":%q}`, customer, id, at(time.Duration(days*float64(aDay))))
}

// records are the customers of the feature set, their places in the index, and the ledger.
func (r *rig) records() map[string]string {
	r.t.Helper()
	list := map[string]string{}
	r.view(func(read store.Reader) error {
		for _, kind := range []store.Kind{store.KindProfile, store.KindSeen, store.KindLedger} {
			for _, set := range []string{"default", "features/default"} {
				err := read.Scan(store.Prefix(kind, set), func(key, value []byte) error {
					list[string(key)] = string(value)
					return nil
				})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	return list
}

func (r *rig) view(fn func(r store.Reader) error) {
	r.t.Helper()
	label, err := store.Use(r.resources, "customers")
	require.NoError(r.t, err)
	require.NoError(r.t, label.Do(context.Background(), func(s *store.Store) error {
		return s.View(context.Background(), fn)
	}))
}

// customers are those of the feature set, by the verification.
func (r *rig) customers() (n int) {
	r.t.Helper()
	r.view(func(read store.Reader) error {
		counts, err := Check(read)
		n = counts["default"]
		return err
	})
	return n
}

// knows tells that there is a profile.
func (r *rig) knows(customer string) (known bool) {
	r.t.Helper()
	r.view(func(read store.Reader) (err error) {
		known, err = Knows(read, "default", customer)
		return err
	})
	return known
}

func TestIdleCustomersAreForgotten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	x := r.extract(forgetful)
	x.run(t, dayEvent("a", 1, 0), dayEvent("b", 2, 0), dayEvent("c", 3, 1), dayEvent("a", 4, 20))
	x.run(t, dayEvent("c", 5, 30))
	assert.Equal(t, 3, r.customers(), "nobody has been silent for more than 30 days")
	x.run(t, dayEvent("c", 6, 31))
	assert.False(t, r.knows("b"), "since day 0")
	assert.True(t, r.knows("a"), "who had an event on day 20")
	assert.Equal(t, 2, r.customers())
	assert.Equal(t, int64(2), r.counters.gauge("feature_customers default"))

	// What comes again changes nothing, and is told of nobody.
	before := r.records()
	again := x.run(t, dayEvent("b", 2, 0))[0]
	assert.Equal(t, "true", meta(again, "feature_duplicate"))
	assert.Empty(t, meta(again, "feature_version"))
	assert.Equal(t, at(0), meta(again, "feature_as_of"))
	assert.Equal(t, map[string]any{"events": 0.0, "spend": 0.0}, featuresOf(t, again))
	assert.Equal(t, before, r.records())

	r.close()
	r = openRig(t, path)
	x = r.extract(forgetful)
	assert.Equal(t, int64(2), r.counters.gauge("feature_customers default"))
	back := x.run(t, dayEvent("b", 7, 40))[0]
	assert.Equal(t, "1", meta(back, "feature_version"), "who comes back starts afresh")
	assert.Equal(t, map[string]any{"events": 1.0, "spend": 1.0}, featuresOf(t, back))
	x.run(t, dayEvent("b", 8, 51))
	assert.Equal(t, 2, r.customers(), "a is gone, 31 days after day 20")
	assert.False(t, r.knows("a"))
}

// Whoever was there before idle_expiry was turned on is found, and so it is shortened and
// turned off.
func TestIdleExpiryIsTurnedOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	start := func(conf string, messages ...string) *rig {
		r := openRig(t, path)
		if len(messages) > 0 {
			r.extract(twoFeatures+conf).run(t, messages...)
		}
		return r
	}
	var all []string
	for i := range 100 {
		all = append(all, dayEvent("c"+strconv.Itoa(i), i, float64(i)))
	}
	r := start("", all...)
	assert.Equal(t, 100, r.customers())
	r.close()

	var more []string // an event looks after eight
	for i := range 20 {
		more = append(more, dayEvent("c99", 1000+i, 100))
	}
	r = start("idle_expiry: 50d", more...)
	assert.Equal(t, 50, r.customers(), "days 50 to 99")
	r.close()
	r = start("idle_expiry: 10d", dayEvent("c99", 2000, 100), dayEvent("c99", 2001, 100), dayEvent("c99", 2002, 100), dayEvent("c99", 2003, 100), dayEvent("c99", 2004, 100))
	assert.Equal(t, 10, r.customers(), "days 90 to 99")
	r.close()
	r = start("", dayEvent("c99", 3000, 5000))
	assert.Equal(t, 10, r.customers(), "never again")
}

// A backfill beside the live stream keeps its customers while it goes on.
func TestBackfillBesideTheLiveStream(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(forgetful)
	x.run(t, dayEvent("live", 0, 400))
	for i := range 400 {
		x.run(t, dayEvent("old", 1+i, float64(i)))
		x.run(t, dayEvent("live", 1000+i, 400+float64(i)/500))
	}
	out := x.run(t, dayEvent("old", 999, 399.9))[0]
	assert.Equal(t, "401", meta(out, "feature_version"), "all of the history counts")

	x.run(t, dayEvent("ghost", 5000, 3))
	assert.True(t, r.knows("ghost"))
	x.run(t, dayEvent("live", 5001, 402))
	assert.False(t, r.knows("ghost"), "nothing else came within a day")
}

// The same events forget the same customers, however they are cut into batches and however
// often the process starts: the state is the same, byte for byte.
func TestExpiryDoesNotGoByBatches(t *testing.T) {
	t.Parallel()
	run := func(size int, restart bool) map[string]string {
		path := filepath.Join(t.TempDir(), "state")
		r := openRig(t, path)
		x := r.extract(twoFeatures + "idle_expiry: 2d\n")
		random, when := rand.New(rand.NewPCG(1, 1)), rand.New(rand.NewPCG(2, 2))
		var batch service.MessageBatch
		clock := 0.0
		for i := range 3000 {
			clock += random.Float64() / 10
			if random.IntN(500) == 0 {
				clock += 3 // nobody came for days
			}
			customer := int(40 * random.Float64() * random.Float64() * (1 + clock/40))
			batch = append(batch, placed(dayEvent(strconv.Itoa(customer), i, clock-3*random.Float64()*random.Float64()), 0, i, false))
			if len(batch) == size {
				x.pass(t, batch)
				batch = nil
				if restart && when.IntN(20) == 0 {
					r.close()
					r = openRig(t, path)
					x = r.extract(twoFeatures + "idle_expiry: 2d\n")
				}
			}
		}
		if len(batch) > 0 {
			x.pass(t, batch)
		}
		r.check()
		return r.records()
	}
	calm := run(3000, false)
	for _, got := range []map[string]string{run(70, true), run(7, true), run(1000, false)} {
		for key, value := range calm {
			require.Equal(t, value, got[key], "%q", key)
		}
		require.Equal(t, len(calm), len(got), "records") //nolint:testifylint // it would show them all
	}
}

// When the process dies over a batch in which a customer came and was forgotten, it is told
// again as it was.
func TestAForgottenCustomerIsToldAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	batch := []string{dayEvent("a", 1, 0), dayEvent("a", 2, 1), dayEvent("b", 3, 40), dayEvent("b", 4, 41)}
	r := openRig(t, path)
	want := r.extract(forgetful).run(t, batch...)
	require.Equal(t, 1, r.customers())
	r.close()
	r = openRig(t, path)
	for i, m := range r.extract(forgetful).run(t, batch...) {
		assert.Equal(t, shown(t, want[i]), shown(t, m))
		assert.Equal(t, "true", meta(m, "feature_duplicate"))
	}
}

// Many threads forget and bring back the same customers, and count them right.
func TestManyThreadsForget(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x, y := r.extract(twoFeatures+"idle_expiry: 1h"), r.extract(twoFeatures+"idle_expiry: 1h")
	var group sync.WaitGroup
	for thread := range 4 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(thread)))
			for b := range 100 {
				batch := make(service.MessageBatch, 20)
				for i := range batch {
					batch[i] = service.NewMessage([]byte(dayEvent(strconv.Itoa(random.IntN(200)), thread*10000+b*20+i, float64(b)/24/4)))
				}
				if _, err := []*extract{x, y}[thread%2].ProcessBatch(context.Background(), batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	customers := r.customers()
	assert.Positive(t, customers)
	assert.Equal(t, int64(customers), r.counters.gauge("feature_customers default"))
	var last []string
	for i := range 40 {
		last = append(last, dayEvent("z", 90000+i, 30))
	}
	x.run(t, last...)
	assert.Equal(t, 1, r.customers(), "all of the others, whoever has looked where")
	assert.Equal(t, int64(1), r.counters.gauge("feature_customers default"))
}

// A batch that fails counts nobody, also after some of its commits.
func TestCensusOfAFailedBatch(t *testing.T) {
	t.Parallel()
	c := &census{newest: 5, noted: 1 << 60}
	b := c.begin()
	b.beginStep()
	b.now.customers, b.now.newest, b.now.noted = 3, 9, 2
	b.beforeCommit()
	c.take(&b, false)
	customers, _ := c.look()
	assert.Zero(t, customers, "the first commit failed")
	b.beginStep() // or it did not: another step began
	b.now.customers, b.now.newest = 7, 11
	b.beforeCommit()
	c.take(&b, false)
	customers, newest := c.look()
	assert.Equal(t, 3, customers)
	assert.Equal(t, int64(9), newest)
}

func TestExpiryHorizon(t *testing.T) {
	t.Parallel()
	x := expiry(30 * aDay)
	assert.Equal(t, int64(-30*86400-1), x.horizon(-1), "before 1970, rounded down")
	assert.Equal(t, int64(never), x.horizon(never), "without events nobody is due")
	assert.Equal(t, int64(never), expiry(0).horizon(0))
	assert.False(t, expiry(0).isOver(0, 1<<62), "never")
	assert.False(t, x.isOver(0, int64(30*aDay)), "for 30 days")
	assert.True(t, x.isOver(0, int64(30*aDay)+1))
	assert.False(t, x.isOver(never+1, never+2), "at the beginning of time")
	assert.Equal(t, int64(70*86400), x.note(int64(70*aDay), int64(80*aDay)), "who is active is noted at their newest event")
	assert.Equal(t, int64(51*86400), x.note(int64(7*aDay), int64(80*aDay)), "who is over is given a day")
}

// Places are in the order of time, also before 1970, and can be read.
func TestPlaces(t *testing.T) {
	t.Parallel()
	before := ""
	prefix := len(store.Prefix(store.KindSeen, "s"))
	for _, p := range []place{{-1 << 40, "z"}, {-2, "b"}, {-1, "a"}, {0, "a"}, {0, "b"}, {1, "a"}, {1 << 40, "a"}} {
		key := seenKey("s", p)
		assert.Greater(t, string(key), before, "%v", p)
		before = string(key)
		again, err := placeOf(key[prefix:])
		require.NoError(t, err)
		assert.Equal(t, p, again)
	}
	_, err := placeOf(make([]byte, 8))
	require.ErrorIs(t, err, errPlace)
}

// The verification finds a customer whom nobody looks after, and a place of nobody.
func TestCheckOfTheIndex(t *testing.T) {
	t.Parallel()
	for want, damage := range map[string]func(tx *store.Tx, key []byte){
		"profile 1: it has no place in the index": func(tx *store.Tx, key []byte) { tx.Delete(key) },
		"2 places for 1 customers":                func(tx *store.Tx, key []byte) { tx.Set(append(key, 'x'), nil) },
		"is later than its newest event": func(tx *store.Tx, key []byte) {
			value, err := tx.Get(profileKey("default", "c"))
			require.NoError(t, err)
			_, n := binary.Varint(value)
			later := start.Unix() + 1
			tx.Delete(key)
			tx.Set(seenKey("default", place{later, "c"}), nil)
			tx.Set(profileKey("default", "c"), append(binary.AppendVarint(nil, later), value[n:]...))
		},
	} {
		r := openRig(t, "")
		r.extract(twoFeatures).run(t, dayEvent("c", 1, 0))
		label, err := store.Use(r.resources, "customers")
		require.NoError(t, err)
		require.NoError(t, label.Do(t.Context(), func(s *store.Store) error {
			require.NoError(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
				return tx.Step(func() error {
					damage(tx, seenKey("default", place{start.Unix(), "c"}))
					return nil
				})
			}))
			return s.View(t.Context(), func(r store.Reader) error {
				_, err := Check(r)
				require.ErrorContains(t, err, want)
				return nil
			})
		}))
	}
}
