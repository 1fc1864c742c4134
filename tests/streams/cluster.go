package streams

import (
	"math"
	"math/rand/v2"
	"slices"
)

// frame is a key frame in the life of a cluster.
type frame struct {
	radius float64 // of the longest half-axis
	aspect float64 // of the other half-axes to the longest
	angle  float64 // of the longest in the plane of the first two dimensions of the cluster
	weight float64
}

// cluster is one cluster over its life. Path and frames are spaced evenly over it.
type cluster struct {
	label    int
	uniform  bool
	from, to float64 // the share of the stream at birth and at death
	plane    [2]int  // the two dimensions in which it is turned
	path     [][]float64
	frames   []frame
}

// State is a cluster at an instant, in box coordinates.
type State struct {
	Label  int
	Center []float64
	Radius float64 // of the ball around it
	Weight float64

	uniform bool
	axes    []float64
	plane   [2]int
	sin     float64
	cos     float64
}

// alive reports whether the cluster lives at share u of the stream.
func (c *cluster) alive(u float64) bool {
	return u >= c.from && u < c.to
}

// radius is the largest the cluster ever has.
func (c *cluster) radius() float64 {
	r := 0.0
	for _, f := range c.frames {
		r = max(r, f.radius)
	}
	return r
}

// at is the cluster at share u of the stream.
func (c *cluster) at(u float64) State {
	p := (u - c.from) / (c.to - c.from)
	i, part := leg(p, len(c.path))
	center := slices.Clone(c.path[i])
	if part > 0 {
		for k := range center {
			center[k] = mix(center[k], c.path[i+1][k], part)
		}
	}
	i, part = leg(p, len(c.frames))
	f := c.frames[i]
	if part > 0 {
		g := c.frames[i+1]
		f = frame{
			radius: mix(f.radius, g.radius, part),
			aspect: mix(f.aspect, g.aspect, part),
			angle:  mix(f.angle, g.angle, part),
			weight: mix(f.weight, g.weight, part),
		}
	}
	axes := make([]float64, len(center))
	for k := range axes {
		axes[k] = f.radius * f.aspect
	}
	axes[c.plane[0]] = f.radius
	st := State{
		Label: c.label, Center: center, Radius: f.radius, Weight: f.weight,
		uniform: c.uniform, axes: axes, plane: c.plane,
	}
	st.sin, st.cos = math.Sincos(f.angle)
	return st
}

// leg finds between which of n evenly spaced keys p lies, and how far on.
func leg(p float64, n int) (i int, part float64) {
	if n == 1 {
		return 0, 0
	}
	p *= float64(n - 1)
	i = min(max(int(p), 0), n-2)
	return i, p - float64(i)
}

// mix is the value part of the way from a to b.
func mix(a, b, part float64) float64 {
	return a + (b-a)*part
}

// reach is where a Gaussian is cut, in standard deviations: beyond are about three points
// of a thousand.
func reach(dims int) float64 {
	return math.Sqrt(float64(dims)) + 2
}

// draw draws a point of the cluster.
func (s State) draw(rng *rand.Rand) []float64 {
	d := len(s.Center)
	x := make([]float64, d)
	for {
		for k := range x {
			x[k] = rng.NormFloat64()
		}
		n := norm(x)
		scale := 1 / reach(d)
		if s.uniform {
			scale = math.Pow(rng.Float64(), 1/float64(d)) / n
		}
		if n*scale <= 1 {
			for k := range x {
				x[k] *= scale * s.axes[k]
			}
			s.turn(x, s.sin)
			for k := range x {
				x[k] += s.Center[k]
			}
			return x
		}
	}
}

// Depth is the distance of x from the centre by the shape of the cluster: 1 on its surface.
func (s State) Depth(x []float64) float64 {
	y := make([]float64, len(x))
	for k := range y {
		y[k] = x[k] - s.Center[k]
	}
	s.turn(y, -s.sin)
	for k := range y {
		y[k] /= s.axes[k]
	}
	return norm(y)
}

// turn rotates x in the plane of the cluster.
func (s State) turn(x []float64, sin float64) {
	i, j := s.plane[0], s.plane[1]
	if i != j {
		x[i], x[j] = s.cos*x[i]-sin*x[j], sin*x[i]+s.cos*x[j]
	}
}

// norm is the length of x.
func norm(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum)
}
