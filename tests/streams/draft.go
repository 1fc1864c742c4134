package streams

import (
	"math"
	"math/rand/v2"
)

// draft is a cluster that has no place yet, and how it will travel.
type draft struct {
	*cluster
	legs      int
	diameters float64
}

// drafts draws what the clusters of a stream are like.
func drafts(c Config, rng *rand.Rand, size float64) []draft {
	size *= reach(c.Dims)
	if c.Kind == MultiDrift {
		return multiDrift(c, rng, size)
	}
	ds := make([]draft, c.Clusters)
	for i := range ds {
		d := newDraft(c, rng, i, size*between(rng, 0.8, 2.4))
		switch c.Kind {
		case Moving:
			d.travel(rng)
		case Changing:
			d.change(rng)
		}
		ds[i] = d
	}
	if c.Kind == Sequential {
		succeed(ds, rng)
	}
	return ds
}

// newDraft draws a cluster that lives all along: in turn a round Gaussian, a long Gaussian, a
// uniform ball, and a long uniform one.
func newDraft(c Config, rng *rand.Rand, i int, radius float64) draft {
	f := frame{radius: radius, aspect: 1, weight: between(rng, 1, 5)}
	if i%2 == 1 {
		f.aspect = between(rng, 0.35, 0.6)
		f.angle = between(rng, 0, math.Pi)
	}
	a := rng.IntN(c.Dims)
	b := a
	if c.Dims > 1 {
		b = (a + 1 + rng.IntN(c.Dims-1)) % c.Dims
	}
	return draft{cluster: &cluster{
		uniform: i/2%2 == 1, to: 1, plane: [2]int{a, b}, frames: []frame{f},
	}}
}

// travel sets the cluster in motion.
func (d *draft) travel(rng *rand.Rand) {
	d.legs, d.diameters = 3, between(rng, 4, 6)
}

// change has the cluster change its spread, shape, direction and weight.
func (d *draft) change(rng *rand.Rand) {
	f := d.frames[0]
	radius := f.radius
	for range 3 {
		f = frame{
			radius: radius * between(rng, 0.6, 1.4),
			aspect: between(rng, 0.35, 1),
			angle:  f.angle + between(rng, -1, 1)*math.Pi/3,
			weight: between(rng, 1, 5),
		}
		d.frames = append(d.frames, f)
	}
}

// swell has the cluster change its weight from light to heavy or the other way.
func (d *draft) swell() {
	f := d.frames[0]
	f.weight = 5
	if d.frames[0].weight > 3 {
		f.weight = 1
	}
	d.frames = append(d.frames, f)
}

// succeed has clusters follow each other: three or four live, and around each turn, when one is
// born and the oldest vanishes, one more or less.
func succeed(ds []draft, rng *rand.Rand) {
	live := min(3+rng.IntN(2), len(ds)-1)
	turns := len(ds) - live
	space := 1 / float64(turns+1)
	for i := range turns {
		turn := space * float64(i+1)
		ds[live+i].from = turn + space*between(rng, -0.4, 0.4)
		ds[i].to = turn + space*between(rng, -0.4, 0.4)
	}
}

// multiDrift draws one or two large clusters and small dense ones around that drift.
func multiDrift(c Config, rng *rand.Rand, size float64) []draft {
	large := 1 + rng.IntN(2)
	ds := make([]draft, c.Clusters)
	for i := range ds {
		if i < large {
			ds[i] = newDraft(c, rng, i, size*between(rng, 2.2, 2.8))
			continue
		}
		d := newDraft(c, rng, i, size*between(rng, 0.3, 0.7))
		n := i - large
		if n%2 == 0 {
			d.travel(rng)
		} else {
			d.swell()
		}
		switch n % 3 {
		case 1:
			d.from = between(rng, 0.2, 0.6)
		case 2:
			d.to = between(rng, 0.4, 0.8)
		}
		ds[i] = d
	}
	return ds
}

// between draws a number from lo to hi.
func between(rng *rand.Rand, lo, hi float64) float64 {
	return lo + rng.Float64()*(hi-lo)
}
