package laws

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// World is a population in groups that is told what to do.
type World struct {
	Customers
	random *rand.Rand
	Groups map[string]*Group
	next   int // customer
	events []clustering.Event
}

// Group is of customers around a place.
type Group struct {
	At        []float64
	customers []int
}

// NewWorld makes one that is empty.
func NewWorld(engine clustering.Engine, seed uint64) *World {
	return &World{
		Customers: Customers{Engine: engine},
		random:    rand.New(rand.NewPCG(seed, 0)), Groups: map[string]*Group{},
	}
}

// Settle founds a group.
func (w *World) Settle(name string, n int, at ...float64) {
	g := &Group{At: at}
	for range n {
		g.customers = append(g.customers, w.next)
		w.next++
	}
	w.Groups[name] = g
}

// Live lets so many events of random customers pass.
func (w *World) Live(t testing.TB, events int) {
	t.Helper()
	names := make([]string, 0, len(w.Groups))
	for name := range w.Groups {
		names = append(names, name)
	}
	slices.Sort(names)
	type member struct {
		customer int
		g        *Group
	}
	var everybody []member
	for _, name := range names {
		for _, customer := range w.Groups[name].customers {
			everybody = append(everybody, member{customer, w.Groups[name]})
		}
	}
	for range events {
		m := everybody[w.random.IntN(len(everybody))]
		x := make([]float64, len(m.g.At))
		for j := range x {
			x[j] = m.g.At[j] + w.random.NormFloat64()
		}
		w.Move(t, m.customer, x)
	}
	w.events = append(w.events, w.Engine.Events()...)
}

// Vanish lets all of a group go.
func (w *World) Vanish(t testing.TB, name string) {
	t.Helper()
	for _, customer := range w.Groups[name].customers {
		w.Leave(t, customer)
	}
	delete(w.Groups, name)
}

// Join makes two groups one.
func (w *World) Join(from, into string) {
	w.Groups[into].customers = append(w.Groups[into].customers, w.Groups[from].customers...)
	delete(w.Groups, from)
}

// Part takes every other customer of a group into one of their own.
func (w *World) Part(from, name string, at ...float64) {
	g, new := w.Groups[from], &Group{At: at}
	var stay []int
	for i, customer := range g.customers {
		if i%2 == 0 {
			new.customers = append(new.customers, customer)
		} else {
			stay = append(stay, customer)
		}
	}
	g.customers, w.Groups[name] = stay, new
}

// Segment is the one that most of a group are in.
func (w *World) Segment(name string) clustering.SegmentID {
	counts := map[clustering.SegmentID]int{}
	best := clustering.SegmentID(0)
	for _, customer := range w.Groups[name].customers {
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

// Happened lists what was told since the last call, but for relabellings.
func (w *World) Happened() []string {
	var list []string
	for _, e := range w.events {
		if e.Kind != clustering.Relabel {
			list = append(list, fmt.Sprintf("%v %d of %v", e.Kind, e.Segment, e.Parents))
		}
	}
	w.events = nil
	return list
}
