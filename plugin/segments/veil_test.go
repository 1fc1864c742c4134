package segments

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shownSegments are the sizes of the segments in a snapshot, the smallest first.
func (r *rig) shownSegments(conf string) (sizes []int) {
	r.t.Helper()
	for _, s := range r.snapshot(conf)[0]["segments"].([]any) {
		sizes = append(sizes, int(s.(map[string]any)["size"].(float64)))
	}
	slices.Sort(sizes)
	return sizes
}

// A segment is shown while it is large enough. Once it was not, one customer who comes
// back does not show it again, also not after a restart.
func TestSmallSegmentsComeBackLate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const definition = "key: this.customer\nkmeans: { k: 2 }\nwarmup: 20\nrefresh: { points: 1000000 }\n"
	r := openRig(t, dir)
	a := r.assign(definition)
	for i := range 40 {
		a.tell(t, strconv.Itoa(i), near(i%4/3), "feature_as_of", day(i)) // 10 of 40
	}
	var members []string // of the smaller
	for i := 3; i < 40; i += 4 {
		members = append(members, strconv.Itoa(i))
	}
	now := 40
	// become has customers join or leave the smaller segment until it has so many.
	become := func(n int) {
		for ; len(members) != n; now++ {
			if last := len(members) - 1; last >= n {
				a.tell(t, members[last], near(0), "feature_as_of", day(now))
				members = members[:last]
				continue
			}
			members = append(members, "new"+strconv.Itoa(now))
			a.tell(t, members[len(members)-1], near(1), "feature_as_of", day(now))
		}
	}
	for _, step := range []struct {
		size  int
		shown bool
	}{
		{10, true}, {9, false}, {10, false}, {11, false}, {9, false}, {11, false}, {12, true}, {11, true}, {10, true}, {9, false}, {3, false}, {11, false}, {20, true}, {10, true}, {5, false},
	} {
		become(step.size)
		sizes := r.shownSegments("min_segment_size: 10")
		assert.Equal(t, step.shown, len(sizes) == 2, "%d: %v", step.size, sizes)
		assert.Contains(t, r.shownSegments(""), step.size)
	}

	become(11)
	r.close()
	r = openRig(t, dir)
	a = r.assign(definition)
	assert.Len(t, r.shownSegments("min_segment_size: 10"), 1, "after a restart")
	assert.Len(t, r.shownSegments("min_segment_size: 11"), 2, "others, to whom it was never too small")
	become(12)
	assert.Len(t, r.shownSegments("min_segment_size: 10"), 2)
	r.verify()
}

// One customer never makes a segment go and come, and what is shown is never too small.
func TestVeilByWalk(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for least := 2; least < 60; least++ {
		size, veiled, went := least, false, 0 // with so many
		for range 2000 {
			size = max(size+random.IntN(3)-1, 0)
			now := isVeiled(float64(size), veiled, least)
			switch {
			case !now:
				require.GreaterOrEqual(t, size, least)
				require.True(t, !veiled || size >= went+2, "of %d, gone with %d and back with %d", least, went, size)
			case !veiled:
				require.Less(t, size, least)
				went = size
			}
			veiled = now
		}
	}
}

// What is left out is not to be found as a difference: while it is a few customers, what is
// of all is null.
func TestFewAreNoDifference(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign("key: this.customer\nkmeans: { k: 3 }\nwarmup: 20\nrefresh: { points: 10 }\n")
	for i := range 50 {
		place := []int{0, 5}[i%2]
		if i%13 == 5 {
			place = 20
		}
		a.tell(t, strconv.Itoa(i), near(place), "feature_as_of", day(i))
	}
	require.Equal(t, []int{4, 23, 23}, r.shownSegments(""))
	for _, test := range []struct {
		least, shown int
		whole        bool
	}{{1, 3, true}, {4, 3, true}, {5, 2, false}, {23, 2, false}, {24, 0, false}} {
		shown := r.snapshot(fmt.Sprintf("min_segment_size: %d", test.least))[0]
		assert.InDelta(t, 50, shown["customers"], 0)
		assert.InDelta(t, 3, shown["k"], 0)
		assert.Len(t, shown["segments"], test.shown, test.least)
		for name, value := range shown["quality"].(map[string]any) {
			if !test.whole {
				assert.Nil(t, value, name)
			}
		}
		assert.Equal(t, test.whole, shown["quality"].(map[string]any)["inertia"] != nil, test.least)
		for _, s := range shown["segments"].([]any) {
			segment := s.(map[string]any)
			assert.Equal(t, test.whole, segment["inertia"] != nil)
			assert.Equal(t, test.whole, segment["silhouette"] != nil)
			assert.NotEmpty(t, segment["label"])
			for _, each := range segment["distinguishing"].([]any) {
				c := each.(map[string]any)
				assert.NotNil(t, c["value"])
				assert.Equal(t, test.whole, c["overall"] != nil)
				assert.Equal(t, test.whole, c["deviation"] != nil)
			}
		}
	}
}

// Where those left out are many, what is of all tells nothing of one of them, unless few of
// them have some feature.
func TestManyAreADifference(t *testing.T) {
	t.Parallel()
	for _, few := range []int{0, 3, 20} {
		r := openRig(t, "")
		a := r.assign("key: this.customer\nkmeans: { k: 3 }\nwarmup: 20\nrefresh: { points: 10 }\nselect: [ spend, orders, extra ]\n")
		left := 0
		for i := range 60 {
			place := []int{0, 5, 20, 0, 0, 0}[i%6]
			point := near(place)
			if place != 0 {
				left++
			}
			if place == 0 || left <= few {
				point["extra"] = 1.5
			}
			a.tell(t, strconv.Itoa(i), point, "feature_as_of", day(i))
		}
		require.Equal(t, []int{10, 10, 40}, r.shownSegments(""))
		shown := r.snapshot("min_segment_size: 15")[0]
		require.Len(t, shown["segments"], 1)
		assert.Equal(t, few != 3, shown["quality"].(map[string]any)["inertia"] != nil, "%d of 20 have it", few)
	}
}

// A feature that few of a large segment have is theirs, not the segment's.
func TestRareFeatures(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign("key: this.customer\nkmeans: { k: 2 }\nwarmup: 20\nrefresh: { points: 10 }\n")
	for i := range 60 {
		point := near(i % 2)
		if i%20 == 1 {
			point["rare"] = 12.5 + float64(i)
		}
		a.tell(t, strconv.Itoa(i), point, "feature_as_of", day(i))
	}
	for least, there := range map[int]bool{1: true, 3: true, 4: false} {
		shown := r.snapshot(fmt.Sprintf("quartiles: true\nmicro_clusters: true\nmin_segment_size: %d", least))[0]
		assert.Len(t, shown["segments"], 2)
		found := false
		for _, s := range shown["segments"].([]any) {
			segment := s.(map[string]any)
			for _, field := range []string{"centroid", "spread", "quartiles"} {
				features := segment[field].(map[string]any)
				assert.NotNil(t, features["spend"])
				assert.Contains(t, features, "rare")
				found = found || features["rare"] != nil
			}
			for _, each := range segment["distinguishing"].([]any) {
				assert.True(t, there || each.(map[string]any)["feature"] != "rare")
			}
		}
		for _, m := range shown["micro_clusters"].([]any) {
			found = found || m.(map[string]any)["center"].(map[string]any)["rare"] != nil
		}
		assert.Equal(t, there, found, least)
	}
}

// Groups of a segment: those shown are large enough, and those left out are none or as many.
func TestVeilSmall(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sizes []float64
		least int
		want  []bool
	}{
		{nil, 5, []bool{}},
		{[]float64{5, 9}, 5, []bool{false, false}},
		{[]float64{9, 4}, 5, []bool{true, true}},
		{[]float64{9, 4, 6, 8}, 5, []bool{false, true, true, false}},
		{[]float64{9, 2, 3, 8}, 5, []bool{false, true, true, false}},
		{[]float64{4}, 5, []bool{true}},
		{[]float64{1, 0.5, 30}, 2, []bool{true, true, true}},
	} {
		assert.Equal(t, test.want, veilSmall(test.sizes, test.least), "%v %d", test.sizes, test.least)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		sizes, least := make([]float64, random.IntN(12)), 2+random.IntN(20)
		for i := range sizes {
			sizes[i] = float64(1 + random.IntN(30))
		}
		left, n := 0.0, 0
		for i, veiled := range veilSmall(sizes, least) {
			if veiled {
				left += sizes[i]
				n++
			} else {
				require.GreaterOrEqual(t, sizes[i], float64(least))
			}
		}
		require.True(t, left == 0 || left >= float64(least) || n == len(sizes), "%v %d", sizes, least)
	}
}

// Nor are micro-clusters found as a difference to their segment.
func TestSmallMicroClusters(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign("key: this.customer\nkmeans: { k: 2 }\nwarmup: 20\nrefresh: { points: 10 }\n")
	random := rand.New(rand.NewPCG(5, 6))
	for i := range 300 {
		point := near(i % 2)
		point["spend"] = point["spend"].(float64) + float64(random.IntN(4)*random.IntN(4))
		a.tell(t, strconv.Itoa(i), point, "feature_as_of", day(i))
	}
	all := r.snapshot("micro_clusters: true")[0]
	require.Greater(t, len(all["micro_clusters"].([]any)), 6)
	for least := 2; least < 40; least += 3 {
		shown := r.snapshot(fmt.Sprintf("micro_clusters: true\nmin_segment_size: %d", least))[0]
		left := map[string]float64{}
		for _, s := range shown["segments"].([]any) {
			segment := s.(map[string]any)
			left[segment["id"].(string)] = segment["size"].(float64)
		}
		for _, m := range shown["micro_clusters"].([]any) {
			micro := m.(map[string]any)
			assert.GreaterOrEqual(t, micro["weight"], float64(least))
			left[micro["segment"].(string)] -= micro["weight"].(float64)
		}
		for id, n := range left {
			assert.True(t, n == 0 || n >= float64(least), "%s: %v of %d", id, n, least)
		}
	}
}

func TestVeilOfNothing(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	assert.Empty(t, r.snapshot("min_segment_size: 5")[0]["segments"])
	r.verify()
	_, err := decodeVeiled([]byte{veiledVersion + 1})
	require.ErrorIs(t, err, errVeiled)
}

func FuzzDecodeVeiled(f *testing.F) {
	f.Add(veiledSegments{1, 300, 7}.encode())
	f.Add([]byte{})
	f.Add([]byte{veiledVersion, 0x80})
	f.Fuzz(func(t *testing.T, stored []byte) {
		v, err := decodeVeiled(stored)
		if err != nil {
			return
		}
		again, err := decodeVeiled(v.encode())
		require.NoError(t, err)
		require.Equal(t, v, again)
	})
}
