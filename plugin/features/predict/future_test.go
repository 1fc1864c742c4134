package predict

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// assertRelative proves that x is right but for a part of it.
func assertRelative(t *testing.T, want, got, part float64, arguments ...any) {
	t.Helper()
	assert.LessOrEqual(t, math.Abs(got-want), part*math.Abs(want), append([]any{"want %v, got %v: %v"}, want, got, arguments)...)
}

// The sum and the integral give what the papers' expression does, where that is computed with
// more digits than a float has: z from 1e-9 to 1-1e-9, up to a thousand orders, a at 1, next to
// it and far from it, c-a-b whole or not.
func TestExpectedOrdersAreThoseOfThePapers(t *testing.T) {
	t.Parallel()
	for _, known := range expectedOrders {
		f := future{r: known.r, alpha: 1, a: known.a, b: known.b}
		assertRelative(t, known.orders, f.until(known.w), 1e-10, known)
		assertRelative(t, known.orders, f.integral(known.w), 1e-10, "integral", known)
		if f.terms(known.w) <= mostTerms && f.r*math.Log1p(known.w) < tiniest {
			assertRelative(t, known.orders, f.sum(known.w), 1e-12, "sum", known)
		}
	}
}

// between is any number from 10^-low to 10^high.
func between(random *rand.Rand, low, high float64) float64 {
	return math.Pow(10, -low+(low+high)*random.Float64())
}

// Whatever is expected grows with the horizon, is not more than if nobody left, and never
// less than the first.
func TestExpectedOrdersWithinBounds(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	for range 3000 {
		f := future{r: between(random, 3, 4), alpha: 1, a: between(random, 3, 4), b: between(random, 3, 4)}
		w := between(random, 6, 6)
		m, later := f.until(w), f.until(w*(1+between(random, 3, 1)))
		first := -math.Expm1(-f.r * math.Log1p(w))
		const rounding = 1 + 1e-9
		require.LessOrEqual(t, m, f.r*w*rounding, "%+v until %v", f, w)
		require.GreaterOrEqual(t, m*rounding, first, "%+v until %v", f, w)
		require.LessOrEqual(t, m, later*rounding, "%+v until %v", f, w)
	}
}

// Where both can be had, sum and integral are the same.
func TestSumAndIntegralAgree(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 2))
	compared := 0
	for range 3000 {
		f := future{r: between(random, 2, 2), alpha: 1, a: between(random, 3, 3), b: between(random, 3, 4)}
		if w := between(random, 6, 1); f.terms(w) <= mostTerms && f.r*math.Log1p(w) < tiniest {
			compared++
			assertRelative(t, f.sum(w), f.integral(w), 1e-9, f, w)
		}
	}
	assert.Greater(t, compared, 1000)
}

func BenchmarkUntil(b *testing.B) {
	for name, f := range map[string]struct {
		future
		t float64
	}{
		"a first purchase, 90 days":       {future{0.525, 43.3, 0.891, 2.614}, 90},
		"a year old, five orders":         {future{5.525, 43.3 + 365, 0.891, 7.614}, 90},
		"a first purchase, ten years":     {future{0.525, 43.3, 0.891, 2.614}, 3650},
		"an integral, a first, 100 years": {future{0.525, 43.3, 0.891, 2.614}, 36500},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.until(f.t)
			}
		})
	}
}
