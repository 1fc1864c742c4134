package plugin_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/segments"
	"github.com/shoal-stream/shoal/plugin/store"
)

// BenchmarkForget erases one customer after the other from a feature set and two models, with so
// many in one batch.
func BenchmarkForget(b *testing.B) {
	const customers = 20_000
	for _, batch := range []int{1, 100} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			s := openShop(b, statePath(b), 1, "kmeans: { k: 5 }", "density: {}")
			for from := 0; from < customers; from += 500 {
				var messages []string
				for i := range 500 {
					messages = append(messages, purchase(fmt.Sprintf("c%d", from+i), from+i, float64(i%97)))
				}
				s.deliver(messages)
			}
			b.ReportAllocs()
			s.do(func(st *store.Store) error {
				next := 0
				for b.Loop() {
					list := make([]segments.Erasure, batch)
					for i := range list {
						list[i].Customer = fmt.Sprintf("c%d", next%customers)
						next++
					}
					_, problems := segments.Forget(b.Context(), st, list)
					require.NoError(b, errors.Join(problems...))
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(next), "µs/customer")
				return nil
			})
		})
	}
}
