package streams

import (
	"math"
	"math/rand/v2"
)

// Gap is the least distance of the surfaces of two clusters, in radii of the larger.
const Gap = 1.0

const (
	steps  = 400        // instants at which the gap is looked at
	trail  = steps / 20 // for how many of them the place of a cluster is kept free after it
	stride = 4          // the pace at which the trail is looked at
	leeway = 0.1        // added to the gap for what is between the instants
)

// plan draws the clusters of a stream, smaller ones if there is no room.
func plan(c Config) []*cluster {
	rng := c.rng(forPlan)
	for size := 1.0; ; size *= 0.85 {
		for range 10 {
			if clusters := place(c, rng, size); clusters != nil {
				return clusters
			}
		}
	}
}

// place draws one cluster after the other, each clear of those before, or nil if one finds no room.
func place(c Config, rng *rand.Rand, size float64) []*cluster {
	var clusters []*cluster
	var taken [][]spot
	for i, d := range drafts(c, rng, size) {
		d.label = i + 1
		spots := settle(d, c.Dims, rng, taken)
		if spots == nil {
			return nil
		}
		taken = append(taken, spots)
		clusters = append(clusters, d.cluster)
	}
	return clusters
}

// settle draws paths until one is clear of the others.
func settle(d draft, dims int, rng *rand.Rand, taken [][]spot) []spot {
	for range 300 {
		if !d.walk(dims, rng) {
			continue
		}
		spots := d.spots()
		if clear(spots, taken) {
			return spots
		}
	}
	return nil
}

// walk draws a path of the given length in the box, or fails.
func (d draft) walk(dims int, rng *rand.Rand) bool {
	r := d.radius()
	if 2*r > Side {
		return false
	}
	at := make([]float64, dims)
	for k := range at {
		at[k] = r + rng.Float64()*(Side-2*r)
	}
	d.path = [][]float64{at}
	for range d.legs {
		next := make([]float64, dims)
		for k := range next {
			next[k] = rng.NormFloat64()
		}
		scale := d.diameters * 2 * r / float64(d.legs) / norm(next)
		for k := range next {
			next[k] = at[k] + next[k]*scale
			if next[k] < r || next[k] > Side-r {
				return false
			}
		}
		d.path = append(d.path, next)
		at = next
	}
	return true
}

// spot is the ball around a cluster at one of the instants; no cluster has no centre.
type spot struct {
	center []float64
	radius float64
}

// spots are the balls around a cluster over the stream.
func (c *cluster) spots() []spot {
	spots := make([]spot, steps+1)
	for i := range spots {
		u := float64(i) / steps
		if u > c.from-1.0/steps && u < c.to+1.0/steps {
			st := c.at(min(max(u, c.from), c.to))
			spots[i] = spot{st.Center, st.Radius}
		}
	}
	return spots
}

// clear reports whether a cluster keeps the gap to the others and to their trails.
func clear(spots []spot, taken [][]spot) bool {
	for _, other := range taken {
		for i, a := range spots {
			if a.center == nil {
				continue
			}
			for j := max(i%stride, i-trail); j <= min(i+trail, steps); j += stride {
				if b := other[j]; b.center != nil && !apart(a, b) {
					return false
				}
			}
		}
	}
	return true
}

// apart reports whether two balls keep the gap.
func apart(a, b spot) bool {
	sum := 0.0
	for k := range a.center {
		sum += (a.center[k] - b.center[k]) * (a.center[k] - b.center[k])
	}
	return math.Sqrt(sum) >= a.radius+b.radius+(Gap+leeway)*max(a.radius, b.radius)
}
