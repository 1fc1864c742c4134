package laws

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// Points are n vectors around k centres, some with a dimension missing.
func Points(seed uint64, n, d, k int) [][]float64 {
	random := rand.New(rand.NewPCG(seed, 0))
	centres := make([][]float64, k)
	for c := range centres {
		centres[c] = make([]float64, d)
		for j := range d {
			centres[c][j] = 5 * random.NormFloat64()
		}
	}
	list := make([][]float64, n)
	for i := range list {
		list[i] = make([]float64, d)
		c := centres[random.IntN(k)]
		for j := range d {
			list[i][j] = c[j] + random.NormFloat64()
		}
		if random.IntN(20) == 0 {
			list[i][random.IntN(d)] = math.NaN()
		}
	}
	return list
}

// Customers are customers who move, come and leave, as a host keeps them.
type Customers struct {
	Engine   clustering.Engine
	Held     map[int]Held
	Outliers bool // there may be some

	at int64
}

// Held is what a host keeps of a customer.
type Held struct {
	ID clustering.MicroID
	X  []float64
}

// Move gives a customer a new vector, which is a point.
func (p *Customers) Move(t testing.TB, customer int, x []float64) {
	t.Helper()
	p.at++
	if p.Held == nil {
		p.Held = map[int]Held{}
	}
	if h, known := p.Held[customer]; known {
		id, err := p.Engine.Move(h.ID, h.X, x, p.at)
		require.NoError(t, err)
		p.Held[customer] = Held{id, x}
	} else {
		p.Held[customer] = Held{p.Engine.Insert(x, p.at), x}
	}
	p.Engine.Advance()
}

// Leave takes a customer out.
func (p *Customers) Leave(t testing.TB, customer int) {
	t.Helper()
	if h, known := p.Held[customer]; known {
		require.NoError(t, p.Engine.Retract(h.ID, h.X))
		delete(p.Held, customer)
	}
}

// Erase takes a customer out for good.
func (p *Customers) Erase(t testing.TB, customer int) {
	t.Helper()
	if h, known := p.Held[customer]; known {
		require.NoError(t, p.Engine.Erase(h.ID, h.X))
		delete(p.Held, customer)
	}
}

// Save saves the engine, at the end of a batch.
func (p *Customers) Save(to Records) {
	if batched, ok := p.Engine.(clustering.Batched); ok {
		batched.EndBatch()
	}
	p.Engine.Save(to)
}

// live takes one random step.
func (p *Customers) live(t testing.TB, random *rand.Rand, list [][]float64) {
	t.Helper()
	customer := random.IntN(400)
	switch x := list[random.IntN(len(list))]; {
	case random.IntN(10) == 0:
		p.Leave(t, customer)
	case random.IntN(500) == 0:
		p.Move(t, customer, append(slices.Clip(x), 1)) // a new feature
	default:
		p.Move(t, customer, x)
	}
}

// Check proves that the engine says of every customer what they add up to.
func (p *Customers) Check(t testing.TB) {
	t.Helper()
	require.NoError(t, p.Engine.Check())
	require.InDelta(t, len(p.Held), p.Engine.Size(), 0)
	segments := p.Engine.Segments()
	if len(segments) == 0 {
		return
	}
	sums := map[clustering.SegmentID]*cf.Feature{0: {}}
	for _, s := range segments {
		sums[s.ID] = &cf.Feature{}
	}
	for _, h := range p.Held {
		id := p.Engine.Home(h.ID).Segment
		require.Contains(t, sums, id)
		sums[id].Insert(1, h.X)
	}
	if !p.Outliers {
		require.Zero(t, sums[0].N(), "customers in no segment")
	}
	for _, s := range segments {
		require.InDelta(t, sums[s.ID].N(), s.Members.N(), 0)
		require.LessOrEqual(t, s.Members.Differs(sums[s.ID], p.Engine.Population()), 1e-9)
	}
}
