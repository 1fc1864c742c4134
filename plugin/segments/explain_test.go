package segments

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
)

// Each move is told with its right cause: whether the customer had been moved when their
// event came, or moved by it, is known from looking at them before.
func TestCauses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	const model = "key: this.customer\nwarmup: 50\nrefresh: { points: 40 }\n"
	a := r.assign(model + "kmeans: { k: 4 }")
	random := rand.New(rand.NewPCG(3, 0))
	wanted, right, total := map[string]int{}, 0, 0
	defined, version := false, int64(0)
	for i := range 6000 {
		if i == 4000 {
			r.close()
			r = openRig(t, path)
			a = r.assign(model + "kmeans: { k: 6 }")
			defined = true
		}
		number := random.IntN(400)
		customer, drift := "c"+strconv.Itoa(number), float64(i)/300
		m := pointOf(customer, map[string]any{
			"spend":  float64(number%5)*4 + drift*float64(number%3) + 2*random.NormFloat64(),
			"orders": float64(number%3)*4 + drift + 2*random.NormFloat64(),
		}, "feature_as_of", date(i), "feature_version", i+1)
		silent := random.IntN(4) == 0
		if silent {
			m = message.WithRefresh(m, message.Refresh{At: instantOf(t, date(i)), Seen: math.MaxInt64})
		}
		var before any
		if profile, _ := r.lookup("", customer); profile != nil {
			before = profile["segment"].(map[string]any)["id"]
		}
		got := resultOf(t, a.pass(t, m)[0])
		refined := got.ModelVersion != version // at this very event: either may be right
		version = got.ModelVersion
		if !got.Changed || got.ID == nil || refined && before != nil {
			continue
		}
		want := "behaviour"
		switch {
		case before != nil && before == *got.ID:
			want = "remodel"
		case silent:
			want = "silence"
		}
		if want == "remodel" && defined && *got.Cause == "definition" {
			want = "definition" // which refinement it was is tested by TestRedefine
		}
		wanted[want]++
		total++
		if *got.Cause == want {
			right++
		} else {
			t.Logf("event %d: %s, want %s", i, *got.Cause, want)
		}
	}
	t.Logf("precision %d of %d: %v", right, total, wanted)
	assert.Equal(t, total, right)
	for _, cause := range []string{"behaviour", "silence", "remodel", "definition"} {
		assert.NotZero(t, wanted[cause], cause)
	}
}

// Reasons are what puts this customer here and not into the next segment.
func TestReasons(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed + "transforms: { spend: log1p }\n")
	random := rand.New(rand.NewPCG(1, 0))
	sum := 0.0
	for i := range 60 {
		spend := 1000*float64(i%2) + 10*random.Float64()
		sum += spend
		a.tell(t, strconv.Itoa(i), map[string]any{"spend": spend, "noise": random.Float64()}, "feature_as_of", day(i))
	}
	got := a.tell(t, "1", map[string]any{"spend": 1005, "noise": 0.5}, "feature_as_of", day(100))
	require.NotEmpty(t, got.Reasons)
	assert.Equal(t, "spend", got.Reasons[0].Feature)
	assert.InDelta(t, 1005, got.Reasons[0].Value, 1e-9, "in the customer's units")
	assert.Less(t, got.Reasons[0].Typical, 1000.0)
	assert.InDelta(t, 1, got.Reasons[0].Deviation, 0.2)
	assert.Equal(t, "high spend", *got.Label)
	low := a.tell(t, "0", map[string]any{"spend": 5, "noise": 0.5}, "feature_as_of", day(101))
	assert.Equal(t, "low spend", *low.Label)
	assert.Less(t, low.Reasons[0].Deviation, 0.0)
}

func TestLabels(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	const conf = keyed + "labels: 'root = if this.centroid.spend > 50 { \"big of %v\".format(this.size >= 0) } else { \"small\" }'\n"
	a := r.assign(conf)
	twoGroups(t, a, 40)
	high := a.tell(t, "c1", near(1), "feature_as_of", day(1), "feature_version", 100)
	low := a.tell(t, "c0", near(0), "feature_as_of", day(1), "feature_version", 101)
	assert.Equal(t, "big of true", *high.Label)
	assert.Equal(t, "small", *low.Label)
	r.close()
	r = openRig(t, path)
	for _, s := range r.snapshot("")[0]["segments"].([]any) {
		assert.Contains(t, []any{"big of true", "small"}, s.(map[string]any)["label"], "it is stored")
	}
	broken := r.assign(keyed + "labels: 'root = this.centroid.nothing.uppercase()'\n")
	for i := range 20 {
		high = broken.tell(t, "c1", near(1), "feature_as_of", day(2+i), "feature_version", 200+i)
	}
	assert.Contains(t, *high.Label, "high", "named from what sets it apart")
	_, err := r.build(keyed + "labels: 'root = '")
	require.Error(t, err)
}

func TestGeneratedNames(t *testing.T) {
	t.Parallel()
	for feature, want := range map[string][2]string{
		"spend":            {"high spend", "low spend"},
		"orders":           {"many orders", "few orders"},
		"recent_spend":     {"high recent spend", "low recent spend"},
		"recency":          {"long ago", "recent"},
		"days_since_last":  {"long ago", "recent"},
		"since_first":      {"long-standing", "new"},
		"interval":         {"infrequent", "frequent"},
		"taste.shoes":      {"high taste shoes", "low taste shoes"},
		"discount-share":   {"high discount share", "low discount share"},
		"support_contacts": {"many support contacts", "few support contacts"},
	} {
		assert.Equal(t, want[0], trait(feature, 1))
		assert.Equal(t, want[1], trait(feature, -1))
	}
	assert.Equal(t, "very high spend", trait("spend", 2.5))
	assert.Equal(t, "very few orders", trait("orders", -2.5))

	r := openRig(t, "")
	a := r.assign("key: this.customer\nwarmup: 60\nkmeans: { k: 6 }")
	random := rand.New(rand.NewPCG(1, 0))
	for i := range 300 {
		a.tell(t, strconv.Itoa(i), map[string]any{"spend": float64(i%6)*10 + random.Float64(), "orders": float64(i%3)*10 + random.Float64()})
	}
	seen := map[any]bool{}
	for _, s := range r.snapshot("")[0]["segments"].([]any) {
		label := s.(map[string]any)["label"]
		assert.False(t, seen[label], "%v is the name of two", label)
		seen[label] = true
		assert.NotEmpty(t, label)
	}
}

func TestQuartiles(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed + "transforms: { spend: log1p }\nclip: 0\n")
	for i := range 41 {
		a.tell(t, "low"+strconv.Itoa(i), map[string]any{"spend": i, "orders": 1}, "feature_as_of", day(0))
		a.tell(t, "high"+strconv.Itoa(i), map[string]any{"spend": 100_000 + i, "orders": 1000}, "feature_as_of", day(0))
	}
	for _, s := range r.snapshot("quartiles: true")[0]["segments"].([]any) {
		s := s.(map[string]any)
		base := 0.0
		if s["centroid"].(map[string]any)["orders"].(float64) > 500 {
			base = 100_000
		}
		quartiles := s["quartiles"].(map[string]any)["spend"].([]any)
		require.Len(t, quartiles, 3)
		for i, want := range []float64{10, 20, 30} {
			assert.InDelta(t, base+want, quartiles[i], 0.5)
		}
		assert.NotNil(t, s["born"])
		assert.Equal(t, []any{}, s["parents"])
	}
}

// Points fade, and sizes with them.
func TestForgettingPoints(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign("features: this.features\ntimestamp: this.at\nwarmup: 20\nrefresh: { points: 20 }\nkmeans: { k: 2 }\nforget: { half_life: 1d }\n")
	for i := range 2000 {
		m := service.NewMessage(nil)
		place := float64(i % 2)
		if i >= 1000 {
			place += 10
		}
		m.SetStructured(map[string]any{"features": map[string]any{"x": place}, "at": date(i / 100)})
		a.pass(t, m)
	}
	shown := r.snapshot("")[0]
	assert.InDelta(t, 200, shown["customers"], 10, "100 a day, each counts half of the next")
	for _, s := range shown["segments"].([]any) {
		assert.Greater(t, s.(map[string]any)["centroid"].(map[string]any)["x"], 9.0, "the old points are forgotten")
	}
	r.verify()
	assert.True(t, strings.HasPrefix(shown["as_of"].(string), "2026-01-20"))
}
