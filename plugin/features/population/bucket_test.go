package population

import (
	"math"
	"testing"
	"testing/quick"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A change of these numbers is a change of all formats: raise their versions.
func TestBucketOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value  float64
		bucket Bucket
		stands float64
	}{
		{0, 0x8000, 0},
		{math.Copysign(0, -1), 0x8000, 0},
		{1, 0xbf80, 1},
		{-1, 0x407f, -1},
		{1.00390624, 0xbf80, 1},
		{1.00390625, 0xbf81, 1.0078125}, // a tie goes away from zero
		{-1.00390625, 0x407e, -1.0078125},
		{1.999, 0xc000, 2},
		{255, 0xc37f, 255},
		{257, 0xc381, 258},
		{1e-300, 0x8000, 0},
		{-math.SmallestNonzeroFloat64, 0x8000, 0},
		{0x1p-125, 0x8100, 0x1p-125},
		{0x1.fcp-126, 0x8000, 0},
		{0x1.ffp-126, 0x8100, 0x1p-125}, // as it rounds to it
		{0x1p126, 0xfe80, 0x1p126},
		{1e300, 0xfe80, 0x1p126},
		{math.Inf(1), 0xfe80, 0x1p126},
		{-math.MaxFloat64, 0x017f, -0x1p126},
		{math.Inf(-1), 0x017f, -0x1p126},
	} {
		assert.Equal(t, test.bucket, BucketOf(test.value), "%g", test.value)
		assert.InDelta(t, test.stands, test.bucket.Value(), 0, "%g", test.value)
	}
	assert.Equal(t, Abstention, BucketOf(math.NaN()))
	assert.True(t, math.IsNaN(Abstention.Value()))
	for n := -256; n <= 256; n++ {
		require.InDelta(t, n, BucketOf(float64(n)).Value(), 0, "whole numbers are exact")
	}
}

func TestEveryBucketHasOneValue(t *testing.T) {
	t.Parallel()
	valid, before := 0, math.Inf(-1)
	for code := range 1 << 16 {
		b := Bucket(code)
		if !b.valid() {
			continue
		}
		valid++
		require.Equal(t, b, BucketOf(b.Value()), "%04x", code)
		require.Greater(t, b.Value(), before, "buckets are in the order of values")
		before = b.Value()
		require.Equal(t, b == zero, b>>8 == zero>>8, "the high byte of zero is its own")
		require.NotZero(t, b>>8, "the high byte 0 is that of abstentions")
	}
	assert.Equal(t, 2*(251*128+1)+1, valid)
}

func TestAccuracy(t *testing.T) {
	t.Parallel()
	require.NoError(t, quick.Check(func(x, y float64) bool {
		if x > y {
			x, y = y, x
		}
		near := func(x float64) bool {
			size := math.Abs(x)
			return size < 0x1p-125 || size > 0x1p126 || math.Abs(BucketOf(x).Value()-x) <= Accuracy*size
		}
		// quick draws huge numbers: their logarithms are of the size that features have.
		small := func(x float64) float64 { return math.Copysign(math.Log1p(math.Abs(x)), x) }
		return near(x) && near(y) && near(small(x)) && BucketOf(x) <= BucketOf(y) && BucketOf(small(x)) <= BucketOf(small(y))
	}, &quick.Config{MaxCount: 20000}))
}
