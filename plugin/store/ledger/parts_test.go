package ledger

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// message is one of a batch: where it stands, and what it says.
type message struct {
	offset, timestamp int64
	content           string
}

func numbered(batch []message) (numbers []int, asked int) {
	parts := NewParts(len(batch), func(i int) ([]byte, error) {
		asked++
		if batch[i].content == "damaged" {
			return nil, errors.New("damaged")
		}
		return []byte(batch[i].content), nil
	})
	for i, m := range batch {
		p := &Position{Topic: "t", Offset: m.offset, Timestamp: m.timestamp}
		parts.Number(i, p)
		numbers = append(numbers, p.Part)
	}
	return numbers, asked
}

func TestParts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		batch []message
		want  []int
		asked int
	}{
		"messages of their own": {[]message{{1, 0, "a"}, {2, 0, "a"}, {3, 0, "b"}}, []int{0, 0, 0}, 0},
		"one split":             {[]message{{1, 0, "a"}, {1, 0, "b"}, {1, 0, "c"}}, []int{0, 1, 2}, 3},
		"one twice":             {[]message{{1, 0, "a"}, {1, 0, "a"}}, []int{0, 0}, 2},
		"one split, twice":      {[]message{{1, 0, "a"}, {1, 0, "b"}, {1, 0, "a"}, {1, 0, "b"}}, []int{0, 1, 0, 1}, 4},
		"two among each other":  {[]message{{1, 0, "a"}, {2, 0, "a"}, {1, 0, "b"}, {2, 0, "c"}, {2, 0, "b"}}, []int{0, 0, 1, 1, 2}, 5},
		"empty":                 {[]message{{1, 0, ""}, {1, 0, ""}, {1, 0, "a"}}, []int{0, 0, 1}, 3},
		"damaged":               {[]message{{1, 0, "damaged"}, {1, 0, "damaged"}, {1, 0, "a"}}, []int{0, 1, 2}, 3},
		"topics of two lives":   {[]message{{1, 7, "a"}, {1, 9, "b"}}, []int{0, 0}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, asked := numbered(test.batch)
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.asked, asked)
		})
	}
}

// Messages of several parts, in batches of any size and any number of times, also twice in one
// batch: each part is fresh once.
func TestPartsCountOnce(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8, 0))
	s, l := inMemory(t), New("a", Options{})
	applied := map[string]bool{}
	for range 1500 {
		var batch []message
		for range 1 + random.IntN(4) {
			offset := random.Int64N(200)
			for part := range 1 + offset%5 {
				batch = append(batch, message{offset, 1000 + offset, fmt.Sprintf("%d/%d", offset, part)})
			}
		}
		numbers, _ := numbered(batch)
		for i, m := range batch {
			verdict, _, err := apply(t, s, l, Event{Position: &Position{Topic: "t", Offset: m.offset, Timestamp: m.timestamp, Part: numbers[i]}}, 0)
			require.NoError(t, err)
			require.Equal(t, applied[m.content], verdict == Duplicate, m.content)
			applied[m.content] = true
		}
	}
	assert.Len(t, applied, 200/5*(1+2+3+4+5))
	check(t, s)
}

// A batch without parts costs a look into a map for each message.
func BenchmarkParts(b *testing.B) {
	const size = 100
	positions := make([]Position, size)
	for _, each := range []int{1, 4} { // parts of each message
		b.Run(fmt.Sprintf("parts=%d", each), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				parts := NewParts(size, func(i int) ([]byte, error) { return []byte{byte(i)}, nil })
				for i := range positions {
					positions[i] = Position{Topic: "orders", Offset: int64(i / each)}
					parts.Number(i, &positions[i])
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/message")
		})
	}
}
