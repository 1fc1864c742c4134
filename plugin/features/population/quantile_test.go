package population

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exact is the quantile of sorted values, and the larger of the two it lies between.
func exact(sorted []float64, q float64) (value, size float64) {
	rank := q * float64(len(sorted)-1)
	i := int(rank)
	j := min(i+1, len(sorted)-1)
	value = sorted[i] + (rank-float64(i))*(sorted[j]-sorted[i])
	return value, max(math.Abs(sorted[i]), math.Abs(sorted[j]))
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	for name := range distributions {
		for _, n := range []int{1, 2, 3, 10, 999, 5000} {
			values := draw(name, n)
			s := sketchOf(t, values...)
			if name == "beyond the range" {
				for i, x := range values {
					values[i] = BucketOf(x).Value() // the ends are not within a part of it
				}
			}
			slices.Sort(values)
			for _, q := range []float64{0, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1} {
				want, size := exact(values, q)
				got, ok := s.Quantile(q)
				require.True(t, ok)
				assert.InDelta(t, want, got, size*Accuracy*(1+1e-12), "%s: quantile %g of %d", name, q, n)
			}
			mean, ok := s.Mean()
			require.True(t, ok)
			sum, size := 0.0, 0.0
			for _, x := range values {
				sum, size = sum+x, size+math.Abs(x)
			}
			assert.InDelta(t, sum/float64(n), mean, size/float64(n)*Accuracy*(1+1e-9), "%s: mean of %d", name, n)
		}
	}
}

func TestQuantilesOfNobody(t *testing.T) {
	t.Parallel()
	s := &Sketch{}
	_, ok := s.Quantile(0.5)
	assert.False(t, ok)
	_, ok = s.Mean()
	assert.False(t, ok)
	_, _, ok = s.Robust(nil)
	assert.False(t, ok)
	for _, q := range []float64{-0.1, 1.1, math.NaN()} {
		_, ok = sketchOf(t, 1, 2).Quantile(q)
		assert.False(t, ok, "%g is no part", q)
	}
}

func TestRobust(t *testing.T) {
	t.Parallel()
	hundred := func(values map[float64]int) (all []float64) {
		for x, n := range values {
			all = append(all, slices.Repeat([]float64{x}, n)...)
		}
		return all
	}
	for name, test := range map[string]struct {
		values        []float64
		transform     func(float64) float64
		centre, scale float64
	}{
		"spread":        {[]float64{1, 2, 3, 4, 5}, nil, 3, 2 / 1.349},
		"outlier":       {[]float64{1, 2, 3, 4, 1e9}, nil, 3, 2 / 1.349},
		"transformed":   {[]float64{1, 4, 16, 64, 256}, math.Sqrt, 4, 6 / 1.349},
		"zero inflated": {hundred(map[float64]int{0: 80, 10: 20}), nil, 0, 10 / 3.29},
		"nearly all":    {hundred(map[float64]int{0: 99, 10: 1}), nil, 0, 0},
		"constant":      {[]float64{7, 7, 7}, nil, 7, 0},
		"one":           {[]float64{7}, nil, 7, 0},
	} {
		centre, scale, ok := sketchOf(t, test.values...).Robust(test.transform)
		assert.True(t, ok, name)
		assert.InDelta(t, test.centre, centre, 1e-12, name)
		assert.InDelta(t, test.scale, scale, 1e-12, name)
	}
	_, scale, _ := sketchOf(t, -3, -2, -1).Robust(math.Sqrt)
	assert.Zero(t, scale, "where the function is not defined, there is no scale")

	_, scale, _ = sketchOf(t, draw("both signs", 100000)...).Robust(nil)
	assert.InEpsilon(t, 100, scale, 0.02, "of normal values it is the standard deviation")
}
