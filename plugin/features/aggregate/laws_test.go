package aggregate_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// exactly are the aggregates whose records are equal to the bit in any order.
func exactly() (specs []aggregate.Spec) {
	for _, spec := range inAnyOrder {
		switch spec.Agg {
		case aggregate.Mix, aggregate.Entropy, aggregate.Top:
		case aggregate.Variance, aggregate.StdDev, aggregate.ZScore, aggregate.Circular:
			continue
		}
		if spec.HalfLife == 0 {
			specs = append(specs, spec)
		}
	}
	return specs
}

// life in which events lie within what days and sketches hold exactly, some absurdly large.
func ordinaryEvents(random *rand.Rand, n int) []purchase {
	events := randomEvents(random, n)
	for i := range events {
		if random.IntN(40) == 0 {
			events[i].amount *= 1e15
		}
	}
	return events
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	plan := compile(t, inAnyOrder...)
	bits := compile(t, exactly()...)
	codec, _ := codecFor(t, bits)
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		events := ordinaryEvents(random, 2+random.IntN(100))
		before, record := apply(plan, events), codec.Append(nil, apply(bits, events))
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		assertEquivalent(t, plan, before, apply(plan, events))
		require.Equal(t, record, codec.Append(nil, apply(bits, events)))
	}
}

// assertEquivalent compares two profiles of the same events, to 1e-9.
func assertEquivalent(t *testing.T, plan *aggregate.Plan, want, got *aggregate.Profile) {
	t.Helper()
	assert.Equal(t, want.Events, got.Events)
	assert.Equal(t, want.Oldest, got.Oldest)
	assert.Equal(t, want.Newest, got.Newest)
	features := plan.Features(nil, want, want.Newest, nil)
	for i, x := range plan.Features(nil, got, got.Newest, nil) {
		assertClose(t, features[i], x, plan.Names()[i])
	}
}

// However events are split between states, merging them gives what one would have.
func TestMergeOfAnySplit(t *testing.T) {
	t.Parallel()
	plan := compile(t, inAnyOrder...)
	bits := compile(t, exactly()...)
	codec, layout := codecFor(t, bits)
	check := layout.Checker()
	random := rand.New(rand.NewPCG(13, 14))
	for range 100 {
		events := ordinaryEvents(random, 2+random.IntN(100))
		parts := make([][]purchase, 1+random.IntN(5))
		for _, e := range events {
			part := random.IntN(len(parts))
			parts[part] = append(parts[part], e)
		}
		merged, exact := apply(plan, nil), apply(bits, nil)
		for _, part := range parts {
			from := apply(plan, part)
			before := plan.Features(nil, from, from.Newest, nil)
			plan.Merge(merged, from)
			for i, x := range plan.Features(nil, from, from.Newest, nil) {
				assertClose(t, before[i], x, "what is merged stays: "+plan.Names()[i])
			}
			bits.Merge(exact, apply(bits, part))
		}
		assertEquivalent(t, plan, apply(plan, events), merged)
		record := codec.Append(nil, exact)
		require.Equal(t, codec.Append(nil, apply(bits, events)), record)
		require.NoError(t, check(record))
	}
}

// Late by up to the reach of windows, nothing is lost.
func TestLateByTwoYears(t *testing.T) {
	t.Parallel()
	plan := compile(t, exactly()...)
	codec, _ := codecFor(t, plan)
	random := rand.New(rand.NewPCG(15, 16))
	events := ordinaryEvents(random, 200)
	record := codec.Append(nil, apply(plan, events))
	for i := range events {
		late := append(append([]purchase{}, events[:i]...), events[i+1:]...)
		require.Equal(t, record, codec.Append(nil, apply(plan, append(late, events[i]))), "event %d comes last", i)
	}
}

// Equal profiles come of equal events, also through records.
func TestRecordsInBetweenDoNotMatter(t *testing.T) {
	t.Parallel()
	plan := compile(t, everything...)
	codec, _ := codecFor(t, plan)
	random := rand.New(rand.NewPCG(17, 18))
	for range 20 {
		events := ordinaryEvents(random, 60)
		var c aggregate.Profile
		plan.Reset(&c)
		for _, e := range events {
			plan.Apply(&c, e.event(plan))
			record := codec.Append(nil, &c)
			require.NoError(t, codec.Decode(record, &c))
		}
		assertSame(t, plan, codec, apply(plan, events), &c)
	}
}
