package cf

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/record"
)

// Metric measures distance in scaled units: a deviation in dimension j counts with
// weight w_j = weight_j²/σ_j². It holds the mean and spread of the population as they
// were when it was made, and never changes: a new scale is a new metric. The zero
// value has no dimensions, and no distance between anything.
type Metric struct {
	weights []float64 // w_j; 0: the dimension counts nothing
	roots   []float64 // of the weights
	means   []float64 // NaN: never observed
	sigmas  []float64
	active  int  // number of dimensions that count
	settled bool // clips
}

// Weight tells how much a dimension counts: 2 makes a deviation twice as far. Nil is 1
// for each.
type Weight func(dimension int) float64

// Scaling is the unit in which a metric measures each dimension.
type Scaling byte

// The scalings.
const (
	Standard Scaling = iota // standard deviations of the population
	Robust                  // as Standard, but from the quartiles: a few extreme vectors do not stretch the unit
	None                    // the dimension's own unit
)

// flat is the variance, relative to the squared mean, below which a spread is the
// rounding of float64 and none of the data.
const flat = 1e-30

// normalRange is the interquartile range of a normal distribution in standard deviations.
const normalRange = 1.3489795003921634

// NewMetric measures as the population is now. Parts are features that add up to it, from
// which [Robust] reads the quartiles (see [Quantiles]); others do not need them. A
// dimension that does not vary counts nothing, unless the scaling is [None]; one whose
// quartiles are the same is measured as by [Standard]. Weight nil is 1 for each.
// O(d), for Robust O(parts·log(parts)·d).
func NewMetric(scaling Scaling, population *Feature, parts []*Feature, weight Weight) *Metric {
	d := population.Dims()
	m := &Metric{weights: make([]float64, d), means: make([]float64, d), sigmas: make([]float64, d), settled: true}
	population.Centroid(m.means)
	for j := range d {
		if v := population.Variance(j); v > flat*m.means[j]*m.means[j] {
			m.sigmas[j] = math.Sqrt(v)
		}
		if scaling == Robust && m.sigmas[j] > 0 {
			q := Quantiles(parts, j, 0.25, 0.5, 0.75)
			if sigma := (q[2] - q[0]) / normalRange; sigma*sigma > flat*m.means[j]*m.means[j] {
				m.means[j], m.sigmas[j] = q[1], sigma
			}
		}
		switch {
		case scaling == None:
			m.weights[j] = 1
		case m.sigmas[j] > 0:
			m.weights[j] = 1 / (m.sigmas[j] * m.sigmas[j])
		}
		if weight != nil {
			m.weights[j] *= weight(j) * weight(j)
		}
		if !(m.weights[j] < math.Inf(1)) {
			m.weights[j] = 0
		}
	}
	m.count()
	return m
}

func (m *Metric) count() {
	m.active, m.roots = 0, make([]float64, len(m.weights))
	for j, w := range m.weights {
		m.roots[j] = math.Sqrt(w)
		if w > 0 {
			m.active++
		}
	}
}

// Provisional is the same metric, but one that clips nothing: while an engine warms
// up, the spread of the population is not known yet.
func (m *Metric) Provisional() *Metric {
	p := *m
	p.settled = false
	return &p
}

// Active is the number of dimensions that count.
func (m *Metric) Active() int { return m.active }

// Dims is the number of dimensions that the metric knows; others count nothing.
func (m *Metric) Dims() int { return len(m.weights) }

// Weight is w_j = weight_j²/σ_j².
func (m *Metric) Weight(j int) float64 {
	if j >= len(m.weights) {
		return 0
	}
	return m.weights[j]
}

// Mean is that of the population, its median for [Robust]; NaN where nothing was observed.
func (m *Metric) Mean(j int) float64 {
	if j >= len(m.means) {
		return math.NaN()
	}
	return m.means[j]
}

// Has tells that the mean of a dimension is that of x, but for rounding: perhaps nobody else
// has one.
func (m *Metric) Has(x []float64) bool {
	for j := range min(len(x), len(m.means)) {
		if SameNumber(m.means[j], x[j]) {
			return true
		}
	}
	return false
}

// Sigma is the standard deviation of the population, for [Robust] as its quartiles have
// it; 0 where it does not vary.
func (m *Metric) Sigma(j int) float64 {
	if j >= len(m.sigmas) {
		return 0
	}
	return m.sigmas[j]
}

// Squared is the squared distance between two vectors. NaN is missing, and so is what
// lies beyond the end of a vector: a dimension that one of them lacks counts nothing,
// and the others count so much more (× d/d_observed). Where they have none in common,
// what each lacks is taken to be the mean of the population. O(d).
func (m *Metric) Squared(x, y []float64) float64 {
	if d := len(m.weights); len(x) >= d && len(y) >= d {
		if sum := squared(m.weights, x, y); sum == sum { // not NaN: nothing is missing
			return sum
		}
	}
	return m.squaredWhereObserved(x, y)
}

// ToCentroid is the squared distance between a vector and the centroid of a feature.
func (m *Metric) ToCentroid(x []float64, f *Feature) float64 {
	if d := len(m.weights); len(x) >= d && len(f.dims) >= d {
		sum := 0.0
		for j, w := range m.weights {
			dim := &f.dims[j]
			if dim.n == 0 {
				sum = math.NaN()
			}
			delta := x[j] - dim.mean.hi
			sum += w * (delta * delta)
		}
		if sum == sum {
			return sum
		}
	}
	centroid := make([]float64, len(m.weights))
	f.Centroid(centroid)
	return m.squaredWhereObserved(x, centroid)
}

// Nearest is the row nearest to x, the first of equals, and its squared distance. Each
// row has stride numbers: -1 and +Inf when there is none. O(rows·d).
func (m *Metric) Nearest(x, rows []float64, stride int) (row int, least float64) {
	row, least = -1, math.Inf(1)
	for i := 0; len(rows) > 0; i, rows = i+1, rows[stride:] {
		if d := m.Squared(x, rows[:stride]); d < least || row < 0 {
			row, least = i, d
		}
	}
	return row, least
}

// squared sums even and odd dimensions apart: a processor does both at once.
func squared(weights, x, y []float64) float64 {
	d := len(weights)
	x, y = x[:d], y[:d]
	var even, odd float64
	j := 0
	for ; j < d-1; j += 2 {
		a, b := x[j]-y[j], x[j+1]-y[j+1]
		even += weights[j] * (a * a)
		odd += weights[j+1] * (b * b)
	}
	if j < d {
		a := x[j] - y[j]
		even += weights[j] * (a * a)
	}
	return even + odd
}

func (m *Metric) squaredWhereObserved(x, y []float64) float64 {
	sum, observed := 0.0, 0
	for j, w := range m.weights {
		if delta := at(x, j) - at(y, j); w > 0 && delta == delta {
			sum += w * (delta * delta)
			observed++
		}
	}
	if observed > 0 {
		return sum * float64(m.active) / float64(observed)
	}
	for j, w := range m.weights {
		if delta := m.or(at(x, j), j) - m.or(at(y, j), j); w > 0 && delta == delta {
			sum += w * (delta * delta)
		}
	}
	return sum
}

func at(x []float64, j int) float64 {
	if j >= len(x) {
		return math.NaN()
	}
	return x[j]
}

func (m *Metric) or(v float64, j int) float64 {
	if v != v {
		return m.means[j]
	}
	return v
}

// Spread is the mean squared distance of a feature's vectors to their centroid: its
// squared radius. O(d).
func (m *Metric) Spread(f *Feature) float64 {
	sum, observed := 0.0, 0
	for j, w := range m.weights {
		if n := f.Observed(j); w > 0 && n > 0 {
			sum += w * (f.dims[j].s.hi / n)
			observed++
		}
	}
	if observed == 0 {
		return 0
	}
	return sum * float64(m.active) / float64(observed)
}

// Ward is by how much the sum of squared distances to the centroid grows when sets of
// weights a and b merge whose centroids are so far apart (D4 of Zhang et al., BIRCH).
func Ward(a, b, squared float64) float64 { return a * b / (a + b) * squared }

// Scale writes x in scaled units from the mean of the population into dst, which is as
// long as the metric has dimensions: [Metric.Scaled] measures there. NaN is missing, as
// is what lies beyond the end of x; a dimension that counts nothing is 0. dst may be x.
func (m *Metric) Scale(dst, x []float64) {
	for j, w := range m.weights {
		z := 0.0
		if w > 0 {
			z = (at(x, j) - m.means[j]) * m.roots[j]
		}
		dst[j] = z
	}
}

// Unscale undoes Scale in place: a dimension that counts nothing is the mean of the
// population.
func (m *Metric) Unscale(z []float64) {
	for j, w := range m.weights {
		v := m.means[j]
		if w > 0 {
			v += z[j] / m.roots[j]
		}
		z[j] = v
	}
}

// Scaled measures vectors that Scale made: the distances are those of this metric.
func (m *Metric) Scaled() *Metric {
	d := len(m.weights)
	unit := &Metric{weights: make([]float64, d), means: make([]float64, d), sigmas: make([]float64, d)}
	for j, w := range m.weights {
		if w > 0 {
			unit.weights[j] = 1
		}
	}
	unit.count()
	return unit
}

// Clip winsorises x in place: what lies further than limit standard deviations from
// the mean of the population is taken to be there. It does nothing in dimensions that
// do not vary, and while the metric is provisional.
func (m *Metric) Clip(x []float64, limit float64) {
	if !m.settled {
		return
	}
	for j := range min(len(x), len(m.sigmas)) {
		reach := limit * m.sigmas[j]
		if reach == 0 {
			continue
		}
		if low := m.means[j] - reach; x[j] < low {
			x[j] = low
		}
		if high := m.means[j] + reach; x[j] > high {
			x[j] = high
		}
	}
}

// Append writes the metric in binary form: 24 bytes a dimension.
func (m *Metric) Append(dst []byte) []byte {
	settled := byte(0)
	if m.settled {
		settled = 1
	}
	dst = append(dst, settled)
	for j := range m.weights {
		dst = appendFloat(dst, m.weights[j])
		dst = appendFloat(dst, m.means[j])
		dst = appendFloat(dst, m.sigmas[j])
	}
	return dst
}

// DecodeMetric reads a metric that Append wrote: all of src.
func DecodeMetric(src []byte) (*Metric, error) {
	if len(src)%24 != 1 || src[0] > 1 {
		return nil, ErrDamaged
	}
	d := len(src) / 24
	m := &Metric{weights: make([]float64, d), means: make([]float64, d), sigmas: make([]float64, d), settled: src[0] == 1}
	r := reader{record.Read(src[1:])}
	for j := range d {
		m.weights[j] = r.weight()
		if m.means[j] = r.Float(); math.IsInf(m.means[j], 0) { // NaN: nothing was observed
			r.Refuse()
		}
		m.sigmas[j] = r.weight()
	}
	if r.Damaged() {
		return nil, ErrDamaged
	}
	m.count()
	return m, nil
}
