package population

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// distributions are what features look like.
var distributions = map[string]func(r *rand.Rand) float64{
	"heavy tail":       func(r *rand.Rand) float64 { return math.Pow(r.Float64(), -1.5) },
	"log-normal":       func(r *rand.Rand) float64 { return math.Exp(3 + 2*r.NormFloat64()) },
	"zero inflated":    func(r *rand.Rand) float64 { return math.Max(0, r.NormFloat64()-0.8) },
	"counts":           func(r *rand.Rand) float64 { return math.Floor(r.ExpFloat64() * 5) },
	"negative":         func(r *rand.Rand) float64 { return -10 * r.ExpFloat64() },
	"both signs":       func(r *rand.Rand) float64 { return 100 * r.NormFloat64() },
	"constant":         func(*rand.Rand) float64 { return 42.42 },
	"two far apart":    func(r *rand.Rand) float64 { return []float64{1e-20, 1e20}[r.IntN(2)] },
	"narrow":           func(r *rand.Rand) float64 { return 1000 + r.Float64() },
	"beyond the range": func(r *rand.Rand) float64 { return r.NormFloat64() * math.Pow(10, r.NormFloat64()*100) },
}

func draw(name string, n int) []float64 {
	random := rand.New(rand.NewPCG(1, uint64(n)))
	values := make([]float64, n)
	for i := range values {
		values[i] = distributions[name](random)
	}
	return values
}

func sketchOf(t testing.TB, values ...float64) *Sketch {
	t.Helper()
	s := &Sketch{}
	for _, x := range values {
		require.NoError(t, s.Add(BucketOf(x)))
	}
	return s
}

func TestCountsDependOnTheVotesAlone(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for name := range distributions {
		values := draw(name, 500)
		want := sketchOf(t, values...).Append(nil)

		random.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		assert.Equal(t, want, sketchOf(t, values...).Append(nil), "%s, in another order", name)

		s := sketchOf(t, values...)
		others := draw("beyond the range", 100)
		for _, x := range others {
			require.NoError(t, s.Add(BucketOf(x)))
		}
		assert.NotEqual(t, want, s.Append(nil), name)
		for _, x := range others {
			require.NoError(t, s.Remove(BucketOf(x)))
		}
		assert.Equal(t, want, s.Append(nil), "%s, after others came and went", name)

		shards := sketchOf(t, values[:100]...)
		require.NoError(t, shards.Merge(sketchOf(t, values[100:350]...)))
		require.NoError(t, shards.Merge(sketchOf(t, values[350:]...)))
		require.NoError(t, shards.Merge(&Sketch{}))
		assert.Equal(t, want, shards.Append(nil), "%s, merged", name)
		assert.Equal(t, uint64(500), shards.Count())

		for _, x := range values {
			require.NoError(t, s.Remove(BucketOf(x)))
		}
		assert.Equal(t, (&Sketch{}).Append(nil), s.Append(nil), "%s, when all have gone", name)
	}
}

func TestVotesThatCannotBe(t *testing.T) {
	t.Parallel()
	s := sketchOf(t, 1, 2)
	before := s.Append(nil)
	require.ErrorIs(t, s.Remove(BucketOf(3)), ErrDamaged, "its page is there")
	require.ErrorIs(t, s.Remove(BucketOf(300)), ErrDamaged, "its page is not")
	require.NoError(t, s.Remove(Abstention))
	require.NoError(t, s.Add(Abstention))
	require.NoError(t, s.change(BucketOf(1), maxVotes-2))
	full := s.Append(nil)
	require.ErrorIs(t, s.Add(BucketOf(300)), ErrDamaged)
	require.ErrorIs(t, s.Merge(sketchOf(t, 300)), ErrDamaged)
	assert.Equal(t, full, s.Append(nil))
	require.NoError(t, s.change(BucketOf(1), 2-maxVotes))
	assert.Equal(t, before, s.Append(nil))
}

// A change of these bytes is a change of the format: raise its version.
func TestSketchFormat(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "01"+ // version
		"8102"+"0000000000000080"+"01"+ // 257 pages skipped, bucket 63 of page 257: one vote
		"fe01"+"0100000000000000"+"ac02", // 254 skipped, bucket 0 of page 512: 300 votes
		hex.EncodeToString(sketchOf(t, append(make([]float64, 300), -1)...).Append(nil)))
}

func TestSketchesThatCannotBe(t *testing.T) {
	t.Parallel()
	good := sketchOf(t, 0, 0, 5, -7).Append(nil)
	s, err := DecodeSketch(good)
	require.NoError(t, err)
	assert.Equal(t, good, s.Append(nil))
	for name, damage := range map[string]func(b []byte) []byte{
		"empty":           func([]byte) []byte { return nil },
		"a newer version": func(b []byte) []byte { b[0]++; return b },
		"cut short":       func(b []byte) []byte { return b[:len(b)-1] },
		"too long":        func(b []byte) []byte { return append(b, 1) },
		"page too high":   func(b []byte) []byte { return append(b, 0xff, 0xff, 0xff, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1) },
		"no vote":         func(b []byte) []byte { b[len(b)-1] = 0; return b },
		"empty page":      func(b []byte) []byte { return append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0) },
		"not a value":     func([]byte) []byte { return []byte{1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1} },
		"longer than it needs to be": func(b []byte) []byte {
			b[len(b)-1] |= 0x80
			return append(b, 0)
		},
	} {
		_, err := DecodeSketch(damage(append([]byte(nil), good...)))
		require.ErrorIs(t, err, ErrDamaged, name)
	}
}

func FuzzDecodeSketch(f *testing.F) {
	for name := range distributions {
		f.Add(sketchOf(f, draw(name, 30)...).Append(nil))
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		s, err := DecodeSketch(stored)
		if err != nil {
			return
		}
		require.Equal(t, stored, s.Append(nil), "equal votes have equal bytes")
		if x, ok := s.Quantile(0.5); ok {
			require.LessOrEqual(t, math.Abs(x), 0x1p126)
		}
	})
}
