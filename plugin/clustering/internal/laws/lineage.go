package laws

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// Lineage proves that what happens to a population is what the lineage says, and nothing else,
// whether or not an engine may take customers for outliers.
func Lineage(t *testing.T, make func() clustering.Engine, outliers bool) {
	t.Helper()
	told, wanted, right := 0, 0, 0
	for seed := uint64(100); seed < 104; seed++ { // thresholds were set with others, from 0
		for name, script := range map[string]func(w *World) []string{
			"birth": func(w *World) []string {
				w.Settle("new", 300, 0, 30)
				w.Live(t, 8000)
				return []string{"birth 4 of []"}
			},
			"death": func(w *World) []string {
				w.Vanish(t, "c")
				w.Live(t, 8000)
				return []string{"death 3 of []"}
			},
			"split": func(w *World) []string {
				w.Part("c", "c2", 40, 35)
				w.Live(t, 8000)
				return []string{"split 4 of [3]"}
			},
			"merge": func(w *World) []string {
				w.Join("c", "b")
				w.Live(t, 8000)
				return []string{"merge 2 of [2 3]"}
			},
			"revival": func(w *World) []string {
				w.Vanish(t, "c")
				w.Live(t, 8000)
				w.Settle("again", 300, 40, 0)
				w.Live(t, 8000)
				return []string{"death 3 of []", "revival 3 of []"}
			},
			"shift": func(w *World) []string {
				for range 30 {
					w.Groups["c"].At[1]++
					w.Live(t, 600)
				}
				return nil
			},
			"stay": func(w *World) []string {
				w.Live(t, 20_000)
				return nil
			},
		} {
			w := NewWorld(make(), seed)
			w.Outliers = outliers
			w.Settle("a", 300, 0, 0)
			w.Settle("b", 300, 20, 30)
			w.Settle("c", 300, 40, 0)
			w.Live(t, 8000)
			a, b, c := w.Segment("a"), w.Segment("b"), w.Segment("c")
			rename := strings.NewReplacer(fmt.Sprint(a), "1", fmt.Sprint(b), "2", fmt.Sprint(c), "3")
			w.Happened()
			want := script(w)
			var got []string
			for _, e := range w.Happened() {
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
			assert.Equal(t, a, w.Segment("a"), "%s, seed %d", name, seed)
		}
	}
	t.Logf("precision %.3f, recall %.3f of %d events", float64(right)/float64(told), float64(right)/float64(wanted), wanted)
	assert.GreaterOrEqual(t, float64(right)/float64(told), 0.95)
	assert.GreaterOrEqual(t, float64(right)/float64(wanted), 0.95)
}

// Stationary proves that no number changes in a stream of five groups that does not change,
// once it has settled. With a spread of 0, the groups are one cloud.
func Stationary(t *testing.T, engine clustering.Engine, spread float64, settled, points int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	x, changes := make([]float64, 4), 0
	for i := range points {
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
}

// StationaryCustomers counts the changes of lineage in a population of two thousand customers
// who move about where they belong, once it has settled.
func StationaryCustomers(t *testing.T, engine clustering.Engine, keyed bool, seed uint64, draw func(*rand.Rand, int) []float64, points int) (changes int) {
	t.Helper()
	const customers, settled = 2000, 10_000
	random := rand.New(rand.NewPCG(seed, 2))
	p := &Customers{Engine: engine, Outliers: true}
	for i := range points {
		who := random.IntN(customers)
		if x := draw(random, who); keyed {
			p.Move(t, who, x)
		} else {
			engine.Release(engine.Insert(x, int64(i)))
			engine.Advance()
		}
		for _, e := range engine.Events() {
			if i >= settled && e.Kind != clustering.Relabel {
				changes++
				t.Logf("at %d: %v %d of %v, %v customers", i, e.Kind, e.Segment, e.Parents, e.Size*engine.Fade())
			}
		}
	}
	require.NoError(t, engine.Check())
	return changes
}

// OthersAreLeftAlone proves that what happens to some groups does not touch the numbers of the others, also while it is
// not settled yet whether there is another segment.
func OthersAreLeftAlone(t *testing.T, make func() clustering.Engine) {
	t.Helper()
	for what, script := range map[string]func(w *World){
		"birth": func(w *World) { w.Settle("new", 300, 0, 60) },
		"split": func(w *World) { w.Part("c", "c2", 40, 60) },
		"merge": func(w *World) { w.Join("c", "b") },
	} {
		w := NewWorld(make(), 100)
		groups := []string{"a", "b", "c", "d", "e", "f"}
		for i, name := range groups {
			w.Settle(name, 300, 20*float64(i), 30*float64(i%2))
		}
		w.Live(t, 10_000)
		before := map[string]clustering.SegmentID{}
		for _, name := range groups {
			before[name] = w.Segment(name)
		}
		script(w)
		w.Live(t, 15_000)
		for _, name := range []string{"a", "d", "e", "f"} {
			assert.Equal(t, before[name], w.Segment(name), "%s: group %s", what, name)
		}
	}
}
