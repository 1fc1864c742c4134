package identity_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/identity"
)

// at is n vectors around a place, a standard deviation of 1 apart.
func at(x float64, n int) *cf.Feature {
	f := &cf.Feature{}
	for i := range n {
		f.Insert(1, []float64{x - 1 + 2*float64(i%2)})
	}
	return f
}

// cluster is one of so many vectors, that come from segments in these numbers.
func cluster(x float64, n int, from identity.Shares) identity.Cluster {
	return identity.Cluster{Members: at(x, n), Origins: from, From: from}
}

// plain measures in the units of the vectors.
func plain() *cf.Metric { return cf.NewMetric(cf.None, at(0, 2), nil, nil) }

// told lists what happened, but for relabellings.
func told(t *identity.Tracker) (list []string) {
	for _, e := range t.Events() {
		if e.Kind != clustering.Relabel {
			list = append(list, fmt.Sprint(e.Kind, " ", e.Segment, " ", e.Parents, " ", e.Children))
		}
	}
	return list
}

// three is a tracker of segments 1, 2 and 3, of 100 vectors each.
func three(t *testing.T) *identity.Tracker {
	t.Helper()
	tracker := identity.NewTracker()
	numbers := tracker.Recluster(1, clustering.Remodel, plain(), []identity.Cluster{
		cluster(0, 100, identity.Shares{0: 100}), cluster(10, 100, identity.Shares{0: 100}), cluster(20, 100, identity.Shares{0: 100}),
	})
	require.Equal(t, []clustering.SegmentID{1, 2, 3}, numbers)
	require.Equal(t, []string{"birth 1 [] []", "birth 2 [] []", "birth 3 [] []"}, told(tracker))
	return tracker
}

func TestWhatHappens(t *testing.T) {
	t.Parallel()
	shares := func(pairs ...float64) identity.Shares {
		s := identity.Shares{}
		for i := 0; i < len(pairs); i += 2 {
			s[clustering.SegmentID(pairs[i])] = pairs[i+1]
		}
		return s
	}
	for name, test := range map[string]struct {
		clusters []identity.Cluster
		numbers  []clustering.SegmentID
		told     []string
	}{
		"the same, in another order": {
			[]identity.Cluster{cluster(20, 100, shares(3, 100)), cluster(0, 100, shares(1, 100)), cluster(10, 100, shares(2, 100))},
			[]clustering.SegmentID{3, 1, 2},
			nil,
		},
		"as much as possible keeps its number": {
			[]identity.Cluster{cluster(0, 110, shares(1, 60, 2, 50)), cluster(10, 90, shares(2, 50, 1, 40)), cluster(20, 100, shares(3, 100))},
			[]clustering.SegmentID{1, 2, 3},
			nil,
		},
		"birth": {
			[]identity.Cluster{cluster(0, 100, shares(1, 100)), cluster(10, 100, shares(2, 100)), cluster(20, 100, shares(3, 100)), cluster(90, 80, shares(0, 70, 1, 10))},
			[]clustering.SegmentID{1, 2, 3, 4},
			[]string{"birth 4 [] []"},
		},
		"split": {
			[]identity.Cluster{cluster(0, 100, shares(1, 100)), cluster(10, 100, shares(2, 100)), cluster(19, 60, shares(3, 60)), cluster(95, 40, shares(3, 40))},
			[]clustering.SegmentID{1, 2, 3, 4},
			[]string{"split 4 [3] []"},
		},
		"merge": {
			[]identity.Cluster{cluster(0, 100, shares(1, 100)), cluster(15, 195, shares(2, 100, 3, 95)), cluster(1, 5, shares(3, 5))},
			[]clustering.SegmentID{1, 2, 4},
			[]string{"split 4 [3] []", "merge 2 [2 3] []"},
		},
		"merge into a new one": {
			[]identity.Cluster{cluster(40, 300, shares(1, 100, 2, 100, 3, 100))},
			[]clustering.SegmentID{4},
			[]string{"merge 4 [1 2 3] []"},
		},
		"dissolved": {
			[]identity.Cluster{cluster(0, 150, shares(1, 100, 3, 50)), cluster(10, 150, shares(2, 100, 3, 50))},
			[]clustering.SegmentID{1, 2},
			[]string{"", "death 3 [] [1 2]"}, // once it has stayed away for a while
		},
		"left": {
			[]identity.Cluster{cluster(0, 100, shares(1, 100)), cluster(10, 100, shares(2, 100))},
			[]clustering.SegmentID{1, 2},
			[]string{"", "death 3 [] []"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tracker := three(t)
			assert.Equal(t, test.numbers, tracker.Recluster(2, clustering.Remodel, plain(), test.clusters))
			want := test.told
			if len(want) > 0 && want[0] == "" {
				assert.Empty(t, told(tracker))
				want = want[1:]
			}
			got := told(tracker)
			for round := range int64(4) { // nothing changes any more
				for i := range test.clusters {
					test.clusters[i].From = shares(float64(test.numbers[i]), test.clusters[i].Members.N())
					test.clusters[i].Origins = test.clusters[i].From
				}
				assert.Equal(t, test.numbers, tracker.Recluster(3+round, clustering.Remodel, plain(), test.clusters))
				got = append(got, told(tracker)...)
			}
			assert.Equal(t, want, got)
		})
	}
}

// A segment that comes back to where it was has its old number, also long after its death
// was told; somewhere else it is another one.
func TestRevival(t *testing.T) {
	t.Parallel()
	tracker := three(t)
	two := []identity.Cluster{cluster(0, 100, identity.Shares{1: 100}), cluster(10, 100, identity.Shares{2: 100})}
	for round := range int64(50) {
		tracker.Recluster(2+round, clustering.Remodel, plain(), two)
	}
	assert.Equal(t, []string{"death 3 [] []"}, told(tracker))
	assert.Zero(t, tracker.Current(3))
	numbers := tracker.Recluster(60, clustering.Remodel, plain(), append(two, cluster(21.5, 50, identity.Shares{0: 50}), cluster(23, 50, identity.Shares{0: 50})))
	assert.Equal(t, []clustering.SegmentID{1, 2, 3, 4}, numbers, "the nearer of the two")
	assert.Equal(t, []string{"revival 3 [] []", "birth 4 [] []"}, told(tracker))
	assert.Equal(t, clustering.SegmentID(3), tracker.Current(3))
	born, _ := tracker.Origin(3)
	assert.Equal(t, int64(1), born)
}

// Old numbers lead to what has become of them.
func TestAliases(t *testing.T) {
	t.Parallel()
	tracker := three(t)
	tracker.Recluster(2, clustering.Remodel, plain(), []identity.Cluster{cluster(0, 100, identity.Shares{1: 100}), cluster(15, 200, identity.Shares{2: 100, 3: 100})})
	into := tracker.Current(3)
	assert.Equal(t, tracker.Current(2), into)
	tracker.Recluster(3, clustering.Remodel, plain(), []identity.Cluster{cluster(50, 300, identity.Shares{1: 100, into: 200})})
	assert.Equal(t, into, tracker.Current(1), "two thirds of it were there before")
	assert.Equal(t, into, tracker.Current(3))
	assert.Zero(t, tracker.Current(99))
	assert.Contains(t, tracker.Aliases(), clustering.SegmentID(1))
	assert.NotContains(t, tracker.Aliases(), into)
}

func TestSavedAndLoaded(t *testing.T) {
	t.Parallel()
	tracker := three(t)
	tracker.Recluster(2, clustering.Remodel, plain(), []identity.Cluster{cluster(0, 100, identity.Shares{1: 100}), cluster(15, 200, identity.Shares{2: 100, 3: 100})})
	tracker.Events()
	assert.True(t, tracker.Changed())
	assert.False(t, tracker.Changed())
	saved := tracker.Append(nil)
	loaded, err := identity.Decode(saved)
	require.NoError(t, err)
	assert.Equal(t, saved, loaded.Append(nil))
	next := []identity.Cluster{cluster(0, 100, identity.Shares{1: 100}), cluster(10, 100, identity.Shares{2: 100}), cluster(20, 100, identity.Shares{2: 100})}
	assert.Equal(t, tracker.Recluster(3, clustering.Remodel, plain(), next), loaded.Recluster(3, clustering.Remodel, plain(), next))
	assert.Equal(t, tracker.Events(), loaded.Events())
	for n := range len(saved) {
		_, err := identity.Decode(saved[:n])
		require.ErrorIs(t, err, identity.ErrDamaged)
	}
}

func FuzzDecode(f *testing.F) {
	tracker := identity.NewTracker()
	tracker.Recluster(1, clustering.Remodel, plain(), []identity.Cluster{cluster(0, 10, nil), cluster(10, 10, nil)})
	f.Add(tracker.Append(nil))
	f.Fuzz(func(t *testing.T, stored []byte) {
		tracker, err := identity.Decode(stored)
		if err != nil {
			require.ErrorIs(t, err, identity.ErrDamaged)
			return
		}
		_, err = identity.Decode(tracker.Append(nil))
		require.NoError(t, err)
	})
}

func ExampleTracker() {
	tracker := identity.NewTracker()
	metric := cf.NewMetric(cf.None, at(0, 2), nil, nil)
	tracker.Recluster(1, clustering.Remodel, metric, []identity.Cluster{
		{Members: at(0, 100)},
		{Members: at(10, 100)},
	})
	// The next clustering is in another order, and 40 vectors of segment 2 are apart.
	numbers := tracker.Recluster(2, clustering.Remodel, metric, []identity.Cluster{
		{Members: at(9, 60), Origins: identity.Shares{2: 60}, From: identity.Shares{2: 60}},
		{Members: at(0, 100), Origins: identity.Shares{1: 100}, From: identity.Shares{1: 100}},
		{Members: at(30, 40), Origins: identity.Shares{2: 40}, From: identity.Shares{2: 40}},
	})
	fmt.Println(numbers)
	for _, e := range tracker.Events() {
		fmt.Println(e.Kind, e.Segment, e.Parents)
	}
	// Output:
	// [2 1 3]
	// birth 1 []
	// birth 2 []
	// split 3 [2]
	// relabel 3 [2]
}

// A segment that was where somebody is who is erased, and nowhere else, is known no more, and
// does not come back; the others do.
func TestWhereASegmentWasIsErased(t *testing.T) {
	t.Parallel()
	one := func(x float64) *cf.Feature {
		f := &cf.Feature{}
		f.Insert(1, []float64{x})
		return f
	}
	for _, erased := range []bool{false, true} {
		tracker := identity.NewTracker()
		tracker.Recluster(1, clustering.Remodel, plain(), []identity.Cluster{
			{Members: one(7.25), Origins: identity.Shares{0: 1}}, cluster(20, 100, identity.Shares{0: 100}),
		})
		tracker.Recluster(2, clustering.Remodel, plain(), []identity.Cluster{cluster(20, 100, identity.Shares{2: 100})})
		if erased {
			tracker.Erase([]float64{7.25})
			require.True(t, tracker.Changed())
		}
		again, err := identity.Decode(tracker.Append(nil))
		require.NoError(t, err)
		numbers := again.Recluster(3, clustering.Remodel, plain(), []identity.Cluster{
			{Members: one(7.25), Origins: identity.Shares{0: 1}}, cluster(20, 100, identity.Shares{2: 100}),
		})
		want := clustering.SegmentID(1)
		if erased {
			want = 3
		}
		assert.Equal(t, want, numbers[0])
	}
}
