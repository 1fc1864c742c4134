package aggregate

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/record"
)

func (w wide) big() *big.Int {
	b := new(big.Int).Lsh(big.NewInt(w.hi), 64)
	return b.Add(b, new(big.Int).SetUint64(w.lo))
}

// randomWide is of any size and either sign.
func randomWide(random *rand.Rand) wide {
	w := wide{int64(random.Uint64() >> 1), random.Uint64()}
	switch shift := random.UintN(127); {
	case shift >= 64:
		w = wide{lo: uint64(w.hi) >> (shift - 64)}
	default:
		w = wide{hi: w.hi >> shift, lo: w.lo}
	}
	if random.IntN(2) == 0 {
		w = w.negated()
	}
	return w
}

func TestWideIsAnInteger(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(51, 52))
	top := widest.big()
	bottom := new(big.Int).Neg(top)
	clamp := func(b *big.Int) *big.Int {
		if b.Cmp(top) > 0 {
			return top
		}
		if b.CmpAbs(top) > 0 {
			return bottom
		}
		return b
	}
	for range 20000 {
		a, b := randomWide(random), randomWide(random)
		factor := 1 + random.Uint64()>>random.UintN(64)
		require.Zero(t, a.big().Cmp(new(big.Int).Neg(a.negated().big())))
		require.Zero(t, clamp(new(big.Int).Add(a.big(), b.big())).Cmp(a.plus(b).big()), "%v + %v", a, b)
		if factor != 0 {
			require.Zero(t, clamp(new(big.Int).Mul(a.big(), new(big.Int).SetUint64(factor))).Cmp(a.times(factor).big()), "%v * %d", a, factor)
		}
		require.Equal(t, a.big().Cmp(b.big()) < 0, a.less(b))
		want, _ := new(big.Float).SetInt(a.big()).Float64()
		require.InDelta(t, want, a.float(), 1e-15*math.Abs(want))

		encoded := appendWide(nil, a)
		r := reader{record.Read(encoded)}
		require.Equal(t, a, r.wide())
		require.True(t, r.Complete())
	}
	for _, x := range []float64{0, 1, -1, 1 << 53, -(1 << 60), 1 << 64, -(1 << 100), 1e15, 1e24, -1e24} {
		want, _ := big.NewFloat(x).Int(nil)
		assert.Zero(t, want.Cmp(wideOf(x).big()), x)
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		x      float64
		units  int64
		digits uint8
	}{
		{0, 0, 0},
		{12, 12, 0},
		{12.34, 1234, 2},
		{-12.5, -125, 1},
		{0.1, 1, 1},
		{1e-12, 1, 12},
		{1e-13, 0, 12},
		{123456789012.34, 12345678901234, 2},
		{0.30000000000000004, 300000000000, 12},
		{1e15, 1e15, 0},
		{math.Pi, 3141592653590, 12},
	} {
		units, digits := decimal(test.x, 0)
		assert.Equal(t, test.digits, digits, test.x)
		assert.Equal(t, test.units, units.big().Int64(), test.x)
	}
	// In units of more digits it is the same number, whatever came before.
	random := rand.New(rand.NewPCG(53, 54))
	for range 20000 {
		x := math.Round(random.NormFloat64()*1e6) / powersOfTen[random.IntN(maxDigits+1)]
		if random.IntN(4) == 0 {
			x = random.NormFloat64() * math.Exp(20*random.NormFloat64())
		}
		own, digits := decimal(x, 0)
		at := uint8(random.IntN(maxDigits + 1))
		units, of := decimal(x, at)
		require.Equal(t, max(at, digits), of, x)
		require.Equal(t, own.times(more(digits, of)), units, x)
		require.InDelta(t, max(-maxSize, min(x, maxSize)), value(units, of), 5.1e-13+5.1e-15*math.Abs(x))
	}
	huge, _ := decimal(math.MaxFloat64, 3)
	assert.InEpsilon(t, maxSize, value(huge, 3), 1e-15)
}

func TestNumbersAreKeptToTheBit(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(55, 56))
	numbers := []float64{0, math.Copysign(0, -1), 12.34, -1e-300, math.MaxFloat64, 0.30000000000000004, 1e24, 1e25, 1 << 60}
	for range 5000 {
		numbers = append(numbers, math.Round(random.NormFloat64()*1e6)/100, random.NormFloat64()*math.Exp(40*random.NormFloat64()))
	}
	for _, x := range numbers {
		encoded := appendNumber(nil, x)
		r := reader{record.Read(encoded)}
		require.Equal(t, math.Float64bits(x), math.Float64bits(r.number()), x)
		require.True(t, r.Complete())
	}
	assert.Len(t, appendNumber(nil, 12.34), 3)
	for _, damaged := range [][]byte{nil, {14, 0, 0, 0, 0, 0, 0, 0, 0}, {13, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f}, {13, 0}} {
		r := reader{record.Read(damaged)}
		r.number()
		assert.True(t, r.Damaged(), damaged)
	}
}

// The tiles of a life that goes by, against the definition of their levels.
func TestPlacesForTiles(t *testing.T) {
	t.Parallel()
	for _, newest := range []int64{-3, 0, 1, 15, 16, 1000, 14999, 1<<20 + 12345} {
		place := placesFrom(newest)
		p := pyramid{base: int64(coarseBase), reach: reaches[coarseBase], newest: newest}
		tiles := 0
		for bucket := newest; bucket > newest-p.reach; bucket-- {
			one := tile{index: bucket}
			require.True(t, p.raise(&one))
			if !place.isOf(&one) {
				place.next()
				tiles++
			}
			require.True(t, place.isOf(&one), "bucket %d before %d", newest-bucket, newest)
			width, age := int64(1)<<one.level, newest-one.index<<one.level
			assert.LessOrEqual(t, width, max(1, age/7), "of a tile that began %d before", age)
		}
		assert.LessOrEqual(t, tiles+1, 73)
		gone := tile{index: newest - 2*p.reach}
		assert.False(t, p.raise(&gone))
	}
}

func FuzzWide(f *testing.F) {
	f.Add(appendWide(nil, widest))
	f.Add(appendWide(nil, narrowest))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := reader{record.Read(data)}
		w := r.wide()
		if r.Damaged() {
			return
		}
		again := reader{record.Read(appendWide(nil, w))}
		assert.Equal(t, w, again.wide())
	})
}
