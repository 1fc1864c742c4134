package segments

import (
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
)

func date(day int) string {
	return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, day).Format(time.RFC3339)
}

func instantOf(t *testing.T, written string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, written)
	require.NoError(t, err)
	return at.UnixNano()
}

// Customers leave when they are inactive, and come back with their next event.
func TestInactiveCustomersLeave(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	conf := keyed + "forget: { inactive_after: 30d }\n"
	r := openRig(t, path)
	a := r.assign(conf)
	for i := range 300 {
		a.tell(t, "c"+strconv.Itoa(i), near(i%2), "feature_as_of", date(i%3))
	}
	a.tell(t, "c0", near(0), "feature_as_of", date(20))
	a.tell(t, "c1", near(1), "feature_as_of", date(30))
	assert.Equal(t, 300, r.verify()["default"], "nobody has been silent for more than 30 days")
	r.close()
	r = openRig(t, path)
	a = r.assign(conf)
	a.tell(t, "c1", near(1), "feature_as_of", date(44))
	a.tell(t, "c1", near(1), "feature_as_of", date(45))
	assert.Equal(t, 2, r.verify()["default"], "c0 and c1 were active since")
	assert.InDelta(t, 2, r.snapshot("")[0]["customers"], 0)
	list := r.moves("c7")
	require.NotEmpty(t, list)
	last := list[len(list)-1]
	assert.Zero(t, last.to)
	assert.NotZero(t, last.from)
	assert.Equal(t, causeSilence, last.cause)

	stale := a.tell(t, "c7", near(1), "feature_as_of", date(3))
	assert.Equal(t, "stale", stale.Status, "an old event does not bring them back")
	back := a.tell(t, "c7", near(1), "feature_as_of", date(46))
	assert.Equal(t, "assigned", back.Status)
	assert.True(t, back.Changed)
	assert.Equal(t, "behaviour", *back.Cause)
	assert.Equal(t, 3, r.verify()["default"])
}

// The history of a customer who has left goes on when they come back, whatever the configuration
// is by then: so it goes whole when they are erased.
func TestAHistoryThatGoesOn(t *testing.T) {
	t.Parallel()
	for name, comesBack := range map[string]string{
		"nobody leaves any more": keyed,
		"as before":              keyed + "forget: { inactive_after: 30d }\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state")
			r := openRig(t, path)
			a := r.assign(keyed + "forget: { inactive_after: 30d }\n")
			twoGroups(t, a, 40)
			a.tell(t, "canary", near(0), "feature_as_of", date(1), "feature_version", 1)
			for n := range 60 {
				a.tell(t, "stays", near(0), "feature_as_of", date(n), "feature_version", n)
			}
			require.Equal(t, 1, r.verify()["default"])
			before := len(r.moves("canary"))
			require.Positive(t, before)
			require.LessOrEqual(t, before, 3)
			r.close()
			r = openRig(t, path)
			a = r.assign(comesBack)
			for n := range 60 {
				a.tell(t, "new"+strconv.Itoa(n), near(n%2), "feature_as_of", date(60), "feature_version", 1)
			}
			a.tell(t, "canary", near(9), "feature_as_of", date(60), "feature_version", 2)
			a.tell(t, "canary", near(0), "feature_as_of", date(61), "feature_version", 3)
			a.tell(t, "canary", near(1), "feature_as_of", date(62), "feature_version", 4)
			assert.Greater(t, len(r.moves("canary")), before)
			r.verify()
			r.forgetter("").forget(t, "canary")
			assert.Empty(t, r.traces("canary"))
			r.verify()
		})
	}
}

// The same events retire the same customers, however they are cut into batches and however
// often the process starts.
func TestRetirementDoesNotGoByBatches(t *testing.T) {
	t.Parallel()
	conf := keyed + "forget: { inactive_after: 10d }\n"
	run := func(size int, restart bool) map[string]any {
		path := filepath.Join(t.TempDir(), "state")
		r := openRig(t, path)
		a := r.assign(conf)
		random, when := rand.New(rand.NewPCG(1, 1)), rand.New(rand.NewPCG(2, 2))
		var batch []*service.Message
		for i := range 3000 {
			batch = append(batch, pointOf("c"+strconv.Itoa(random.IntN(400)), near(random.IntN(2)), "feature_as_of", date(i/20), "feature_version", i+1))
			if len(batch) == size {
				a.pass(t, batch...)
				batch = nil
				if restart && when.IntN(5) == 0 {
					r.close()
					r = openRig(t, path)
					a = r.assign(conf)
				}
			}
		}
		if len(batch) > 0 {
			a.pass(t, batch...)
		}
		return map[string]any{"shown": r.snapshot("micro_clusters: true")[0], "customers": r.verify()["default"]}
	}
	calm := run(3000, false)
	assert.Equal(t, calm, run(50, true))
	assert.Equal(t, calm, run(7, true))
}

// Time that passes is a cause of its own, and no activity.
func TestSilence(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed + "forget: { inactive_after: 30d }\n")
	for i := range 60 {
		a.tell(t, "c"+strconv.Itoa(i), near(i%2), "feature_as_of", date(0))
	}
	before := a.tell(t, "c0", near(0), "feature_as_of", date(1))
	seen := map[string]int{"c0": 1}
	refresh := func(customer string, features map[string]any, day int) result {
		m := message.WithRefresh(pointOf(customer, features), message.Refresh{Customer: customer, At: instantOf(t, date(day)), Seen: instantOf(t, date(seen[customer]))})
		return resultOf(t, a.pass(t, m)[0])
	}
	moved := refresh("c0", near(1), 10)
	assert.True(t, moved.Changed)
	assert.Equal(t, "silence", *moved.Cause)
	assert.Equal(t, *before.ID, *moved.Previous)
	again := refresh("c0", near(1), 10)
	assert.Equal(t, moved, again, "the same again gives the same")
	assert.Equal(t, "stale", refresh("c0", near(0), 9).Status, "a customer who moved meanwhile is not overwritten")
	for day := 11; day < 40; day++ {
		refresh("c0", near(1), day)
	}
	assert.Equal(t, 0, r.verify()["default"], "all have been silent for too long")
	assert.Equal(t, "stale", refresh("c0", near(1), 41).Status, "silence brings nobody back")
	forged := pointOf("c0", near(1), "feature_as_of", date(41), "shoal_refresh", true)
	assert.Equal(t, "assigned", resultOf(t, a.pass(t, forged)[0]).Status, "a producer cannot say that it was silence")
}

// Slots are in the order of time, also before 1970.
func TestActivityKeys(t *testing.T) {
	t.Parallel()
	m := &model{name: "m"}
	before := ""
	for _, slot := range []int64{-1 << 40, -2, -1, 0, 1, 1 << 40} {
		key := string(m.activityKey(slot, "c"))
		assert.Greater(t, key, before, "slot %d", slot)
		before = key
	}
	d := &definition{InactiveAfter: 30 * 24 * time.Hour}
	assert.Equal(t, int64(-1), d.slot(-1))
	assert.Equal(t, int64(0), d.slot(0))
}
