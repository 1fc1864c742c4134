package features

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/population"
	"github.com/shoal-stream/shoal/plugin/store"
)

// amongOthers are features that depend on all customers. Whole amounts below 256 are exact in
// the population.
const amongOthers = `
key: this.customer
event: root = this
event_id_window: 0s
features:
  - { name: events, agg: count }
  - { name: last, agg: last, on: purchase, of: amount, missing: median }
  - { name: largest, agg: max, on: purchase, of: amount, clip: { quantiles: [ 0.1, 0.8 ] } }
`

// citizen is one event of amongOthers.
type citizen struct {
	customer, id int
	amount       int // -1: a view
	hours        float64
}

func (c citizen) String() string {
	if c.amount < 0 {
		return fmt.Sprintf(`{"customer":%d,"id":%d,"kind":"view","at":%f}`, c.customer, c.id, 1e9+3600*c.hours)
	}
	return fmt.Sprintf(`{"customer":%d,"id":%d,"kind":"purchase","at":%f,"amount":%d}`, c.customer, c.id, 1e9+3600*c.hours, c.amount)
}

func citizens(random *rand.Rand, n, customers int) []citizen {
	events := make([]citizen, n)
	for i := range events {
		events[i] = citizen{random.IntN(customers), i, random.IntN(200) - 1, float64(i)}
		if random.IntN(3) == 0 {
			events[i].amount = -1
		}
	}
	return events
}

func batchOf[T fmt.Stringer](events []T) service.MessageBatch {
	batch := make(service.MessageBatch, len(events))
	for i, e := range events {
		batch[i] = service.NewMessage([]byte(e.String()))
	}
	return batch
}

// quantile is that of a list, by definition 7 of Hyndman and Fan; NaN of none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	values = slices.Sorted(slices.Values(values))
	rank := q * float64(len(values)-1)
	low := int(rank)
	return values[low] + (rank-float64(low))*(values[min(low+1, len(values)-1)]-values[low])
}

// town computes amongOthers plainly.
type town struct{ last, largest map[int]float64 }

func (w *town) take(e citizen) (last, largest any) {
	if e.amount >= 0 {
		w.last[e.customer] = float64(e.amount)
		w.largest[e.customer] = max(w.largest[e.customer], float64(e.amount))
	}
	return w.of(e.customer)
}

func (w *town) of(customer int) (last, largest any) {
	values := func(of map[int]float64) (list []float64) {
		for _, x := range of {
			list = append(list, x)
		}
		return list
	}
	last = orNull(quantile(values(w.last), 0.5))
	if x, ok := w.last[customer]; ok {
		last = x
	}
	if x, ok := w.largest[customer]; ok {
		all := values(w.largest)
		largest = min(max(x, quantile(all, 0.1)), quantile(all, 0.8))
	}
	return last, largest
}

func assertSame(t *testing.T, want, got any, what string) {
	t.Helper()
	if want == nil || got == nil {
		assert.Equal(t, want, got, what)
		return
	}
	assert.InDelta(t, want, got, 1e-9, what)
}

// Medians and quantiles are those of all customers, each counted once, after each event: also
// where customers come again, a batch has them twice, and the process starts again.
func TestMediansAndQuantiles(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	x := r.extract(amongOthers)
	w := &town{map[int]float64{}, map[int]float64{}}
	for round := range 120 {
		events := citizens(random, 1+random.IntN(12), 30)
		for i := range events {
			events[i].id, events[i].hours = round*100+i, float64(round*100+i)
		}
		for i, m := range x.pass(t, batchOf(events)) {
			last, largest := w.take(events[i])
			assertSame(t, last, featuresOf(t, m)["last"], "last")
			assertSame(t, largest, featuresOf(t, m)["largest"], "largest")
		}
		switch round % 40 {
		case 10:
			r.check()
			r.close() // without having closed the processor
			r = openRig(t, path)
			x = r.extract(amongOthers)
		case 20:
			require.NoError(t, x.Close(t.Context()))
			r.check()
		case 30:
			rejected := x.run(t, `{"customer":1,"kind":"purchase","amount":199,"at":"`+at(0)+`","id":""}`)
			require.Error(t, rejected[0].GetError())
		}
	}
	// Lookups and refreshes see the same.
	for customer := range 30 {
		last, largest := w.of(customer)
		read := r.read(strconv.Itoa(customer))
		assertSame(t, last, read.Features["last"], "last")
		assertSame(t, largest, read.Features["largest"], "largest")
	}
	x.run(t, citizen{99, 1 << 20, -1, 1e5}.String())
	seen := 0
	in := r.refresh("clock: event\nevery: 1d")
	for batch, _ := in.next(t); len(batch) > 0; batch, _ = in.next(t) {
		for i, key := range keysOf(t, batch) {
			customer, err := strconv.Atoi(key)
			require.NoError(t, err)
			last, largest := w.of(customer)
			assertSame(t, last, featuresOf(t, batch[i])["last"], "last")
			assertSame(t, largest, featuresOf(t, batch[i])["largest"], "largest")
			seen++
		}
	}
	assert.Equal(t, 30, seen)
	r.check()
}

// read looks a customer up.
func (r *rig) read(name string) (c *Customer) {
	r.t.Helper()
	r.do(func(s *store.Store) error {
		return s.View(context.Background(), func(from store.Reader) (err error) {
			c, err = ProfilesOf("default").Read(context.Background(), s, from, name, 0)
			return err
		})
	})
	require.NotNil(r.t, c)
	return c
}

func (r *rig) do(fn func(s *store.Store) error) {
	r.t.Helper()
	label, err := store.Use(r.resources, "customers")
	require.NoError(r.t, err)
	require.NoError(r.t, label.Do(context.Background(), fn))
}

// votes are all records of the population.
func (r *rig) votes() map[string]string {
	r.t.Helper()
	list := map[string]string{}
	r.view(func(read store.Reader) error {
		return read.Scan(peoplePrefix("default"), func(key, value []byte) error {
			list[string(key)] = string(value)
			return nil
		})
	})
	return list
}

func (r *rig) erase(name string) {
	r.t.Helper()
	r.do(func(s *store.Store) error {
		err := s.Update(context.Background(), []store.Lock{ProfileLock("default", name)}, func(tx *store.Tx) error {
			return tx.Step(func() error {
				erased, err := Erase(context.Background(), s, tx, "default", name)
				assert.True(r.t, erased)
				return err
			})
		})
		if err != nil {
			return err
		}
		return Fold(context.Background(), s, "default")
	})
}

// A customer who was erased, or was forgotten for doing nothing, leaves no byte in the
// population, and no trace in what others are told.
func TestWhoIsGoneHasNeverVoted(t *testing.T) {
	t.Parallel()
	for name, expiry := range map[string]string{"erased": "", "idle": "idle_expiry: 900h\n"} {
		random := rand.New(rand.NewPCG(3, 4))
		events := citizens(random, 1500, 40)
		for i := range events {
			if expiry != "" && events[i].customer == 7 && i > 200 {
				events[i].customer = 8 // they do nothing any more
			}
		}
		others := slices.DeleteFunc(slices.Clone(events), func(e citizen) bool { return e.customer == 7 })
		var votes []map[string]string
		var told []string
		for i, list := range [][]citizen{events, others} {
			r := openRig(t, "")
			x := r.extract(amongOthers + expiry)
			for batch := range slices.Chunk(list, 1+random.IntN(50)) {
				x.pass(t, batchOf(batch))
			}
			if i == 0 && expiry == "" {
				r.erase("7")
			}
			assert.False(t, r.knows("7"), name)
			r.check()
			out := x.run(t, citizen{100, 1 << 20, -1, 1500}.String(), citizen{101, 1<<20 + 1, 199, 1500}.String())
			told = append(told, shown(t, out[0])+shown(t, out[1]))
			require.NoError(t, x.Close(t.Context()))
			votes = append(votes, r.votes())
			r.check()
		}
		assert.Equal(t, votes[1], votes[0], name)
		assert.Equal(t, told[1], told[0], name)
		assert.Greater(t, len(votes[0]), 3, name)
	}
}

// Two processors on many threads leave the population that one leaves, and so do events in
// another order, and a journal that is folded over and over.
func TestPopulationOfManyThreads(t *testing.T) {
	t.Parallel()
	events := citizens(rand.New(rand.NewPCG(5, 6)), 4000, 50)
	alone := openRig(t, "")
	x := alone.extract(amongOthers)
	x.pass(t, batchOf(events))
	require.NoError(t, x.Close(t.Context()))

	r := openRig(t, "")
	processors := []*extract{r.extract(amongOthers), r.extract(amongOthers)}
	shuffled := slices.Clone(events)
	rand.New(rand.NewPCG(7, 8)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	var group sync.WaitGroup
	for thread, part := range slices.Collect(slices.Chunk(shuffled, len(shuffled)/4)) {
		group.Go(func() {
			for batch := range slices.Chunk(part, 3) {
				if _, err := processors[thread%2].ProcessBatch(context.Background(), batchOf(batch)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	assert.Less(t, journalOf(r.votes()), 1100, "it was folded")
	r.check()
	require.NoError(t, processors[0].Close(t.Context()))
	assert.Equal(t, alone.votes(), r.votes())
	assert.Zero(t, journalOf(r.votes()))
	for customer := range 50 {
		assert.Equal(t, alone.read(strconv.Itoa(customer)), r.read(strconv.Itoa(customer)))
	}
}

// journalOf counts the records that are not folded.
func journalOf(votes map[string]string) (n int) {
	for key := range votes {
		if strings.TrimPrefix(key, string(peoplePrefix("default")))[0] == 'j' {
			n++
		}
	}
	return n
}

// A vote counts as long as what it is on is kept: however it is read, and under which name.
func TestVotesOutliveChangesOfReading(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	const header = "key: this.customer\nevent: root = this\nfeatures:\n"
	for step, test := range []struct {
		features string
		want     any // of a customer without a value, in a feature x
		slots    int
	}{
		{"  - { name: x, agg: last, of: amount, missing: median }\n", 10.0, 1},
		{"  - { name: y, agg: count, clip: { quantiles: [ 0, 1 ] } }\n  - { name: x, agg: last, of: amount, missing: median, clip: { max: 9 } }\n", 9.0, 2},
		{"  - { name: x, agg: last, on: view, of: amount, missing: median }\n", nil, 3},
		{"  - { name: x, agg: last, of: amount, missing: median }\n", 14.0, 3},
		{"  - { name: x, agg: last, of: amount }\n", nil, 3},
		{"  - { name: x, agg: last, of: amount, missing: median }\n", 20.0, 3},
	} {
		r := openRig(t, path)
		x := r.extract(header + test.features)
		if step == 0 {
			x.run(t, `{"customer":"a","kind":"sale","amount":4}`, `{"customer":"b","kind":"sale","amount":10}`, `{"customer":"c","kind":"sale","amount":20}`)
		}
		if step == 3 { // who comes again votes on what there is now
			x.run(t, `{"customer":"a","kind":"sale","amount":14}`)
		}
		if step == 4 { // and not on what there is no more
			x.run(t, `{"customer":"a","kind":"sale","amount":14}`, `{"customer":"b","kind":"sale","amount":10}`)
		}
		out := x.run(t, `{"customer":"nobody","kind":"sale"}`)
		assert.Equal(t, test.want, featuresOf(t, out[0])["x"], "step %d", step)
		r.check()
		r.view(func(read store.Reader) error {
			slate, err := readSlate(read, "default")
			assert.Len(t, slate.IDs(), test.slots)
			return err
		})
		r.close()
	}
}

// What is cast and not committed is taken back: of a step that is dropped, of a commit that
// fails, and of a batch whose first commit stands.
func TestVotesThatAreNotCommitted(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(amongOthers)
	x.run(t, citizen{1, 1, 10, 0}.String(), citizen{2, 2, 20, 0}.String())
	r.do(func(s *store.Store) error {
		people, err := peopleOf(t.Context(), s, "default")
		require.NoError(t, err)
		poll := x.bound.Load().poll
		median := func() float64 {
			value, ok := poll.Quantile(1, 0.5)
			require.True(t, ok)
			return value
		}
		require.InDelta(t, 15, median(), 0)
		before := r.votes()
		refused := errors.New("refused")
		// vote has customer 1 vote in a step of its own.
		vote := func(tx *store.Tx, v *voting, c *customer, value float64, end error) error {
			return tx.Step(func() error {
				if err := v.cast(poll, &c.ballot, []float64{math.NaN(), value, value}); err != nil {
					return err
				}
				tx.Set(c.key, c.append(nil, x.bound.Load().codec))
				return end
			})
		}
		load := func(tx *store.Tx) *customer {
			c := &customer{key: profileKey("default", "1")}
			stored, err := tx.Get(c.key)
			require.NoError(t, err)
			require.NoError(t, c.decode(x.bound.Load().codec, stored))
			return c
		}

		require.NoError(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
			v := people.begin(tx)
			require.ErrorIs(t, vote(tx, v, load(tx), 100, refused), refused)
			return nil
		}))
		require.InDelta(t, 15, median(), 0, "the step was dropped")

		require.ErrorIs(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
			v := people.begin(tx)
			require.NoError(t, vote(tx, v, load(tx), 100, nil))
			require.InDelta(t, 60, median(), 0, "it counts at once")
			tx.BeforeCommit(func() error { return refused })
			return nil
		}), refused)
		require.InDelta(t, 15, median(), 0, "the commit failed")
		assert.Equal(t, before, r.votes())

		fail := false
		require.ErrorIs(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
			v := people.begin(tx)
			tx.BeforeCommit(func() error {
				if fail {
					return refused
				}
				return nil
			})
			c := load(tx)
			require.NoError(t, vote(tx, v, c, 30, nil))
			for i := range 20_000 { // until there is a commit
				require.NoError(t, tx.Step(func() error {
					tx.Set(store.Key(store.KindCache, "filler", []byte(strconv.Itoa(i))), make([]byte, 200))
					return nil
				}))
			}
			fail = true
			return vote(tx, v, c, 100, nil)
		}), refused)
		require.InDelta(t, 25, median(), 0, "the first commit stands")
		return nil
	})
	r.check()
	require.NoError(t, x.Close(t.Context()))
	r.check()
	assert.Zero(t, journalOf(r.votes()))
}

// The verification counts the votes again.
func TestCheckOfThePopulation(t *testing.T) {
	t.Parallel()
	const sum = "slot 1: the votes of customers do not add up to those of the population"
	for want, damage := range map[string]func(tx *store.Tx, key string, c *customer) error{
		sum: func(tx *store.Tx, key string, _ *customer) error {
			tx.Delete([]byte(key))
			return nil
		},
		"reading a page of votes": func(tx *store.Tx, key string, _ *customer) error {
			tx.Set([]byte(key), []byte{1})
			return nil
		},
		"profile 1: reading a customer": func(tx *store.Tx, _ string, c *customer) error {
			tx.Set(c.key, []byte{0, 200})
			return nil
		},
		"slot 0: the votes of customers do not add up": func(tx *store.Tx, _ string, c *customer) error {
			c.ballot.Reset()
			stored, err := tx.Get(c.key)
			if err != nil {
				return err
			}
			aggregates, err := (&customer{}).split(stored)
			tx.Set(c.key, append([]byte{0, 0}, aggregates...))
			return err
		},
		"reading a slate of version 9": func(tx *store.Tx, _ string, _ *customer) error {
			tx.Set(slateKey("default"), []byte{9})
			return nil
		},
	} {
		r := openRig(t, "")
		x := r.extract(amongOthers)
		x.run(t, `{"customer":1,"kind":"purchase","at":0,"amount":3}`)
		require.NoError(t, x.Close(t.Context()))
		r.check()
		page := slices.Max(slices.Collect(func(yield func(string) bool) {
			for key := range r.votes() {
				if strings.TrimPrefix(key, string(peoplePrefix("default")))[0] == 'c' && !yield(key) {
					return
				}
			}
		}))
		r.do(func(s *store.Store) error {
			require.NoError(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
				return tx.Step(func() error { return damage(tx, page, &customer{key: profileKey("default", "1")}) })
			}))
			return s.View(t.Context(), func(r store.Reader) error {
				_, err := Check(r)
				require.ErrorContains(t, err, want)
				return nil
			})
		})
	}
}

// When the process dies over a batch, its events are told again with the population as it
// was after each of them.
func TestPopulationIsToldAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	events := citizens(rand.New(rand.NewPCG(9, 10)), 60, 8)
	r := openRig(t, path)
	x := r.extract(amongOthers)
	x.pass(t, batchOf(events[:40]))
	want := x.pass(t, batchOf(events[40:]))
	r.close()
	r = openRig(t, path)
	again := r.extract(amongOthers).pass(t, batchOf(events[40:]))
	for i := range want {
		assert.Equal(t, shown(t, want[i]), shown(t, again[i]), "event %d", i)
	}
}

// Ballots of another population are damage, told as such, and not of the customer's making.
func TestADamagedPopulation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	r.extract(amongOthers).run(t, citizen{1, 1, 10, 0}.String())
	r.do(func(s *store.Store) error {
		return s.Update(t.Context(), nil, func(tx *store.Tx) error {
			return tx.Step(func() error {
				for key := range r.votes() {
					if key != string(slateKey("default")) {
						tx.Delete([]byte(key))
					}
				}
				return nil
			})
		})
	})
	r.close()
	r = openRig(t, path)
	out := r.extract(amongOthers).run(t, citizen{1, 2, 20, 1}.String(), citizen{2, 3, 20, 1}.String())
	require.ErrorIs(t, out[0].GetError(), population.ErrDamaged)
	assert.Equal(t, int64(1), r.counters.get("feature_rejected default state"))
	assert.InDelta(t, 20, featuresOf(t, out[1])["last"], 0, "others go on")
}

// What is told of a large batch leaves room in the transaction for what it changes.
func TestALargeBatchAmongOthers(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(benchConfig(20) + "  - { name: cut, agg: sum, of: amount, clip: { quantiles: [ 0, 0.9 ] } }\nevent_id_window: 0s\n")
	random := rand.New(rand.NewPCG(11, 12))
	batch := make(service.MessageBatch, 8000)
	for i := range batch {
		batch[i] = service.NewMessage(fmt.Appendf(nil, `{"id":%d,%s`, i, benchEvent(random, i%5000, i)[1:]))
	}
	out := x.pass(t, batch)
	for _, m := range out {
		require.NoError(t, m.GetError())
	}
	assert.Equal(t, "2", meta(out[7000], "feature_version"))
}
