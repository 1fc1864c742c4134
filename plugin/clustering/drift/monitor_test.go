package drift_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/drift"
)

// groups is a stream of points around places on a line, and the model of it.
type groups struct {
	random *rand.Rand
	shares []float64 // of each group, cumulated
	shift  float64   // of the first
	stray  float64   // share of points that are far from all
}

func newGroups(seed uint64) *groups {
	return &groups{random: rand.New(rand.NewPCG(seed, 1)), shares: []float64{0.1, 0.5, 1}}
}

func (g *groups) draw() (x []float64, group int) {
	u := g.random.Float64()
	for u >= g.shares[group] {
		group++
	}
	at := 20 * float64(group)
	if group == 0 {
		at += g.shift
	}
	if g.random.Float64() < g.stray {
		at = 80
	}
	return []float64{at + g.random.NormFloat64(), g.random.NormFloat64()}, group
}

func (g *groups) Segments() []clustering.Segment {
	segments := make([]clustering.Segment, 3)
	for i := range segments {
		segments[i] = clustering.Segment{ID: clustering.SegmentID(i + 1), Members: &cf.Feature{}}
	}
	still := newGroups(99)
	for range 3000 {
		x, i := still.draw()
		segments[i].Members.Insert(1, x)
	}
	return segments
}

func (g *groups) Population() *cf.Feature {
	all := &cf.Feature{}
	for _, s := range g.Segments() {
		all.Merge(s.Members)
	}
	return all
}

func (g *groups) Metric() *cf.Metric { return cf.NewMetric(cf.None, g.Population(), nil, nil) }

// still is a model that was made before, so that looking at it costs nothing.
type still struct {
	segments   []clustering.Segment
	population *cf.Feature
	metric     *cf.Metric
}

func (s *still) Segments() []clustering.Segment { return s.segments }
func (s *still) Population() *cf.Feature        { return s.population }
func (s *still) Metric() *cf.Metric             { return s.metric }

func model() *still {
	g := newGroups(0)
	return &still{g.Segments(), g.Population(), g.Metric()}
}

// Each drift is one alarm, soon after it, that says what has changed.
func TestDriftsAreToldOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  func(g *groups)
		outlier float64 // share of the outliers afterwards
		signal  drift.Signal
		segment clustering.SegmentID
		before  float64
		after   float64
	}{
		"a group moves":   {func(g *groups) { g.shift = -3 }, 0, drift.QuantisationError, 0, 2, 2.9},
		"a share doubles": {func(g *groups) { g.shares = []float64{0.2, 0.56, 1} }, 0, drift.SegmentShare, 1, 0.1, 0.2},
		"strays come":     {func(g *groups) { g.stray = 0.05 }, 0, drift.QuantisationError, 0, 2, 3.5},
		"outliers come":   {func(*groups) {}, 0.1, drift.OutlierShare, 0, 0.02, 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, m, of := newGroups(7), drift.NewMonitor(), model()
			feed := func(n int, outliers float64) (alarms []drift.Alarm, at []int) {
				for i := range n {
					x, _ := g.draw()
					if a, alarm := m.Add(x, g.random.Float64() < outliers, of); alarm {
						alarms, at = append(alarms, a), append(at, i+1)
					}
				}
				return alarms, at
			}
			alarms, _ := feed(20_000, 0.02)
			require.Empty(t, alarms)
			test.change(g)
			alarms, at := feed(20_000, max(test.outlier, 0.02))
			require.Len(t, alarms, 1)
			t.Logf("%v after %d: %v", alarms[0].Detector, at[0], alarms[0].Change)
			assert.Less(t, at[0], 2000)
			assert.Equal(t, test.signal, alarms[0].Signal)
			assert.Equal(t, test.segment, alarms[0].Segment)
			assert.InDelta(t, test.before, alarms[0].Before, 0.1*test.before)
			assert.InDelta(t, test.after, alarms[0].After, 0.35*test.after)
		})
	}
}

type records map[string]string

func (r records) Put(key, value []byte) { r[string(key)] = string(value) }
func (r records) Delete(key []byte)     { delete(r, string(key)) }

func (r records) load(m *drift.Monitor) error {
	for key, value := range r {
		m.Load([]byte(key), []byte(value))
	}
	return m.Ready()
}

// A monitor that is saved and loaded at any moment goes on as one that never was.
func TestMonitorGoesOnAsItWas(t *testing.T) {
	t.Parallel()
	run := func(reload bool) (saved records, alarms []drift.Alarm) {
		g, m, of, when := newGroups(8), drift.NewMonitor(), model(), rand.New(rand.NewPCG(1, 1))
		saved = records{}
		for i := range 24_000 {
			if i%6000 == 0 {
				g.shift = float64(i / 3000)
			}
			x, _ := g.draw()
			if a, alarm := m.Add(x, i%50 == 0, of); alarm {
				alarms = append(alarms, a)
			}
			if when.IntN(30) == 0 {
				m.Save(saved)
				if reload {
					m = drift.NewMonitor()
					require.NoError(t, saved.load(m))
				}
			}
		}
		m.Save(saved)
		return saved, alarms
	}
	calm, want := run(false)
	rough, got := run(true)
	assert.Equal(t, want, got)
	assert.GreaterOrEqual(t, len(want), 2)
	assert.True(t, maps.Equal(calm, rough))
}

func TestResetLeavesNothing(t *testing.T) {
	t.Parallel()
	g, m, of, saved := newGroups(8), drift.NewMonitor(), model(), records{}
	for range 3000 {
		x, _ := g.draw()
		m.Add(x, false, of)
	}
	m.Save(saved)
	require.Greater(t, len(saved), 5)
	m.Reset()
	m.Save(saved)
	assert.Len(t, saved, 1)
	require.NoError(t, saved.load(drift.NewMonitor()))
}

// A record that is missing or cut is noticed.
func TestDamagedMonitor(t *testing.T) {
	t.Parallel()
	g, m, of, saved := newGroups(8), drift.NewMonitor(), model(), records{}
	for range 3000 {
		x, _ := g.draw()
		m.Add(x, false, of)
	}
	m.Save(saved)
	require.NoError(t, saved.load(drift.NewMonitor()))
	for key, value := range saved {
		damaged := maps.Clone(saved)
		delete(damaged, key)
		require.ErrorIs(t, damaged.load(drift.NewMonitor()), drift.ErrDamaged, "%q missing", key)
		for n := range value {
			damaged[key] = value[:n]
			require.ErrorIs(t, damaged.load(drift.NewMonitor()), drift.ErrDamaged, "%q cut to %d", key, n)
		}
	}
	require.ErrorIs(t, records{"x": ""}.load(drift.NewMonitor()), drift.ErrDamaged)
}

func FuzzAlarm(f *testing.F) {
	want := drift.Alarm{Detector: drift.ByADWIN, Signal: drift.SegmentShare, Segment: 300, Change: drift.Change{Before: 0.1, After: 1.0 / 3}}
	got, err := drift.DecodeAlarm(want.Append(nil))
	require.NoError(f, err)
	require.Equal(f, want, got)
	f.Add(want.Append(nil))
	f.Fuzz(func(t *testing.T, stored []byte) {
		a, err := drift.DecodeAlarm(stored)
		if err != nil {
			require.ErrorIs(t, err, drift.ErrDamaged)
			return
		}
		require.NotEmpty(t, a.Detector.String()+a.Signal.String())
		again, err := drift.DecodeAlarm(a.Append(nil))
		require.NoError(t, err)
		require.Equal(t, a, again)
	})
}

func FuzzMonitor(f *testing.F) {
	g, m, of, saved := newGroups(8), drift.NewMonitor(), model(), records{}
	for range 3000 {
		x, _ := g.draw()
		m.Add(x, false, of)
	}
	m.Save(saved)
	for key, value := range saved {
		f.Add(key, []byte(value))
	}
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		damaged := maps.Clone(saved)
		damaged[key] = string(value)
		m := drift.NewMonitor()
		if err := damaged.load(m); err != nil {
			require.ErrorIs(t, err, drift.ErrDamaged)
			return
		}
		g := newGroups(1)
		for range 100 {
			x, _ := g.draw()
			m.Add(x, false, of)
		}
	})
}

func BenchmarkMonitor(b *testing.B) {
	g, m, of, saved := newGroups(8), drift.NewMonitor(), model(), counter{}
	var list [][]float64
	for range 1000 {
		x, _ := g.draw()
		list = append(list, x)
	}
	for i := range 200_000 {
		m.Add(list[i%1000], false, of)
	}
	m.Save(&saved)
	saved = counter{}
	b.ReportAllocs()
	n := 0
	for i := 0; b.Loop(); i++ {
		m.Add(list[i%1000], false, of)
		m.Save(&saved)
		n++
	}
	b.ReportMetric(float64(saved.bytes)/float64(n), "bytes/op")
}

type counter struct{ bytes, records int }

func (c *counter) Put(_, value []byte) { c.bytes += len(value); c.records++ }
func (c *counter) Delete([]byte)       {}

// A reference that has a segment where somebody was who is erased, and nobody else, goes; for
// anybody else, it stays.
func TestWhoIsErasedIsNoReference(t *testing.T) {
	t.Parallel()
	there := []float64{7.25, -3}
	bits := binary.LittleEndian.AppendUint64(nil, math.Float64bits(there[0]))
	for _, test := range []struct {
		x    []float64
		goes bool
	}{{there, true}, {[]float64{7.25, 3}, false}, {[]float64{0, 0}, false}} {
		m, saved := drift.NewMonitor(), records{}
		_, alarm := m.Add(there, false, alone(there))
		require.False(t, alarm)
		m.Save(saved)
		require.True(t, saved.have(bits), "else this would find nothing")
		m.Erase(test.x)
		m.Save(saved)
		assert.Equal(t, test.goes, !saved.have(bits), "%v", test.x)
	}
	drift.NewMonitor().Erase(there)
}

// alone is a model of one customer.
type alone []float64

func (a alone) Population() *cf.Feature {
	f := &cf.Feature{}
	f.Insert(1, a)
	return f
}

func (a alone) Metric() *cf.Metric { return cf.NewMetric(cf.None, a.Population(), nil, nil) }

func (a alone) Segments() []clustering.Segment {
	return []clustering.Segment{{ID: 1, Members: a.Population()}}
}

// have tells that a record has some bytes.
func (r records) have(what []byte) bool {
	for _, value := range r {
		if bytes.Contains([]byte(value), what) {
			return true
		}
	}
	return false
}
