package segments

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// Every move is told again when its event is, also when its customer has moved on, and
// after the process has died.
func TestMovesAreToldAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	a.tell(t, "c0", near(0), "feature_as_of", day(0), "feature_version", 100)
	there := func(a *assign, meta ...any) result {
		return a.tell(t, "c0", near(1), append([]any{"feature_as_of", day(1), "feature_version", 101}, meta...)...)
	}
	back := func(a *assign, meta ...any) result {
		return a.tell(t, "c0", near(0), append([]any{"feature_as_of", day(2), "feature_version", 102}, meta...)...)
	}
	wantThere, wantBack := there(a), back(a)
	require.True(t, wantThere.Changed)
	require.True(t, wantBack.Changed)
	for _, reopened := range []bool{false, true} {
		if reopened {
			r.close()
			r = openRig(t, path)
			a = r.assign(keyed)
		}
		for i, got := range []result{
			there(a, "feature_duplicate", true, "feature_first_version", 101), back(a, "feature_duplicate", true, "feature_first_version", 102),
			back(a, "feature_duplicate", true, "feature_first_version", 101), // with what its customer is like now
		} {
			want := []result{wantThere, wantBack, wantThere}[i]
			assert.Equal(t, *want.ID, *got.ID)
			assert.Equal(t, *want.Previous, *got.Previous)
			assert.Equal(t, *want.Cause, *got.Cause)
			assert.Equal(t, *want.Since, *got.Since)
			assert.True(t, got.Changed)
		}
		other := back(a, "feature_duplicate", true, "feature_first_version", 50)
		assert.False(t, other.Changed, "that event made no move")
	}
}

// The oldest go, by number and by age.
func TestMovesAreBounded(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	for n := range 130 {
		a.tell(t, "c0", near(n%2), "feature_as_of", day(n+1), "feature_version", 100+n)
	}
	list := r.moves("c0")
	require.Len(t, list, 50)
	assert.Equal(t, uint64(229), list[49].version)
	late := "2027-01-01T00:00:00Z"
	a.tell(t, "c0", near(0), "feature_as_of", late, "feature_version", 500)
	assert.Len(t, r.moves("c0"), 1, "the others are more than 90 days older")
}

func FuzzMoves(f *testing.F) {
	f.Add(history{name: 9, moves: moves{{sequence: 1, version: 7, at: -5, since: 3, from: 1, to: 2, cause: causeSilence}}}.encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stored []byte) {
		list, err := decodeHistory(stored)
		if err != nil {
			require.ErrorIs(t, err, errMoves)
			return
		}
		again, err := decodeHistory(list.encode())
		require.NoError(t, err)
		require.Equal(t, list, again)
	})
}

func FuzzEntry(f *testing.F) {
	f.Add(entry{Event: clustering.Event{Kind: clustering.Merge, At: 5, Segment: 3, Parents: []clustering.SegmentID{1, 2}, Size: 10}}.encode())
	f.Add(entry{Event: clustering.Event{Kind: kindMove, Segment: 3}, name: 300, cause: causeRemodel}.encode())
	f.Fuzz(func(t *testing.T, stored []byte) {
		e, err := decodeEntry(stored)
		if err != nil {
			require.ErrorIs(t, err, errEntry)
			return
		}
		again, err := decodeEntry(e.encode())
		require.NoError(t, err)
		require.Equal(t, e.encode(), again.encode())
		e.show("m", 1)
	})
}

// A feature set that has forgotten a customer counts their events from 1 again.
func TestVersionsThatBeginAgain(t *testing.T) {
	t.Parallel()
	list := moves{{version: 1, at: 10, to: 1}, {version: 4, at: 40, to: 2}, {version: 1, at: 90, to: 3}, {at: 95, to: 4}, {at: 99, to: 5}}
	for _, test := range []struct {
		version uint64
		at      int64
		to      clustering.SegmentID
	}{{1, 0, 3}, {4, 0, 2}, {0, 95, 4}, {0, 99, 5}} {
		v, found := list.find(test.version, test.at)
		assert.True(t, found)
		assert.Equal(t, test.to, v.to)
	}
	_, found := list.find(2, 10)
	assert.False(t, found)
}
