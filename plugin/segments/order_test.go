package segments

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store"
)

// silence lets time pass for a customer whose newest event was at one minute and who is
// shown as of another.
func silence(t *testing.T, customer string, where int, seen, now int, version uint64) *service.Message {
	return message.WithRefresh(pointOf(customer, near(where)), message.Refresh{
		FeatureSet: "default", Customer: customer, At: instantOf(t, day(now)), Seen: instantOf(t, day(seen)), Version: version,
	})
}

// Events and refreshes of one customer, in whatever order they arrive: each is news, or it
// is not.
func TestOrderOfVectors(t *testing.T) {
	t.Parallel()
	event := func(where, minute, version int, more ...any) *service.Message {
		return pointOf("c0", near(where), append([]any{"feature_as_of", day(minute), "feature_version", version}, more...)...)
	}
	type step struct {
		of     *service.Message
		status string
		cause  string // of a move that this message made
	}
	for name, steps := range map[string][]step{
		"an event a little before the refresh": {
			{silence(t, "c0", 1, 100, 500, 5), "assigned", "silence"},
			{event(0, 499, 6), "assigned", "behaviour"},
		},
		"a refresh that was read before the event": {
			{event(1, 499, 6), "assigned", "behaviour"},
			{silence(t, "c0", 0, 100, 500, 5), "stale", ""},
		},
		"a late event, after the refresh": {
			{silence(t, "c0", 1, 100, 500, 5), "assigned", "silence"},
			{event(0, 100, 6), "assigned", "behaviour"},
			{silence(t, "c0", 1, 100, 501, 5), "stale", ""},
			{silence(t, "c0", 1, 100, 501, 6), "assigned", "silence"},
		},
		"refreshes out of order": {
			{silence(t, "c0", 1, 100, 500, 5), "assigned", "silence"},
			{silence(t, "c0", 0, 100, 400, 5), "stale", ""},
			{silence(t, "c0", 0, 100, 600, 5), "assigned", "silence"},
		},
		"a refresh that is ahead of its events": {
			{silence(t, "c0", 1, 300, 500, 9), "assigned", "silence"},
			{event(0, 200, 8), "assigned", "behaviour"},
			{event(1, 300, 9), "assigned", "behaviour"},
		},
		"an event that comes again": {
			{silence(t, "c0", 1, 100, 500, 5), "assigned", "silence"},
			{event(0, 100, 5, "feature_duplicate", true), "assigned", ""},
			{event(0, 100, 5, "feature_duplicate", true, "feature_first_version", 4), "assigned", ""},
			{event(0, 90, 4, "feature_duplicate", true), "assigned", ""},
			{event(0, 90, 4), "stale", ""},
		},
		"a customer who was forgotten, and is back": {
			{silence(t, "c0", 1, 100, 500, 5), "assigned", "silence"},
			{event(0, 600, 1), "assigned", "behaviour"},
			{silence(t, "c0", 1, 100, 700, 5), "stale", ""},
			{silence(t, "c0", 1, 600, 700, 1), "assigned", "silence"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := openRig(t, "")
			a := r.assign(keyed)
			twoGroups(t, a, 40)
			resultOf(t, a.pass(t, event(0, 100, 5))[0])
			for i, step := range steps {
				got := resultOf(t, a.pass(t, step.of.Copy())[0])
				require.Equal(t, step.status, got.Status, "step %d", i)
				require.Equal(t, step.cause != "", got.Changed, "step %d", i)
				if step.cause != "" {
					require.Equal(t, step.cause, *got.Cause, "step %d", i)
					again := resultOf(t, a.pass(t, step.of.Copy())[0])
					got.Distance, again.Distance, got.Confidence, again.Confidence, got.Reasons, again.Reasons = nil, nil, nil, nil, nil, nil
					require.Equal(t, got, again, "step %d: the same again is told again", i)
				}
			}
			assert.Equal(t, 40, r.verify()["default"])
		})
	}
}

// A refresh brings a customer into a new model, but nobody whom the feature set has not.
func TestRefreshOfAnUnknownCustomer(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	first := resultOf(t, a.pass(t, silence(t, "new", 1, 100, 500, 5))[0])
	assert.Equal(t, "warming_up", first.Status, "a store without the feature set knows of nobody who was erased")
	require.Equal(t, 1, r.verify()["default"])

	label, err := store.Use(r.resources, "customers")
	require.NoError(t, err)
	require.NoError(t, label.Do(t.Context(), func(s *store.Store) error {
		return s.Update(t.Context(), nil, func(tx *store.Tx) error {
			return tx.Step(func() error {
				tx.Set(store.Key(store.KindFeatureSet, "default", []byte("specs")), []byte("{}"))
				tx.Set(store.Key(store.KindProfile, "default", []byte("there")), []byte{0})
				return nil
			})
		})
	}))
	erased := resultOf(t, a.pass(t, silence(t, "erased", 1, 100, 500, 5))[0])
	assert.Equal(t, "stale", erased.Status)
	there := resultOf(t, a.pass(t, silence(t, "there", 1, 100, 500, 5))[0])
	assert.Equal(t, "warming_up", there.Status)
	unversioned := a.tell(t, "gone", near(1), "feature_as_of", day(3), "feature_duplicate", true)
	assert.Equal(t, "stale", unversioned.Status, "an event of a forgotten customer, delivered again")
	assert.Equal(t, 2, r.verify()["default"])
}

// Points without a key are nobody's: time does not pass for them.
func TestRefreshOfPoints(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign("event_id: this.id\nonline_kmeans: { k: 2, centers: [ [ 0 ], [ 100 ] ] }\nselect: [ spend ]\n")
	out := a.pass(t, silence(t, "c", 1, 100, 500, 5))
	require.NoError(t, out[0].GetError())
	assert.Equal(t, 0, r.verify()["default"])
}
