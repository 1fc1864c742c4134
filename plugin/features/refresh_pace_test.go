package features

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sweepers are customers in a ring, swept with a clock that the test sets.
type sweepers struct {
	pace  pace
	now   int64
	next  int
	turns []int // of each customer
}

func sweep(every, slack time.Duration, customers int) *sweepers {
	return &sweepers{pace: pace{every: every, slack: slack}, turns: make([]int, customers)}
}

// pass lets time pass, and returns how many turns there were.
func (s *sweepers) pass(d time.Duration) (turns int) {
	s.now += int64(d)
	turns = s.pace.turns(s.now, len(s.turns))
	for range turns {
		s.turns[s.next]++
		s.next = (s.next + 1) % len(s.turns)
	}
	s.pace.take(turns, len(s.turns))
	return turns
}

// In each period everybody has one turn, and the turns are spread evenly: whether they are
// few or many, and however often somebody looks.
func TestPaceIsEven(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, test := range map[string]struct {
		every     time.Duration
		customers int
		look      time.Duration
	}{
		"10 customers in a day":        {day, 10, time.Minute},
		"one customer":                 {day, 1, time.Minute},
		"a million in an hour":         {time.Hour, 1_000_000, time.Second},
		"1003 in a day, often":         {day, 1003, time.Second},
		"7 in a second":                {time.Second, 7, 10 * time.Millisecond},
		"everybody at once, in a year": {365 * day, 3, 100 * day},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sweep(test.every, test.every, test.customers)
			share := float64(test.customers) * float64(test.look) / float64(test.every)
			for range 3*test.every/test.look + 1 {
				require.InDelta(t, share, s.pass(test.look), 1, "in one look")
			}
			for customer, turns := range s.turns {
				require.InDelta(t, 3, turns, 1, "customer %d", customer)
			}
		})
	}
}

// A clock that stands still after a jump leaves nobody out, and gives nobody two turns.
func TestPaceAfterAJump(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		every := time.Duration(1 + random.Int64N(int64(400*24*time.Hour)))
		customers := 1 + random.IntN(3000)
		s := pace{every: every, slack: every, at: random.Int64N(1 << 60)}
		now := s.at + int64(every) + random.Int64N(1<<60)
		total := 0
		for {
			turns := min(s.turns(now, customers), 200)
			if turns == 0 {
				break
			}
			s.take(turns, customers)
			total += turns
		}
		require.Equal(t, customers, total, "%v, %d customers", every, customers)
	}
}

func TestPaceDoesNotBurst(t *testing.T) {
	t.Parallel()
	s := sweep(time.Hour, time.Minute, 60_000) // 1000 in a minute
	s.pass(time.Minute)
	assert.Equal(t, 1000, s.pass(3*24*time.Hour), "what three days missed is not made up for")
	assert.Zero(t, s.pass(-24*time.Hour), "a clock that is set back")
	assert.InDelta(t, 1000, s.pass(time.Minute), 1, "it goes on from there")

	assert.Zero(t, s.pace.turns(never, 10), "there is no time without events")
	assert.Zero(t, s.pace.turns(s.now, 0), "there is nobody")
	fresh := pace{every: time.Hour, slack: time.Hour, at: never}
	assert.Equal(t, 5, fresh.turns(0, 5), "the first start: a whole pass")
	early := pace{every: 1 << 62, slack: 1 << 62, at: never}
	assert.Equal(t, 0, early.turns(never+1, 5), "before the beginning of time")
}

// The rest is until the next turn: no busy loop, and no sleep over a change.
func TestPaceRests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		every     time.Duration
		customers int
		want      time.Duration
	}{
		{24 * time.Hour, 10, time.Minute},
		{24 * time.Hour, 0, time.Minute},
		{24 * time.Hour, 10_000, 8640 * time.Millisecond},
		{24 * time.Hour, 1_000_000, time.Second},
		{time.Hour, 1_000_000, time.Second},
		{time.Second, 4, 250 * time.Millisecond},
		{time.Second, 0, time.Second},
		{time.Millisecond, 10, 10 * time.Millisecond},
	} {
		p := pace{every: test.every, slack: test.every}
		assert.Equal(t, test.want, p.rest(0, test.customers), "%v, %d", test.every, test.customers)
	}
}

func FuzzProgress(f *testing.F) {
	f.Add(progress{after: "c17", at: never}.encode())
	f.Add([]byte{progressVersion})
	f.Fuzz(func(t *testing.T, stored []byte) {
		p, err := decodeProgress(stored)
		if err != nil {
			require.ErrorIs(t, err, errProgress)
			return
		}
		again, err := decodeProgress(p.encode())
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}
