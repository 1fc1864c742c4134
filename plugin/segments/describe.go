package segments

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/quality"
	"github.com/shoal-stream/shoal/plugin/store"
)

// options say how much of a model is shown.
type options struct {
	microClusters bool
	minSize       int
}

// describe reads a model from the store and shows it. A model that nobody has
// taught yet is shown as empty.
func describe(r store.Reader, name string, o options) (map[string]any, error) {
	c, found, err := storedSettings(r, name)
	if err != nil {
		return nil, err
	}
	shown := map[string]any{
		"model": name, "version": int64(0), "as_of": nil, "customers": int64(0), "warming_up": int64(0),
		"outliers": int64(0), "engine": nil, "k": int64(0), "quality": map[string]any{}, "segments": []any{},
	}
	if !found {
		return shown, nil
	}
	s, err := readState(r, name, c)
	if err != nil {
		return nil, fmt.Errorf("model %q: %w", name, err)
	}

	segments := s.engine.Segments()
	population := s.engine.Population()
	customers := int64(population.N())
	shown["version"] = int64(s.engine.Refinements())
	shown["customers"] = customers
	shown["engine"] = c.definition.Engine
	shown["k"] = int64(len(segments))
	if s.asOf != math.MinInt64 {
		shown["as_of"] = instant(s.asOf)
	}
	assigned := int64(0)
	described := []any{}
	for _, segment := range segments {
		size := int64(segment.Members.N())
		assigned += size
		if size >= int64(o.minSize) {
			described = append(described, s.describeSegment(segment, population))
		}
	}
	shown["warming_up"] = customers - assigned
	shown["segments"] = described
	shown["quality"] = s.quality(segments)
	if o.microClusters {
		shown["micro_clusters"] = s.describeMicroClusters(segments, o.minSize)
	}
	return shown, nil
}

func (s *state) describeSegment(segment clustering.Segment, population *cf.Feature) map[string]any {
	centroid, spread := map[string]any{}, map[string]any{}
	for j, name := range s.space.names {
		centroid[name], spread[name] = nil, nil
		if segment.Members.Observed(j) > 0 {
			mean, deviation := segment.Members.Mean(j), math.Sqrt(segment.Members.Variance(j))
			centroid[name] = s.space.transforms[j].inverse(mean)
			spread[name] = s.space.transforms[j].spread(mean, deviation)
		}
	}
	return map[string]any{
		"id":             segmentName(segment.ID),
		"size":           int64(segment.Members.N()),
		"share":          segment.Members.N() / population.N(),
		"centroid":       centroid,
		"spread":         spread,
		"distinguishing": s.distinguishing(segment, population),
	}
}

// distinguishing lists the features in which a segment is furthest from the
// population, in standard deviations of the population: three at most, each at
// least half a deviation.
func (s *state) distinguishing(segment clustering.Segment, population *cf.Feature) []any {
	const (
		most  = 3
		least = 0.5
	)
	type contrast struct {
		dimension int
		deviation float64
	}
	var contrasts []contrast
	for j := range s.space.names {
		sigma := math.Sqrt(population.Variance(j))
		if segment.Members.Observed(j) == 0 || !(sigma > 0) {
			continue
		}
		if d := (segment.Members.Mean(j) - population.Mean(j)) / sigma; math.Abs(d) >= least {
			contrasts = append(contrasts, contrast{j, d})
		}
	}
	slices.SortStableFunc(contrasts, func(a, b contrast) int {
		return cmp.Compare(math.Abs(b.deviation), math.Abs(a.deviation))
	})
	shown := []any{}
	for _, c := range contrasts[:min(most, len(contrasts))] {
		inverse := s.space.transforms[c.dimension].inverse
		shown = append(shown, map[string]any{
			"feature":   s.space.names[c.dimension],
			"value":     inverse(segment.Members.Mean(c.dimension)),
			"overall":   inverse(population.Mean(c.dimension)),
			"deviation": c.deviation,
		})
	}
	return shown
}

func (s *state) quality(segments []clustering.Segment) map[string]any {
	members := make([]*cf.Feature, len(segments))
	place := map[clustering.SegmentID]int{}
	for i, segment := range segments {
		members[i] = segment.Members
		place[segment.ID] = i
	}
	var micro []*cf.Feature
	var owner []int
	s.engine.MicroClusters(func(_ clustering.MicroID, f *cf.Feature, id clustering.SegmentID) bool {
		if i, ok := place[id]; ok {
			micro, owner = append(micro, f), append(owner, i)
		}
		return true
	})
	metric := s.engine.Metric()
	return map[string]any{
		"inertia":           finite(quality.Inertia(members, metric)),
		"silhouette":        finite(quality.Silhouette(micro, owner, members, metric)),
		"davies_bouldin":    finite(quality.DaviesBouldin(members, metric)),
		"calinski_harabasz": finite(quality.CalinskiHarabasz(members, metric)),
		"xie_beni":          finite(quality.XieBeni(members, metric)),
	}
}

// finite is a number that JSON can hold, else null.
func finite(x float64) any {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return x
}

func (s *state) describeMicroClusters(segments []clustering.Segment, minSize int) []any {
	large := map[clustering.SegmentID]bool{}
	for _, segment := range segments {
		large[segment.ID] = segment.Members.N() >= float64(minSize)
	}
	shown := []any{}
	s.engine.MicroClusters(func(_ clustering.MicroID, f *cf.Feature, id clustering.SegmentID) bool {
		if !large[id] && minSize > 1 {
			return true
		}
		centre := map[string]any{}
		for j, name := range s.space.names {
			centre[name] = nil
			if f.Observed(j) > 0 {
				centre[name] = s.space.transforms[j].inverse(f.Mean(j))
			}
		}
		shown = append(shown, map[string]any{"center": centre, "weight": f.N(), "segment": segmentName(id)})
		return true
	})
	return shown
}
