package ledger

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

// What it costs to count an event once, in transactions of 100 events that write 100 bytes each.
func BenchmarkApply(b *testing.B) {
	const batch = 100
	for name, event := range map[string]func(i int) Event{
		"neither": func(int) Event { return Event{} },
		"positions": func(i int) Event {
			return Event{Position: &Position{Topic: "orders", Offset: int64(i), Timestamp: start.UnixMilli() + int64(i)}}
		},
		"ids": func(i int) Event { return Event{ID: strconv.Itoa(i), At: start.Add(time.Duration(i) * time.Second)} },
	} {
		b.Run(name, func(b *testing.B) {
			s, l := inMemory(b), New("a", Options{Window: 24 * time.Hour})
			n := 0
			for b.Loop() {
				var locks []store.Lock
				events := make([]Event, batch)
				for i := range events {
					events[i] = event(n + i)
					locks = l.Locks(locks, events[i])
				}
				require.NoError(b, s.Update(b.Context(), locks, func(tx *store.Tx) error {
					for i, e := range events {
						err := tx.Step(func() error {
							tx.Set(store.Key(store.KindProfile, "a", []byte(strconv.Itoa((n+i)%10_000))), make([]byte, 100))
							_, _, err := l.Apply(tx, e, 0)
							return err
						})
						if err != nil {
							return err
						}
					}
					return nil
				}))
				n += batch
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
		})
	}
}
