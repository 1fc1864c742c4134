package drift_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering/drift"
)

type detector interface {
	Add(x float64) (drift.Change, bool)
	Append(dst []byte) []byte
	Decode(src []byte) ([]byte, error)
	Reset()
	Len() uint64
	Mean() float64
}

// each makes one of each kind.
func each() map[string]func() detector {
	return map[string]func() detector{
		"Page-Hinkley": func() detector { return drift.NewPageHinkley(drift.PageHinkleyConfig{}) },
		"ADWIN":        func() detector { return drift.NewADWIN(drift.ADWINConfig{}) },
	}
}

func TestKnownAlarms(t *testing.T) {
	t.Parallel()
	list := known()
	require.Equal(t, []float64{0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, list[:10], "as Python draws them")
	for name, want := range map[string]struct {
		at    int
		value float64
	}{"Page-Hinkley": {1006, 5}, "ADWIN": {1023, 4}} {
		d := each()[name]()
		var alarms []int
		for i, x := range list {
			if change, alarm := d.Add(x); alarm {
				alarms = append(alarms, i)
				assert.InDelta(t, 0.5, change.Before, 0.1, name)
				assert.Greater(t, change.After, change.Before, name)
			}
		}
		require.Equal(t, []int{want.at}, alarms, name)
		assert.InDelta(t, want.value, list[want.at], 0, name)
	}
}

// The window is that of the newest values, to the rounding of its mean and variance, far from
// zero too, and what is kept of it grows with the logarithm of its length.
func TestWindowIsOfTheNewestValues(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 0))
	a := drift.NewADWIN(drift.ADWINConfig{})
	var list []float64
	for i := range 60_000 {
		x := random.NormFloat64() + 1e6
		if i < 20_000 {
			x += 3 * float64(i/5000)
		}
		list = append(list, x)
		a.Add(x)
		if i%499 != 0 {
			continue
		}
		latest := list[len(list)-int(a.Len()):]
		mean, squares := 0.0, 0.0
		for _, v := range latest {
			mean += (v - 1e6) / float64(len(latest))
		}
		for _, v := range latest {
			squares += (v - 1e6 - mean) * (v - 1e6 - mean)
		}
		require.InDelta(t, mean, a.Mean()-1e6, 1e-8)
		require.InDelta(t, squares/float64(len(latest)), a.Variance(), 1e-6)
		require.LessOrEqual(t, float64(len(a.Append(nil))), 4+20*5*(1+math.Log2(float64(a.Len())+1)))
	}
	assert.Less(t, a.Len(), uint64(46_000), "what was before the last change is gone")
	assert.GreaterOrEqual(t, a.Len(), uint64(40_000))
}

func TestWindowIsBounded(t *testing.T) {
	t.Parallel()
	a := drift.NewADWIN(drift.ADWINConfig{Most: 1000})
	for i := range 10_000 {
		a.Add(float64(i % 2))
		require.LessOrEqual(t, a.Len(), uint64(1000))
	}
	assert.Greater(t, a.Len(), uint64(700))
}

var streams = map[string]func(r *rand.Rand) float64{
	"normal":    func(r *rand.Rand) float64 { return r.NormFloat64() },
	"bernoulli": func(r *rand.Rand) float64 { return math.Floor(1.2 * r.Float64()) },
	"tailed":    func(r *rand.Rand) float64 { return r.ExpFloat64() },
}

// On a million values that do not change, ADWIN has no more alarms than it promises, delta at
// each look; and it notices a shift by a standard deviation within 128 values.
func TestFalseAlarmsAndDelay(t *testing.T) {
	t.Parallel()
	for name, draw := range streams {
		random := rand.New(rand.NewPCG(2, 0))
		a := drift.NewADWIN(drift.ADWINConfig{})
		alarms := 0
		for range 1_000_000 {
			if _, alarm := a.Add(draw(random)); alarm {
				alarms++
			}
		}
		assert.LessOrEqual(t, float64(alarms), 0.002*1_000_000/32, name)
		for delay := 1; ; delay++ {
			if change, alarm := a.Add(draw(random) + 1); alarm {
				t.Logf("%s: %d alarms in 31250 looks, a shift by 1 noticed after %d", name, alarms, delay)
				assert.LessOrEqual(t, delay, 128, name)
				assert.InDelta(t, 1, change.After-change.Before, 0.6, name)
				break
			}
		}
	}
}

// Page-Hinkley notices both directions, and a shift of size s after about lambda/(s-delta).
func TestPageHinkleyDelay(t *testing.T) {
	t.Parallel()
	for _, shift := range []float64{-2, -1, 1, 2} {
		random := rand.New(rand.NewPCG(3, 0))
		p := drift.NewPageHinkley(drift.PageHinkleyConfig{Delta: 0.25, Alpha: 1})
		for range 50_000 {
			_, alarm := p.Add(random.NormFloat64())
			require.False(t, alarm)
		}
		for delay := 1; ; delay++ {
			if change, alarm := p.Add(random.NormFloat64() + shift); alarm {
				assert.InDelta(t, 50/(math.Abs(shift)-0.25), delay, 15)
				assert.InDelta(t, 0, change.Before, 0.05)
				assert.InDelta(t, shift, change.After, 0.4)
				assert.Zero(t, p.Len(), "it begins anew")
				break
			}
		}
	}
}

// What is not a number changes nothing.
func TestOddValues(t *testing.T) {
	t.Parallel()
	for name, build := range each() {
		d := build()
		d.Add(1)
		before := d.Append(nil)
		for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			_, alarm := d.Add(x)
			assert.False(t, alarm, name)
		}
		assert.Equal(t, before, d.Append(nil), name)
		for range 1000 {
			_, alarm := d.Add(1)
			assert.False(t, alarm, "%s: values that are all the same", name)
		}
		assert.InDelta(t, 1, d.Mean(), 0)
		d.Reset()
		assert.Equal(t, build().Append(nil), d.Append(nil), name)
	}
}

func TestDetectorsGoOnAsTheyWere(t *testing.T) {
	t.Parallel()
	for name, build := range each() {
		calm, rough := build(), build()
		for i, x := range append(known(), known()...) {
			change, alarm := calm.Add(x)
			again, alarmAgain := rough.Add(x)
			require.Equal(t, change, again, name)
			require.Equal(t, alarm, alarmAgain, name)
			if i%7 == 0 {
				stored := rough.Append(nil)
				rough = build()
				rest, err := rough.Decode(append(stored, "rest"...))
				require.NoError(t, err)
				require.Equal(t, "rest", string(rest))
				require.Equal(t, calm.Append(nil), rough.Append(nil))
			}
		}
	}
}

func TestCutRecords(t *testing.T) {
	t.Parallel()
	for name, build := range each() {
		d := build()
		for _, x := range known() {
			d.Add(x)
		}
		stored := d.Append(nil)
		for n := range stored {
			_, err := build().Decode(stored[:n])
			require.ErrorIs(t, err, drift.ErrDamaged, "%s cut after %d bytes", name, n)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, build := range each() {
		d := build()
		for _, x := range known()[:1500] {
			d.Add(x)
		}
		f.Add(d.Append(nil))
	}
	f.Add([]byte{3, 0, 255, 255, 3})
	f.Fuzz(func(t *testing.T, stored []byte) {
		for name, build := range each() {
			d, again := build(), build()
			if _, err := d.Decode(stored); err != nil {
				require.ErrorIs(t, err, drift.ErrDamaged)
				continue
			}
			_, err := again.Decode(d.Append(nil))
			require.NoError(t, err)
			require.Equal(t, d.Append(nil), again.Append(nil), name)
			for i := range 100 {
				d.Add(float64(i))
			}
			d.Mean()
		}
	})
}

func TestAddDoesNotAllocate(t *testing.T) {
	for name, build := range each() {
		d, random := build(), rand.New(rand.NewPCG(4, 0))
		for range 100_000 {
			d.Add(random.Float64())
		}
		assert.Zero(t, testing.AllocsPerRun(1000, func() { d.Add(random.Float64()) }), name)
	}
}

func BenchmarkAdd(b *testing.B) {
	for name, build := range each() {
		b.Run(name, func(b *testing.B) {
			d, random := build(), rand.New(rand.NewPCG(1, 0))
			b.ReportAllocs()
			for b.Loop() {
				d.Add(random.NormFloat64())
			}
			b.ReportMetric(float64(len(d.Append(nil))), "bytes")
		})
	}
}

func Example() {
	window := drift.NewADWIN(drift.ADWINConfig{})
	for i, x := range known() {
		if change, alarm := window.Add(x); alarm {
			fmt.Printf("value %d: the mean was %.1f and is %.1f\n", i, change.Before, change.After)
		}
	}
	// Output: value 1023: the mean was 0.5 and is 5.7
}
