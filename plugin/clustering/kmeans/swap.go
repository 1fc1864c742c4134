package kmeans

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

const (
	attempts = 3    // centres are tried, those that are needed least first, before a partition is taken to be as good as it gets
	hopeful  = 1.02 // after a few rounds, a trial that is not within this of the partition is given up
)

// improved takes a centre away where it is needed least and puts it where it saves most,
// as long as this is clearly better: Lloyd's algorithm alone never moves a centre across
// others (Fritzke 1997, the LBG-U method; here with a start by k-means++).
func (c *cloud) improved(p *partition, random *rand.Rand) *partition {
	k := len(p.segments)
	for failures := 0; failures < min(attempts, k-1); {
		spare := c.byNeed(p)[failures]
		centres := slices.Delete(slices.Clone(p.centres), spare*c.d, (spare+1)*c.d)
		segments := slices.Delete(slices.Clone(p.segments), spare, spare+1)
		centres = c.seeded(centres, k, random)
		segments = append(segments, make([]clustering.SegmentID, len(centres)/c.d-len(segments))...)
		trial := c.lloyd(&partition{centres: centres, segments: segments}, heats)
		if trial.inertia < hopeful*p.inertia {
			trial = c.lloyd(trial, maxRounds)
		}
		if failures++; c.isBetter(trial, p) {
			p, failures = trial, 0
		}
	}
	return p
}

// byNeed lists the centres by what the inertia would grow without each.
func (c *cloud) byNeed(p *partition) []int {
	need := make([]float64, len(p.segments))
	for i, w := range c.weight {
		own, other := 0.0, math.Inf(1)
		for k := range p.segments {
			d := c.squared(c.point(i), p.centres[k*c.d:][:c.d])
			if k == p.of[i] {
				own = d
			} else {
				other = min(other, d)
			}
		}
		need[p.of[i]] += w * (other - own)
	}
	order := make([]int, len(need))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(need[a], need[b]) })
	return order
}
