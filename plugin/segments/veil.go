package segments

import (
	"cmp"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// isVeiled tells that a segment is not to be shown where those that are have least customers
// or more. One that was veiled before has to have a fifth more to be shown again, which are
// two at least who come: else one who comes and goes would have it come and go, which tells
// its exact size, and who made it so.
func isVeiled(size float64, before bool, least int) bool {
	if before {
		least += (least + 4) / 5
	}
	return size < float64(least)
}

// veil tells which segments are not to be shown, after those that were not the last time.
// One that was not there then is judged by its size alone.
func (s *state) veil(segments []clustering.Segment, last veiledSegments, least int) (now veiledSegments) {
	for _, segment := range segments {
		if isVeiled(s.sizeOf(segment), slices.Contains(last, segment.ID), least) {
			now = append(now, segment.ID)
		}
	}
	return now
}

// tooFew tells that the customers who are not shown are so few that they are not to be found
// as the difference between the whole and what is shown. Weights that fade do not add up to
// the last bit.
func tooFew(left float64, least int) bool { return left > 1e-6 && left < float64(least) }

// veilSmall tells which groups of a segment, by their sizes, are not to be shown: those that
// have fewer than least members, and as many more, the smallest first, as it takes for
// all that are not shown to be as many together, or nobody. (Primary and complementary
// suppression; L. Willenborg and T. de Waal, "Elements of Statistical Disclosure Control",
// Springer 2001.)
func veilSmall(sizes []float64, least int) (veiled []bool) {
	veiled = make([]bool, len(sizes))
	bySize := make([]int, len(sizes))
	for i := range bySize {
		bySize[i] = i
	}
	slices.SortStableFunc(bySize, func(a, b int) int { return cmp.Compare(sizes[a], sizes[b]) })
	left := 0.0
	for _, i := range bySize {
		if sizes[i] >= float64(least) && !tooFew(left, least) {
			break
		}
		veiled[i] = true
		left += sizes[i]
	}
	return veiled
}

// veilRare leaves out of the profile of a segment the features that too few of its members have.
func (s *state) veilRare(profile map[string]any, segment clustering.Segment, least int) {
	for j, name := range s.space.names {
		if segment.Members.Observed(j)*s.engine.Fade() >= float64(least) {
			continue
		}
		for _, field := range []string{"centroid", "spread", "quartiles"} {
			if features, there := profile[field].(map[string]any); there {
				features[name] = nil
			}
		}
		profile["distinguishing"] = slices.DeleteFunc(profile["distinguishing"].([]any), func(c any) bool {
			return c.(map[string]any)["feature"] == name
		})
	}
}

// rest is who is in the whole, and in no segment that is shown.
type rest struct {
	customers float64
	having    []float64 // of them, each feature
}

// newRest is everybody but for those outside of all segments, who are customers of it already.
func newRest(s *state, population *cf.Feature, outside float64) *rest {
	r := &rest{customers: outside, having: make([]float64, len(s.space.names))}
	for j := range r.having {
		r.having[j] = population.Observed(j) * s.engine.Fade()
	}
	return r
}

// show takes the members of a segment out.
func (r *rest) show(s *state, segment clustering.Segment) {
	for j := range r.having {
		r.having[j] -= segment.Members.Observed(j) * s.engine.Fade()
	}
}

// veil leaves out of the profiles what is of all customers, or measured by them, if the rest
// is too few to be the difference: the customers, which is told, or those who have a feature.
func (r *rest) veil(profiles []any, least int) (few bool) {
	few = len(profiles) == 0 || tooFew(r.customers, least) || slices.ContainsFunc(r.having, func(n float64) bool { return tooFew(n, least) })
	if !few {
		return false
	}
	for _, each := range profiles {
		profile := each.(map[string]any)
		profile["inertia"], profile["silhouette"] = nil, nil
		for _, each := range profile["distinguishing"].([]any) {
			c := each.(map[string]any)
			c["overall"], c["deviation"] = nil, nil
		}
	}
	return true
}
