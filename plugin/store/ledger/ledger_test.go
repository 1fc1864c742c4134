package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

func inMemory(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(store.Options{InMemory: true, MemoryBudget: store.MinMemoryBudget})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// apply is one transaction for one event.
func apply(t testing.TB, s *store.Store, l *Ledger, e Event, note uint64) (verdict Verdict, first uint64, err error) {
	t.Helper()
	require.NoError(t, s.Update(context.Background(), l.Locks(nil, e), func(tx *store.Tx) error {
		err = tx.Step(func() (err error) {
			verdict, first, err = l.Apply(tx, e, note)
			return err
		})
		return nil
	}))
	return verdict, first, err
}

func check(t testing.TB, s *store.Store) {
	t.Helper()
	require.NoError(t, s.View(t.Context(), Check))
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(topic string, partition int32, offset int64) Event {
	return Event{Position: &Position{Topic: topic, Partition: partition, Offset: offset, Timestamp: start.UnixMilli() + offset}}
}

// In any order, with gaps and repeats, over partitions, topics and sources, an event is
// fresh once.
func TestPositionsCountOnce(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	type place struct {
		ledger, topic string
		partition     int32
		offset        int64
	}
	ledgers := map[string]*Ledger{
		"plain": New("a", Options{}), "eu": New("a", Options{Source: "eu"}), "other": New("b", Options{}),
	}
	random := rand.New(rand.NewPCG(1, 0))
	applied := map[place]bool{}
	for range 20_000 {
		p := place{
			ledger:    []string{"plain", "eu", "other"}[random.IntN(3)],
			topic:     []string{"orders", "views"}[random.IntN(2)],
			partition: int32(random.IntN(2)),
			offset:    int64(random.IntN(3000))*7%9001 + 4096*int64(random.IntN(3)),
		}
		verdict, _, err := apply(t, s, ledgers[p.ledger], at(p.topic, p.partition, p.offset), 0)
		require.NoError(t, err)
		require.Equal(t, applied[p], verdict == Duplicate, "%+v", p)
		applied[p] = true
	}
	check(t, s)
}

func TestOrderedPositionsTakeFewBytes(t *testing.T) {
	t.Parallel()
	s, l := inMemory(t), New("a", Options{})
	const n = 50_000
	require.NoError(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
		for offset := range int64(n) {
			err := tx.Step(func() error {
				_, _, err := l.Apply(tx, at("orders", 0, offset), 0)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	bytes, records := 0, 0
	require.NoError(t, s.View(t.Context(), func(r store.Reader) error {
		return r.Scan(store.Prefix(store.KindLedger, "a"), func(key, value []byte) error {
			bytes, records = bytes+len(key)+len(value), records+1
			return nil
		})
	}))
	assert.Equal(t, (n+blockSize-1)/blockSize, records)
	t.Logf("%d bytes for a million offsets", bytes*1_000_000/n)
	assert.Less(t, bytes, 500*records)
	check(t, s)
}

func TestIDs(t *testing.T) {
	t.Parallel()
	s, l := inMemory(t), New("a", Options{Window: 24 * time.Hour})
	event := func(id string, after time.Duration) Event { return Event{ID: id, At: start.Add(after)} }
	for i, step := range []struct {
		event Event
		want  Verdict
		first uint64
	}{
		{event("a", 0), Fresh, 0},
		{event("a", 0), Duplicate, 1},
		{event("b", time.Hour), Fresh, 0},
		{event("a", 23*time.Hour), Duplicate, 1},
		{event("c", 24*time.Hour), Fresh, 0},    // the next generation
		{event("a", 0), Duplicate, 1},           // is found for at least one window
		{event("d", time.Hour), Fresh, 0},       // late, and protected
		{event("e", 72*time.Hour), Fresh, 0},    // two more generations
		{event("f", time.Hour), Unprotected, 0}, // so late that it may have been forgotten
		{event("f", time.Hour), Duplicate, 9},   // but it is known from now on
		{event("e", 72*time.Hour), Duplicate, 8},
	} {
		verdict, first, err := apply(t, s, l, step.event, uint64(i+1))
		require.NoError(t, err)
		assert.Equal(t, step.want, verdict, "step %d", i)
		assert.Equal(t, step.first, first, "step %d", i)
	}
	check(t, s)
}

func TestIDsForEver(t *testing.T) {
	t.Parallel()
	s, l := inMemory(t), New("a", Options{})
	for year := range 100 {
		verdict, _, err := apply(t, s, l, Event{ID: strconv.Itoa(year), At: start.AddDate(year, 0, 0)}, 7)
		require.NoError(t, err)
		assert.Equal(t, Fresh, verdict)
	}
	verdict, first, err := apply(t, s, l, Event{ID: "0", At: start}, 8)
	require.NoError(t, err)
	assert.Equal(t, Duplicate, verdict)
	assert.Equal(t, uint64(7), first)
}

// Ids go when two windows have passed: what is kept does not grow with the stream.
func TestOldIDsAreSwept(t *testing.T) {
	t.Parallel()
	s, l := inMemory(t), New("a", Options{Window: time.Hour})
	const perHour = 1000
	for hour := range 20 {
		require.NoError(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
			for i := range perHour {
				err := tx.Step(func() error {
					_, _, err := l.Apply(tx, Event{ID: fmt.Sprint(hour, i), At: start.Add(time.Duration(hour) * time.Hour)}, 0)
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	kept := 0
	require.NoError(t, s.View(t.Context(), func(r store.Reader) error {
		return r.Scan(store.Prefix(store.KindEventID, "a"), func([]byte, []byte) error { kept++; return nil })
	}))
	assert.Less(t, kept, 5*perHour)
	check(t, s)
}

// Against a model: whatever the order, an id is found for at least one window of event
// time, and what is called fresh or unprotected was not there or is older than that.
func TestIDsAgainstAModel(t *testing.T) {
	t.Parallel()
	const window = time.Hour
	s, l := inMemory(t), New("a", Options{Window: window})
	random := rand.New(rand.NewPCG(3, 0))
	type first struct {
		note   uint64
		newest time.Time // event time of the stream when it was applied
	}
	applied := map[string]first{}
	newest, kinds := start, map[Verdict]int{}
	for note := range uint64(8000) {
		// Events come in the order of time, but for some that are late, up to five windows.
		at := start.Add(time.Duration(note) * time.Minute / 4)
		if random.IntN(4) == 0 {
			at = at.Add(-time.Duration(random.Int64N(int64(5 * window))))
		}
		if at.After(newest) {
			newest = at
		}
		id := strconv.FormatInt(at.Unix()/90, 10)
		verdict, found, err := apply(t, s, l, Event{ID: id, At: at}, note)
		require.NoError(t, err)
		kinds[verdict]++
		before, known := applied[id]
		switch verdict {
		case Duplicate:
			require.True(t, known)
			require.Equal(t, before.note, found)
			continue
		case Unprotected:
			require.Greater(t, newest.Sub(at), window)
		default:
			require.LessOrEqual(t, newest.Sub(at), 2*window)
		}
		if known {
			require.Greater(t, newest.Sub(before.newest), window, "it was forgotten too early")
		}
		applied[id] = first{note, newest}
	}
	for _, verdict := range []Verdict{Fresh, Duplicate, Unprotected} {
		assert.Greater(t, kinds[verdict], 100)
	}
	check(t, s)
}

// Check finds what is not as this package writes it.
func TestCheck(t *testing.T) {
	t.Parallel()
	b := newBlock()
	b.add(1, 0, false)
	good := b.append(nil)
	position := make([]byte, 1+1+4+8)
	id := append([]byte{idKey}, make([]byte, 8+16)...)
	for name, record := range map[string]struct {
		kind       store.Kind
		key, value []byte
		want       string
	}{
		"a block":                {store.KindLedger, position, good, ""},
		"an id":                  {store.KindEventID, id, []byte{7}, ""},
		"a generation":           {store.KindEventID, []byte{newestKey}, []byte{7}, ""},
		"a block cut short":      {store.KindLedger, position, good[:len(good)-1], "applied offsets is damaged"},
		"runs in two pieces":     {store.KindLedger, position, append(slices.Clone(good), 0, 1), "applied offsets is damaged"},
		"a key of no position":   {store.KindLedger, position[:5], good, "applied offsets is damaged"},
		"a part":                 {store.KindLedger, append(slices.Clone(position), 200, 1), good, ""},
		"a part of no number":    {store.KindLedger, append(slices.Clone(position), 0), good, "applied offsets is damaged"},
		"a position too long":    {store.KindLedger, append(slices.Clone(position), 1, 1), good, "applied offsets is damaged"},
		"a key of no id":         {store.KindEventID, id[:9], []byte{7}, "event ids is damaged"},
		"a note with more to it": {store.KindEventID, id, []byte{7, 7}, "event ids is damaged"},
		"an empty note":          {store.KindEventID, id, nil, "event ids is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := inMemory(t)
			require.NoError(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
				return tx.Step(func() error {
					tx.Set(store.Key(record.kind, "features/default", record.key), record.value)
					return nil
				})
			}))
			err := s.View(t.Context(), Check)
			if record.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, `ledger "features/default"`)
			require.ErrorContains(t, err, record.want)
		})
	}
}

func TestEitherIdentitySuffices(t *testing.T) {
	t.Parallel()
	s, l := inMemory(t), New("a", Options{})
	both := at("orders", 0, 1)
	both.ID = "x"
	_, _, err := apply(t, s, l, both, 5)
	require.NoError(t, err)
	for _, e := range []Event{both, at("orders", 0, 1), {ID: "x"}} {
		verdict, _, err := apply(t, s, l, e, 6)
		require.NoError(t, err)
		assert.Equal(t, Duplicate, verdict)
	}
	verdict, _, err := apply(t, s, l, Event{}, 0)
	require.NoError(t, err)
	assert.Equal(t, Fresh, verdict, "what cannot be told apart is always fresh")
}

// Where ids are remembered, they tell apart what has one position. What was applied without an
// id, or may have been forgotten, is known by its position still.
func TestIDsAtOnePosition(t *testing.T) {
	t.Parallel()
	s, l := inMemory(t), New("a", Options{Window: time.Hour})
	named := func(offset int64, id string, hour int) Event {
		e := at("orders", 0, offset)
		e.ID, e.At = id, start.Add(time.Duration(hour)*time.Hour)
		return e
	}
	for i, step := range []struct {
		event Event
		want  Verdict
	}{
		{named(1, "a", 0), Fresh},
		{named(1, "b", 0), Fresh},
		{named(1, "a", 0), Duplicate},
		{named(1, "b", 0), Duplicate},
		{named(1, "", 0), Duplicate},
		{named(2, "", 0), Fresh},
		{named(2, "c", 0), Duplicate}, // ids were turned on since
		{named(3, "d", 9), Fresh},
		{named(1, "e", 0), Duplicate}, // its id may have been forgotten
		{named(4, "f", 0), Unprotected},
	} {
		verdict, _, err := apply(t, s, l, step.event, 0)
		require.NoError(t, err)
		assert.Equal(t, step.want, verdict, "step %d", i)
	}
	check(t, s)
}

func TestARolledBackStepLeavesNoMark(t *testing.T) {
	t.Parallel()
	s, l := inMemory(t), New("a", Options{Window: time.Hour})
	e := at("orders", 0, 1)
	e.ID, e.At = "x", start
	require.Error(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
		return tx.Step(func() error {
			_, _, err := l.Apply(tx, e, 0)
			require.NoError(t, err)
			return assert.AnError
		})
	}))
	verdict, _, err := apply(t, s, l, e, 0)
	require.NoError(t, err)
	assert.Equal(t, Fresh, verdict)
}

// A topic that was deleted and made anew begins at offset 0 again, with other times: that
// is an error with its remedy, not a silent loss.
func TestARecreatedTopic(t *testing.T) {
	t.Parallel()
	s, l := inMemory(t), New("features/default", Options{})
	for offset := range int64(10) {
		_, _, err := apply(t, s, l, at("orders", 3, offset), 0)
		require.NoError(t, err)
	}
	again := at("orders", 3, 4)
	again.Position.Timestamp = start.AddDate(1, 0, 0).UnixMilli()
	_, _, err := apply(t, s, l, again, 0)
	require.ErrorIs(t, err, ErrRecreated)
	require.ErrorContains(t, err, `offset 4 of topic "orders", partition 3, has the timestamp 2027-01-01T00:00:00Z, and was applied before among offsets of 2026-01-01T00:00:00Z to 2026-01-01T00:00:00Z: the topic was recreated; nothing was changed; set source to a new name`)
	verdict, _, err := apply(t, s, New("features/default", Options{Source: "2027"}), again, 0)
	require.NoError(t, err)
	assert.Equal(t, Fresh, verdict)

	l = New("features/default", Options{}) // after a restart
	silent := at("orders", 3, 4)
	silent.Position.Timestamp = 0
	verdict, _, err = apply(t, s, l, silent, 0)
	require.NoError(t, err)
	assert.Equal(t, Duplicate, verdict, "a source without timestamps says nothing against it")
	_, _, err = apply(t, s, l, at("orders", 3, -1), 0)
	require.ErrorContains(t, err, "offsets are never negative")
}

// No event of a topic that was made anew is taken for one of the old topic: it is applied,
// or refused aloud. Where batches overtake each other, a few can slip through, within the
// span of offsets where the old topic ended.
func TestARecreatedTopicInAnyOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 0))
	event := func(epoch int, offset int64) Event {
		e := at("orders", 0, offset)
		e.Position.Timestamp = start.AddDate(epoch, 0, 0).UnixMilli() + 10*offset + random.Int64N(1000) // not quite in order
		return e
	}
	for round := range 60 {
		s, l := inMemory(t), New("a", Options{})
		old, again := random.Int64N(700), 1+random.Int64N(700)
		for offset := range old {
			_, _, err := apply(t, s, l, event(0, offset), 0)
			require.NoError(t, err)
		}
		var batches [][]Event
		for offset := int64(0); offset < again; {
			var batch []Event
			for range 1 + random.Int64N(100) {
				if offset < again {
					batch = append(batch, event(1, offset))
				}
				offset++
			}
			batches = append(batches, batch)
		}
		overtake := round%2 == 1
		for i := range batches {
			if j := i + random.IntN(4); overtake && j < len(batches) { // of four threads
				batches[i], batches[j] = batches[j], batches[i]
			}
		}
		refused := 0
		for _, batch := range batches {
			for _, e := range batch {
				verdict, _, err := apply(t, s, l, e, 0)
				if err != nil {
					require.ErrorIs(t, err, ErrRecreated)
					refused++
				} else if offset := e.Position.Offset; !overtake || offset/spanSize != (old-1)/spanSize {
					require.Equal(t, Fresh, verdict, "old %d, again %d, offset %d", old, again, offset)
				}
			}
		}
		if old > 0 {
			assert.Positive(t, refused)
		}
		check(t, s)
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	l, seen := New("a", Options{}), map[Fingerprint]string{}
	events := []Event{{ID: "x"}, {ID: "y"}}
	for _, topic := range []string{"orders", "views"} {
		for _, offset := range []int64{0, 1, 256, 4095, 4096, 4097} {
			e := at(topic, 1, offset)
			events = append(events, e)
			e.ID = "x"
			events = append(events, e)
			part := *e.Position
			part.Part = 1
			events = append(events, Event{Position: &part})
		}
	}
	for _, e := range events {
		print, known := l.Fingerprint(e)
		require.True(t, known)
		name := fmt.Sprintf("%+v %+v", e, e.Position)
		assert.Empty(t, seen[print], name)
		seen[print] = name
	}
	_, known := l.Fingerprint(Event{At: start})
	assert.False(t, known)
}

// A block holds what was added, in the form that is shortest, and reads what it wrote.
func TestBlocks(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 0))
	for _, density := range []float64{0, .001, .01, .5, .99, 1} {
		want := map[int64]bool{}
		for offset := range int64(blockSize) {
			if random.Float64() < density {
				want[offset] = true
			}
		}
		for _, named := range []func(offset int64) bool{
			func(int64) bool { return false },
			func(int64) bool { return true },
			func(offset int64) bool { return offset%3 == 0 },
		} {
			b := newBlock()
			for offset := range int64(blockSize) {
				if want[offset] {
					b.add(offset, start.UnixMilli()+offset, named(offset))
				}
			}
			record := b.append(nil)
			assert.LessOrEqual(t, len(record), 2*blockSize/8+24+8*blockSize/spanSize)
			decoded, err := decodeBlock(record)
			require.NoError(t, err)
			for offset := range int64(blockSize) {
				require.Equal(t, want[offset], decoded.has(offset))
				require.Equal(t, want[offset] && named(offset), decoded.isNamed(offset))
			}
			assert.Equal(t, record, decoded.append(nil))
		}
	}
}

func FuzzDecodeBlock(f *testing.F) {
	b := newBlock()
	b.add(17, 1000, false)
	f.Add(b.append(nil))
	b.add(18, 1000, true)
	f.Add(b.append(nil))
	f.Add([]byte{blockVersion, formRuns, namedNone, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 1})
	f.Fuzz(func(t *testing.T, record []byte) {
		b, err := decodeBlock(record)
		if err != nil {
			return
		}
		again, err := decodeBlock(b.append(nil))
		require.NoError(t, err)
		assert.Equal(t, b, again)
	})
}
