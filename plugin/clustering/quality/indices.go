package quality

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// Inertia is the mean squared scaled distance of a member to the mean of its segment.
func Inertia(segments []*cf.Feature, metric *cf.Metric) float64 {
	within, weight := 0.0, 0.0
	for _, s := range segments {
		within += s.N() * metric.Spread(s)
		weight += s.N()
	}
	return within / weight
}

// CalinskiHarabasz is the variance between segments over that within them, each by its
// degrees of freedom (Caliński and Harabasz 1974). Larger is better.
func CalinskiHarabasz(segments []*cf.Feature, metric *cf.Metric) float64 {
	segments, means := filled(segments)
	if len(segments) < 2 {
		return math.NaN()
	}
	var all cf.Feature
	for _, s := range segments {
		all.Merge(s)
	}
	between, within := 0.0, 0.0
	for i, s := range segments {
		between += s.N() * metric.ToCentroid(means[i], &all)
		within += s.N() * metric.Spread(s)
	}
	k := float64(len(segments))
	return between / within * (all.N() - k) / (k - 1)
}

// DaviesBouldin is the mean over segments of the worst ratio of two spreads to the
// distance between them: spread is the root of the mean squared distance to the mean,
// distance is plain (Davies and Bouldin 1979 with q = p = 2). Smaller is better.
func DaviesBouldin(segments []*cf.Feature, metric *cf.Metric) float64 {
	return daviesBouldin(segments, metric, math.Sqrt)
}

// DaviesBouldinSquared is the variant of Moshtaghi et al. (2019): mean squared spreads
// over squared distances.
func DaviesBouldinSquared(segments []*cf.Feature, metric *cf.Metric) float64 {
	return daviesBouldin(segments, metric, func(squared float64) float64 { return squared })
}

func daviesBouldin(segments []*cf.Feature, metric *cf.Metric, measure func(squared float64) float64) float64 {
	segments, means := filled(segments)
	if len(segments) < 2 {
		return math.NaN()
	}
	sum := 0.0
	for i, a := range segments {
		worst := 0.0
		for j, b := range segments {
			if i != j {
				spread := measure(metric.Spread(a)) + measure(metric.Spread(b))
				worst = max(worst, spread/measure(metric.Squared(means[i], means[j])))
			}
		}
		sum += worst
	}
	return sum / float64(len(segments))
}

// XieBeni is the mean squared distance within segments over the least squared distance
// between two of their means (Xie and Beni 1991). Smaller is better.
func XieBeni(segments []*cf.Feature, metric *cf.Metric) float64 {
	segments, means := filled(segments)
	if len(segments) < 2 {
		return math.NaN()
	}
	least := math.Inf(1)
	for i := range segments {
		for j := range i {
			least = min(least, metric.Squared(means[i], means[j]))
		}
	}
	return Inertia(segments, metric) / least
}

// Silhouette is the simplified silhouette (Hruschka et al. 2004): the mean over points of
// (b − a)/max(a, b), with a the distance to the mean of the own segment and b that to the
// nearest other, from −1 to 1. Points are given as features, of single vectors or of
// micro-clusters, weighted by their number: the distance of those is that of their members,
// root of the mean square. Own is the index of each one's segment. Each is the mean over the
// points of one segment. Larger is better. O(points·k·d).
func Silhouette(points []*cf.Feature, own []int, segments []*cf.Feature, metric *cf.Metric) (all float64, each []float64) {
	sum, weight := 0.0, 0.0
	each = make([]float64, len(segments))
	weights := make([]float64, len(segments))
	for i, p := range points {
		at, spread := centroid(p), metric.Spread(p)
		a, b := 0.0, math.Inf(1)
		for j, s := range segments {
			switch {
			case s.N() == 0:
			case j == own[i]:
				a = metric.ToCentroid(at, s)
			default:
				b = min(b, metric.ToCentroid(at, s))
			}
		}
		a, b = math.Sqrt(a+spread), math.Sqrt(b+spread)
		if larger := max(a, b); larger > 0 && !math.IsInf(larger, 1) {
			of := p.N() * (b - a) / larger
			sum, each[own[i]] = sum+of, each[own[i]]+of
			weight, weights[own[i]] = weight+p.N(), weights[own[i]]+p.N()
		}
	}
	for j := range each {
		each[j] /= weights[j]
	}
	return sum / weight, each
}

// filled are the segments that have members, and their means.
func filled(segments []*cf.Feature) (list []*cf.Feature, means [][]float64) {
	for _, s := range segments {
		if s.N() > 0 {
			list, means = append(list, s), append(means, centroid(s))
		}
	}
	return list, means
}

func centroid(f *cf.Feature) []float64 {
	mean := make([]float64, f.Dims())
	f.Centroid(mean)
	return mean
}
