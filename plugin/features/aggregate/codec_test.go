package aggregate_test

import (
	"encoding/hex"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

func codecFor(t testing.TB, plan *aggregate.Plan) (*aggregate.Codec, aggregate.Layout) {
	t.Helper()
	layout, _ := aggregate.Layout{}.With(plan)
	codec, err := layout.Codec(plan)
	require.NoError(t, err)
	return codec, layout
}

// assertSame compares two profiles to the bit, also in what they become.
func assertSame(t *testing.T, plan *aggregate.Plan, codec *aggregate.Codec, want, got *aggregate.Profile) {
	t.Helper()
	assert.Equal(t, codec.Append(nil, want), codec.Append(nil, got))
	assert.Equal(t, []int64{want.Oldest, want.Newest, int64(want.Events)}, []int64{got.Oldest, got.Newest, int64(got.Events)})
	features := plan.Features(nil, want, want.Newest, nil)
	for i, x := range plan.Features(nil, got, got.Newest, nil) {
		assert.Equal(t, math.Float64bits(features[i]), math.Float64bits(x), plan.Names()[i])
	}
}

func TestRecordKeepsTheProfileToTheBit(t *testing.T) {
	t.Parallel()
	plan := compile(t, everything...)
	codec, layout := codecFor(t, plan)
	check := layout.Checker()
	random := rand.New(rand.NewPCG(7, 8))
	for round := range 200 {
		events := randomEvents(random, 1+random.IntN(40))
		for i := range events {
			events[i].at = events[i].at.Truncate([]time.Duration{1, time.Microsecond, time.Millisecond, time.Second}[round%4])
		}
		c := apply(plan, events)
		record := codec.Append(nil, c)
		require.NoError(t, check(record))
		var got aggregate.Profile
		require.NoError(t, codec.Decode(record, &got))
		assertSame(t, plan, codec, c, &got)
	}
}

func TestRecordOfExtremeTimes(t *testing.T) {
	t.Parallel()
	plan := compile(t, everything...)
	codec, layout := codecFor(t, plan)
	for _, times := range [][]int64{
		{math.MinInt64, math.MaxInt64},
		{math.MaxInt64, math.MinInt64},
		{0, math.MinInt64},
		{-1, 1},
		{-1e9, 5e9},
		{-9223372036 * 1e9, 9223372036 * 1e9},
		{-1500, 1500},
	} {
		var c, got aggregate.Profile
		plan.Reset(&c)
		for _, at := range times {
			e := purchase{kind: "purchase", amount: 1}.event(plan)
			e.At = at
			plan.Apply(&c, e)
		}
		record := codec.Append(nil, &c)
		require.NoError(t, codec.Decode(record, &got), times)
		assertSame(t, plan, codec, &c, &got)
		assert.NoError(t, layout.Checker()(record), times)
	}
}

// Numbers as large and as small as there are, at times near and as far apart as can be.
func TestRecordOfExtremeNumbers(t *testing.T) {
	t.Parallel()
	plan := compile(t, everything...)
	codec, layout := codecFor(t, plan)
	check := layout.Checker()
	numbers := []float64{1e200, math.MaxFloat64, -math.MaxFloat64, 1e-300, 0, 1e30, 3e-13, 12.34}
	random := rand.New(rand.NewPCG(71, 72))
	for range 500 {
		var c, got aggregate.Profile
		plan.Reset(&c)
		for range 1 + random.IntN(50) {
			e := purchase{kind: "purchase", amount: numbers[random.IntN(len(numbers))], category: "bags", deal: yes}.event(plan)
			e.At = start.UnixNano() + random.Int64N(int64(4000*day))
			if random.IntN(20) == 0 {
				e.At = []int64{math.MinInt64, math.MaxInt64}[random.IntN(2)]
			}
			plan.Apply(&c, e)
		}
		record := codec.Append(nil, &c)
		require.NoError(t, codec.Decode(record, &got))
		require.NoError(t, check(record))
		assertSame(t, plan, codec, &c, &got)
	}
}

// A change of these bytes is a change of the format: raise its version.
func TestRecordFormat(t *testing.T) {
	t.Parallel()
	plan := compile(t,
		aggregate.Spec{Name: "orders", Agg: aggregate.Count, On: []string{"purchase"}},
		aggregate.Spec{Name: "chats", Agg: aggregate.Count, On: []string{"chat"}},
		aggregate.Spec{Name: "spend", Agg: aggregate.Sum, On: []string{"purchase"}, Of: "amount", HalfLife: day},
	)
	codec, layout := codecFor(t, plan)
	c := apply(plan, []purchase{{at: start, kind: "purchase", amount: 12}, {at: start.Add(day), kind: "purchase", amount: 3}, {at: start.Add(day + time.Minute), kind: "view"}})
	assert.Equal(t,
		"0403"+"03"+"b8fdbade09"+"bca305"+ // version, seconds, 3 events, newest, oldest
			"00"+"02"+"3c"+ // slot 0: 2 events, the newest 60 s before
			"03"+"bff003"+"c044", // slot 2: one skipped, the same events; 1.5 of them, 9 of amount
		hex.EncodeToString(codec.Append(nil, c)))
	assert.JSONEq(t, `{"version":3,"slots":[
		{"form":"events","on":["purchase"]},
		{"form":"events","on":["chat"]},
		{"form":"sum","on":["purchase"],"of":"amount","half_life":86400000000000}]}`, string(layout.Append(nil)))
}

// The same holds for the records of all states that are exact: of the others, processors
// may round the last digit differently.
func TestRecordFormatOfAllStates(t *testing.T) {
	t.Parallel()
	plan := compile(t, append(exactly(), everything[len(inAnyOrder):]...)...)
	codec, _ := codecFor(t, plan)
	hash := fnv.New64a()
	for n := range 200 {
		c := apply(plan, randomEvents(rand.New(rand.NewPCG(61, uint64(n))), n))
		hash.Write(codec.Append(nil, c))
	}
	assert.Equal(t, uint64(0x820d7dc05a7f525c), hash.Sum64())
}

func TestChangeOfSpecs(t *testing.T) {
	t.Parallel()
	orders := aggregate.Spec{Name: "orders", Agg: aggregate.Count, On: []string{"purchase"}}
	spend := aggregate.Spec{Name: "spend", Agg: aggregate.Sum, On: []string{"purchase"}, Of: "amount"}
	faded := aggregate.Spec{Name: "spend", Agg: aggregate.Sum, On: []string{"purchase"}, Of: "amount", HalfLife: day}
	taste := aggregate.Spec{Name: "taste", Agg: aggregate.Mix, Of: "category", Values: []string{"bags"}}
	basket := aggregate.Spec{Name: "basket", Agg: aggregate.Mean, On: []string{"purchase"}, Of: "amount"}
	event := purchase{at: start, kind: "purchase", amount: 10, category: "bags"}
	null := math.NaN()

	for name, change := range map[string]struct {
		before, after []aggregate.Spec
		want          []float64 // after one event before the change and one after it
	}{
		"nothing":         {[]aggregate.Spec{orders, spend}, []aggregate.Spec{orders, spend}, []float64{2, 20}},
		"order":           {[]aggregate.Spec{orders, spend}, []aggregate.Spec{spend, orders}, []float64{20, 2}},
		"added":           {[]aggregate.Spec{orders}, []aggregate.Spec{taste, orders, spend}, []float64{1, 0, 2, 10}},
		"removed":         {[]aggregate.Spec{taste, spend, orders}, []aggregate.Spec{orders}, []float64{2}},
		"half-life":       {[]aggregate.Spec{orders, spend}, []aggregate.Spec{orders, faded}, []float64{2, 10}},
		"another reading": {[]aggregate.Spec{spend}, []aggregate.Spec{basket}, []float64{10}},
		"renamed":         {[]aggregate.Spec{spend}, []aggregate.Spec{{Name: "total", Agg: aggregate.Sum, On: []string{"purchase"}, Of: "amount", Transform: aggregate.Sqrt}}, []float64{math.Sqrt(20)}},
		"everything":      {[]aggregate.Spec{spend}, []aggregate.Spec{taste, {Name: "r", Agg: aggregate.Mean, On: []string{"chat"}, Of: "amount"}}, []float64{1, 0, null}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := compile(t, change.before...)
			oldCodec, oldLayout := codecFor(t, old)
			record := oldCodec.Append(nil, apply(old, []purchase{event}))

			plan := compile(t, change.after...)
			stored, err := aggregate.DecodeLayout(oldLayout.Append(nil))
			require.NoError(t, err)
			_, err = stored.Codec(plan)
			layout, grew := stored.With(plan)
			assert.Equal(t, grew, err != nil, "a layout that must grow first has no codec")
			codec, err := layout.Codec(plan)
			require.NoError(t, err)
			_, again := layout.With(old)
			assert.False(t, again, "the old slots are still there")

			var c aggregate.Profile
			require.NoError(t, codec.Decode(record, &c))
			plan.Apply(&c, event.event(plan))
			for i, got := range plan.Features(nil, &c, c.Newest, nil) {
				assertClose(t, change.want[i], got, plan.Names()[i])
			}
			assert.Equal(t, uint64(2), c.Events)
			assert.NoError(t, layout.Checker()(codec.Append(nil, &c)))
		})
	}
}

// Another window sees the past if it is on the same side of seven days, as the description
// of the field says.
func TestChangeOfWindows(t *testing.T) {
	t.Parallel()
	counting := func(window time.Duration) *aggregate.Plan {
		return compile(t, aggregate.Spec{Name: "n", Agg: aggregate.Count, Window: window})
	}
	for _, test := range []struct {
		before, after time.Duration
		want          float64 // of three events before the change and one after it
	}{
		{30 * day, 7 * day, 4},
		{7 * day, 1024 * day, 4},
		{time.Hour, 6 * day, 4},
		{30 * day, 6 * day, 1},
		{6 * day, 7 * day, 1},
	} {
		old, plan := counting(test.before), counting(test.after)
		codec, layout := codecFor(t, old)
		record := codec.Append(nil, apply(old, []purchase{{at: start}, {at: start.Add(day)}, {at: start.Add(2 * day)}}))
		layout, _ = layout.With(plan)
		codec, err := layout.Codec(plan)
		require.NoError(t, err)
		var c aggregate.Profile
		require.NoError(t, codec.Decode(record, &c))
		plan.Apply(&c, purchase{at: start.Add(3 * day)}.event(plan))
		assert.InDelta(t, test.want, plan.Features(nil, &c, c.Newest, nil)[0], 0, "%v after %v", test.after, test.before)
	}
}

// A record that holds everything is read by a plan of any one feature, and what the plan
// does not keep is passed over.
func TestRecordOfMoreThanIsKept(t *testing.T) {
	t.Parallel()
	all := compile(t, everything...)
	writer, layout := codecFor(t, all)
	c := apply(all, randomEvents(rand.New(rand.NewPCG(19, 20)), 80))
	record := writer.Append(nil, c)
	want := all.Features(nil, c, c.Newest, nil)
	at := 0
	for _, spec := range everything {
		plan := compile(t, spec)
		reader, err := layout.Codec(plan)
		require.NoError(t, err)
		var one, again aggregate.Profile
		require.NoError(t, reader.Decode(record, &one))
		require.NoError(t, reader.Decode(reader.Append(nil, &one), &again))
		got := plan.Features(nil, &again, again.Newest, nil)
		for i, x := range got {
			assertClose(t, want[at], x, plan.Names()[i])
			at++
		}
	}
}

func TestLayoutRefuses(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`{`:                                "reading a layout",
		`{"version":2}`:                    "version 2",
		`{"version":3,"slots":[{}]}`:       "slot 0 is of an unknown form",
		`{"version":3,"slots":["events"]}`: "reading a layout",
		`{"version":3,"slots":[{"form":"events","half_life":-1}]}`:         "slot 0 is of an unknown form",
		`{"version":3,"slots":[{"form":"tiles"}]}`:                         "slot 0 is of an unknown form",
		`{"version":3,"slots":[{"form":"circular","period":"fortnight"}]}`: "slot 0 is of an unknown form",
		`{"version":3,"slots":[{"form":"sessions"}]}`:                      "slot 0 is of an unknown form",
	} {
		_, err := aggregate.DecodeLayout([]byte(data))
		assert.ErrorContains(t, err, want, data)
	}
}

func TestCheckerFindsWhatCannotBe(t *testing.T) {
	t.Parallel()
	plan := compile(t, aggregate.Spec{Name: "spend", Agg: aggregate.Sum, Of: "amount", HalfLife: day})
	codec, layout := codecFor(t, plan)
	good := codec.Append(nil, apply(plan, []purchase{{at: start, amount: 12}, {at: start, amount: 3}}))
	check := layout.Checker()
	require.NoError(t, check(good))
	for name, damage := range map[string]func(r []byte) []byte{
		"empty":                    func([]byte) []byte { return nil },
		"a newer version":          func(r []byte) []byte { r[0]++; return r },
		"a unit that is not there": func(r []byte) []byte { r[1] = 4; return r },
		"cut short":                func(r []byte) []byte { return r[:len(r)-1] },
		"too long":                 func(r []byte) []byte { return append(r, 0) },
		"more events than all":     func(r []byte) []byte { r[2] = 1; return r },
		"no events":                func(r []byte) []byte { r[2] = 0; return r },
	} {
		record := damage(append([]byte(nil), good...))
		require.ErrorIs(t, check(record), aggregate.ErrRecord, name)
	}
	// An event without an amount makes the customer's newest time later, not the
	// measure's, so a weight above the number of events is the only thing wrong here.
	bad := apply(plan, []purchase{{at: start, amount: 12}})
	wrong := codec.Append(nil, bad)
	wrong[len(wrong)-4] = 0xc0 // 1 becomes 2^513
	assert.Error(t, check(wrong))
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	plan := compile(t, everything...)
	codec, _ := codecFor(t, plan)
	events := randomEvents(rand.New(rand.NewPCG(9, 10)), 30)
	record := codec.Append(make([]byte, 0, 1024), apply(plan, events))
	event := events[0].event(plan)
	features := make([]float64, 0, len(plan.Names()))
	var c aggregate.Profile
	plan.Reset(&c)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if err := codec.Decode(record, &c); err != nil {
			t.Error(err)
		}
		plan.Apply(&c, event)
		record = codec.Append(record[:0], &c)
		features = plan.Features(features[:0], &c, c.Newest, nil)
	}))
}

func FuzzDecode(f *testing.F) {
	plan := compile(f, everything...)
	codec, layout := codecFor(f, plan)
	random := rand.New(rand.NewPCG(11, 12))
	for range 5 {
		f.Add(codec.Append(nil, apply(plan, randomEvents(random, 20))))
	}
	check := layout.Checker()
	event, other := randomEvents(random, 1)[0].event(plan), apply(plan, randomEvents(random, 20))
	f.Fuzz(func(t *testing.T, record []byte) {
		var c, again aggregate.Profile
		if codec.Decode(record, &c) != nil {
			return
		}
		plan.Features(nil, &c, c.Newest, nil)
		plan.Votes(nil, &c, c.Newest, nil)
		if check(record) != nil {
			// It may say anything, but has to be of use to go on with.
			plan.Apply(&c, event)
			plan.Merge(&c, other)
			codec.Append(nil, &c)
			return
		}
		require.NoError(t, codec.Decode(codec.Append(nil, &c), &again))
		assertSame(t, plan, codec, &c, &again)
	})
}

func FuzzDecodeLayout(f *testing.F) {
	_, layout := codecFor(f, compile(f, everything...))
	f.Add(layout.Append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		layout, err := aggregate.DecodeLayout(data)
		if err != nil {
			return
		}
		again, err := aggregate.DecodeLayout(layout.Append(nil))
		require.NoError(t, err)
		assert.Equal(t, layout.Append(nil), again.Append(nil))
		_ = layout.Checker()([]byte{3, 3, 1, 2, 0})
	})
}
