package drift_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/density"
	"github.com/shoal-stream/shoal/plugin/clustering/drift"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

// customers come again and again, each with a vector around the place of their group.
type customers struct {
	random *rand.Rand
	groups []group
	list   []customer
	engine clustering.Engine
	watch  *drift.Monitor
	at     int64
	extend func(x []float64) []float64 // by other features; nil: there are none
}

type group struct {
	at       []float64
	spread   float64
	activity float64 // how often its customers come, relative to others
	stray    float64 // share of vectors that are anywhere
}

type customer struct {
	group int
	id    clustering.MicroID
	x     []float64
}

func newCustomers(seed uint64, engine clustering.Engine, n, groups, d int) *customers {
	p := &customers{random: rand.New(rand.NewPCG(seed, 1)), engine: engine, watch: drift.NewMonitor()}
	for i := range groups {
		at := make([]float64, d)
		at[i%d] = 8 * float64(1+i/d)
		p.groups = append(p.groups, group{at: at, spread: 1, activity: 1})
	}
	for i := range n {
		p.list = append(p.list, customer{group: i % groups})
	}
	return p
}

func (p *customers) draw(g group) []float64 {
	x := make([]float64, len(g.at))
	if p.random.Float64() < g.stray {
		for j := range x {
			x[j] = 30*p.random.Float64() - 10
		}
		return x
	}
	for j := range x {
		x[j] = g.at[j] + g.spread*p.random.NormFloat64()
	}
	return x
}

// live lets so many customers come, and tells of the alarms and after how many each came.
func (p *customers) live(t testing.TB, arrivals int) (alarms []drift.Alarm, after []int) {
	t.Helper()
	for i := range arrivals {
		p.at++
		c := &p.list[p.random.IntN(len(p.list))]
		for p.groups[c.group].activity < 2*p.random.Float64() {
			c = &p.list[p.random.IntN(len(p.list))]
		}
		x := p.draw(p.groups[c.group])
		if p.extend != nil {
			x = p.extend(x)
		}
		var err error
		if c.x == nil {
			c.id = p.engine.Insert(x, p.at)
		} else {
			c.id, err = p.engine.Move(c.id, c.x, x, p.at)
		}
		require.NoError(t, err)
		c.x = x
		p.engine.Advance()
		if p.engine.Refinements() == 0 {
			continue
		}
		if a, alarm := p.watch.Add(x, p.engine.Home(c.id).Segment == 0, p.engine); alarm {
			alarms, after = append(alarms, a), append(after, i+1)
		}
	}
	return alarms, after
}

func made(t testing.TB) map[string]func() clustering.Engine {
	return map[string]func() clustering.Engine{
		"kmeans": func() clustering.Engine {
			e, err := kmeans.NewTree(kmeans.TreeConfig{})
			require.NoError(t, err)
			return e
		},
		"kmeans, k 4": func() clustering.Engine {
			e, err := kmeans.NewTree(kmeans.TreeConfig{K: 4})
			require.NoError(t, err)
			return e
		},
		"online_kmeans": func() clustering.Engine {
			e, err := kmeans.NewOnline(kmeans.OnlineConfig{K: 6, Factor: 0.999})
			require.NoError(t, err)
			return e
		},
		"density": func() clustering.Engine {
			e, err := density.NewEngine(density.Config{Parameters: density.Parameters{Cleanup: 100, Intersection: 0.1}, Keyed: true})
			require.NoError(t, err)
			return e
		},
	}
}

// While customers go on as they do, no engine raises an alarm, however it learns; and each
// drift is one alarm, soon after it.
func TestEveryEngineIsWatched(t *testing.T) {
	t.Parallel()
	for name, drift := range map[string]struct {
		change func(p *customers)
		within int // arrivals
	}{
		"strays": {func(p *customers) {
			for i := range p.groups {
				p.groups[i].stray = 0.05
			}
		}, 500},
		"newcomers": {func(p *customers) {
			p.groups = append(p.groups, group{at: []float64{-15, -15, -15, -15}, spread: 1, activity: 1})
			for i := range p.list {
				if p.random.IntN(20) == 0 {
					p.list[i].group = len(p.groups) - 1
				}
			}
		}, 500},
		"a wider group":      {func(p *customers) { p.groups[0].spread = 2 }, 1500},
		"a busy group":       {func(p *customers) { p.groups[0].activity = 2 }, 3000},
		"a group that moves": {func(p *customers) { p.groups[0].at[1] += 4 }, 1500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for engine, build := range made(t) {
				p := newCustomers(3, build(), 2000, 4, 4)
				alarms, _ := p.live(t, 20_000)
				require.Empty(t, alarms, engine)
				drift.change(p)
				alarms, after := p.live(t, 12_000)
				require.Len(t, alarms, 1, engine)
				t.Logf("%s: %v of %v after %d, %v", engine, alarms[0].Detector, alarms[0].Signal, after[0], alarms[0].Change)
				require.LessOrEqual(t, after[0], drift.within, engine)
			}
		})
	}
}
