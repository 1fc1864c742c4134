package density

import "math"

const (
	lone   = 0.75 // is the score of one cluster in up to flat dimensions: several that are less apart are better taken for one
	flat   = 3
	judged = 50  // points that the fit of a cell looks back on
	recent = 250 // points that the share of outliers looks back on
)

// judge notes how well the latest point, which is not learned yet, fits to the clusters as
// they were looked at last.
func (f *field) judge(z []float64, n uint64) {
	home, outside := f.home(), 0.0
	if home == nil || home.cluster == 0 {
		outside = 1
	} else if s, apart := f.silhouette(home, z); apart {
		home.points = min(home.points+1, judged)
		home.fit += (s - home.fit) / home.points
		f.touch(home)
	}
	f.outside += (outside - f.outside) / float64(min(n, recent))
}

// silhouette of a point that belongs to a cell: (b − a)/max(a, b) for the distances a to
// its own cluster and b to the nearest other one, each to the nearest centre of a strong
// cell, so that clusters may have any shape. Where there is one cluster only, none is apart.
func (f *field) silhouette(home *cell, z []float64) (s float64, apart bool) {
	own, other := math.Inf(1), math.Inf(1)
	for i, c := range f.near {
		if c == home || c.strong && c.cluster == home.cluster {
			own = min(own, f.far[i])
		}
	}
	for _, c := range f.cells {
		if c.strong && c.cluster != home.cluster {
			other = min(other, f.squared(z, f.row(c), other))
		}
	}
	a, b := math.Sqrt(own), math.Sqrt(other)
	if math.IsInf(b, 1) {
		return 0, false
	}
	return (b - a) / max(a, b, math.SmallestNonzeroFloat64), true
}

// score is how far the clusters are apart: the mean of their silhouettes, each cluster
// counting as much, whatever its size, for the share of points that are in any. With the
// root of the number of dimensions, points are further from the centres next to them, and
// silhouettes of clusters that are as well apart are lower: so is the score of a lone one.
//
// Their number is that of clusters of the same size whose shares have as much entropy: a
// bit at the fringe that comes and goes hardly counts.
func (f *field) score() (score, clusters float64) {
	type cluster struct{ fit, judged, weight float64 }
	found, order := map[uint64]*cluster{}, []*cluster{}
	total := 0.0
	for _, c := range f.cells {
		if c.cluster == 0 {
			continue
		}
		into := found[c.cluster]
		if into == nil {
			into = &cluster{}
			found[c.cluster] = into
			order = append(order, into)
		}
		weight := f.weightOf(c)
		into.weight += weight
		total += weight
		if c.points > 0 {
			into.fit += weight * c.fit
			into.judged += weight
		}
	}
	inside := 1 - f.outside
	if len(order) == 1 {
		return lone * math.Sqrt(min(1, flat/float64(max(1, f.metric.Active())))) * inside, 1
	}
	n, entropy := 0.0, 0.0
	for _, c := range order {
		if c.judged > 0 {
			score += c.fit / c.judged
			n++
		}
		if share := c.weight / total; share > 0 {
			entropy -= share * math.Log(share)
		}
	}
	return score / max(n, 1) * inside, math.Exp(entropy)
}
