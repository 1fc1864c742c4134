package segments

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/store"
)

// options say how much of a model is shown.
type options struct {
	microClusters bool
	quartiles     bool
	minSize       int
}

// describe reads a model from the store and shows it, but for the segments that are veiled
// now where these were last. A model that nobody has taught yet is shown as empty.
func describe(r store.Reader, name string, o options, last veiledSegments) (shown map[string]any, now veiledSegments, err error) {
	d, found, err := storedDefinition(r, name)
	if err != nil {
		return nil, nil, err
	}
	shown = map[string]any{
		"model": name, "version": int64(0), "as_of": nil, "customers": int64(0), "warming_up": int64(0),
		"outliers": int64(0), "engine": nil, "k": int64(0), "quality": map[string]any{}, "segments": []any{},
		"aliases": map[string]any{},
	}
	if !found {
		return shown, nil, nil
	}
	s, err := readState(r, name, d)
	if err != nil {
		return nil, nil, fmt.Errorf("model %q: %w", name, err)
	}
	var quartiles map[clustering.SegmentID]map[string]any
	if o.quartiles {
		if quartiles, err = s.quartiles(r, name); err != nil {
			return nil, nil, fmt.Errorf("model %q: %w", name, err)
		}
	}

	segments := s.engine.Segments()
	population := s.engine.Population()
	fares := s.assess(segments)
	now = s.veil(segments, last, o.minSize)
	shown["version"] = int64(s.engine.Refinements())
	shown["customers"] = s.count(s.engine.Size())
	shown["engine"] = d.Engine
	shown["k"] = int64(len(segments))
	shown["as_of"] = instantOrNull(s.clock.asOf)
	described, left := []any{}, newRest(s, population, fares.outliers+fares.warmingUp)
	for _, segment := range segments {
		if slices.Contains(now, segment.ID) {
			left.customers += s.sizeOf(segment)
		} else {
			left.show(s, segment)
			profile := s.describeSegment(segment, population)
			profile["label"] = s.labels.of(segment.ID)
			maps.Copy(profile, fares.of[segment.ID].show())
			if o.quartiles {
				profile["quartiles"] = quartiles[segment.ID]
			}
			if o.minSize > 1 {
				s.veilRare(profile, segment, o.minSize)
			}
			described = append(described, profile)
		}
	}
	shown["outliers"], shown["warming_up"] = s.count(fares.outliers), s.count(fares.warmingUp)
	shown["segments"] = described
	aliases := map[string]any{}
	for id, to := range s.engine.Aliases() {
		aliases[segmentName(id).(string)] = segmentName(to)
	}
	shown["aliases"] = aliases
	if o.minSize > 1 && left.veil(described, o.minSize) {
		fares.indices = unknown
	}
	shown["quality"] = fares.show()
	if o.microClusters {
		shown["micro_clusters"] = s.describeMicroClusters(now, o.minSize)
	}
	return shown, now, nil
}

// sizeOf is the number of members of a segment; where points fade, their weight today.
func (s *state) sizeOf(segment clustering.Segment) float64 {
	return segment.Members.N() * s.engine.Fade()
}

// count shows a number of customers: whole, but for points that fade.
func (s *state) count(n float64) any {
	if s.definition.fades() {
		return n
	}
	return int64(math.Round(n))
}

// describeSegment is the profile of a segment.
func (s *state) describeSegment(segment clustering.Segment, population *cf.Feature) map[string]any {
	centroid, spread := map[string]any{}, map[string]any{}
	for j, name := range s.space.names {
		centroid[name], spread[name] = nil, nil
		if segment.Members.Observed(j) > 0 {
			mean, deviation := segment.Members.Mean(j), math.Sqrt(segment.Members.Variance(j))
			centroid[name] = finite(s.space.transforms[j].inverse(mean))
			spread[name] = finite(s.space.transforms[j].spread(mean, deviation))
		}
	}
	return map[string]any{
		"id":             segmentName(segment.ID),
		"size":           s.count(s.sizeOf(segment)),
		"share":          segment.Members.N() / population.N(),
		"centroid":       centroid,
		"spread":         spread,
		"distinguishing": s.distinguishing(segment),
		"born":           instantOrNull(segment.Born),
		"parents":        segmentNames(segment.Parents),
	}
}

// distinguishing shows what sets a segment apart from the population: three features at
// most.
func (s *state) distinguishing(segment clustering.Segment) []any {
	const most = 3
	shown := []any{}
	for _, c := range s.contrasts(segment, most) {
		inverse := s.space.transforms[c.dimension].inverse
		shown = append(shown, map[string]any{
			"feature":   s.space.names[c.dimension],
			"value":     finite(inverse(segment.Members.Mean(c.dimension))),
			"overall":   finite(inverse(s.engine.Mean(c.dimension))),
			"deviation": c.deviation,
		})
	}
	return shown
}

// quartiles are those of each feature in each segment, over the vectors of all customers:
// O(customers·features).
func (s *state) quartiles(r store.Reader, name string) (map[clustering.SegmentID]map[string]any, error) {
	values := map[clustering.SegmentID][][]float64{}
	err := r.Scan(store.Prefix(store.KindContribution, name), func(_, record []byte) error {
		c, err := decodeContribution(record)
		if err != nil {
			return err
		}
		id := s.engine.Home(c.Micro).Segment
		if values[id] == nil {
			values[id] = make([][]float64, len(s.space.names))
		}
		for j, x := range c.Vector[:min(len(c.Vector), len(s.space.names))] {
			if !math.IsNaN(x) {
				values[id][j] = append(values[id][j], x)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	shown := map[clustering.SegmentID]map[string]any{}
	for id, columns := range values {
		shown[id] = map[string]any{}
		for j, column := range columns {
			shown[id][s.space.names[j]] = nil
			if len(column) > 0 {
				slices.Sort(column)
				inverse := s.space.transforms[j].inverse
				shown[id][s.space.names[j]] = []any{
					finite(inverse(quantile(column, 0.25))), finite(inverse(quantile(column, 0.5))), finite(inverse(quantile(column, 0.75))),
				}
			}
		}
	}
	return shown, nil
}

// quantile is that of sorted numbers, interpolated between the two nearest (type 7 of
// Hyndman and Fan 1996).
func quantile(sorted []float64, p float64) float64 {
	place := p * float64(len(sorted)-1)
	below := int(place)
	if below+1 == len(sorted) {
		return sorted[below]
	}
	return sorted[below] + (place-float64(below))*(sorted[below+1]-sorted[below])
}

// finite is a number that JSON can hold, else null.
func finite(x float64) any {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return x
}

// describeMicroClusters shows those of the segments that are shown. Where these are to have
// least members, so is each micro-cluster, and all of a segment that are not shown.
func (s *state) describeMicroClusters(veiled veiledSegments, least int) []any {
	type group struct {
		centre map[string]any
		weight float64
		of     clustering.SegmentID
	}
	var groups []group
	places := map[clustering.SegmentID][]int{}
	s.engine.MicroClusters(func(_ clustering.MicroID, f *cf.Feature, id clustering.SegmentID) bool {
		if least > 1 && (id == 0 || slices.Contains(veiled, id)) {
			return true
		}
		centre := map[string]any{}
		for j, name := range s.space.names {
			centre[name] = nil
			if n := f.Observed(j); n > 0 && (least == 1 || n*s.engine.Fade() >= float64(least)) {
				centre[name] = finite(s.space.transforms[j].inverse(f.Mean(j)))
			}
		}
		places[id] = append(places[id], len(groups))
		groups = append(groups, group{centre, f.N() * s.engine.Fade(), id})
		return true
	})
	hide := make([]bool, len(groups))
	if least > 1 {
		for _, list := range places {
			weights := make([]float64, len(list))
			for i, place := range list {
				weights[i] = groups[place].weight
			}
			for i, veiled := range veilSmall(weights, least) {
				hide[list[i]] = veiled
			}
		}
	}
	shown := []any{}
	for i, g := range groups {
		if !hide[i] {
			shown = append(shown, map[string]any{"center": g.centre, "weight": g.weight, "segment": segmentName(g.of)})
		}
	}
	return shown
}
