package cf

import (
	"cmp"
	"math"
	"slices"
)

// Quantiles are those of dimension j over all vectors of the features, as near as these
// tell: the vectors of each are taken to lie evenly within √3 standard deviations of its
// mean, which is exact where a feature has one vector or equal ones. Probabilities rise
// from 0 to 1; the answers are NaN when no vector has the dimension.
//
// Features are retractable, and so is this sketch: it has no memory of vectors that were
// taken out, and a shift of all vectors shifts the answers. O(n·log n).
func Quantiles(features []*Feature, j int, probabilities ...float64) []float64 {
	type edge struct{ at, rise, jump float64 } // of the density, and of the mass
	edges := make([]edge, 0, 2*len(features))
	total, lowest, highest := 0.0, math.Inf(1), math.Inf(-1)
	for _, f := range features {
		if f.Observed(j) > 0 {
			lowest, highest = min(lowest, f.Mean(j)), max(highest, f.Mean(j))
		}
	}
	point := 1e-9 * (highest - lowest) // narrower, and its density would drown the others
	for _, f := range features {
		n := f.Observed(j)
		if n == 0 {
			continue
		}
		total += n
		mean, half := f.Mean(j), math.Sqrt(3*f.Variance(j))
		if from, to := mean-half, mean+half; to-from > point {
			edges = append(edges, edge{at: from, rise: n / (to - from)}, edge{at: to, rise: -n / (to - from)})
		} else {
			edges = append(edges, edge{at: mean, jump: n})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Compare(a.at, b.at) })

	answers := make([]float64, len(probabilities))
	next, mass, density := 0, 0.0, 0.0
	for i, e := range edges {
		if i > 0 {
			width := e.at - edges[i-1].at
			for next < len(answers) && density > 0 && mass+density*width >= probabilities[next]*total {
				answers[next] = edges[i-1].at + max(0, probabilities[next]*total-mass)/density
				next++
			}
			mass += density * width
		}
		mass += e.jump
		density += e.rise
		for next < len(answers) && e.jump > 0 && mass >= probabilities[next]*total {
			answers[next] = e.at
			next++
		}
	}
	for ; next < len(answers); next++ { // what rounding has left
		answers[next] = math.NaN()
		if len(edges) > 0 {
			answers[next] = edges[len(edges)-1].at
		}
	}
	return answers
}
