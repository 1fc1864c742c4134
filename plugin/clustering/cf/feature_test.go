package cf_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// vectors are n of d dimensions, around means of very different size, some with
// dimensions missing.
func vectors(seed uint64, n, d int) [][]float64 {
	random := rand.New(rand.NewPCG(seed, 0))
	list := make([][]float64, n)
	for i := range list {
		list[i] = make([]float64, d-random.IntN(2))
		for j := range list[i] {
			list[i][j] = math.Pow(10, float64(j)) * (1 + random.NormFloat64())
			if random.IntN(5) == 0 {
				list[i][j] = math.NaN()
			}
		}
	}
	return list
}

func featureOf(list [][]float64) *cf.Feature {
	var f cf.Feature
	for _, x := range list {
		f.Insert(1, x)
	}
	return &f
}

func same(t *testing.T, want, got, whole *cf.Feature, tolerance float64) {
	t.Helper()
	assert.LessOrEqual(t, want.Differs(got, whole), tolerance)
}

// What a feature says is what the textbook's two passes say.
func TestMoments(t *testing.T) {
	t.Parallel()
	list := vectors(1, 500, 6)
	f := featureOf(list)
	assert.InDelta(t, 500, f.N(), 0)
	for j := range 6 {
		n, sum := 0.0, 0.0
		for _, x := range list {
			if j < len(x) && !math.IsNaN(x[j]) {
				n, sum = n+1, sum+x[j]
			}
		}
		mean, squares := sum/n, 0.0
		for _, x := range list {
			if j < len(x) && !math.IsNaN(x[j]) {
				squares += (x[j] - mean) * (x[j] - mean)
			}
		}
		assert.InDelta(t, n, f.Observed(j), 0)
		assert.InEpsilon(t, mean, f.Mean(j), 1e-12)
		assert.InEpsilon(t, squares, f.Sum(j), 1e-12)
		assert.InEpsilon(t, squares/n, f.Variance(j), 1e-12)
	}
	assert.True(t, math.IsNaN(f.Mean(6)))
	assert.Zero(t, f.Observed(6))
}

func TestRetractUndoesInsert(t *testing.T) {
	t.Parallel()
	list := vectors(2, 300, 5)
	for kept := range 300 {
		f := featureOf(list)
		for _, x := range list[kept:] {
			require.NoError(t, f.Retract(1, x))
		}
		same(t, featureOf(list[:kept]), f, featureOf(list), 1e-14)
	}
}

// Figures of clustering.md 7: a million pairs of insert and retract leave no more than a
// billionth.
func TestAMillionPairs(t *testing.T) {
	t.Parallel()
	pairs := 1_000_000
	if testing.Short() {
		pairs = 100_000
	}
	base, passing := vectors(3, 100, 4), vectors(4, 1000, 4)
	want, f := featureOf(base), featureOf(base)
	random := rand.New(rand.NewPCG(5, 0))
	for range pairs {
		x := passing[random.IntN(len(passing))]
		f.Insert(1, x)
		require.NoError(t, f.Retract(1, x))
	}
	worst := want.Differs(f, want)
	t.Logf("relative difference after %d pairs: %.2g", pairs, worst)
	assert.LessOrEqual(t, worst, 1e-9)
}

func TestMergeIsInsertOfAll(t *testing.T) {
	t.Parallel()
	list := vectors(6, 400, 5)
	whole := featureOf(list)
	for cut := 0; cut <= 400; cut += 25 {
		left := featureOf(list[:cut])
		left.Merge(featureOf(list[cut:]))
		same(t, whole, left, whole, 1e-14)
	}
	a, b, c := featureOf(list[:100]), featureOf(list[100:150]), featureOf(list[150:])
	ab, bc := a.Clone(), b.Clone()
	ab.Merge(b)
	ab.Merge(c)
	bc.Merge(c)
	bc.Merge(a)
	same(t, ab, bc, whole, 1e-14)
}

func TestDecay(t *testing.T) {
	t.Parallel()
	list := vectors(7, 200, 4)
	f := featureOf(list[:100])
	f.Decay(0.5)
	for _, x := range list[100:] {
		f.Insert(1, x)
	}
	var want cf.Feature
	for i, x := range list {
		weight := 1.0
		if i < 100 {
			weight = 0.5
		}
		want.Insert(weight, x)
	}
	same(t, &want, f, &want, 1e-13)

	for _, x := range list[:100] { // a vector leaves with the weight that it has by now
		require.NoError(t, f.Retract(0.5, x))
	}
	same(t, featureOf(list[100:]), f, &want, 1e-12)
	f.Decay(0)
	assert.Zero(t, f.N())
}

// The trap of sums of squares: a mean of 1.7e9 leaves nothing of a variance of 1.
func TestLargeMeans(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8, 0))
	var near, far cf.Feature
	for range 10_000 {
		x := random.NormFloat64()
		near.Insert(1, []float64{x})
		far.Insert(1, []float64{x + 1.7e9})
	}
	assert.InEpsilon(t, near.Variance(0), far.Variance(0), 1e-6) // of which x + 1.7e9 itself lost some
	assert.InDelta(t, 1, far.Variance(0), 0.05)
}

func TestRetractOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	f := featureOf([][]float64{{1, math.NaN()}, {2, math.NaN()}})
	for _, x := range [][]float64{{1, 1}, {1, math.NaN(), 1}} {
		require.ErrorIs(t, f.Retract(1, x), cf.ErrNotHeld)
	}
	require.ErrorIs(t, f.Retract(3, []float64{1}), cf.ErrNotHeld)
	same(t, featureOf([][]float64{{1}, {2}}), f, f, 0)
	require.NoError(t, f.Retract(1, []float64{1}))
	require.NoError(t, f.Retract(1, []float64{2}))
	assert.Zero(t, f.N())
	assert.True(t, math.IsNaN(f.Mean(0)))
}

func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	var f cf.Feature
	f.Insert(1, []float64{math.NaN(), math.Inf(1), 1e200, -1e200, 3})
	assert.InDelta(t, 1, f.N(), 0)
	for j := range 4 {
		assert.Zero(t, f.Observed(j))
	}
	assert.InDelta(t, 3, f.Mean(4), 0)
}

func TestIs(t *testing.T) {
	t.Parallel()
	f := featureOf([][]float64{{1, math.NaN(), 0}, {1, math.NaN(), 0}})
	assert.True(t, f.Is([]float64{1, math.NaN(), 0}))
	for _, x := range [][]float64{{1, math.NaN(), 1}, {1, 1, 0}, {1}, {1, math.NaN(), 0, 1}} {
		assert.False(t, f.Is(x), x)
	}
	f.Insert(1, []float64{2, math.NaN(), 0})
	require.NoError(t, f.Retract(1, []float64{2, math.NaN(), 0}))
	assert.True(t, f.Is([]float64{1, math.NaN(), 0}), "retraction leaves nothing")
}

func TestCodec(t *testing.T) {
	t.Parallel()
	for _, f := range []*cf.Feature{{}, featureOf(vectors(9, 1, 3)), featureOf(vectors(9, 50, 3)), featureOf([][]float64{{1, 2}, {1, 2}})} {
		record := f.Append([]byte("before"))[len("before"):]
		var decoded cf.Feature
		rest, err := decoded.Decode(append(record, "after"...))
		require.NoError(t, err)
		assert.Equal(t, "after", string(rest))
		assert.Equal(t, record, decoded.Append(nil))
		assert.InDelta(t, f.N(), decoded.N(), 0)
	}
}

// Whatever bytes come, decoding ends, and what it takes it writes again as it was read.
func FuzzDecode(f *testing.F) {
	f.Add(featureOf(vectors(10, 20, 3)).Append(nil))
	f.Add(featureOf([][]float64{{1, 2}}).Append(nil))
	f.Add([]byte{255, 255, 255, 255, 15, 0})
	f.Fuzz(func(t *testing.T, record []byte) {
		var feature cf.Feature
		rest, err := feature.Decode(record)
		if err != nil {
			require.ErrorIs(t, err, cf.ErrDamaged)
			return
		}
		var again cf.Feature
		_, err = again.Decode(feature.Append(nil))
		require.NoError(t, err)
		assert.Equal(t, feature.Append(nil), again.Append(nil))
		assert.LessOrEqual(t, len(rest), len(record))
	})
}

func TestMetric(t *testing.T) {
	t.Parallel()
	list := [][]float64{{0, 10, 5}, {2, 30, 5}, {4, 50, 5}}
	m := cf.NewMetric(cf.Standard, featureOf(list), nil, func(j int) float64 { return float64(j + 1) })
	sigma := math.Sqrt(8.0 / 3)
	assert.InDelta(t, sigma, m.Sigma(0), 1e-12)
	assert.Zero(t, m.Weight(2), "what does not vary counts nothing")
	// A deviation of a standard deviation counts 1, times the weight.
	assert.InDelta(t, 1, m.Squared([]float64{2, 30, 5}, []float64{2 + sigma, 30, 9}), 1e-12)
	assert.InDelta(t, 4, m.Squared([]float64{2, 30, 5}, []float64{2, 30 + 10*sigma, 9}), 1e-12)
	// A missing dimension counts nothing, and the other counts for both.
	assert.InDelta(t, 2, m.Squared([]float64{2, math.NaN(), 5}, []float64{2 + sigma, 30, 9}), 1e-12)
	assert.InDelta(t, 2, m.Squared([]float64{2 + sigma}, []float64{2, 30, 9}), 1e-12)

	x := []float64{2 + 100*sigma, 30 - 100*sigma, 7}
	m.Provisional().Clip(x, 4)
	assert.InDelta(t, 2+100*sigma, x[0], 0, "nothing is clipped before the spread is known")
	m.Clip(x, 4)
	assert.InDeltaSlice(t, []float64{2 + 4*sigma, 30 - 40*sigma, 7}, x, 1e-9)

	decoded, err := cf.DecodeMetric(m.Append(nil))
	require.NoError(t, err)
	assert.Equal(t, m.Append(nil), decoded.Append(nil))
	_, err = cf.DecodeMetric([]byte{1, 2})
	require.ErrorIs(t, err, cf.ErrDamaged)
}

// Scaled units and Euclid's distance are the metric.
func TestScale(t *testing.T) {
	t.Parallel()
	list := vectors(11, 100, 4)
	m := cf.NewMetric(cf.Standard, featureOf(list), nil, nil)
	unit := m.Scaled()
	for i := range 99 {
		a, b := make([]float64, 4), make([]float64, 4)
		m.Scale(a, list[i])
		m.Scale(b, list[i+1])
		assert.InDelta(t, m.Squared(list[i], list[i+1]), unit.Squared(a, b), 1e-9)
		m.Unscale(a)
		for j, v := range list[i] {
			if !math.IsNaN(v) {
				assert.InEpsilon(t, v, a[j], 1e-12)
			}
		}
	}
}

// The mean squared distance to the centroid, by the feature and by all vectors.
func TestSpread(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(12, 0))
	list := make([][]float64, 200)
	for i := range list {
		list[i] = []float64{random.NormFloat64(), 100 * random.NormFloat64()}
	}
	f := featureOf(list)
	m := cf.NewMetric(cf.None, f, nil, nil)
	sum := 0.0
	for _, x := range list {
		sum += m.ToCentroid(x, f)
	}
	assert.InEpsilon(t, sum/200, m.Spread(f), 1e-12)
}
