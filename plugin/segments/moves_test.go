package segments

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

// The oldest go, in memory and in the store.
func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	h, stored := newHistory(), map[byte][]byte{}
	for n := range uint64(1000) {
		p := point{customer: strconv.FormatUint(n, 10), version: n + 1}
		h.note(p, &contribution{Segment: 2, Previous: 1, Since: int64(n), Cause: causeRemodel})
		h.save(func(place byte, record []byte) { stored[place] = record })
		h.save(func(byte, []byte) { t.Error("nothing has moved") })
	}
	assert.Len(t, h.moves, keptBatches)
	assert.Len(t, stored, keptBatches)
	loaded := newHistory()
	for _, record := range stored {
		require.NoError(t, loaded.load(record))
	}
	assert.Equal(t, h.moves, loaded.moves)
	assert.Equal(t, h.next, loaded.next)
}

func FuzzHistory(f *testing.F) {
	h := newHistory()
	h.note(point{customer: "c", version: 7}, &contribution{Segment: 2, Since: -5})
	h.save(func(_ byte, record []byte) { f.Add(record) })
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, record []byte) {
		if err := newHistory().load(record); err != nil {
			require.ErrorIs(t, err, errHistory)
		}
	})
}
