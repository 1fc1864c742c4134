package segments

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// crowd is customers in groups who come again and again.
type crowd struct {
	random *rand.Rand
	places []float64 // of each group, in both features
	event  int
}

func newCrowd(places ...float64) *crowd {
	return &crowd{random: rand.New(rand.NewPCG(7, 0)), places: places}
}

// come lets so many customers come, in batches, and returns what they are told.
func (c *crowd) come(t testing.TB, a *assign, n int) (told []result) {
	t.Helper()
	for n > 0 {
		var batch []*service.Message
		for range min(n, 100) {
			customer := c.random.IntN(300)
			place := c.places[customer%len(c.places)]
			c.event++
			batch = append(batch, pointOf("c"+strconv.Itoa(customer), map[string]any{
				"visits": place + c.random.NormFloat64(), "spend": place + c.random.NormFloat64(),
			}, "feature_as_of", instant(int64(c.event)*1e9), "feature_version", c.event))
		}
		n -= len(batch)
		for _, m := range a.pass(t, batch...) {
			told = append(told, resultOf(t, m))
		}
	}
	return told
}

// Those who are in no dense place are told apart, with what sets them apart, and counted
// apart.
func TestOutliers(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign("key: this.customer\nwarmup: 100\nrefresh: { points: 200 }\ndensity: {}\n")
	c := newCrowd(0, 20)
	c.come(t, a, 2000)
	stray := a.tell(t, "stray", map[string]any{"visits": 10, "spend": -30}, "feature_as_of", instant(3000e9), "feature_version", 9000)
	assert.Equal(t, "outlier", stray.Status)
	assert.True(t, stray.Outlier)
	assert.Nil(t, stray.ID)
	assert.Nil(t, stray.Distance)
	assert.False(t, stray.Changed)
	require.NotEmpty(t, stray.Reasons)
	assert.Equal(t, "spend", stray.Reasons[0].Feature, "it is furthest from everybody")
	assert.InDelta(t, -30, stray.Reasons[0].Value, 0, "what is far is not drawn in")

	profile, _ := r.lookup("", "stray")
	segment := profile["segment"].(map[string]any)
	assert.Equal(t, "outlier", segment["status"])
	assert.Nil(t, segment["id"])
	shown := r.snapshot("")[0]
	customers := shown["customers"].(float64)
	assert.InDelta(t, 0, shown["warming_up"], 0)
	outliers := shown["outliers"].(float64)
	assert.Positive(t, outliers)
	assert.InDelta(t, outliers/customers, shown["quality"].(map[string]any)["outlier_share"], 1e-12)
	members := 0.0
	for _, s := range shown["segments"].([]any) {
		members += s.(map[string]any)["size"].(float64)
	}
	assert.InDelta(t, customers, members+outliers, 0)
	assert.NotContains(t, r.members(""), "stray")

	settled := a.tell(t, "stray", map[string]any{"visits": 20, "spend": 20}, "feature_as_of", instant(3001e9), "feature_version", 9001)
	assert.Equal(t, "assigned", settled.Status)
	assert.True(t, settled.Changed)
	assert.Equal(t, "behaviour", *settled.Cause)
	r.verify()
}

// Strays who are far away, each in a place of their own, do not meet on a limit that they are
// drawn in to: unless one is set.
func TestStraysDoNotMeet(t *testing.T) {
	t.Parallel()
	for conf, want := range map[string]int{
		"density: {}": 12, "density: { radius: 0.3 }": 12, "density: {}\nscaling: robust": 12, "density: {}\nclip: 4": 0,
	} {
		t.Run(conf, func(t *testing.T) {
			t.Parallel()
			r := openRig(t, "")
			a := r.assign("key: this.customer\nwarmup: 100\nrefresh: { points: 200 }\n" + conf)
			c := newCrowd(0, 20)
			c.come(t, a, 3000)
			for i := range 12 {
				far := map[string]any{"visits": 10, "spend": math.Ldexp(100, i)}
				told := a.tell(t, "far"+strconv.Itoa(i), far, "feature_as_of", instant(int64(4000+i)*1e9), "feature_version", 9000+i)
				require.Equal(t, "outlier", told.Status)
			}
			c.event = 5000
			c.come(t, a, 1000)
			outliers := 0
			for i := range 12 {
				profile, _ := r.lookup("", "far"+strconv.Itoa(i))
				if profile["segment"].(map[string]any)["status"] == "outlier" {
					outliers++
				}
			}
			assert.Equal(t, want, outliers)
			r.verify()
		})
	}
}

// Who leaves a segment for none is told why and since when, on arrival and later; and stays an
// outlier when a message comes that is too old to count.
func TestFromSegmentToNone(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign("key: this.customer\nwarmup: 100\nrefresh: { points: 200 }\nmissing: reject\ndensity: {}\n")
	newCrowd(0, 20).come(t, a, 2000)
	settled := a.tell(t, "c1", map[string]any{"visits": 20, "spend": 20}, "feature_as_of", instant(2999e9), "feature_version", 8999)
	require.NotNil(t, settled.ID)
	away := map[string]any{"visits": 10, "spend": -30}
	left := a.tell(t, "c1", away, "feature_as_of", instant(3000e9), "feature_version", 9000)
	again := a.tell(t, "c1", away, "feature_as_of", instant(3000e9), "feature_version", 9000)
	stale := a.tell(t, "c1", map[string]any{"visits": 0, "spend": 0}, "feature_as_of", instant(2999e9), "feature_version", 8998)
	rejected := a.tell(t, "c1", map[string]any{"visits": 0}, "feature_as_of", instant(3001e9), "feature_version", 9001)
	for status, told := range map[string]result{"outlier": left, "stale": stale, "rejected": rejected} {
		assert.Equal(t, status, told.Status)
		assert.True(t, told.Outlier, status)
		assert.Nil(t, told.ID, status)
		assert.Equal(t, settled.ID, told.Previous, status)
		require.NotNil(t, told.Cause, status)
		assert.Equal(t, "behaviour", *told.Cause, status)
		require.NotNil(t, told.Since, status)
		assert.Equal(t, instant(3000e9), *told.Since, status)
		assert.NotEmpty(t, told.Reasons, status)
	}
	assert.Equal(t, left, again)
	assert.True(t, left.Changed)
	profile, _ := r.lookup("", "c1")
	segment := profile["segment"].(map[string]any)
	assert.Equal(t, "behaviour", segment["cause"])
	assert.Equal(t, instant(3000e9), segment["since"])

	stranger := a.tell(t, "nobody", map[string]any{"visits": 0}, "feature_as_of", instant(3002e9), "feature_version", 9002)
	assert.Equal(t, "rejected", stranger.Status)
	assert.False(t, stranger.Outlier, "the model does not have them")
}

// The figures of arrivals, each judged before it is learned, agree with those of the
// population where nothing changes; and churn is the share of those who move.
func TestQuality(t *testing.T) {
	t.Parallel()
	for name, engine := range eachEngine {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := openRig(t, "")
			a := r.assign("key: this.customer\nwarmup: 100\nrefresh: { points: 500 }\n" + engine)
			c := newCrowd(0, 12)
			c.come(t, a, 4000)
			shown := r.snapshot("")[0]
			quality := shown["quality"].(map[string]any)
			for _, index := range indices {
				require.NotNil(t, quality[index], index)
			}
			assert.InDelta(t, quality["silhouette"].(float64), quality["recent_silhouette"], 0.1)
			assert.InEpsilon(t, quality["inertia"].(float64), quality["recent_inertia"], 0.35)
			assert.Less(t, quality["churn"], 0.35)
			weighed := 0.0
			for _, s := range shown["segments"].([]any) {
				segment := s.(map[string]any)
				weighed += segment["size"].(float64) * segment["inertia"].(float64)
				assert.LessOrEqual(t, math.Abs(segment["silhouette"].(float64)), 1.0)
				assert.Contains(t, segment, "churn")
			}
			housed := shown["customers"].(float64) - shown["outliers"].(float64)
			assert.InEpsilon(t, quality["inertia"].(float64), weighed/housed, 1e-9)

			slices.Reverse(c.places) // everybody goes where the others were
			changed := 0
			told := c.come(t, a, 200)
			for _, result := range told {
				if result.Changed {
					changed++
				}
			}
			churn := r.snapshot("")[0]["quality"].(map[string]any)["churn"].(float64)
			assert.Greater(t, churn, float64(changed)/1600)
		})
	}
}

// Points that belong to nobody are judged too, and nobody can leave.
func TestQualityOfPoints(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign("warmup: 100\nkmeans: { k: 2 }\n")
	newCrowd(0, 12).come(t, a, 1000)
	quality := r.snapshot("")[0]["quality"].(map[string]any)
	assert.Greater(t, quality["recent_silhouette"], 0.7)
	assert.Nil(t, quality["churn"])
}

// Of points that fade, none is an outlier when all are in segments, and not a rounding of
// their weights.
func TestNoOutliersThatFade(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	newCrowd(0, 12).come(t, r.assign("warmup: 100\nrefresh: { points: 200 }\ndensity: { radius: 0.5, fading: 0.001, cleanup_interval: 1 }\n"), 3000)
	shown := r.snapshot("")[0]
	assert.Zero(t, shown["outliers"])
	assert.Zero(t, shown["quality"].(map[string]any)["outlier_share"])
}

// One drift is one event, which says what has changed; until then there is none. What
// changes nothing is not counted.
func TestDrift(t *testing.T) {
	t.Parallel()
	for name, engine := range eachEngine {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := openRig(t, "")
			a := r.assign("key: this.customer\nwarmup: 100\nrefresh: { points: 500 }\n" + engine)
			alarms := r.events("kinds: [ drift ]")
			c := newCrowd(0, 12)
			c.come(t, a, 6000)
			before := r.records()
			for range 3 {
				stale := a.tell(t, "c1", map[string]any{"visits": 7, "spend": 7}, "feature_as_of", instant(1e9), "feature_version", 1)
				require.Equal(t, "stale", stale.Status)
			}
			requireSame(t, before, r.records())
			require.Empty(t, alarms.drain(t, true))
			c.places = append(c.places, 40) // a third of them goes elsewhere
			c.come(t, a, 6000)
			list := alarms.drain(t, true)
			require.Len(t, list, 1)
			e := list[0]
			assert.Equal(t, "drift", e["kind"])
			assert.InDelta(t, 300, e["size"], 0)
			assert.Nil(t, e["segment"])
			details := e["details"].(map[string]any)
			assert.Contains(t, []any{"adwin", "page_hinkley"}, details["detector"])
			assert.Contains(t, []any{"quantisation_error", "outlier_share"}, details["signal"])
			assert.Greater(t, details["after"], details["before"])
			assert.Greater(t, list[0]["at"], instant(6000e9))
			assert.Less(t, list[0]["at"], instant(7000e9))
			r.verify()
		})
	}
}
