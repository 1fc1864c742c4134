package cf

import (
	"math/rand/v2"
	"testing"
)

func gaussian(seed uint64, n, d int) [][]float64 {
	random := rand.New(rand.NewPCG(seed, 0))
	points := make([][]float64, n)
	for i := range points {
		points[i] = make([]float64, d)
		for j := range points[i] {
			points[i][j] = random.NormFloat64()
		}
	}
	return points
}

func BenchmarkInsert(b *testing.B) {
	points := gaussian(1, 1000, 10)
	var f Feature
	b.ReportAllocs()
	for i := range b.N {
		f.Insert(1, points[i%1000])
	}
}

func BenchmarkSquared(b *testing.B) {
	points := gaussian(1, 1000, 10)
	var f Feature
	for _, x := range points {
		f.Insert(1, x)
	}
	m := NewMetric(Standard, &f, nil, nil)
	b.ReportAllocs()
	sum := 0.0
	for i := range b.N {
		sum += m.Squared(points[i%1000], points[(i+1)%1000])
	}
	_ = sum
}
