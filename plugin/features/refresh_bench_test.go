package features

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store"
)

const eightFeatures = `
key: this.customer
event: root = this
features:
  - { name: recency, agg: since_last, on: purchase, unit: days }
  - { name: orders, agg: count, on: purchase }
  - { name: spend, agg: sum, on: purchase, of: amount, half_life: 60d }
  - { name: basket, agg: mean, on: purchase, of: amount, missing: 0 }
  - { name: contacts, agg: rate, on: [ support, chat ], half_life: 30d }
  - { name: returns, agg: ratio, on: return, to: purchase, half_life: 365d }
  - { name: taste, agg: mix, on: purchase, of: category, values: [ shoes ] }
`

// crowd is how many customers the benchmarks have: 20,000, or what the environment says,
// as in SHOAL_BENCH_CUSTOMERS=1000000.
func crowd() int {
	if n, err := strconv.Atoi(os.Getenv("SHOAL_BENCH_CUSTOMERS")); err == nil {
		return n
	}
	return 20_000
}

func silentCrowd(b *testing.B) (*rig, *extract, int) {
	b.Helper()
	r := openRig(b, b.TempDir())
	x := r.extract(eightFeatures)
	n := crowd()
	for from := 0; from < n; from += 500 {
		batch := make(service.MessageBatch, 0, 500)
		for c := from; c < min(from+500, n); c++ {
			batch = append(batch, service.NewMessage(fmt.Appendf(nil, `{"customer":"customer-%07d","kind":"purchase","at":%q,"amount":%d.99,"category":"shoes"}`, c, at(time.Duration(c%86400)*time.Second), c%100)))
		}
		_, err := x.ProcessBatch(context.Background(), batch)
		require.NoError(b, err)
	}
	return r, x, n
}

// A pass over silent customers, unthrottled, with messages and acknowledgements.
func BenchmarkRefresh(b *testing.B) {
	r, x, n := silentCrowd(b)
	x.run(b, `{"customer":"z","at":"`+at(30*24*time.Hour)+`"}`)
	in, err := r.buildRefresh("clock: event\nevery: 7d")
	require.NoError(b, err)
	b.ReportAllocs()
	var reads []time.Duration
	for b.Loop() {
		require.NoError(b, in.Connect(b.Context()))
		in.pace.at = never // a whole pass is due
		for sent := 0; sent < n; {
			begun := time.Now()
			batch, ack, rest, err := in.readMore(b.Context())
			reads = append(reads, time.Since(begun))
			require.NoError(b, err)
			require.Zero(b, rest)
			sent += len(batch)
			if ack != nil {
				require.NoError(b, ack(b.Context(), nil))
			}
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "customers/s")
	slices.Sort(reads)
	b.ReportMetric(float64(reads[len(reads)/2].Nanoseconds()), "read-ns")
}

// Live batches of one event, with and without a sweep at full speed beside them.
func BenchmarkRefreshBesideLiveTraffic(b *testing.B) {
	r, x, _ := silentCrowd(b)
	x.run(b, `{"customer":"z","at":"`+at(30*24*time.Hour)+`"}`)
	for _, swept := range []bool{false, true} {
		b.Run(fmt.Sprintf("swept=%v", swept), func(b *testing.B) {
			ctx, stop := context.WithCancel(b.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				in, err := r.buildRefresh("clock: event\nevery: 7d")
				for err == nil && swept && ctx.Err() == nil {
					if in.after == "" {
						in.pace.at = never
					}
					var ack service.AckFunc
					if _, ack, _, err = in.readMore(ctx); ack != nil && err == nil {
						err = ack(ctx, nil)
					}
				}
			}()
			var took []time.Duration
			i := 0
			for b.Loop() {
				i++
				begun := time.Now()
				_, err := x.ProcessBatch(ctx, service.MessageBatch{service.NewMessage(fmt.Appendf(nil, `{"customer":"live-%d","kind":"purchase","at":%q,"amount":3}`, i%100, at(30*24*time.Hour)))})
				took = append(took, time.Since(begun))
				require.NoError(b, err)
			}
			stop()
			<-done
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "median-ns")
		})
	}
}

// The customers are counted once, when a process comes to a feature set.
func BenchmarkCensus(b *testing.B) {
	r, _, n := silentCrowd(b)
	label, err := store.Use(r.resources, "customers")
	require.NoError(b, err)
	for b.Loop() {
		require.NoError(b, label.Do(b.Context(), func(s *store.Store) error {
			c, err := count(b.Context(), s, "default")
			require.NoError(b, err)
			require.Equal(b, n, c.customers)
			return nil
		}))
	}
}
