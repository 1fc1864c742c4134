package streams

import (
	"math/rand/v2"
	"time"
)

// Side is the side of the box of the centres, in box coordinates.
const Side = 100.0

// NoiseShare is the share of noise in a noisy stream.
const NoiseShare = 0.05

// margin is how far noise reaches out of the box.
const margin = Side / 10

// start is the event time before the first point.
var start = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC).UnixNano()

// Point is a point of a stream with its true label.
type Point struct {
	X     []float64
	At    int64 // event time, Unix ns, rising by half a second to one and a half
	Label int   // 0: noise, 1..: cluster
}

// Stream is a planned stream: which clusters live when, where, and of what shape.
type Stream struct {
	Config Config    // with the defaults filled in
	Units  []float64 // by which box coordinates are multiplied, one per dimension

	clusters []*cluster
}

// Generate makes the points of a stream.
func Generate(c Config) []Point {
	return New(c).Points()
}

// New plans a stream. A noisy stream has the clusters of the clean one with the same seed.
func New(c Config) *Stream {
	c = c.filled()
	return &Stream{Config: c, Units: units(c.Dims), clusters: plan(c)}
}

// Points draws the points. The same stream always gives the same ones.
func (s *Stream) Points() []Point {
	rng := s.Config.rng(forPoints)
	points := make([]Point, s.Config.Points)
	at := start
	for i := range points {
		at += int64((0.5 + rng.Float64()) * float64(time.Second))
		alive := s.Alive(i)
		x, label := []float64(nil), 0
		if s.Config.Noisy && rng.Float64() < NoiseShare {
			x = s.noise(rng, alive)
		} else {
			st := pick(rng, alive)
			x, label = st.draw(rng), st.Label
		}
		for k := range x {
			x[k] *= s.Units[k]
		}
		points[i] = Point{X: x, At: at, Label: label}
	}
	return points
}

// Alive gives the clusters that live at point i.
func (s *Stream) Alive(i int) []State {
	u := float64(i) / float64(s.Config.Points)
	var alive []State
	for _, c := range s.clusters {
		if c.alive(u) {
			alive = append(alive, c.at(u))
		}
	}
	return alive
}

// Box turns a point of the stream back into box coordinates.
func (s *Stream) Box(x []float64) []float64 {
	b := make([]float64, len(x))
	for k := range x {
		b[k] = x[k] / s.Units[k]
	}
	return b
}

// noise draws a point outside of all living clusters.
func (s *Stream) noise(rng *rand.Rand, alive []State) []float64 {
	x := make([]float64, s.Config.Dims)
	for {
		for k := range x {
			x[k] = rng.Float64()*(Side+2*margin) - margin
		}
		if !within(x, alive) {
			return x
		}
	}
}

// within reports whether x is inside one of the clusters.
func within(x []float64, alive []State) bool {
	for _, st := range alive {
		if st.Depth(x) <= 1 {
			return true
		}
	}
	return false
}

// pick chooses a cluster by weight.
func pick(rng *rand.Rand, alive []State) State {
	sum := 0.0
	for _, st := range alive {
		sum += st.Weight
	}
	r := rng.Float64() * sum
	for _, st := range alive {
		if r -= st.Weight; r < 0 {
			return st
		}
	}
	return alive[len(alive)-1]
}

// units gives dimensions that differ by orders of magnitude.
func units(dims int) []float64 {
	u := make([]float64, dims)
	for k := range u {
		u[k] = []float64{1000, 0.01, 1}[min(k, 2)]
	}
	return u
}

// Labels gives the labels of points.
func Labels(points []Point) []int {
	labels := make([]int, len(points))
	for i, p := range points {
		labels[i] = p.Label
	}
	return labels
}
