package segments

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store"
)

func (r *rig) forgetter(conf string) *forgetProcessor {
	r.t.Helper()
	parsed, err := forgetSpec().ParseYAML("store: customers\nkey: this.customer\n"+conf, nil)
	require.NoError(r.t, err)
	f, err := newForgetFromConfig(parsed, r.resources)
	require.NoError(r.t, err)
	return f
}

// ask passes one message for each customer through, with metadata given as names and values.
func (f *forgetProcessor) ask(t testing.TB, customers []any, meta ...any) service.MessageBatch {
	t.Helper()
	var batch service.MessageBatch
	for _, customer := range customers {
		m := service.NewMessage(nil)
		m.SetStructured(map[string]any{"customer": customer})
		for i := 0; i < len(meta); i += 2 {
			m.MetaSetMut(meta[i].(string), meta[i+1])
		}
		batch = append(batch, m)
	}
	out, err := f.ProcessBatch(t.Context(), batch)
	require.NoError(t, err)
	return slices.Concat(out...)
}

// forget erases one customer, and returns the receipt.
func (f *forgetProcessor) forget(t testing.TB, customer string, meta ...any) map[string]any {
	t.Helper()
	m := f.ask(t, []any{customer}, meta...)[0]
	require.NoError(t, m.GetError())
	return structured(t, m)
}

// traces are the keys of all records that name a customer.
func (r *rig) traces(customer string) (list []string) {
	r.t.Helper()
	label, err := store.Use(r.resources, "customers")
	require.NoError(r.t, err)
	require.NoError(r.t, label.Do(r.t.Context(), func(s *store.Store) error {
		return s.View(r.t.Context(), func(read store.Reader) error {
			return read.Scan(nil, func(key, value []byte) error {
				if bytes.Contains(key, []byte(customer)) || bytes.Contains(value, []byte(customer)) {
					list = append(list, fmt.Sprintf("%q", key))
				}
				return nil
			})
		})
	}))
	return list
}

func receiptOfCounts(erased bool, contributions, moves int) map[string]any {
	return map[string]any{"erased": erased, "profiles": 0.0, "contributions": float64(contributions), "moves": float64(moves)}
}

func withoutAt(t testing.TB, receipt map[string]any) map[string]any {
	t.Helper()
	at, err := time.Parse(time.RFC3339, receipt["at"].(string))
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), at, time.Minute)
	receipt = map[string]any{"erased": receipt["erased"], "profiles": receipt["profiles"], "contributions": receipt["contributions"], "moves": receipt["moves"]}
	return receipt
}

// Who is erased is nowhere, also after a restart; what they did before is refused, and what
// comes is new.
func TestForget(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	for n := range 4 {
		a.tell(t, "canary", near(n%2), "feature_as_of", day(n+1), "feature_version", 100+n)
	}
	require.NotEmpty(t, r.traces("canary"))
	require.NotEmpty(t, r.moves("canary"))
	moves := len(r.moves("canary"))
	late := r.events("kinds: [ move ]")
	for _, reopened := range []bool{false, true} {
		f := r.forgetter("")
		if !reopened {
			receipt := f.forget(t, "canary")
			assert.Len(t, receipt, 5)
			assert.Equal(t, receiptOfCounts(true, 1, moves), withoutAt(t, receipt))
			for _, told := range late.drain(t, false) {
				assert.NotEqual(t, "canary", told["details"].(map[string]any)["key"])
			}
		}
		again := f.forget(t, "canary")
		assert.Equal(t, receiptOfCounts(false, 0, 0), withoutAt(t, again))
		assert.Empty(t, r.traces("canary"))
		assert.Equal(t, 40, r.verify()["default"])
		before := r.records()
		for n := range 4 {
			m := a.pass(t, pointOf("canary", near(1), "feature_as_of", day(n+1), "feature_version", 100+n))[0]
			require.ErrorIs(t, m.GetError(), store.ErrErased)
			assert.NotContains(t, m.GetError().Error(), "canary")
		}
		profile, _ := r.lookup("", "canary")
		assert.Nil(t, profile)
		requireSame(t, before, r.records())
		r.close()
		r = openRig(t, path)
		a = r.assign(keyed)
	}
	fresh := a.tell(t, "canary", near(1), "feature_as_of", day(9), "feature_version", 1)
	assert.Equal(t, "assigned", fresh.Status)
	assert.True(t, fresh.Changed, "they are new")
	assert.Nil(t, fresh.Previous)
	assert.Equal(t, 41, r.verify()["default"])
	require.ErrorIs(t, a.pass(t, pointOf("canary", near(0), "feature_as_of", day(4)))[0].GetError(), store.ErrErased)
}

// A message that is delivered again is answered as the first time, and takes nothing away that
// has come since. Another one is another request.
func TestForgetDeliveredAgain(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	f := r.forgetter("")
	position := func(offset int) []any {
		return []any{"kafka_topic", "erasures", "kafka_partition", 0, "kafka_offset", offset}
	}
	first := f.forget(t, "c7", position(5)...)
	require.Equal(t, true, first["erased"])
	assert.Equal(t, first, f.forget(t, "c7", position(5)...))
	other := f.forget(t, "c7", position(6)...)
	assert.Equal(t, false, other["erased"])
	assert.Equal(t, first["at"], other["at"], "it says since when")
	a.tell(t, "c7", near(1), "feature_as_of", day(9))
	assert.Equal(t, first, f.forget(t, "c7", position(5)...))
	assert.Equal(t, 40, r.verify()["default"], "they came back after that request")
	assert.Equal(t, true, f.forget(t, "c7", position(7)...)["erased"])
	assert.Equal(t, 39, r.verify()["default"])
	require.ErrorIs(t, a.pass(t, pointOf("c7", near(0), "feature_as_of", day(9)))[0].GetError(), store.ErrErased)
}

// One message may ask for several customers, and a topic that was made anew asks anew: a request
// that is served twice does no harm, and one that is not served does.
func TestForgetSeveralByOneMessage(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	f := r.forgetter("")
	position := func(timestamp int) []any {
		return []any{"kafka_topic", "erasures", "kafka_partition", 0, "kafka_offset", 5, "kafka_timestamp_ms", timestamp}
	}
	erased := func(customers []any, timestamp int) (list []any) {
		for _, m := range f.ask(t, customers, position(timestamp)...) {
			require.NoError(t, m.GetError())
			list = append(list, structured(t, m)["erased"])
		}
		return list
	}
	assert.Equal(t, []any{true, true, true}, erased([]any{"c1", "c2", "c3"}, 1000))
	assert.Equal(t, 37, r.verify()["default"])
	a.pass(t, pointOf("c2", near(1), "feature_as_of", day(9)))
	assert.Equal(t, []any{true, true, true}, erased([]any{"c3", "c2", "c1"}, 1000), "as the first time")
	assert.Equal(t, 38, r.verify()["default"], "c2 came back after that request")
	assert.Equal(t, []any{true}, erased([]any{"c4"}, 1000), "in a batch of its own")
	assert.Equal(t, []any{true, true}, erased([]any{"c2", "c39"}, 2000))
	assert.Equal(t, 35, r.verify()["default"])
	assert.Empty(t, r.traces("c39"), "in what remembers requests")
}

// A request with a time is one of what happened up to then, known or not.
func TestForgetAt(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	f := r.forgetter("at: this.at")
	forget := func(customer string, at any) error {
		m := service.NewMessage(nil)
		m.SetStructured(map[string]any{"customer": customer, "at": at})
		out, err := f.ProcessBatch(t.Context(), service.MessageBatch{m})
		require.NoError(t, err)
		return out[0][0].GetError()
	}
	refused := func(customer string, minute int) error {
		return a.pass(t, pointOf(customer, near(0), "feature_as_of", day(minute)))[0].GetError()
	}
	for _, customer := range []string{"c1", "stranger"} {
		require.NoError(t, forget(customer, day(9)))
		require.NoError(t, forget(customer, day(5)), "an older request takes nothing back")
		require.ErrorIs(t, refused(customer, 9), store.ErrErased)
		require.NoError(t, refused(customer, 10))
	}
	require.NoError(t, forget("nobody", nil))
	require.NoError(t, refused("nobody", 0))
	require.NoError(t, forget("hasty", time.Now().AddDate(5, 0, 0).Format(time.RFC3339)))
	require.ErrorIs(t, refused("hasty", 0), store.ErrErased)
	out := a.pass(t, pointOf("hasty", near(0), "feature_as_of", time.Now().Add(time.Minute).Format(time.RFC3339)))
	require.NoError(t, out[0].GetError(), "a time that is still to come is as of now")
	err := forget("c2", "canary")
	require.ErrorContains(t, err, "segment_forget: at: time is ")
	assert.NotContains(t, err.Error(), "canary")
	require.ErrorContains(t, forget("c2", "0001-01-01"), "segment_forget: at: ")
	assert.Equal(t, 40+3, r.verify()["default"])
}

// Who has left for being inactive, and is erased then, does not come back with what they did.
func TestForgetWhoHasLeft(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	a := r.assign(keyed + "forget: { inactive_after: 30d }\n")
	a.tell(t, "canary", near(0), "feature_as_of", date(3))
	for n := range 80 {
		a.tell(t, "stays", near(0), "feature_as_of", date(n))
	}
	require.Equal(t, 1, r.verify()["default"])
	r.close()
	r = openRig(t, path)
	a = r.assign(keyed) // nobody leaves any more
	r.forgetter("").forget(t, "canary")
	require.ErrorIs(t, a.pass(t, pointOf("canary", near(0), "feature_as_of", date(3)))[0].GetError(), store.ErrErased)
	before := r.records()
	r.forgetter("").forget(t, "canary")
	requireSame(t, before, r.records())
	require.NoError(t, a.pass(t, pointOf("canary", near(0), "feature_as_of", date(4)))[0].GetError())
	assert.Equal(t, 2, r.verify()["default"])
}

// The receipt has no metadata but where its message came from; who cannot be read is flagged and
// no matter of the others.
func TestForgetMessages(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	f := r.forgetter("")
	failed := service.NewMessage([]byte(`{"customer":"c9"}`))
	failed.SetError(context.Canceled)
	one := service.NewMessage([]byte(`{"customer":"c1"}`))
	for name, value := range map[string]any{"kafka_topic": "t", "kafka_partition": 1, "kafka_offset": 2, "kafka_timestamp_ms": 3, "kafka_key": []byte("c1"), "x": "c1"} {
		one.MetaSetMut(name, value)
	}
	out, err := f.ProcessBatch(t.Context(), service.MessageBatch{one, service.NewMessage([]byte(`{"customer":null}`)), failed, service.NewMessage([]byte(`{"customer":"c2"}`))})
	require.NoError(t, err)
	list := slices.Concat(out...)
	require.NoError(t, list[0].GetError())
	names := map[string]bool{}
	require.NoError(t, list[0].MetaWalk(func(name, _ string) error { names[name] = true; return nil }))
	assert.Equal(t, map[string]bool{"kafka_topic": true, "kafka_partition": true, "kafka_offset": true, "kafka_timestamp_ms": true}, names)
	require.EqualError(t, list[1].GetError(), "segment_forget: key is null: map it to the customer's id, or filter these messages out")
	require.ErrorIs(t, list[2].GetError(), context.Canceled)
	assert.Equal(t, true, structured(t, list[3])["erased"])
	assert.Equal(t, 38, r.verify()["default"], "c9 failed before")
}

// Who is blocked stays out until the last call says otherwise, known or not.
func TestForgetAndBlock(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	block, allow := r.forgetter("block: true"), r.forgetter("")
	refused := func(customer string, minute int) error {
		return a.pass(t, pointOf(customer, near(0), "feature_as_of", day(minute)))[0].GetError()
	}
	assert.Equal(t, receiptOfCounts(false, 0, 0), withoutAt(t, allow.forget(t, "stranger")))
	require.NoError(t, refused("stranger", 0), "nothing of theirs was seen, so nothing is refused")
	allow.forget(t, "stranger")
	for i, customer := range []string{"c3", "nobody"} {
		receipt := block.forget(t, customer)
		assert.Equal(t, customer == "c3", receipt["erased"])
		require.ErrorIs(t, refused(customer, 0), store.ErrBlocked)
		require.ErrorIs(t, refused(customer, 9), store.ErrBlocked)
		assert.Equal(t, false, allow.forget(t, customer)["erased"])
		require.NoError(t, refused(customer, 10+i))
	}
	require.ErrorIs(t, refused("c3", 0), store.ErrErased)
	require.NoError(t, refused("nobody", 12))
	r.verify()
}

// A refresh that was read before its customer was erased brings nobody back, and one of what
// came since is news.
func TestForgetWithARefreshInFlight(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	for _, since := range []bool{false, true} {
		flight := silence(t, "c5", 1, 0, 500, 9)
		r.forgetter("").forget(t, "c5")
		if since {
			a.tell(t, "c5", near(0), "feature_as_of", day(20), "feature_version", 1)
		}
		before := r.records()
		require.ErrorIs(t, a.pass(t, flight)[0].GetError(), store.ErrErased)
		requireSame(t, before, r.records())
	}
	got := resultOf(t, a.pass(t, silence(t, "c5", 1, 20, 600, 1))[0])
	assert.Equal(t, "assigned", got.Status)
	r.verify()
}

// Of moves that are older than a customer's history, nobody can tell whose they were.
func TestForgetALongHistory(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	for n := range 130 {
		a.tell(t, "canary", near(n%2), "feature_as_of", day(n+1), "feature_version", 100+n)
		a.tell(t, "c0", near(n%2), "feature_as_of", day(n+1), "feature_version", 100+n)
	}
	told := func(key string) (n int, last float64) {
		for _, e := range r.events("kinds: [ move ]").drain(t, false) {
			require.Greater(t, e["seq"], last)
			last = e["seq"].(float64)
			if e["details"].(map[string]any)["key"] == key {
				n++
			}
			require.NotNil(t, e["details"].(map[string]any)["key"])
		}
		return n, last
	}
	canary, last := told("canary")
	require.Greater(t, canary, 100)
	others, _ := told("c0")
	assert.Equal(t, receiptOfCounts(true, 1, 50), withoutAt(t, r.forgetter("").forget(t, "canary")))
	gone, _ := told("canary")
	assert.Zero(t, gone)
	stay, _ := told("c0")
	assert.Equal(t, others, stay)
	a.tell(t, "canary", near(0), "feature_as_of", day(300))
	again, next := told("canary")
	assert.Equal(t, 1, again)
	assert.Greater(t, next, last, "the log goes on where it was")
	r.verify()
}

// Whatever the engine, and whenever customers are erased: those who stay add up as if the others
// had never been there.
func TestModelsAfterForgetting(t *testing.T) {
	t.Parallel()
	for name, engine := range map[string]string{
		"kmeans":        "kmeans: { k: 3 }",
		"k chosen":      "kmeans: { k: auto, micro_clusters: 40 }\nscaling: robust",
		"online_kmeans": "online_kmeans: { k: 3 }",
		"batches":       "online_kmeans: { k: 3, decay: { factor: 0.9, unit: batches } }",
		"density":       "density: {}",
		"one radius":    "density: { radius: 0.4 }",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := openRig(t, "")
			a := r.assign("key: this.customer\nwarmup: 30\nrefresh: { points: 50 }\nforget: { inactive_after: 30d }\n" + engine)
			f := r.forgetter("")
			random := rand.New(rand.NewPCG(7, 0))
			there := map[string]bool{}
			for i := range 900 {
				customer := fmt.Sprintf("c%d.", random.IntN(120))
				if random.IntN(6) == 0 {
					receipt := f.forget(t, customer)
					require.Equal(t, there[customer], receipt["erased"])
					delete(there, customer)
					if i%10 == 0 {
						require.Empty(t, r.traces(customer))
					}
				} else {
					group := float64(random.IntN(3))
					a.tell(t, customer, map[string]any{"x": 10*group + random.NormFloat64(), "y": 100*group + 10*random.NormFloat64()},
						"feature_as_of", time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC).Format(time.RFC3339))
					there[customer] = true
				}
				if i%90 == 0 {
					require.Equal(t, len(there), r.verify()["default"])
					r.requireMeans(t)
				}
			}
			for customer := range there {
				f.forget(t, customer)
			}
			assert.Zero(t, r.verify()["default"])
		})
	}
}

// requireMeans compares what the model says of everybody with a plain sum of the contributions.
func (r *rig) requireMeans(t *testing.T) {
	t.Helper()
	label, err := store.Use(r.resources, "customers")
	require.NoError(t, err)
	require.NoError(t, label.Do(t.Context(), func(s *store.Store) error {
		m, err := attachModel(s, "default")
		require.NoError(t, err)
		return m.view(t.Context(), s, func(read store.Reader, st *state) error {
			sums, squares, n := [2]float64{}, [2]float64{}, 0.0
			err := read.Scan(store.Prefix(store.KindContribution, "default"), func(_, value []byte) error {
				c, err := decodeContribution(value)
				n++
				for j, x := range c.Vector {
					sums[j] += x
					squares[j] += x * x
				}
				return err
			})
			require.InDelta(t, n, st.engine.Size(), 0)
			all := st.engine.Population()
			for j := range sums {
				mean := sums[j] / n
				require.InDelta(t, mean, all.Mean(j), 1e-9*(1+math.Abs(mean)))
				require.InDelta(t, squares[j]/n-mean*mean, all.Variance(j), 1e-6)
			}
			return err
		})
	}))
}

// The index of activity has nobody who was erased, and its work goes on.
func TestForgetAmongInactiveCustomers(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed + "forget: { inactive_after: 30d }\n")
	for i := range 300 {
		a.tell(t, fmt.Sprintf("c%d.", i), near(i%2), "feature_as_of", date(i%3))
	}
	a.tell(t, "stays", near(0), "feature_as_of", date(33)) // finds some who are due
	f := r.forgetter("")
	for i := range 300 {
		if i%3 != 1 {
			f.forget(t, fmt.Sprintf("c%d.", i))
		}
	}
	r.verify()
	a.tell(t, "stays", near(0), "feature_as_of", date(60))
	a.tell(t, "stays", near(0), "feature_as_of", date(61))
	assert.Equal(t, 1, r.verify()["default"])
	assert.Empty(t, r.traces("c2."), "nothing was written of them")
}

// Who has a damaged record is not erased, and as they were; the others of the batch are gone.
func TestForgetBesideDamage(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	label, err := store.Use(r.resources, "customers")
	require.NoError(t, err)
	require.NoError(t, label.Do(t.Context(), func(s *store.Store) error {
		return s.Update(t.Context(), nil, func(tx *store.Tx) error {
			return tx.Step(func() error {
				tx.Set(store.Key(store.KindContribution, "default", []byte("c2")), []byte("damaged"))
				return nil
			})
		})
	}))
	out := r.forgetter("").ask(t, []any{"c1", "c2", "c3"})
	assert.Equal(t, true, structured(t, out[0])["erased"])
	require.ErrorContains(t, out[1].GetError(), `model "default": the record of a customer's contribution is damaged`)
	assert.NotContains(t, out[1].GetError().Error(), "c2")
	assert.Equal(t, map[string]any{"customer": "c2"}, structured(t, out[1]), "so that it can be tried again")
	assert.Equal(t, true, structured(t, out[2])["erased"])
	for customer, there := range map[string]bool{"c1": false, "c2": true, "c3": false, "c4": true} {
		_, found := r.records()[string(store.Key(store.KindContribution, "default", []byte(customer)))]
		assert.Equal(t, there, found, customer)
	}
}

// A store that no processor has open, with labels of a mapping and a refinement under way.
func TestForgetWithoutProcessors(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	a := r.assign("key: this.customer\nkmeans: { k: 2 }\nwarmup: 20\nrefresh: { points: 10 }\nlabels: '\"it is \" + this.id'\n")
	twoGroups(t, a, 47)
	r.close()
	s, err := store.Open(store.Options{Path: path, MemoryBudget: store.MinMemoryBudget})
	require.NoError(t, err)
	receipts, problems := Forget(t.Context(), s, []Erasure{{Customer: "c1"}, {Customer: "nobody"}})
	require.NoError(t, problems[0])
	require.NoError(t, problems[1])
	assert.True(t, receipts[0].Erased)
	assert.False(t, receipts[1].Erased)
	require.NoError(t, s.Close())
	r = openRig(t, path)
	assert.Equal(t, 46, r.verify()["default"])
	segments := r.snapshot("")[0]["segments"].([]any)
	first := segments[0].(map[string]any)
	assert.Equal(t, "it is "+first["id"].(string), first["label"])
}

// The gauge of customers follows, though no event comes.
func TestForgetIsShown(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	r.forgetter("").ask(t, []any{"c1", "c2", "c3"})
	assert.Eventually(t, func() bool { return r.gauges.now()["segment_customers"] == 37 }, 5*time.Second, 20*time.Millisecond)
}

// The mark of a message that lets time pass is no key: who is silent for long can be erased.
func TestForgetByARefresh(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	m := message.WithRefresh(pointOf("c4", near(0)), message.Refresh{Customer: "c4"})
	out, err := r.forgetter("").ProcessBatch(t.Context(), service.MessageBatch{m})
	require.NoError(t, err)
	assert.Equal(t, true, structured(t, out[0][0])["erased"])
	assert.Equal(t, 39, r.verify()["default"])
}
