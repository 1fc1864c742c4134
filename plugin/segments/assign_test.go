package segments

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const keyed = `
key: this.customer
kmeans: { k: 2 }
warmup: 20
refresh: { points: 10 }
`

// day is an event time.
func day(n int) string { return fmt.Sprintf("2026-01-01T%02d:%02d:00Z", n/60%24, n%60) }

// twoGroups are customers around two places, told to a model.
func twoGroups(t testing.TB, a *assign, n int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 0))
	for i := range n {
		a.tell(t, "c"+strconv.Itoa(i), map[string]any{
			"spend":  float64(100*(i%2)) + random.Float64(),
			"orders": float64(10*(i%2)) + random.Float64(),
		}, "feature_as_of", day(0), "feature_version", i+1)
	}
}

func near(i int) map[string]any {
	return map[string]any{"spend": 100.0 * float64(i), "orders": 10.0 * float64(i)}
}

func TestWarmingUp(t *testing.T) {
	t.Parallel()
	a := openRig(t, "").assign(keyed)
	for i := range 19 {
		got := a.tell(t, strconv.Itoa(i), near(i%2))
		assert.Equal(t, "warming_up", got.Status)
		assert.Nil(t, got.ID)
		assert.False(t, got.Changed)
		assert.Empty(t, got.Reasons)
	}
	again := a.tell(t, "0", near(1))
	assert.Equal(t, "warming_up", again.Status, "a customer counts once, however often they come")
	got := a.tell(t, "19", near(1))
	assert.Equal(t, "assigned", got.Status)
	require.NotNil(t, got.ID)
	assert.True(t, got.Changed)
	assert.Nil(t, got.Previous)
	assert.Equal(t, int64(1), got.ModelVersion)
}

func TestAMove(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	before := a.tell(t, "c0", near(0), "feature_as_of", day(1), "feature_version", 99)
	assert.True(t, before.Changed, "they were told last while the model warmed up")
	assert.Equal(t, "remodel", *before.Cause)
	before = a.tell(t, "c0", near(0), "feature_as_of", day(1), "feature_version", 100)
	assert.False(t, before.Changed)
	moved := a.tell(t, "c0", near(1), "feature_as_of", day(2), "feature_version", 101)
	assert.Equal(t, "assigned", moved.Status)
	assert.True(t, moved.Changed)
	assert.Equal(t, *before.ID, *moved.Previous)
	assert.NotEqual(t, *before.ID, *moved.ID)
	assert.Equal(t, "behaviour", *moved.Cause)
	assert.Equal(t, day(2), *moved.Since)
	assert.Less(t, *moved.Distance, 0.5)
	assert.Greater(t, *moved.Confidence, 0.7)

	stays := a.tell(t, "c0", near(1), "feature_as_of", day(3), "feature_version", 102)
	assert.False(t, stays.Changed)
	assert.Equal(t, *moved.ID, *stays.ID)
	assert.Equal(t, *moved.Previous, *stays.Previous, "the last move is still told")
	assert.Equal(t, day(2), *stays.Since)
	assert.Equal(t, map[string]int{"default": 40}, r.verify())
}

// An event that is delivered again changes nothing, and is told as it was.
func TestTheSameAgain(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	move := func(meta ...any) result {
		return a.tell(t, "c0", near(1), append([]any{"feature_as_of", day(2), "feature_version", 101}, meta...)...)
	}
	first := move()
	require.True(t, first.Changed)
	before := r.snapshot("")
	assert.Equal(t, first, move())
	assert.Equal(t, first, move("feature_duplicate", true))
	assert.Equal(t, before, r.snapshot(""))

	after := a.tell(t, "c0", near(1), "feature_as_of", day(2), "feature_version", 102)
	assert.False(t, after.Changed)
	before = r.snapshot("")
	// Delivered again after another event: with what its customer is like now.
	again := a.tell(t, "c0", near(1), "feature_as_of", day(2), "feature_version", 102, "feature_duplicate", true, "feature_first_version", 101)
	assert.True(t, again.Changed, "it is the one that made the move")
	again = a.tell(t, "c0", near(1), "feature_as_of", day(2), "feature_version", 102, "feature_duplicate", true, "feature_first_version", 102)
	assert.False(t, again.Changed)
	// Delivered again with what was told the first time, or while its customer waits.
	again = a.tell(t, "c0", near(0), "feature_as_of", day(1), "feature_version", 100, "feature_duplicate", true)
	assert.Equal(t, "assigned", again.Status)
	assert.Equal(t, *after.ID, *again.ID)
	again = a.tell(t, "c0", near(0), "feature_as_of", day(9), "feature_duplicate", true)
	assert.Equal(t, *after.ID, *again.ID)
	assert.Equal(t, before, r.snapshot(""), "nothing was learned")
}

func TestStale(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	now := a.tell(t, "c0", near(1), "feature_as_of", day(5), "feature_version", 100)
	before := r.snapshot("")
	stale := a.tell(t, "c0", near(0), "feature_as_of", day(4), "feature_version", 99)
	assert.Equal(t, "stale", stale.Status)
	assert.Equal(t, *now.ID, *stale.ID)
	assert.False(t, stale.Changed)
	assert.Equal(t, before, r.snapshot(""))
}

// With missing: reject, a vector that lacks a feature is not taken, and the customer stays
// where they are.
func TestMissingReject(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed + "missing: reject")
	twoGroups(t, a, 40)
	before := r.snapshot("")
	unknown := a.tell(t, "new", map[string]any{"spend": 1})
	assert.Equal(t, "rejected", unknown.Status)
	assert.Nil(t, unknown.ID)
	assert.Equal(t, `feature "orders": missing: give it a number, or set missing to mean or zero`, unknown.Problem)
	known := a.tell(t, "c0", map[string]any{"spend": 1})
	assert.Equal(t, "rejected", known.Status)
	assert.NotNil(t, known.ID)
	assert.False(t, known.Changed)
	assert.Equal(t, before, r.snapshot(""))
}

// What cannot be read is flagged, changes nothing, and drags nobody down.
func TestRejected(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		message map[string]any
		conf    string
		want    string
	}{
		"no key":            {map[string]any{"features": near(0)}, "", "key is null"},
		"empty key":         {map[string]any{"customer": "", "features": near(0)}, "", "key is the empty string"},
		"boolean key":       {map[string]any{"customer": true, "features": near(0)}, "", "key is a boolean"},
		"no features":       {map[string]any{"customer": "x"}, "", "features is null"},
		"text":              {map[string]any{"customer": "x", "features": map[string]any{"spend": "canary"}}, "", `feature "spend" is a string: use a number or null`},
		"too small":         {map[string]any{"customer": "x", "features": map[string]any{"spend": -2}}, "transforms: { spend: log1p }", `feature "spend" is outside of what its transform log1p takes: give it numbers above -1`},
		"no place":          {map[string]any{"customer": "x", "features": near(0), "a": "canary"}, "result: a.b", "path a.b: a is a string in the message"},
		"no time":           {map[string]any{"customer": "x", "features": near(0), "t": "canary"}, "timestamp: this.t", "timestamp: time is a string of another form"},
		"mapping that errs": {map[string]any{"customer": "x", "features": near(0), "t": "canary"}, "timestamp: this.t.number()", "timestamp: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := openRig(t, "")
			a := r.assign(keyed + test.conf)
			good := pointOf("good", near(0))
			if test.conf == "timestamp: this.t" || test.conf == "timestamp: this.t.number()" {
				good.SetStructured(map[string]any{"customer": "good", "features": near(0), "t": 1700000000})
			}
			bad := service.NewMessage(nil)
			bad.SetStructured(test.message)
			if test.conf == "result: a.b" {
				out := a.pass(t, bad)
				require.ErrorContains(t, out[0].GetError(), "segment_assign: "+test.want)
				assert.NotContains(t, out[0].GetError().Error(), "canary")
				assert.Zero(t, r.verify()["default"], "no customer is made of it")
				return
			}
			failed := pointOf("failed", near(0))
			failed.SetError(errors.New("earlier"))
			out := a.pass(t, good, bad, failed, good.Copy())
			require.Len(t, out, 4)
			resultOf(t, out[0])
			assert.Same(t, bad, out[1], "the flag must be on the message that came")
			require.ErrorContains(t, out[1].GetError(), "segment_assign: ")
			require.ErrorContains(t, out[1].GetError(), test.want)
			assert.NotContains(t, out[1].GetError().Error(), "canary")
			require.EqualError(t, out[2].GetError(), "earlier")
			assert.Nil(t, structured(t, out[2])["segment"])
			resultOf(t, out[3])
			assert.Equal(t, map[string]int{"default": 1}, r.verify())
		})
	}
}

// eachEngine is a configuration of each kind.
var eachEngine = map[string]string{
	"kmeans":        "kmeans: { k: 2 }",
	"online_kmeans": "online_kmeans: { k: 3 }",
	"density":       "density: { radius: 0.6 }",
	"ladder":        "density: {}",
}

// Whatever the batches, the model is the same to the bit; customers are in segments, or
// outliers.
func TestBatchesDoNotMatter(t *testing.T) {
	t.Parallel()
	for name, engine := range eachEngine {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(2, 0))
			var messages []*service.Message
			for i := range 900 {
				messages = append(messages, pointOf(strconv.Itoa(random.IntN(80)), map[string]any{
					"a": random.NormFloat64() + float64(5*random.IntN(3)), "b": random.NormFloat64(),
				}, "feature_as_of", day(i)))
			}
			var want map[string]string
			for _, size := range []int{1, 7, 100, 900} {
				r := openRig(t, "")
				a := r.assign("key: this.customer\nwarmup: 20\nrefresh: { points: 10 }\n" + engine)
				for from := 0; from < len(messages); from += size {
					var batch []*service.Message
					for _, m := range messages[from:min(from+size, len(messages))] {
						batch = append(batch, m.Copy())
					}
					a.pass(t, batch...)
				}
				r.verify()
				stored := r.records()
				if want == nil {
					want = stored
				}
				requireSame(t, want, stored)
				shown := r.snapshot("")[0]
				total := shown["outliers"].(float64)
				for _, s := range shown["segments"].([]any) {
					total += s.(map[string]any)["size"].(float64)
				}
				assert.InDelta(t, shown["customers"], total, 0)
			}
		})
	}
}

func TestReopenFromDisk(t *testing.T) {
	t.Parallel()
	for name, engine := range eachEngine {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := "key: this.customer\nwarmup: 20\nrefresh: { points: 10 }\n" + engine
			random := rand.New(rand.NewPCG(3, 0))
			calm, rough := openRig(t, ""), filepath.Join(t.TempDir(), "state")
			inOne := calm.assign(conf)
			for i := range 10 {
				r := openRig(t, rough)
				again := r.assign(conf)
				for j := range 30 {
					customer, features := strconv.Itoa(random.IntN(60)), map[string]any{"a": random.NormFloat64(), "b": float64(random.IntN(3))}
					if i > 4 {
						features["c"] = 1.0 // a feature that appears later
					}
					assert.Equal(t, inOne.tell(t, customer, features, "feature_as_of", day(30*i+j)), again.tell(t, customer, features, "feature_as_of", day(30*i+j)))
				}
				assert.Equal(t, calm.snapshot(""), r.snapshot(""))
				requireSame(t, calm.records(), r.records())
				r.verify()
				r.close()
			}
		})
	}
}

func TestManyThreads(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a, other := r.assign(keyed), r.assign(keyed) // two processors of one model
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(4, uint64(worker)))
			for range 50 {
				var batch []*service.Message
				for range 5 {
					batch = append(batch, pointOf(strconv.Itoa(random.IntN(30)), near(random.IntN(2))))
				}
				if out, err := []*assign{a, other}[worker%2].ProcessBatch(t.Context(), batch); err != nil || len(out) != 1 {
					t.Errorf("%d batches: %v", len(out), err)
				}
			}
		})
	}
	all.Wait()
	assert.Equal(t, map[string]int{"default": 30}, r.verify())
}

func TestPointsWithoutAKey(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(`
model: readings
features: '[ this.x, this.y ]'
event_id: this.id
online_kmeans: { k: 2 }
warmup: 4
`)
	tell := func(id int, x, y float64) result {
		m := service.NewMessage(nil)
		m.SetStructured(map[string]any{"id": id, "x": x, "y": y})
		out := a.pass(t, m)
		return resultOf(t, out[0])
	}
	for i := range 10 {
		tell(i, float64(i%2), 10*float64(i%2))
	}
	low, high := tell(10, 0, 0), tell(11, 1, 10)
	assert.NotEqual(t, *low.ID, *high.ID)
	again := tell(10, 0, 0)
	assert.Equal(t, low.ID, again.ID, "delivered again")
	assert.Equal(t, low.Distance, again.Distance, "and nothing was learned from it")
	shown := r.snapshot("model: readings")[0]
	assert.InDelta(t, 12, shown["customers"], 0)
	assert.Equal(t, map[string]int{"readings": 12}, r.verify())
}

// Each part of a message that was split is a point, once.
func TestPartsOfAMessageArePoints(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign("online_kmeans: { k: 2, centers: [ [ 0 ], [ 100 ] ] }\nselect: [ spend ]\n")
	batch := func() (parts []*service.Message) {
		for _, customer := range []string{"a", "b", "c"} {
			parts = append(parts, pointOf(customer, near(0), "kafka_topic", "t", "kafka_partition", 0, "kafka_offset", 7))
		}
		return append(parts, parts[1].Copy())
	}
	for range 2 {
		a.pass(t, batch()...)
		assert.Equal(t, 3, r.verify()["default"])
	}
}

func TestLearnFalse(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	looks := r.assign("key: this.customer\nlearn: false") // its own definition does not count
	assert.Equal(t, "warming_up", looks.tell(t, "new", near(0)).Status)
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	before := r.snapshot("")
	low, high := looks.tell(t, "new", near(0)), looks.tell(t, "new", near(1))
	assert.NotEqual(t, *low.ID, *high.ID)
	looks.tell(t, "new", map[string]any{"spend": 1.0, "unheard": 2.0})
	assert.Equal(t, before, r.snapshot(""))
	assert.Equal(t, map[string]int{"default": 40}, r.verify())
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	for conf, want := range map[string]string{
		"key: this.c\nonline_kmeans: {}":                                                       "online_kmeans.k is not set",
		"key: this.c\nkmeans: { k: auto, k_min: 1 }":                                           "kmeans.k_min 1: use a number from 2 to 256",
		"key: this.c\nkmeans: { k_max: 1 }":                                                    "kmeans.k_max 1: use a number from k_min to 256",
		"key: this.c\nforget: { half_life: 1d }":                                               "forget.half_life is for points without a key",
		"forget: { inactive_after: 1d }":                                                       "forget.inactive_after is for customers",
		"forget: { half_life: 1d }\nonline_kmeans: { k: 2 }":                                   "forget.half_life is for kmeans",
		"key: this.c\nforget: { inactive_after: soon }":                                        "forget.inactive_after: \"soon\" is not a duration",
		"key: this.c\nkmeans: { k: 2 }\nonline_kmeans: { k: 2 }":                               "choose exactly one engine",
		"key: this.c\nkmeans: { k: 0 }":                                                        "kmeans.k",
		"key: this.c\nkmeans: { k: many }":                                                     "kmeans.k",
		"key: this.c\nkmeans: { k: 5, micro_clusters: 4 }":                                     "kmeans.micro_clusters 4: use at least",
		"key: this.c\nkmeans: { k: 5 }\nwarmup: 0":                                             "warmup",
		"key: this.c\nkmeans: { k: 5 }\nrefresh: { points: 0 }":                                "refresh.points",
		"key: this.c\nkmeans: { k: 5 }\nclip: -1":                                              "clip",
		"key: this.c\nkmeans: { k: 5 }\ntransforms: { a: log }":                                "transforms",
		"key: this.c\nkmeans: { k: 5 }\nweights: { a: -1 }":                                    "weights",
		"key: this.c\nkmeans: { k: 5 }\nresult: a..b":                                          "result",
		"key: this.c\nkmeans: { k: 5 }\nevent_id: this.id":                                     "event_id is for points without a key",
		"key: this.c\nonline_kmeans: { k: 2, decay: { factor: 2 } }":                           "online_kmeans.decay.factor 2",
		"key: this.c\nonline_kmeans: { k: 2, centers: [ [ 1 ] ] }\nselect: [ a ]":              "online_kmeans.centers has 1 centres and k is 2",
		"key: this.c\nonline_kmeans: { k: 1, centers: [ [ 1 ] ] }":                             "online_kmeans.centers needs select",
		"key: this.c\nonline_kmeans: { k: 1, centers: [ [ x ] ] }\nselect: [ a ]":              "online_kmeans.centers[0][0] is a string",
		"key: this.c\nonline_kmeans: { k: 1, centers: 5 }\nselect: [ a ]":                      "online_kmeans.centers is a number",
		"density: { radius: wide }":                                                            `density.radius "wide": use a number of scaled units above 0 and below 1e+100, or auto`,
		"density: { radius: -1 }":                                                              `density.radius "-1"`,
		"density: { fading: 2 }":                                                               `density.fading "2": use a number from 0 to 1, or a duration in event time such as 10d`,
		"density: { fading: soon }":                                                            `density.fading "soon": use a number from 0 to 1, or a duration`,
		"density: { cleanup_interval: 1.5 }":                                                   "density.cleanup_interval 1.5: use a whole number of points",
		"density: { cleanup_interval: 0 }":                                                     `density.cleanup_interval "0": use a number from 1 to 1e+12`,
		"density: { fading: 10d, cleanup_interval: 5 }":                                        "give both in points, or both in event time",
		"density: { cleanup_interval: 1h }":                                                    "give both in points, or both in event time",
		"density: { intersection: 2 }":                                                         "density.intersection 2: use a number above 0, up to 1",
		"density: { min_weight: 0 }":                                                           "density.min_weight 0: use a number above 0",
		"density: { micro_clusters: 5 }":                                                       "density.micro_clusters 5: use 16 or more",
		"density: { radius: .inf }":                                                            `density.radius ".inf": use a number of scaled units above 0 and below 1e+100`,
		"density: { radius: 1e300 }":                                                           `density.radius "1e300"`,
		"density: { fading: -1 }":                                                              `density.fading "-1": use a number from 0 to 1`,
		"density: { fading: .nan }":                                                            `density.fading ".nan": use a number from 0 to 1`,
		"density: { fading: 0, cleanup_interval: 1e300 }":                                      `density.cleanup_interval "1e300": use a number from 1 to 1e+12`,
		"density: { cleanup_interval: 0s }":                                                    `density.cleanup_interval "0s"`,
		"density: { intersection: .nan }":                                                      "density.intersection NaN: use a number above 0, up to 1",
		"density: { min_weight: .inf }":                                                        "density.min_weight +Inf: use a number above 0, up to 1e+12",
		"density: { min_weight: 1e200 }":                                                       "density.min_weight 1e+200: use a number above 0, up to 1e+12",
		"density: { min_weight: .nan }":                                                        "density.min_weight NaN",
		"clip: .inf":                                                                           "clip +Inf: use a number of scaled units up to 1e+12, or 0",
		"clip: 1e300":                                                                          "clip 1e+300",
		"clip: .nan":                                                                           "clip NaN",
		"weights: { b: 1e300, a: .inf, c: -1 }":                                                "weights.a +Inf: use a number from 0 to 1e+12",
		"weights: { a: 1e300 }":                                                                "weights.a 1e+300",
		"transforms: { b: log, a: ln, c: exp }":                                                `transforms.a "ln"`,
		"forget: { inactive_after: soon, half_life: never }":                                   "forget.half_life",
		"kmeans: { k_min: 300 }":                                                               "kmeans.k_min 300: use a number from 2 to 256",
		"online_kmeans: { k: 1, centers: [ [ 1e300 ] ] }\nselect: [ a ]":                       "online_kmeans.centers[0][0] is 1e+300: use a number of less than 1e+100",
		"online_kmeans: { k: 1, centers: [ [ .inf ] ] }\nselect: [ a ]":                        "online_kmeans.centers[0][0] is a number: use a finite number",
		"online_kmeans: { k: 1, centers: [ [ 1 ] ], center_weights: [ -1 ] }\nselect: [ a ]":   "online_kmeans.center_weights[0] -1: use a number from 0 to 1e+12",
		"online_kmeans: { k: 1, centers: [ [ 1 ] ], center_weights: [ 1e50 ] }\nselect: [ a ]": "online_kmeans.center_weights[0] 1e+50",
		"online_kmeans: { k: 2, decay: { factor: .nan } }":                                     "online_kmeans.decay.factor NaN: use a number above 0, up to 1",
		"density: {}\nforget: { half_life: 1d }":                                               "forget.half_life is for kmeans: use density.fading",
	} {
		_, err := openRig(t, "").build(conf)
		require.ErrorContains(t, err, want, conf)
	}
}

// What is large but finite is taken as it is.
func TestLargeNumbers(t *testing.T) {
	t.Parallel()
	for conf, want := range map[string]float64{
		"density: { radius: 2e6 }\nscaling: none": 1, "density: { radius: 1e99 }\nscaling: none": 1,
		"density: { fading: 1e-300 }": 2, "density: { min_weight: 1e12 }": 0, "clip: 1e12\nkmeans: { k: 2 }": 2,
		"weights: { spend: 1e12 }\nkmeans: { k: 2 }": 2,
	} {
		r := openRig(t, "")
		newCrowd(0, 20).come(t, r.assign("key: this.customer\nwarmup: 100\n"+conf), 500)
		assert.InDelta(t, want, r.snapshot("")[0]["k"], 0, conf)
		r.verify()
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	empty := r.snapshot("")[0]
	assert.InDelta(t, 0, empty["customers"], 0)
	a := r.assign(keyed + "transforms: { spend: log1p }\n")
	for i := range 30 {
		high := 0
		if i%3 == 0 {
			high = 1
		}
		a.tell(t, strconv.Itoa(i), near(high), "feature_as_of", day(i))
	}
	shown := r.snapshot("micro_clusters: true")[0]
	assert.Equal(t, "kmeans", shown["engine"])
	assert.InDelta(t, 30, shown["customers"], 0)
	assert.InDelta(t, 2, shown["k"], 0)
	assert.Equal(t, day(29), shown["as_of"])
	segments := shown["segments"].([]any)
	require.Len(t, segments, 2)
	byOrders := map[float64]map[string]any{}
	for _, s := range segments {
		segment := s.(map[string]any)
		byOrders[segment["centroid"].(map[string]any)["orders"].(float64)] = segment
	}
	require.Contains(t, byOrders, 10.0)
	assert.InDelta(t, 10, byOrders[10]["size"], 0)
	assert.InDelta(t, 1.0/3, byOrders[10]["share"], 1e-12)
	assert.InDelta(t, 100, byOrders[10]["centroid"].(map[string]any)["spend"], 1e-9, "in the customer's units")
	assert.InDelta(t, 0, byOrders[10]["spread"].(map[string]any)["spend"], 1e-9)
	assert.NotEmpty(t, byOrders[10]["distinguishing"])
	quality := shown["quality"].(map[string]any)
	assert.InDelta(t, 0, quality["inertia"], 1e-9)
	assert.InDelta(t, 1, quality["silhouette"], 1e-9)
	assert.NotEmpty(t, shown["micro_clusters"])

	split := r.snapshot("split: true")
	require.Len(t, split, 2)
	assert.Contains(t, split[0], "centroid")
	assert.Equal(t, "default", split[0]["model"])
	assert.Len(t, r.snapshot("min_segment_size: 15")[0]["segments"], 1, "smaller ones are not shown")
	assert.Len(t, r.snapshot("min_segment_size: 15\nmicro_clusters: true")[0]["micro_clusters"], 1)
}

func TestSelectAndPrefixes(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed + "select: [ taste, spend ]\nweights: { taste: 2 }\n")
	for i := range 30 {
		a.tell(t, strconv.Itoa(i), map[string]any{"taste.a": i % 2, "taste.b": 1, "spend": i, "unused": "text"})
	}
	centroid := r.snapshot("")[0]["segments"].([]any)[0].(map[string]any)["centroid"]
	names := map[string]any{}
	text, err := json.Marshal(centroid)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &names))
	assert.Len(t, names, 3)
	assert.NotContains(t, names, "unused")
}

func FuzzDecodeContribution(f *testing.F) {
	c := contribution{Vector: []float64{1, 2}, Micro: 3, At: -5, Event: never, Seen: -7, Version: 7, Segment: 1, Previous: 2, Since: 9, MovedBy: 6, Changed: true, Cause: causeRemodel}
	f.Add(c.append(nil))
	f.Add([]byte{contributionVersion, 0, 0})
	f.Fuzz(func(t *testing.T, record []byte) {
		decoded, err := decodeContribution(record)
		if err != nil {
			require.ErrorIs(t, err, errContribution)
			return
		}
		again, err := decodeContribution(decoded.append(nil))
		require.NoError(t, err)
		assert.Equal(t, decoded.append(nil), again.append(nil))
	})
}
