package kmeans_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/laws"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

// complete are points that have all dimensions.
func complete(n, d, k int) [][]float64 {
	list := laws.Points(11, n, d, k)
	for _, x := range list {
		for j := range x {
			if math.IsNaN(x[j]) {
				x[j] = 0
			}
		}
	}
	return list
}

func benchmarked(b *testing.B) map[string]clustering.Engine {
	b.Helper()
	tree, err := kmeans.NewTree(kmeans.TreeConfig{K: 10})
	require.NoError(b, err)
	auto, err := kmeans.NewTree(kmeans.TreeConfig{})
	require.NoError(b, err)
	online, err := kmeans.NewOnline(kmeans.OnlineConfig{K: 10})
	require.NoError(b, err)
	return map[string]clustering.Engine{"tree k10": tree, "tree k auto": auto, "online_kmeans k10": online}
}

// Points of d = 10 that belong to nobody, saved now and then: points/s.
func BenchmarkEngines(b *testing.B) {
	list := complete(100_000, 10, 10)
	for name, engine := range benchmarked(b) {
		b.Run(name, func(b *testing.B) {
			saved := laws.Records{}
			b.ReportAllocs()
			for i := range b.N {
				engine.Release(engine.Insert(list[i%len(list)], int64(i)))
				engine.Advance()
				if i%1000 == 0 {
					engine.Save(saved)
					engine.Events()
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "points/s")
		})
	}
}

// Moves of 100,000 customers: moves/s, and how long one takes while segments are refined
// beside it, in microseconds.
func BenchmarkMoves(b *testing.B) {
	list := complete(300_000, 10, 10)
	for name, engine := range benchmarked(b) {
		b.Run(name, func(b *testing.B) {
			const customers = 100_000
			ids := make([]clustering.MicroID, customers)
			for i := range ids {
				ids[i] = engine.Insert(list[i], 0)
				engine.Advance()
			}
			now := slices.Clone(list[:customers])
			saved, took := laws.Records{}, make([]time.Duration, 0, b.N)
			b.ResetTimer()
			for i := range b.N {
				customer, x := i*7919%customers, list[(i*104_729)%len(list)]
				begun := time.Now()
				id, err := engine.Move(ids[customer], now[customer], x, int64(i))
				engine.Advance()
				took = append(took, time.Since(begun))
				require.NoError(b, err)
				ids[customer], now[customer] = id, x
				if i%1000 == 0 {
					engine.Save(saved)
					engine.Events()
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "moves/s")
			slices.Sort(took)
			for _, p := range []float64{50, 99, 99.9} {
				b.ReportMetric(float64(took[int(p/100*float64(len(took)-1))].Nanoseconds())/1000, fmt.Sprintf("p%v-us", p))
			}
		})
	}
}

// Memory and time do not grow with the length of the stream.
func BenchmarkLongStream(b *testing.B) {
	list := complete(100_000, 10, 10)
	tree, err := kmeans.NewTree(kmeans.TreeConfig{K: 10})
	require.NoError(b, err)
	saved := laws.Records{}
	for range b.N {
		begun := time.Now()
		for i := range 10_000_000 {
			tree.Release(tree.Insert(list[i%len(list)], int64(i)))
			tree.Advance()
			if i%1000 == 0 {
				tree.Save(saved)
				tree.Events()
			}
			if n := i + 1; n == 100_000 || n == 1_000_000 || n == 10_000_000 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				b.ReportMetric(float64(m.HeapAlloc)/(1<<20), fmt.Sprintf("MiB@%.0e", float64(n)))
				b.ReportMetric(float64(n)/time.Since(begun).Seconds(), fmt.Sprintf("points/s@%.0e", float64(n)))
			}
		}
	}
}
