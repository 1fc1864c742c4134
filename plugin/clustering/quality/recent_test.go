package quality_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/quality"
)

func arrival(own clustering.SegmentID, a, b float64) quality.Arrival {
	return quality.Arrival{Own: own, Near: clustering.Proximity{Own: a, Other: b, Next: 9}}
}

func always(clustering.SegmentID) bool { return true }

func TestBlock(t *testing.T) {
	t.Parallel()
	var b quality.Block
	b.Add(arrival(1, 1, 4))
	b.Add(arrival(1, 3, 2))
	stays := arrival(2, 2, math.Inf(1)) // there is no other segment
	stays.From, stays.To = 1, 1
	b.Add(stays)
	b.Add(arrival(2, 0, 0))
	b.Add(quality.Arrival{Outlier: true, From: 1})
	moves := arrival(2, math.Inf(1), 1) // it was empty
	moves.From, moves.To = 3, 2
	b.Add(moves)
	assert.InDelta(t, 6, b.Arrivals, 0)
	assert.InDelta(t, 1.0/6, b.OutlierShare(), 1e-12)
	assert.InDelta(t, (0.75-1.0/3)/2, b.Whole.MeanSilhouette(), 1e-12)
	assert.InDelta(t, (1+9+4+0)/4.0, b.Whole.MeanError(), 1e-12)
	assert.InDelta(t, 5, b.Part(1).MeanError(), 1e-12)
	assert.InDelta(t, 2, b.Part(2).MeanError(), 1e-12)
	assert.True(t, math.IsNaN(b.Part(2).MeanSilhouette()))
	assert.InDelta(t, 2.0/3, b.Whole.Churn(), 1e-12)
	assert.InDelta(t, 1.0/2, b.Part(1).Churn(), 1e-12)
	assert.InDelta(t, 1, b.Part(3).Churn(), 1e-12)
	assert.True(t, math.IsNaN(b.Part(2).Churn()), "none of its members came")
	assert.Zero(t, b.Part(7).N)
}

// Arrivals count half after a thousand, and segments that are gone are forgotten.
func TestRecentFades(t *testing.T) {
	t.Parallel()
	var r quality.Recent
	feed := func(own clustering.SegmentID, distance float64, n int, lives func(clustering.SegmentID) bool) {
		for range n / 25 {
			var b quality.Block
			for range 25 {
				b.Add(arrival(own, distance, 10))
			}
			r.Fold(&b, lives)
		}
	}
	assert.True(t, math.IsNaN(r.Whole.MeanError()))
	feed(1, 1, 100_000, always)
	assert.InDelta(t, quality.HalfLife/math.Ln2, r.Arrivals, 15)
	feed(2, 3, 1000, always)
	assert.InDelta(t, r.Arrivals/2, r.Part(1).N, 1e-6)
	assert.InDelta(t, 0.5*1+0.5*9, r.Whole.MeanError(), 1e-9)
	assert.InDelta(t, 1, r.Part(1).MeanError(), 1e-9)
	var pending quality.Block
	pending.Add(arrival(3, 1, 10))
	assert.Positive(t, r.With(&pending).Part(3).N)
	assert.Len(t, r.Parts, 2, "nothing was changed")
	feed(2, 3, 25, func(id clustering.SegmentID) bool { return id == 2 })
	require.Len(t, r.Parts, 1)
	assert.Zero(t, r.Part(1).N)
}

func randomBlock(random *rand.Rand) *quality.Block {
	b := &quality.Block{}
	for range 32 {
		a := arrival(clustering.SegmentID(random.IntN(6)), random.Float64(), 2*random.Float64())
		a.Outlier = a.Own == 0
		a.From, a.To = clustering.SegmentID(random.IntN(6)), clustering.SegmentID(random.IntN(6))
		b.Add(a)
	}
	return b
}

func TestBlocksAreKept(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 0))
	var calm, rough quality.Recent
	for range 100 {
		b := randomBlock(random)
		calm.Fold(b, always)
		rough.Fold(b, always)
		stored := rough.Append(nil)
		assert.Less(t, len(stored), 400)
		rough = quality.Recent{}
		require.NoError(t, rough.Decode(stored))
		require.Equal(t, calm, rough)
		require.ErrorIs(t, rough.Decode(stored[:random.IntN(len(stored))]), quality.ErrDamaged)
		require.Equal(t, calm, rough, "what is refused changes nothing")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(randomBlock(rand.New(rand.NewPCG(2, 0))).Append(nil))
	f.Add((&quality.Block{}).Append(nil))
	f.Fuzz(func(t *testing.T, stored []byte) {
		var b, again quality.Block
		if err := b.Decode(stored); err != nil {
			require.ErrorIs(t, err, quality.ErrDamaged)
			return
		}
		require.NoError(t, again.Decode(b.Append(nil)))
		require.Equal(t, b, again)
	})
}

func BenchmarkAddAndFold(b *testing.B) {
	var r quality.Recent
	var block quality.Block
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		block.Add(arrival(clustering.SegmentID(1+i%8), 1, 2))
		if i%32 == 31 {
			r.Fold(&block, always)
			block = quality.Block{Parts: block.Parts[:0]}
		}
	}
}
