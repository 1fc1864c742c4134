package kmeans

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// mean is where the vectors below a node are on average: it shows the way down, and is
// none of what is learned. A micro-cluster's own is in its cluster feature.
type mean struct {
	weights []float64 // of the vectors that have each dimension
	at      []float64 // NaN where none has
}

func (m *mean) grow(d int) {
	for len(m.at) < d {
		m.weights, m.at = append(m.weights, 0), append(m.at, math.NaN())
	}
}

// pull moves the mean in one dimension, as weight comes in at v.
func (m *mean) pull(j int, weight, v float64) {
	if m.weights[j] += weight; m.weights[j] == weight {
		m.at[j] = v
		return
	}
	m.at[j] += weight / m.weights[j] * (v - m.at[j])
}

// insert adds a vector.
func (m *mean) insert(weight float64, x []float64) {
	m.grow(len(x))
	for j, v := range x {
		if !cf.Missing(v) {
			m.pull(j, weight, v)
		}
	}
}

// join adds all vectors of a cluster feature.
func (m *mean) join(f *cf.Feature) {
	m.grow(f.Dims())
	for j := range f.Dims() {
		if n := f.Observed(j); n > 0 {
			m.pull(j, n, f.Mean(j))
		}
	}
}

// merge adds all vectors of another mean.
func (m *mean) merge(other *mean) {
	m.grow(len(other.at))
	for j, n := range other.weights {
		if n > 0 {
			m.pull(j, n, other.at[j])
		}
	}
}

func (m *mean) reset() { m.weights, m.at = m.weights[:0], m.at[:0] }

func (m *mean) decay(g float64) {
	for j := range m.weights {
		m.weights[j] *= g
	}
}
