package density_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/density"
)

// around are n points of d dimensions around k centres.
func around(n, d, k int) [][]float64 {
	random := rand.New(rand.NewPCG(7, 0))
	centres := make([][]float64, k)
	for c := range centres {
		centres[c] = make([]float64, d)
		for j := range d {
			centres[c][j] = 10 * random.Float64()
		}
	}
	list := make([][]float64, n)
	for i := range list {
		list[i] = make([]float64, d)
		c := centres[random.IntN(k)]
		for j := range d {
			list[i][j] = c[j] + 0.3*random.NormFloat64()
		}
	}
	return list
}

func parameters() density.Parameters {
	return density.Parameters{Fading: 0.003, Cleanup: 100, Intersection: 0.1}
}

func BenchmarkEngines(b *testing.B) {
	keyless := parameters()
	keyless.Fading = 0.0003
	for name, config := range map[string]density.Config{
		"radius":        {Parameters: keyless, Radius: 1.7, Scaling: cf.None},
		"ladder":        {Parameters: parameters()},
		"radius, moves": {Parameters: density.Parameters{Cleanup: 100, Intersection: 0.1}, Radius: 1.7, Scaling: cf.None, Keyed: true},
		"ladder, moves": {Parameters: density.Parameters{Cleanup: 100, Intersection: 0.1}, Keyed: true},
	} {
		b.Run(name, func(b *testing.B) {
			list := around(20_000, 10, 20)
			engine, err := density.NewEngine(config)
			require.NoError(b, err)
			held := make([]clustering.MicroID, len(list))
			for i, x := range list {
				held[i] = engine.Insert(x, 0)
				if !config.Keyed {
					engine.Release(held[i])
				}
				engine.Advance()
			}
			b.ReportAllocs()
			at := 0
			for b.Loop() {
				i, next := at%len(list), (at+1)%len(list)
				at++
				if config.Keyed {
					if held[i], err = engine.Move(held[i], list[i], list[i], 0); err != nil {
						b.Fatal(err)
					}
				} else {
					engine.Release(engine.Insert(list[next], 0))
				}
				engine.Advance()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
			micros := 0
			engine.MicroClusters(func(clustering.MicroID, *cf.Feature, clustering.SegmentID) bool { micros++; return true })
			b.ReportMetric(float64(micros), "micro-clusters")
			runtime.KeepAlive(engine)
		})
	}
}
