package kmeans

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

const (
	maxRounds  = 60    // of Lloyd's algorithm, if it does not settle before
	heats      = 4     // rounds after which only the best of several searches goes on
	hysteresis = 0.997 // a search from scratch must reach this share of the inertia to win
)

// Refinement is the task of finding the segments of a summary: all that the outcome
// depends on, so that it can be computed anywhere, also beside the stream.
type Refinement struct {
	Summary  []Entry
	Metric   *cf.Metric
	Choice   Choice
	Seed     uint64
	Restarts int // searches from scratch that compete with the segments as they are
	Explore  int // the same for each other number of segments, where that is to be chosen; 0: it stays
}

// Entry is one micro-cluster of a summary.
type Entry struct {
	Segment  clustering.SegmentID // that it belongs to now; 0: none
	Weight   float64
	Spread   float64   // sum of squared scaled distances of its members to its centroid
	Centroid []float64 // in the units of the vectors; NaN: never observed
	Observed []float64 // weight that has each dimension; nil: all of it, where Centroid has a number
}

// Outcome is what a refinement found.
type Outcome struct {
	Centres []Centre
	Choice  Choice
}

// Centre is where a segment is to be.
type Centre struct {
	Segment  clustering.SegmentID // that it continues; 0: it was found from scratch
	Position []float64            // in the units of the vectors
}

// Run runs weighted k-means over the summary, from the segments as they are: those keep
// their numbers. A search from scratch (greedy k-means++, Arthur and Vassilvitskii 2007)
// replaces them only when it is clearly better. There are fewer centres when there are
// fewer distinct entries. O(entries·k·d) for each round, of each search and each k.
func (r Refinement) Run() Outcome {
	if len(r.Summary) == 0 {
		return Outcome{Choice: r.Choice}
	}
	r.Choice.Min = max(1, r.Choice.Min)
	r.Choice.Max = max(r.Choice.Min, r.Choice.Max)
	c := newCloud(r)
	best, choice := c.choose(r)
	return Outcome{Centres: best.result(c, r.Metric), Choice: choice}
}

// best is the best partition into k that so many searches find.
func (c *cloud) best(r Refinement, k, searches int) *partition {
	random := rand.New(rand.NewPCG(0x73686f616c, r.Seed<<8|uint64(k)))
	best := c.continued(r, k, random)
	if best != nil {
		rounds := maxRounds
		if searches > 0 && k != r.Choice.Now {
			rounds = heats
		}
		best = c.lloyd(best, rounds)
	}
	if searches == 0 && best != nil {
		return best
	}
	var fresh *partition
	for range max(1, searches) {
		start := c.seeded(nil, k, random)
		p := c.lloyd(&partition{centres: start, segments: make([]clustering.SegmentID, len(start)/c.d)}, heats)
		if fresh == nil || p.inertia < fresh.inertia {
			fresh = p
		}
	}
	if best == nil || fresh.inertia < best.inertia*hopeful {
		if fresh = c.lloyd(fresh, maxRounds); best == nil || c.isBetter(fresh, best) {
			best = fresh
		}
	}
	if r.Choice.Now != 0 && k != r.Choice.Now {
		return best // good enough to compare numbers of segments by
	}
	return c.improved(best, random)
}

// isBetter tells that a partition is clearly better than another.
func (c *cloud) isBetter(p, other *partition) bool {
	return p.inertia+c.within < hysteresis*(other.inertia+c.within)
}

// cloud is a summary as weighted points in scaled units, where distance is Euclid's.
type cloud struct {
	d      int // at least 1
	points []float64
	counts []float64 // how many members have the dimension
	weight []float64
	within float64 // what the points' own spread adds to any inertia
	metric *cf.Metric
	whole  bool // no point lacks a dimension

	distances []float64 // scratch
}

func newCloud(r Refinement) *cloud {
	d, n := max(1, r.Metric.Dims()), len(r.Summary)
	c := &cloud{d: d, points: make([]float64, n*d), counts: make([]float64, n*d), weight: make([]float64, n), metric: r.Metric.Scaled(), whole: true, distances: make([]float64, n)}
	for i, entry := range r.Summary {
		point := c.point(i)
		r.Metric.Scale(point, entry.Centroid)
		for j := range d {
			switch {
			case math.IsNaN(point[j]):
				c.whole = false
			case entry.Observed != nil && j < len(entry.Observed):
				c.counts[i*d+j] = entry.Observed[j]
			default:
				c.counts[i*d+j] = entry.Weight
			}
		}
		c.weight[i] = entry.Weight
		c.within += entry.Spread
	}
	return c
}

func (c *cloud) point(i int) []float64 { return c.points[i*c.d:][:c.d] }

// squared is the squared distance between two points.
func (c *cloud) squared(x, y []float64) (sum float64) {
	if !c.whole {
		return c.metric.Squared(x, y)
	}
	y = y[:len(x)]
	for j, v := range x {
		sum += (v - y[j]) * (v - y[j])
	}
	return sum
}

// nearest is the centre nearest to a point, and its squared distance.
func (c *cloud) nearest(i int, centres []float64) (nearest int, least float64) {
	x := c.point(i)
	if !c.whole {
		return c.metric.Nearest(x, centres, c.d)
	}
	least = math.Inf(1)
	for k := 0; len(centres) >= c.d; k, centres = k+1, centres[c.d:] {
		if d := c.squared(x, centres[:c.d]); d < least {
			nearest, least = k, d
		}
	}
	return nearest, least
}

// partition assigns each point to a centre.
type partition struct {
	centres  []float64
	segments []clustering.SegmentID // of the centres; 0: new
	of       []int                  // the centre of each point
	weights  []float64              // of the centres' points
	inertia  float64                // sum of weighted squared distances
}

// continued is the partition into k that the present segments start from: nil if there are
// none.
func (c *cloud) continued(r Refinement, k int, random *rand.Rand) *partition {
	p := &partition{of: make([]int, len(r.Summary))}
	weights := map[clustering.SegmentID]float64{}
	for i, entry := range r.Summary {
		if entry.Segment != 0 {
			weights[entry.Segment] += c.weight[i]
		}
	}
	for id := range weights {
		p.segments = append(p.segments, id)
	}
	if len(p.segments) == 0 {
		return nil
	}
	slices.Sort(p.segments)
	if len(p.segments) > k { // the heaviest stay
		slices.SortStableFunc(p.segments, func(a, b clustering.SegmentID) int { return cmp.Compare(weights[b], weights[a]) })
		p.segments = p.segments[:k]
		slices.Sort(p.segments)
	}
	for i, entry := range r.Summary {
		p.of[i] = slices.Index(p.segments, entry.Segment) // -1: none that stays
	}
	p.centres = make([]float64, len(p.segments)*c.d)
	c.centre(p)
	p.centres = c.seeded(p.centres, k, random)
	p.segments = append(p.segments, make([]clustering.SegmentID, len(p.centres)/c.d-len(p.segments))...)
	return p
}

// seeded adds centres up to k. Each is the best of a few points, drawn by their share
// in the inertia, so far: by the inertia that it leaves.
func (c *cloud) seeded(centres []float64, k int, random *rand.Rand) []float64 {
	n := len(c.weight)
	least := make([]float64, n) // squared distance to the nearest centre
	for i := range n {
		least[i] = 1 // the first is drawn by weight
		if len(centres) > 0 {
			_, least[i] = c.nearest(i, centres)
		}
	}
	draws := 2 + int(math.Log(float64(k)))
	trial, kept := make([]float64, n), make([]float64, n)
	for len(centres) < k*c.d {
		total := 0.0
		for i, w := range c.weight {
			total += w * least[i]
		}
		if !(total > 0) && len(centres) > 0 {
			break // every point is a centre
		}
		best, chosen := math.Inf(1), -1
		for range draws {
			i := c.draw(least, random.Float64()*total)
			if inertia := c.tried(i, len(centres) == 0, least, trial); inertia < best || chosen < 0 {
				best, chosen = inertia, i
				trial, kept = kept, trial
			}
		}
		centres = append(centres, c.point(chosen)...)
		least, kept = kept, least
	}
	return centres
}

// draw finds the point at which the running sum of weight times squared distance passes
// a mark.
func (c *cloud) draw(least []float64, mark float64) (chosen int) {
	for i, w := range c.weight {
		if share := w * least[i]; share > 0 {
			chosen = i
			if mark -= share; mark < 0 {
				break
			}
		}
	}
	return chosen
}

// tried is the inertia with one more centre at point i, and writes the squared
// distances to the nearest centre then.
func (c *cloud) tried(i int, first bool, least, trial []float64) (inertia float64) {
	for other, w := range c.weight {
		d := c.squared(c.point(other), c.point(i))
		if !first {
			d = min(d, least[other])
		}
		trial[other] = d
		inertia += w * d
	}
	return inertia
}

// lloyd assigns points to their nearest centres and moves those to the means of their
// points, until nothing changes, for so many rounds at most.
func (c *cloud) lloyd(p *partition, rounds int) *partition {
	p.of = make([]int, len(c.weight))
	for round := range rounds {
		if !c.assign(p) && round > 0 {
			break
		}
		c.centre(p)
	}
	return p
}

// assign tells whether any point has another centre than before.
func (c *cloud) assign(p *partition) (moved bool) {
	p.inertia = 0
	distances := c.distances
	p.weights = make([]float64, len(p.segments))
	for i, w := range c.weight {
		nearest, squared := c.nearest(i, p.centres)
		moved = moved || nearest != p.of[i]
		p.of[i], distances[i] = nearest, squared
		p.inertia += w * squared
		p.weights[nearest] += w
	}
	for k, w := range p.weights {
		if w == 0 && c.revive(p, k, distances) {
			moved = true
		}
	}
	return moved
}

// revive puts a centre without points where it saves most inertia. It is then another
// segment than it was.
func (c *cloud) revive(p *partition, k int, distances []float64) bool {
	worst, most := -1, 0.0
	for i, w := range c.weight {
		if cost := w * distances[i]; cost > most && p.weights[p.of[i]] > w {
			worst, most = i, cost
		}
	}
	if worst < 0 {
		return false
	}
	p.weights[p.of[worst]] -= c.weight[worst]
	p.inertia -= most
	p.of[worst], distances[worst] = k, 0
	p.weights[k] = c.weight[worst]
	p.segments[k] = 0
	return true
}

// centre moves the centres to the means of their points. One without points stays, and
// so does a dimension that none of its points has.
func (c *cloud) centre(p *partition) {
	sums, counts := make([]float64, len(p.centres)), make([]float64, len(p.centres))
	for i, k := range p.of {
		if k < 0 {
			continue
		}
		for j, z := range c.point(i) {
			if n := c.counts[i*c.d+j]; n > 0 {
				sums[k*c.d+j] += n * z
				counts[k*c.d+j] += n
			}
		}
	}
	for at, n := range counts {
		if n > 0 {
			p.centres[at] = sums[at] / n
		}
	}
}

// result lists the centres that have points.
func (p *partition) result(c *cloud, metric *cf.Metric) []Centre {
	var centres []Centre
	for k, w := range p.weights {
		if w > 0 {
			position := slices.Clone(p.centres[k*c.d:][:c.d])
			metric.Unscale(position)
			centres = append(centres, Centre{Segment: p.segments[k], Position: position})
		}
	}
	return centres
}
