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
	margin      = 0.02 // by which the silhouette of another number of segments must be better
	persistence = 2    // searches in a row, for the number to change
)

// choose finds the number of segments, and the best partition into so many: the number
// with the best simplified silhouette. It changes only when another was clearly better
// several times in a row, and only where others are explored.
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
		return c.best(r, choice.Now, r.Restarts), choice
	}

	var now, winner *partition
	nowIndex, winnerIndex, winnerK := math.Inf(-1), math.Inf(-1), 0
	for k := choice.Min; k <= choice.Max; k++ {
		p := c.best(r, k, max(1, r.Explore))
		index := c.silhouette(p)
		if k == choice.Now {
			now, nowIndex = p, index
		}
		if winner == nil || index > winnerIndex {
			winner, winnerIndex, winnerK = p, index, k
		}
		if p.filled() < k {
			break // there are no more distinct points
		}
	}
	switch {
	case now == nil:
		choice.Now, choice.Streak = winnerK, 0
		return winner, choice
	case winnerIndex <= nowIndex+margin:
		choice.Streak = 0
		return now, choice
	}
	if choice.Streak++; choice.Streak < persistence {
		return now, choice
	}
	choice.Now, choice.Streak = winnerK, 0
	return winner, choice
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
