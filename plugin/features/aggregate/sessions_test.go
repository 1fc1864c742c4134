package aggregate_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

var visits = aggregate.Spec{Name: "visits", Agg: aggregate.Sessions, Unit: "minutes"}

// visitsOf are so many visits a day apart, of a few events each.
func visitsOf(random *rand.Rand, n int) (events []purchase) {
	at := start
	for range n {
		for range 1 + random.IntN(4) {
			events = append(events, purchase{at: at})
			at = at.Add(time.Duration(random.Int64N(int64(9 * time.Minute))))
		}
		at = at.Add(31*time.Minute + time.Duration(random.Int64N(int64(day))))
	}
	return events
}

func assertVisits(t *testing.T, plan *aggregate.Plan, c *aggregate.Profile, events []purchase) {
	t.Helper()
	for i, got := range plan.Features(nil, c, c.Newest, nil) {
		assertClose(t, naive(visits, outputsOf(visits)[i], events, time.Unix(0, c.Newest)), got, plan.Names()[i])
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	plan := compile(t, visits)
	codec, layout := codecFor(t, plan)
	random := rand.New(rand.NewPCG(41, 42))
	for range 100 {
		// Four sessions are exact in any order.
		events := visitsOf(random, 1+random.IntN(4))
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		assertVisits(t, plan, apply(plan, events), events)

		// More are while events are not older than the last four.
		events = visitsOf(random, 30)
		for at := 0; at+4 <= len(events); at += 4 {
			random.Shuffle(4, func(i, j int) { events[at+i], events[at+j] = events[at+j], events[at+i] })
		}
		c := apply(plan, events)
		assertVisits(t, plan, c, events)
		require.NoError(t, layout.Checker()(codec.Append(nil, c)))

		// And those that are older than all.
		first := []purchase{{at: start.Add(-time.Duration(random.Int64N(int64(time.Hour))))}}
		plan.Apply(c, first[0].event(plan))
		assertVisits(t, plan, c, append(first, events...))
	}
}

// One that is late by more than four sessions is taken to lie within another.
func TestALateSession(t *testing.T) {
	t.Parallel()
	plan := compile(t, visits)
	events := visitsOf(rand.New(rand.NewPCG(43, 44)), 10)
	c := apply(plan, events)
	before := plan.Features(nil, c, c.Newest, nil)
	plan.Apply(c, purchase{at: start.Add(12 * time.Hour)}.event(plan))
	assert.Equal(t, before, plan.Features(nil, c, c.Newest, nil))
}

func TestMergeOfSessions(t *testing.T) {
	t.Parallel()
	plan := compile(t, visits)
	random := rand.New(rand.NewPCG(45, 46))
	for range 50 {
		events := visitsOf(random, 4)
		merged := apply(plan, nil)
		shuffled := slices.Clone(events)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		at := random.IntN(len(shuffled))
		plan.Merge(merged, apply(plan, shuffled[:at]))
		plan.Merge(merged, apply(plan, shuffled[at:]))
		assertVisits(t, plan, merged, events)
	}
}
