package features

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/predict"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// predicted are features with four models, fitted often.
const predicted = `
key: this.customer
event: root = this
event_id_window: 0s
features:
  - { name: alive, agg: p_alive, on: purchase }
  - { name: alive_bg, agg: p_alive, on: purchase, model: bg_nbd }
  - { name: orders, agg: expected_orders, on: purchase }
  - { name: worth, agg: lifetime_value, on: purchase, of: amount, missing: median }
predictions: { fit_every: 300, sample: 100, warmup: 20 }
`

// shopOf are the purchases of customers of a model over some days, in the order of time; some
// look, and never buy.
func shopOf(random *rand.Rand, o predict.Orders, customers, days int) (list []deed) {
	const day = 24 * 60 * 60
	for c := range customers {
		rate := distuv.Gamma{Alpha: o.R, Beta: o.Alpha, Src: random}.Rand()
		leaves := distuv.Beta{Alpha: o.A, Beta: o.B, Src: random}.Rand()
		spends := 200 / distuv.Gamma{Alpha: 3, Beta: 0.3, Src: random}.Rand()
		at := float64(days) * random.Float64()
		kind := "purchase"
		if c%10 == 9 {
			kind = "view"
		}
		for at < float64(days) {
			list = append(list, deed{customer: c, kind: kind, second: 852076800 + int64(at*day), amount: 1 + int(spends*distuv.Gamma{Alpha: 4, Beta: 4, Src: random}.Rand())})
			if random.Float64() < leaves {
				break
			}
			at += random.ExpFloat64() / rate
		}
	}
	slices.SortStableFunc(list, func(a, b deed) int { return int(a.second - b.second) })
	for i := range list {
		list[i].id = i
	}
	return list
}

// all are the records of a store, without what was told last.
func (r *rig) all() map[string]string {
	r.t.Helper()
	records := map[string]string{}
	r.view(func(read store.Reader) error {
		return read.Scan(nil, func(key, value []byte) error {
			records[string(key)] = string(value)
			return nil
		})
	})
	delete(records, string(toldKey("default")))
	return records
}

// models are those in force.
func (r *rig) models() (models []fitted) {
	r.t.Helper()
	r.view(func(read store.Reader) error {
		stored, err := read.Get(modelsKey("default"))
		require.NoError(r.t, err)
		models, err = decodeModels(stored)
		return err
	})
	return models
}

// state is what is in memory of the models.
func (r *rig) fitting() (state *fitState) {
	r.t.Helper()
	r.do(func(s *store.Store) error {
		f, err := fittingOf(s, "default")
		state = f.state
		return err
	})
	return state
}

// assertSample proves that the sample in memory is the one that the store gives, and that the
// fit under way is the one that is stored.
func (r *rig) assertSample(x *extract) {
	r.t.Helper()
	state := r.fitting()
	require.NotNil(r.t, state)
	r.view(func(read store.Reader) error {
		again := &fitState{}
		require.NoError(r.t, again.read(read, x, x.bound.Load().codec))
		assert.Equal(r.t, again.clock, state.clock)
		assert.Equal(r.t, again.sample.level, state.sample.level)
		assert.Equal(r.t, again.sample.known, state.sample.known)
		assert.Equal(r.t, again.sample.departed, state.sample.departed)
		assert.Len(r.t, state.sample.thinned, len(again.sample.thinned))
		assert.Equal(r.t, again.models, state.models)
		if assert.Equal(r.t, again.task == nil, state.task == nil) && state.task != nil {
			assert.Equal(r.t, again.task.due, state.task.due)
			assert.Equal(r.t, again.task.inputs, state.task.inputs)
		}
		return nil
	})
}

var shopModel = predict.Orders{Model: predict.MBGNBD, R: 0.9, Alpha: 12, A: 0.8, B: 3}

// Fits begin and take effect at the same events, whatever the batches, and however often the
// process ends: the features of every event are the same, and the store to the byte.
func TestFitsDoNotDependOnBatchesAndRestarts(t *testing.T) {
	t.Parallel()
	for name, conf := range map[string]string{"": predicted, "customers are forgotten": predicted + "idle_expiry: 60d\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(21, 22))
			list := shopOf(random, shopModel, 320, 300)
			calm := openRig(t, "")
			x := calm.extract(conf)
			var want []map[string]any
			for _, m := range x.pass(t, batchOf(list)) {
				want = append(want, featuresOf(t, m))
			}
			require.NoError(t, x.Close(t.Context()))
			records := calm.all()
			models := calm.models()
			require.Len(t, models, 4)
			for _, m := range models {
				assert.Positive(t, m.fits, "%s", m.id)
			}

			path := filepath.Join(t.TempDir(), "state")
			r := openRig(t, path)
			x = r.extract(conf)
			underWay := 0
			for at := 0; at < len(list); {
				n := min(1+random.IntN(120), len(list)-at)
				for i, m := range x.pass(t, batchOf(list[at:at+n])) {
					require.Equal(t, want[at+i], featuresOf(t, m), "event %d", at+i)
				}
				at += n
				if random.IntN(3) == 0 { // all that was in memory is gone
					if r.fitting().task != nil {
						underWay++
					}
					r.close()
					r = openRig(t, path)
					x = r.extract(conf)
				}
			}
			require.Greater(t, underWay, 2)
			r.assertSample(x)
			r.check()
			require.NoError(t, x.Close(t.Context()))
			got := r.all()
			assert.ElementsMatch(t, slices.Collect(maps.Keys(records)), slices.Collect(maps.Keys(got)))
			for key, value := range records {
				assert.Equal(t, value, got[key], "%q", key)
			}
		})
	}
}

// A process that dies when it has committed an event, and not yet all that was due after it,
// leaves that to the next: it begins, or takes effect, before the next event.
func TestWhatWasDueIsDoneByTheNextProcess(t *testing.T) {
	t.Parallel()
	list := shopOf(rand.New(rand.NewPCG(39, 40)), shopModel, 500, 300)
	require.Greater(t, len(list), 1000)
	calm := openRig(t, "")
	x := calm.extract(predicted)
	out := x.pass(t, batchOf(list[:1000]))

	for name, died := range map[string]struct {
		before, after int // events; what is stored after the first is what is left of some records
	}{"as it begins": {599, 600}, "as it takes effect": {749, 750}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state")
			r := openRig(t, path)
			x := r.extract(predicted)
			x.pass(t, batchOf(list[:died.before]))
			left := r.all()
			clock := r.fitting().clock
			x.pass(t, batchOf(list[died.before:died.after]))
			r.write(func(tx *store.Tx) error {
				clock.applied++
				tx.Set(fitClockKey("default"), clock.encode())
				tx.Delete(taskKey("default"))
				for key, value := range left {
					if strings.HasPrefix(key, string(taskKey("default"))) && key != string(fitClockKey("default")) || key == string(modelsKey("default")) {
						tx.Set([]byte(key), []byte(value))
					}
				}
				return nil
			})
			r.close()
			r = openRig(t, path)
			for i, m := range r.extract(predicted).pass(t, batchOf(list[died.after:1000])) {
				require.Equal(t, featuresOf(t, out[died.after+i]), featuresOf(t, m), "event %d", died.after+i)
			}
			require.NotEmpty(t, r.models())
			assert.Equal(t, calm.models(), r.models())
		})
	}
}

// The sample is who there is, and no more than it may be, whoever comes, goes and is erased, on
// any number of threads.
func TestSampleFollowsTheCustomers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(23, 24))
	list := shopOf(random, shopModel, 400, 300)
	r := openRig(t, "")
	x := r.extract(predicted + "idle_expiry: 40d\n")
	levels := map[uint8]bool{}
	for at := 0; at < len(list); {
		n := min(1+random.IntN(60), len(list)-at)
		x.pass(t, batchOf(list[at:at+n]))
		at += n
		if random.IntN(4) == 0 {
			if name := strconv.Itoa(list[random.IntN(at)].customer); r.knows(name) {
				r.erase(name)
			}
		}
		r.assertSample(x)
		state := r.fitting()
		levels[state.sample.level] = true
		require.LessOrEqual(t, state.sample.size(), 100)
	}
	assert.Greater(t, len(levels), 1)
	r.check()
}

// Whoever is erased is in no sample, and in no fit that is stored or under way.
func TestErasedWhileAFitIsUnderWay(t *testing.T) {
	t.Parallel()
	list := shopOf(rand.New(rand.NewPCG(25, 26)), shopModel, 300, 300)
	r := openRig(t, "")
	x := r.extract(predicted)
	x.pass(t, batchOf(list[:400]))
	state := r.fitting()
	require.NotNil(t, state.task)
	in, out := "", ""
	for c := range 300 {
		name := strconv.Itoa(c)
		if _, sampled := state.sample.known[sampleHash(name)]; sampled && in == "" {
			in = name
		}
		if r.knows(name) && !within(sampleHash(name), state.task.level) {
			out = name
		}
	}
	r.erase(out)
	require.NotNil(t, state.task, "they are not in it")
	r.assertSample(x)
	r.erase(in)
	require.Nil(t, state.task)
	require.NotContains(t, state.sample.known, sampleHash(in))
	for key := range r.all() {
		require.NotContains(t, key, "fit-input")
	}
	r.assertSample(x)
	x.pass(t, batchOf(list[400:460]))
	models := r.models()
	require.Len(t, models, 4, "it began again, and took effect when it was to")
	for i, m := range models {
		assert.Equal(t, uint64(1), m.fits)
		assert.Equal(t, uint64(1), m.dropped)
		assert.Equal(t, int64(1), r.counters.gauge(fmt.Sprintf("feature_model_fits default %s %s dropped", x.plan.Models()[i].Feature, m.kind)))
	}
}

// However often customers are erased, also between any two events, each fit takes effect when
// it is to, and is of those who are there. After a restart so, too.
func TestFitsWithManyErasures(t *testing.T) {
	t.Parallel()
	const conf = `
key: this.customer
event: root = this
event_id_window: 0s
features: [ { name: alive, agg: p_alive, on: purchase } ]
predictions: { fit_every: 300, sample: 1000, warmup: 20 }
`
	list := shopOf(rand.New(rand.NewPCG(46, 47)), shopModel, 600, 300)
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	x := r.extract(conf)
	for at := 0; at < 920; at += 20 {
		x.pass(t, batchOf(list[at:at+20]))
		if at >= 200 {
			r.erase(strconv.Itoa(list[at].customer))
		}
		if at == 400 || at == 740 {
			r.close()
			r = openRig(t, path)
			x = r.extract(conf)
		} else {
			r.assertSample(x)
		}
	}
	m := r.models()[0]
	assert.Equal(t, uint64(2), m.fits) // of the 300th and 600th, while that of the 900th is under way
	assert.GreaterOrEqual(t, m.dropped, uint64(6))
	assert.LessOrEqual(t, m.dropped, uint64(2*6))
	assert.NotZero(t, r.fitting().clock.due)
	r.check()
}

// On several threads, with erasures in between, the sample still is who there is.
func TestSampleOnSeveralThreads(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(35, 36))
	list := shopOf(random, shopModel, 300, 300)
	r := openRig(t, "")
	x := r.extract(predicted)
	batches := make(chan []deed, len(list))
	for at := 0; at < len(list); {
		n := min(1+random.IntN(60), len(list)-at)
		batches <- list[at : at+n]
		at += n
	}
	close(batches)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for batch := range batches {
				if _, err := x.ProcessBatch(context.Background(), batchOf(batch)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Go(func() {
		for c := range 300 {
			if name := strconv.Itoa(c); c%3 == 0 && r.knows(name) {
				r.erase(name)
			}
		}
	})
	group.Wait()
	r.assertSample(x)
	assert.Equal(t, uint64(len(list)), r.fitting().clock.applied)
	r.check()
}

// What a transaction did that is not committed is not in memory, either.
func TestModelsOfATransactionThatFails(t *testing.T) {
	t.Parallel()
	list := shopOf(rand.New(rand.NewPCG(37, 38)), shopModel, 300, 300)
	r := openRig(t, "")
	x := r.extract(predicted)
	x.pass(t, batchOf(list[:310])) // a fit is under way
	require.NotNil(t, r.fitting().task)
	r.do(func(s *store.Store) error {
		f, err := fittingOf(s, "default")
		require.NoError(t, err)
		err = s.Update(t.Context(), []store.Lock{fitLock("default")}, func(tx *store.Tx) error {
			_, err := f.begin(t.Context(), s, tx, x, x.bound.Load().codec)
			require.NoError(t, err)
			f.state.clock.applied += 1000
			f.state.task = nil
			clear(f.state.sample.known)
			return errEnough
		})
		require.ErrorIs(t, err, errEnough)
		return nil
	})
	x.pass(t, batchOf(list[310:600]))
	r.assertSample(x)
	assert.Equal(t, uint64(600), r.fitting().clock.applied)
	assert.Len(t, r.models(), 4)
}

// When most customers are gone, the sample takes more of those who are there.
func TestSampleGrowsAgain(t *testing.T) {
	t.Parallel()
	list := shopOf(rand.New(rand.NewPCG(27, 28)), shopModel, 600, 100)
	r := openRig(t, "")
	x := r.extract(predicted)
	x.pass(t, batchOf(list))
	require.Greater(t, r.fitting().sample.level, uint8(2))
	for c := range 590 {
		if name := strconv.Itoa(c); r.knows(name) {
			r.erase(name)
		}
	}
	var more []deed
	for i := range 301 {
		more = append(more, deed{customer: 600 + i%8, id: len(list) + i, kind: "purchase", second: list[len(list)-1].second + int64(i)})
	}
	x.pass(t, batchOf(more))
	assert.Equal(t, uint8(0), r.fitting().sample.level)
	assert.GreaterOrEqual(t, len(r.fitting().sample.known), 8)
	r.assertSample(x)
	r.check()
}

// A fit that fails leaves the parameters, is logged once, and counted.
func TestAFitThatFails(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(predicted)
	var list []deed // all customers are the same
	for day := range 30 {
		for c := range 50 {
			list = append(list, deed{customer: c, id: len(list), kind: "purchase", second: 852076800 + int64(day)*24*60*60, amount: 5})
		}
	}
	last := featuresOf(t, x.pass(t, batchOf(list))[len(list)-1])
	prior := predict.PriorOrders(predict.MBGNBD)
	assert.InDelta(t, prior.Alive(predict.History{Repeats: 29, Recency: 29, Age: 29}), last["alive"], 1e-12)
	models := r.models()
	require.Len(t, models, 4)
	for _, m := range models {
		assert.False(t, m.known)
		assert.Zero(t, m.fits)
		assert.Greater(t, m.failed, uint64(2))
	}
	assert.Equal(t, 4, strings.Count(r.log.String(), "level=WARN"), r.log.String())
	assert.Contains(t, r.snapshot("")["models"].([]any)[0].(map[string]any)["reason"], "there is no greatest likelihood")
	assert.Equal(t, int64(models[0].failed), r.counters.gauge("feature_model_fits default alive mbg_nbd failed"))
	assert.Equal(t, int64(0), r.counters.gauge("feature_model_fits default alive mbg_nbd succeeded"))
	r.check()
}

// A fit for which there are too few customers is counted, and feature_snapshot says why there is
// none.
func TestTooFewForAFit(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(predicted)
	var list []deed
	for i := range 310 {
		list = append(list, deed{customer: i % 15, id: i, kind: "purchase", second: 852076800 + int64(i), amount: 5})
	}
	x.pass(t, batchOf(list))
	assert.Equal(t, int64(1), r.counters.gauge("feature_model_fits default alive mbg_nbd too_few"))
	model := r.snapshot("")["models"].([]any)[0].(map[string]any)
	assert.Equal(t, int64(1), model["too_few"])
	assert.Equal(t, "there are 15 customers with purchases in the sample, and predictions.warmup asks for 20", model["reason"])

	for i := range 290 { // of more, who all buy on one day
		list = append(list, deed{customer: i, id: len(list), kind: "purchase", second: 852076800 + int64(i), amount: 5})
	}
	x.pass(t, batchOf(list[310:]))
	list = append(list, deed{customer: 1, id: len(list), kind: "view", second: 852076800})
	for i := range 150 {
		list = append(list, deed{customer: 1, id: len(list), kind: "view", second: 852076800 + int64(i)})
	}
	x.pass(t, batchOf(list[600:]))
	models := r.models()
	for i, reason := range []string{"0 of them with repeat purchases", "0 of them with repeat purchases", "0 of them with repeat purchases", "has values of repeat purchases"} {
		assert.Equal(t, uint64(2), models[i].tooFew, models[i].id)
		assert.Contains(t, models[i].reason, reason)
		assert.Zero(t, models[i].failed)
	}
	r.check()
}

// Lookups, refreshes and snapshots see the models in force, also in a process that has not
// fitted them, and metrics show them.
func TestModelsInForce(t *testing.T) {
	t.Parallel()
	list := shopOf(rand.New(rand.NewPCG(29, 30)), shopModel, 500, 300)
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	x := r.extract(predicted)
	out := x.pass(t, batchOf(list))
	models := r.models()
	require.Len(t, models, 4)
	last := list[len(list)-1]
	want := featuresOf(t, out[len(out)-1])
	assert.Equal(t, want, r.read(strconv.Itoa(last.customer)).Features)
	assert.InDelta(t, shopModel.R, models[0].orders.R, 0.8)
	assert.Equal(t, int64(models[0].customers), r.counters.gauge("feature_model_customers default alive mbg_nbd"))

	r.close()
	r = openRig(t, path)
	assert.Equal(t, want, r.read(strconv.Itoa(last.customer)).Features)
	x = r.extract(predicted)
	again := x.pass(t, batchOf(list[len(list)-1:]))
	assert.Equal(t, want, featuresOf(t, again[0]))
	assert.Equal(t, int64(models[3].fits), r.counters.gauge("feature_model_fits default worth gamma_gamma succeeded"))

	shown := r.snapshot("feature_set: default")
	assert.Equal(t, instant(r.read(strconv.Itoa(last.customer)).LastSeen), shown["as_of"])
	listed := shown["models"].([]any)
	require.Len(t, listed, 4)
	first := listed[0].(map[string]any)
	assert.Equal(t, []any{"alive", "orders"}, first["features"])
	assert.Equal(t, map[string]any{"r": models[0].orders.R, "alpha": models[0].orders.Alpha, "a": models[0].orders.A, "b": models[0].orders.B}, first["parameters"])
	assert.InDelta(t, models[0].logLikelihood, first["log_likelihood"], 0)
	assert.Equal(t, true, first["fitted"])
	assert.Nil(t, first["reason"])
	features := shown["features"].([]any)
	require.Len(t, features, 4)
	assert.Contains(t, features[3], "quantiles")
	assert.NotContains(t, features[0], "quantiles")
}

// A feature set of which there is nothing yet, and one whose models are not fitted.
func TestSnapshotBeforeAnything(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	shown := r.snapshot("feature_set: none")
	assert.Equal(t, map[string]any{"feature_set": "none", "customers": int64(0), "as_of": nil, "features": []any{}, "models": []any{}}, shown)
	r.extract(predicted)
	model := r.snapshot("")["models"].([]any)[0].(map[string]any)
	assert.Equal(t, false, model["fitted"])
	assert.Nil(t, model["log_likelihood"])
	assert.InDelta(t, 0.525, model["parameters"].(map[string]any)["r"], 0)
}

// Quantiles of few customers would tell what somebody has.
func TestSnapshotOfFewCustomers(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract("key: this.customer\nevent: root = this\nevent_id_window: 0s\nfeatures: [ { name: spent, agg: sum, on: purchase, of: amount, missing: median } ]")
	shown := func(conf string) map[string]any { return r.snapshot(conf)["features"].([]any)[0].(map[string]any) }
	var list []deed
	for c := range 19 {
		list = append(list, deed{customer: c, id: c, kind: "purchase", second: 852076800, amount: 5})
	}
	x.pass(t, batchOf(list))
	assert.Equal(t, map[string]any{"name": "spent", "agg": "sum", "customers": int64(19), "quantiles": nil}, shown(""))
	assert.NotNil(t, shown("min_customers: 19")["quantiles"])
	x.pass(t, batchOf([]deed{{customer: 19, id: 19, kind: "purchase", second: 852076800, amount: 5}}))
	assert.Len(t, shown("")["quantiles"], 5)
	parsed, err := snapshotSpec().ParseYAML("store: customers\nmin_customers: 0", r.env)
	require.NoError(t, err)
	_, err = newSnapshotFromConfig(parsed, r.resources)
	require.ErrorContains(t, err, "min_customers 0: use a number from 1 on")
}

func (r *rig) snapshot(conf string) map[string]any {
	r.t.Helper()
	parsed, err := snapshotSpec().ParseYAML("store: customers\n"+conf, r.env)
	require.NoError(r.t, err)
	p, err := newSnapshotFromConfig(parsed, r.resources)
	require.NoError(r.t, err)
	batches, err := p.ProcessBatch(context.Background(), service.MessageBatch{service.NewMessage([]byte("{}"))})
	require.NoError(r.t, err)
	content, err := batches[0][0].AsStructured()
	require.NoError(r.t, err)
	return content.(map[string]any)
}

// The examples lint, and every field is described.
func TestSnapshotDocumentation(t *testing.T) {
	t.Parallel()
	env := environment(t)
	env.WalkProcessors(func(name string, view *service.ConfigView) {
		if name != "feature_snapshot" {
			return
		}
		data, err := view.TemplateData()
		require.NoError(t, err)
		require.Len(t, data.Examples, 2)
		for _, example := range data.Examples {
			require.NoError(t, env.NewStreamBuilder().SetYAML(example.Config), example.Title)
		}
		for _, field := range data.Fields {
			assert.NotEmpty(t, field.Description, field.FullName)
		}
	})
}

// Another list of features has other models: what was fitted for those that stay goes on.
func TestModelsOfOtherFeatures(t *testing.T) {
	t.Parallel()
	list := shopOf(rand.New(rand.NewPCG(31, 32)), shopModel, 500, 300)
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	r.extract(predicted).pass(t, batchOf(list[:1000]))
	before := r.models()
	require.NotNil(t, r.fitting().task)
	r.close()
	r = openRig(t, path)
	x := r.extract(`
key: this.customer
event: root = this
event_id_window: 0s
features:
  - { name: n, agg: count }
  - { name: still, agg: p_alive, on: purchase, transform: sqrt }
predictions: { fit_every: 300, sample: 100, warmup: 20 }
`)
	assert.Equal(t, before[0], r.fitting().models[0])
	require.Len(t, r.fitting().models, 1)
	for key := range r.all() {
		require.NotContains(t, key, "fit-input", "of a fit that is of other models")
	}
	x.pass(t, batchOf(list[1000:]))
	r.assertSample(x)
	r.check()
	assert.Greater(t, r.models()[0].fits, before[0].fits)
}

// Records of models, however damaged, are refused or make sense, and never panic.
func FuzzModelRecords(f *testing.F) {
	models := []fitted{
		{id: "a", kind: predict.MBGNBD, known: true, orders: predict.PriorOrders(predict.MBGNBD), logLikelihood: -3, customers: 7, day: -2, fits: 1, dropped: 4},
		{id: "b", kind: aggregate.GammaGamma, known: true, values: predict.PriorValues(), fits: 1, failed: 3},
		{id: "c", kind: predict.BGNBD, failed: 2, tooFew: 300, reason: "there is none"},
	}
	decoded, err := decodeModels(encodeModels(models))
	require.NoError(f, err)
	require.Equal(f, models, decoded)
	task := &fitTask{due: 7, level: 3, day: 10000, inputs: []fitInput{{id: "a", kind: predict.MBGNBD, histories: []predict.History{{Repeats: 1, Recency: 2, Age: 3}}}}}
	head, _ := task.encode(10)
	f.Add(encodeModels(models))
	f.Add(head)
	f.Add(fitClock{applied: 300, begun: 200, due: 350, level: 4}.encode())
	f.Fuzz(func(t *testing.T, stored []byte) {
		if models, err := decodeModels(stored); err == nil && stored != nil {
			again, err := decodeModels(encodeModels(models))
			require.NoError(t, err)
			require.Equal(t, models, again)
		}
		if c, err := decodeFitClock(stored); err == nil && stored != nil {
			again, err := decodeFitClock(c.encode())
			require.NoError(t, err)
			require.Equal(t, c, again)
		}
		for _, kind := range []predict.Model{predict.MBGNBD, aggregate.GammaGamma} {
			in, from := fitInput{kind: kind}, record.Read(stored)
			in.take(&from, 1<<40)
			require.LessOrEqual(t, len(in.histories)+len(in.spending), len(stored)+1)
		}
		if task, customers, _, err := taskHead(stored); err == nil {
			require.Len(t, customers, len(task.inputs))
		}
	})
}

// A task is the same when it is read again, however small its pages.
func TestTaskIsReadAgain(t *testing.T) {
	t.Parallel()
	list := shopOf(rand.New(rand.NewPCG(33, 34)), shopModel, 300, 300)
	r := openRig(t, "")
	x := r.extract(predicted)
	x.pass(t, batchOf(list[:400]))
	task := r.fitting().task
	require.NotNil(t, task)
	head, pages := task.encode(17)
	r.write(func(tx *store.Tx) error {
		tx.Set(taskKey("default"), head)
		for i, page := range pages {
			tx.Set(taskPageKey("default", i), page)
		}
		return nil
	})
	r.assertSample(x)
	text := fmt.Sprint(task.inputs)
	for c := range 300 {
		require.NotContains(t, text, fmt.Sprintf("%q", strconv.Itoa(c)))
	}
}
