package kmeans_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/laws"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

// world is a population in groups that is told what to do.
type world struct {
	laws.Customers
	random *rand.Rand
	groups map[string]*group
	next   int // customer
	events []clustering.Event
}

// group is of customers around a place.
type group struct {
	at        []float64
	customers []int
}

func newWorld(t testing.TB, config kmeans.TreeConfig, seed uint64) *world {
	t.Helper()
	tree, err := kmeans.NewTree(config)
	require.NoError(t, err)
	return &world{
		Customers: laws.Customers{Engine: tree},
		random:    rand.New(rand.NewPCG(seed, 0)), groups: map[string]*group{},
	}
}

// settle founds a group.
func (w *world) settle(name string, n int, at ...float64) {
	g := &group{at: at}
	for range n {
		g.customers = append(g.customers, w.next)
		w.next++
	}
	w.groups[name] = g
}

// live lets so many events of random customers pass.
func (w *world) live(t testing.TB, events int) {
	t.Helper()
	names := make([]string, 0, len(w.groups))
	for name := range w.groups {
		names = append(names, name)
	}
	slices.Sort(names)
	type member struct {
		customer int
		g        *group
	}
	var everybody []member
	for _, name := range names {
		for _, customer := range w.groups[name].customers {
			everybody = append(everybody, member{customer, w.groups[name]})
		}
	}
	for range events {
		m := everybody[w.random.IntN(len(everybody))]
		x := make([]float64, len(m.g.at))
		for j := range x {
			x[j] = m.g.at[j] + w.random.NormFloat64()
		}
		w.Move(t, m.customer, x)
	}
	w.events = append(w.events, w.Engine.Events()...)
}

// leave lets all of a group go.
func (w *world) vanish(t testing.TB, name string) {
	t.Helper()
	for _, customer := range w.groups[name].customers {
		w.Leave(t, customer)
	}
	delete(w.groups, name)
}

// join makes two groups one.
func (w *world) join(from, into string) {
	w.groups[into].customers = append(w.groups[into].customers, w.groups[from].customers...)
	delete(w.groups, from)
}

// part takes every other customer of a group into one of their own.
func (w *world) part(from, name string, at ...float64) {
	g, new := w.groups[from], &group{at: at}
	var stay []int
	for i, customer := range g.customers {
		if i%2 == 0 {
			new.customers = append(new.customers, customer)
		} else {
			stay = append(stay, customer)
		}
	}
	g.customers, w.groups[name] = stay, new
}

// segment is the one that most of a group are in.
func (w *world) segment(name string) clustering.SegmentID {
	counts := map[clustering.SegmentID]int{}
	best := clustering.SegmentID(0)
	for _, customer := range w.groups[name].customers {
		if h, in := w.Held[customer]; in {
			id := w.Engine.Home(h.ID).Segment
			counts[id]++
			if counts[id] > counts[best] {
				best = id
			}
		}
	}
	return best
}

// happened lists what was told since the last call, but for relabellings.
func (w *world) happened() []string {
	var list []string
	for _, e := range w.events {
		if e.Kind != clustering.Relabel {
			list = append(list, fmt.Sprintf("%v %d of %v", e.Kind, e.Segment, e.Parents))
		}
	}
	w.events = nil
	return list
}

// What happens to a population is what the lineage says, and nothing else.
func TestLineage(t *testing.T) {
	t.Parallel()
	told, wanted, right := 0, 0, 0
	for seed := uint64(100); seed < 104; seed++ { // thresholds were set with others, from 0
		for name, script := range map[string]func(w *world) []string{
			"birth": func(w *world) []string {
				w.settle("new", 300, 0, 30)
				w.live(t, 8000)
				return []string{"birth 4 of []"}
			},
			"death": func(w *world) []string {
				w.vanish(t, "c")
				w.live(t, 8000)
				return []string{"death 3 of []"}
			},
			"split": func(w *world) []string {
				w.part("c", "c2", 40, 35)
				w.live(t, 8000)
				return []string{"split 4 of [3]"}
			},
			"merge": func(w *world) []string {
				w.join("c", "b")
				w.live(t, 8000)
				return []string{"merge 2 of [2 3]"}
			},
			"revival": func(w *world) []string {
				w.vanish(t, "c")
				w.live(t, 8000)
				w.settle("again", 300, 40, 0)
				w.live(t, 8000)
				return []string{"death 3 of []", "revival 3 of []"}
			},
			"shift": func(w *world) []string {
				for range 30 {
					w.groups["c"].at[1]++
					w.live(t, 600)
				}
				return nil
			},
			"stay": func(w *world) []string {
				w.live(t, 20_000)
				return nil
			},
		} {
			w := newWorld(t, kmeans.TreeConfig{KMin: 2, KMax: 8, RefreshPoints: 500}, seed)
			w.settle("a", 300, 0, 0)
			w.settle("b", 300, 20, 30)
			w.settle("c", 300, 40, 0)
			w.live(t, 8000)
			a, b, c := w.segment("a"), w.segment("b"), w.segment("c")
			rename := strings.NewReplacer(fmt.Sprint(a), "1", fmt.Sprint(b), "2", fmt.Sprint(c), "3")
			w.happened()
			want := script(w)
			var got []string
			for _, e := range w.happened() {
				kind, rest, _ := strings.Cut(e, " ")
				got = append(got, strings.Replace(kind+" "+rename.Replace(rest), "[3 2]", "[2 3]", 1))
			}
			for _, e := range want {
				if slices.Contains(got, e) {
					right++
				}
			}
			told, wanted = told+len(got), wanted+len(want)
			if !slices.Equal(got, want) {
				t.Logf("%s, seed %d: told %q, want %q", name, seed, got, want)
			}
			w.Check(t)
			assert.Equal(t, a, w.segment("a"), "%s, seed %d", name, seed)
		}
	}
	t.Logf("precision %.3f, recall %.3f of %d events", float64(right)/float64(told), float64(right)/float64(wanted), wanted)
	assert.GreaterOrEqual(t, float64(right)/float64(told), 0.95)
	assert.GreaterOrEqual(t, float64(right)/float64(wanted), 0.95)
}

// A million points of a stream that does not change: no number changes, whether the number
// of segments is given or chosen, and whether they are well apart or not at all.
func TestStationaryStream(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	for name, config := range map[string]kmeans.TreeConfig{
		"k given, apart":      {K: 5},
		"k chosen, apart":     {},
		"k given, one cloud":  {K: 5},
		"k chosen, one cloud": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine, err := kmeans.NewTree(config)
			require.NoError(t, err)
			spread, settled := 10.0, 1000
			if strings.HasSuffix(name, "cloud") {
				spread, settled = 0, 5000 // there is less to find
			}
			random := rand.New(rand.NewPCG(1, 2))
			x, changes := make([]float64, 4), 0
			for i := range 1_000_000 {
				group := random.IntN(5)
				for j := range x {
					x[j] = random.NormFloat64() + spread*float64((group*(j+3)*7)%11)
				}
				engine.Release(engine.Insert(x, int64(i)))
				if engine.Advance() && i >= settled {
					for _, e := range engine.Events() {
						if e.Kind != clustering.Relabel {
							changes++
							t.Logf("at %d: %v %d of %v", i, e.Kind, e.Segment, e.Parents)
						}
					}
				}
				if i == settled {
					engine.Events()
				}
			}
			assert.Zero(t, changes)
			require.NoError(t, engine.Check())
			t.Logf("%d segments", len(engine.Segments()))
		})
	}
}

// What happens to some groups does not touch the numbers of the others, also while it is
// not settled yet whether there is another segment.
func TestOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	for what, script := range map[string]func(w *world){
		"birth": func(w *world) { w.settle("new", 300, 0, 60) },
		"split": func(w *world) { w.part("c", "c2", 40, 60) },
		"merge": func(w *world) { w.join("c", "b") },
	} {
		w := newWorld(t, kmeans.TreeConfig{RefreshPoints: 500}, 100)
		groups := []string{"a", "b", "c", "d", "e", "f"}
		for i, name := range groups {
			w.settle(name, 300, 20*float64(i), 30*float64(i%2))
		}
		w.live(t, 10_000)
		before := map[string]clustering.SegmentID{}
		for _, name := range groups {
			before[name] = w.segment(name)
		}
		script(w)
		w.live(t, 15_000)
		for _, name := range []string{"a", "d", "e", "f"} {
			assert.Equal(t, before[name], w.segment(name), "%s: group %s", what, name)
		}
	}
}
