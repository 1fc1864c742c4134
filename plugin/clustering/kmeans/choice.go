package kmeans

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// Choice is how many segments there are to be.
type Choice struct {
	Min, Max int
	Now      int // 0: not chosen yet
	Streak   int // searches in a row that would rather have another number
}

const (
	gate        = 0.05 // a number of segments is eligible when its silhouette is this near to the best
	slack       = 0.02 // the present one is so with this much more
	margin      = 1.05 // by which another's Calinski-Harabasz index must be better than the present one's
	persistence = 2    // searches in a row, for the number to change
)

// candidate is a partition into one number of segments, and how good it is.
type candidate struct {
	k          int
	partition  *partition
	silhouette float64
	ratio      float64 // the index of Caliński and Harabasz
}

// choose finds the number of segments, and the best partition into so many. Of those whose
// simplified silhouette is near to the best, it is the one with the best index of Caliński
// and Harabasz: the silhouette refuses to split what is one, but does not mind much when two
// are taken for one; the index minds, but would split what is large. The number changes only
// when another was clearly better several times in a row, and only where others are
// explored.
func (c *cloud) choose(r Refinement) (*partition, Choice) {
	choice := r.Choice
	if choice.Min == choice.Max {
		choice.Now, choice.Streak = choice.Min, 0
		r.Choice = choice
		return c.best(r, choice.Now, r.Restarts), choice
	}
	if choice.Now != 0 { // one that has lost all its members does not come back elsewhere
		choice.Now = max(choice.Min, min(choice.Now, choice.Max, present(r.Summary)))
		r.Choice = choice
	}
	if r.Explore == 0 && choice.Now != 0 {
		return c.best(r, choice.Now, 0), choice
	}

	candidates := c.candidates(r)
	top := math.Inf(-1)
	for _, each := range candidates {
		top = max(top, each.silhouette)
	}
	var now, winner *candidate
	for i := range candidates {
		each := &candidates[i]
		if each.silhouette >= top-gate && (winner == nil || each.ratio > winner.ratio) {
			winner = each
		}
		if each.k == choice.Now {
			now = each
		}
	}
	switch {
	case now == nil:
		choice.Now, choice.Streak = winner.k, 0
		return winner.partition, choice
	case now.silhouette >= top-gate-slack && winner.ratio <= margin*now.ratio:
		choice.Streak = 0
		return now.partition, choice
	}
	if choice.Streak++; choice.Streak < persistence {
		return c.best(r, choice.Now, 0), choice // nothing is torn down for what may get a place of its own
	}
	choice.Now, choice.Streak = winner.k, 0
	return winner.partition, choice
}

// candidates are the partitions into each number of segments, as far as there are so many
// distinct points.
func (c *cloud) candidates(r Refinement) (list []candidate) {
	for k := r.Choice.Min; k <= r.Choice.Max; k++ {
		p := c.best(r, k, max(1, r.Explore))
		list = append(list, candidate{k: k, partition: p, silhouette: c.silhouette(p), ratio: c.ratio(p)})
		if p.filled() < k {
			break
		}
	}
	return list
}

// ratio is the index of Caliński and Harabasz (1974): the variance between segments over
// that within them, each by its degrees of freedom. Where there is none within, it is only
// their number that counts: the fewer the better.
func (c *cloud) ratio(p *partition) float64 {
	total, weight, mean := 0.0, 0.0, make([]float64, c.d)
	for i, w := range c.weight {
		weight += w
		for j, n := range c.counts[i*c.d:][:c.d] {
			if n > 0 {
				mean[j] += w * c.point(i)[j]
			}
		}
	}
	for j := range mean {
		mean[j] /= weight
	}
	for i, w := range c.weight {
		total += w * c.squared(c.point(i), mean)
	}
	k, within := float64(p.filled()), p.inertia+c.within
	return max(0, total-p.inertia) / max(within, 1e-9*total, math.SmallestNonzeroFloat64) * max(1, weight-k) / max(1, k-1)
}

// present is the number of segments that have members.
func present(summary []Entry) int {
	seen := map[clustering.SegmentID]struct{}{}
	for _, e := range summary {
		seen[e.Segment] = struct{}{}
	}
	return len(seen)
}

// filled is the number of centres that have points.
func (p *partition) filled() (n int) {
	for _, w := range p.weights {
		if w > 0 {
			n++
		}
	}
	return n
}

// silhouette is the simplified silhouette of a partition (see quality.Silhouette): −1 for
// fewer than two segments.
func (c *cloud) silhouette(p *partition) float64 {
	if p.filled() < 2 {
		return -1
	}
	sum, weight := 0.0, 0.0
	for i, w := range c.weight {
		a, b := 0.0, math.Inf(1)
		for k := range p.weights {
			if p.weights[k] == 0 {
				continue
			}
			d := c.squared(c.point(i), p.centres[k*c.d:][:c.d])
			if k == p.of[i] {
				a = d
			} else {
				b = min(b, d)
			}
		}
		a, b = math.Sqrt(a), math.Sqrt(b)
		if larger := max(a, b); larger > 0 {
			sum += w * (b - a) / larger
		}
		weight += w
	}
	return sum / weight
}
