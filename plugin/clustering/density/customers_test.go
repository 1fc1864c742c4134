package density

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// visitors are customers of an engine, and where each of them was last.
type visitors struct {
	*Engine
	random *rand.Rand
	held   map[int]clustering.MicroID
	at     map[int][]float64
}

func newVisitors(t *testing.T, config Config) *visitors {
	t.Helper()
	e, err := NewEngine(config)
	require.NoError(t, err)
	return &visitors{e, rand.New(rand.NewPCG(1, 2)), map[int]clustering.MicroID{}, map[int][]float64{}}
}

func (v *visitors) come(t *testing.T, who int, at int64, x ...float64) {
	t.Helper()
	if before, known := v.at[who]; known {
		id, err := v.Move(v.held[who], before, x, at)
		require.NoError(t, err)
		v.held[who] = id
	} else {
		v.held[who] = v.Insert(x, at)
	}
	v.at[who] = x
	v.Advance()
}

// When everybody has left a place, nothing is left of them there at any radius: each counts
// all customers, and each once.
func TestNobodyIsLeftBehind(t *testing.T) {
	t.Parallel()
	v := newVisitors(t, Config{Parameters: Parameters{Cleanup: 100, Intersection: 0.1}, Keyed: true})
	const customers, stays, all = 1500, 20_000, 60_000
	for i := range all {
		away := 0.0
		if i >= stays {
			away = 60
		}
		who := v.random.IntN(customers)
		y := v.random.NormFloat64()
		if v.random.IntN(20) == 0 {
			y += 40*v.random.Float64() - 20
		}
		v.come(t, who, 0, float64(who%3)*12+v.random.NormFloat64()+away, y)
		if i%1000 == 0 {
			require.NoError(t, v.Check())
		}
	}
	for rung, f := range v.ladder.fields {
		counted := 0.0
		for _, c := range f.cells {
			if c.centre[0] < 42 {
				counted += c.own
			}
		}
		assert.LessOrEqual(t, counted, 0.03*customers, "radius %d", rung)
		if rung == v.ladder.use {
			assert.Less(t, counted, 10.0)
		}
	}
}

// Any event time will do, and one that is centuries from another.
func TestAnyTime(t *testing.T) {
	t.Parallel()
	for name, time := range map[string]func(i int) int64{
		"before 1970": func(i int) int64 { return -3.156e17 + int64(i)*1e9 },
		"one far ahead": func(i int) int64 {
			if i == 2000 {
				return math.MaxInt64 - 10
			}
			return 1.3e18 + int64(i)*1e9
		},
		"centuries apart": func(i int) int64 { return []int64{8e18, -8e18}[i/2000%2] + int64(i)*1e9 },
	} {
		for _, keyed := range []bool{true, false} {
			v := newVisitors(t, Config{Parameters: Parameters{Fading: 1 / 3600e9, Cleanup: 1000e9, Intersection: 0.1}, EventTime: true, Keyed: keyed})
			for i := range 6000 {
				x := []float64{float64(i%3)*20 + v.random.NormFloat64(), v.random.NormFloat64(), 30 * v.random.Float64()}
				if keyed {
					v.come(t, i, time(i), x...)
					continue
				}
				v.Release(v.Insert(x, time(i)))
				v.Advance()
			}
			require.NoError(t, v.Check(), "%s, keyed %v", name, keyed)
			assert.False(t, math.IsNaN(v.Size()) || math.IsInf(v.Size(), 0), name)
			if keyed {
				assert.InDelta(t, 6000, v.Size(), 0, name)
				assert.InDelta(t, 6000, v.ladder.total, 0, name)
			}
			if name != "one far ahead" {
				assert.Len(t, v.Segments(), 3, "%s, keyed %v", name, keyed)
			}
		}
	}
}

// Customers who are late count as one each.
func TestLateCustomersCount(t *testing.T) {
	t.Parallel()
	const day = 24 * 3600e9
	v := newVisitors(t, Config{Parameters: Parameters{Fading: 1 / (10 * day), Cleanup: 3 * day, Intersection: 0.1}, EventTime: true, Keyed: true})
	for i := range 10_000 {
		who := v.random.IntN(1000)
		at := int64(15_000*day) + int64(float64(i)*day/1000) - int64(v.random.IntN(5))*day
		v.come(t, who, at, float64(who%3)*20+v.random.NormFloat64(), v.random.NormFloat64())
	}
	assert.InDelta(t, len(v.at), v.ladder.total, 0)
	require.NoError(t, v.Check())
}

// What is in no cell is bounded, however long it is until the next renewal; and fewer cells
// are kept as soon as the bound is a lower one.
func TestBounds(t *testing.T) {
	t.Parallel()
	v := newVisitors(t, Config{Parameters: Parameters{Cleanup: 100, Intersection: 0.1}, RefreshPoints: 1 << 30, Keyed: true, Radius: 0.05})
	for i := range 20_000 {
		v.come(t, i, 0, v.random.NormFloat64(), v.random.NormFloat64(), v.random.NormFloat64(), v.random.NormFloat64())
		require.LessOrEqual(t, v.population.Len(), 3*300+50) // it is seen to at the next look
	}
	v.ladder.most = 16
	v.come(t, 20_000, 0, 100, 100, 100, 100)
	assert.Len(t, v.ladder.used().cells, 16)
	require.NoError(t, v.Check())
}

// Few customers in two clouds are two segments from the first on, with a ladder and with a
// radius: who is at the fringe of a cloud belongs to it.
func TestFringe(t *testing.T) {
	t.Parallel()
	for _, radius := range []float64{0, 0.6} {
		for seed := range uint64(12) {
			v := newVisitors(t, Config{Parameters: Parameters{Cleanup: 100, Intersection: 0.1}, Keyed: true, Warmup: 100, RefreshPoints: 500, Radius: radius})
			v.random = rand.New(rand.NewPCG(seed, 0))
			var told []clustering.Event
			for i := range 4000 {
				who := v.random.IntN(300)
				v.come(t, who, int64(i), float64(who%2)*12+v.random.NormFloat64(), float64(who%2)*12+v.random.NormFloat64())
				for _, e := range v.Events() {
					if e.Kind != clustering.Relabel {
						told = append(told, e)
					}
				}
			}
			assert.Len(t, told, 2, "radius %v, seed %d: %v", radius, seed, told)
		}
	}
}
