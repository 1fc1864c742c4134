package segments

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/quality"
)

// indices are the names of what a model is judged by, as users see them.
var indices = [...]string{
	"inertia", "silhouette", "davies_bouldin", "calinski_harabasz", "xie_beni",
	"recent_inertia", "recent_silhouette", "outlier_share", "churn",
}

// assessment is how good the segments are: as they stand, and for what came lately. What
// is not defined is NaN.
type assessment struct {
	indices   [len(indices)]float64
	outliers  float64 // customers
	warmingUp float64 // customers
	of        map[clustering.SegmentID]segmentAssessment
}

// unknown is what is known of nobody.
var unknown = func() (all [len(indices)]float64) {
	for i := range all {
		all[i] = math.NaN()
	}
	return all
}()

// segmentAssessment is how good one segment is.
type segmentAssessment struct {
	size, share, inertia, silhouette, churn float64
}

// assess judges the segments. O(micro-clusters·segments·d).
func (s *state) assess(segments []clustering.Segment) assessment {
	members := make([]*cf.Feature, len(segments))
	place := map[clustering.SegmentID]int{}
	for i, segment := range segments {
		members[i], place[segment.ID] = segment.Members, i
	}
	var micro []*cf.Feature
	var owner []int
	alone := 0.0 // in no segment: not the rest, as weights that fade do not add up to the last bit
	s.engine.MicroClusters(func(_ clustering.MicroID, f *cf.Feature, id clustering.SegmentID) bool {
		if i, ok := place[id]; ok {
			micro, owner = append(micro, f), append(owner, i)
		} else {
			alone += f.N() * s.engine.Fade()
		}
		return true
	})
	metric, size := s.engine.Metric(), s.engine.Size()
	recent := s.health.recent.With(&s.health.block)
	silhouette, silhouettes := quality.Silhouette(micro, owner, members, metric)
	a := assessment{of: map[clustering.SegmentID]segmentAssessment{}}
	if s.findsOutliers() {
		a.outliers = alone
	} else {
		a.warmingUp = alone
	}
	a.indices = [...]float64{
		quality.Inertia(members, metric), silhouette, quality.DaviesBouldin(members, metric),
		quality.CalinskiHarabasz(members, metric), quality.XieBeni(members, metric),
		recent.Whole.MeanError(), recent.Whole.MeanSilhouette(), a.outliers / size, recent.Whole.Churn(),
	}
	for i, segment := range segments {
		a.of[segment.ID] = segmentAssessment{
			size: s.sizeOf(segment), share: s.sizeOf(segment) / size, inertia: metric.Spread(segment.Members),
			silhouette: silhouettes[i], churn: recent.Part(segment.ID).Churn(),
		}
	}
	return a
}

func (a *assessment) show() map[string]any {
	shown := map[string]any{}
	for i, name := range indices {
		shown[name] = finite(a.indices[i])
	}
	return shown
}

func (a segmentAssessment) show() map[string]any {
	return map[string]any{"inertia": finite(a.inertia), "silhouette": finite(a.silhouette), "churn": finite(a.churn)}
}
