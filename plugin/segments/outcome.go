package segments

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// status tells how a point fared.
type status int

const (
	statusAssigned  status = iota
	statusOutlier          // in no segment, where others are
	statusStale            // older than what the model has of this customer
	statusWarmingUp        // there are no segments yet
	statusRejected         // a feature is missing that must not be
)

var statusNames = [...]string{
	statusAssigned: "assigned", statusOutlier: "outlier", statusStale: "stale", statusWarmingUp: "warming_up", statusRejected: "rejected",
}

// segmentName shows a segment's number as the id that users see; nil for none.
func segmentName(id clustering.SegmentID) any {
	if id == 0 {
		return nil
	}
	return "s" + strconv.FormatUint(uint64(id), 10)
}

func instant(nanoseconds int64) string {
	return time.Unix(0, nanoseconds).UTC().Format(time.RFC3339Nano)
}

// instantOrNull is null where there is no time.
func instantOrNull(nanoseconds int64) any {
	if nanoseconds == 0 || nanoseconds == math.MinInt64 {
		return nil
	}
	return instant(nanoseconds)
}

// result is what a message is given, or the error that it is flagged with: what is
// rejected is told in the result.
func (s *state) result(c contribution, st status, err error) (map[string]any, error) {
	if err != nil && st != statusRejected {
		return nil, err
	}
	result := s.outcome(c, st)
	if err != nil {
		result["problem"] = err.Error()
	}
	return result, nil
}

// outcome is the result object of a message.
func (s *state) outcome(c contribution, st status) map[string]any {
	result := s.membership(c, st)
	result["outlier"] = s.isOutlier(c, st)
	result["changed"] = c.Changed
	result["model_version"] = int64(s.engine.Refinements())
	return result
}

// isOutlier tells that the customer is in no segment, whatever came of their message; one
// whom the model does not have is none.
func (s *state) isOutlier(c contribution, st status) bool {
	return c.Segment == 0 && s.findsOutliers() && (st == statusAssigned || c.Micro != 0)
}

// membership is how a customer belongs to their segment.
func (s *state) membership(c contribution, st status) map[string]any {
	outlier := s.isOutlier(c, st)
	if c.Segment == 0 && st == statusAssigned {
		st = statusWarmingUp
		if outlier {
			st = statusOutlier
		}
	}
	shown := map[string]any{
		"id":         segmentName(c.Segment),
		"label":      s.labels.of(c.Segment),
		"status":     statusNames[st],
		"distance":   nil,
		"confidence": nil,
		"previous":   segmentName(c.Previous),
		"cause":      nil,
		"since":      nil,
		"reasons":    []any{},
	}
	if c.Cause != causeNone {
		shown["cause"] = causeNames[c.Cause]
	}
	if c.Since != 0 {
		shown["since"] = instant(c.Since)
	}
	switch {
	case c.Vector == nil: // nothing is known of them
	case outlier:
		shown["reasons"] = s.strangeness(c)
	case c.Segment != 0:
		near := s.engine.Near(c.Vector, c.Segment)
		shown["distance"] = finite(near.Own)
		shown["confidence"] = confidence(near)
		shown["reasons"] = s.reasons(c, near)
	}
	return shown
}

// confidence is how much nearer the own segment is than the nearest other: 0 on the
// border between them and beyond, 1 in the centre or when there is no other.
func confidence(near clustering.Proximity) float64 {
	switch {
	case near.Next == 0:
		return 1
	case near.Other == 0:
		return 0
	default:
		return max(0, 1-near.Own/near.Other)
	}
}

// reasons are the features that most separate the own segment from the next nearest one,
// for this vector.
func (s *state) reasons(c contribution, near clustering.Proximity) []any {
	if near.Next == 0 {
		return []any{}
	}
	d := min(len(c.Vector), len(s.space.names))
	s.differences = slices.Grow(s.differences[:0], d)[:d]
	s.engine.Differences(s.differences, c.Vector[:d], c.Segment, near.Next)
	return s.strongest(c)
}

// strangeness are the features in which an outlier is furthest from the nearest segment.
func (s *state) strangeness(c contribution) []any {
	nearest := s.engine.Near(c.Vector, 0).Next
	metric := s.engine.Metric()
	for _, segment := range s.engine.Segments() {
		if segment.ID != nearest {
			continue
		}
		s.differences = s.differences[:0]
		for j := range min(len(c.Vector), len(segment.Centre)) {
			apart := c.Vector[j] - segment.Centre[j]
			s.differences = append(s.differences, metric.Weight(j)*apart*apart)
		}
		return s.strongest(c)
	}
	return []any{}
}

// strongest are the features with the greatest differences above 0: three at most, the
// greatest first.
func (s *state) strongest(c contribution) []any {
	const most = 3
	var best [most]int
	count := 0
	for j, difference := range s.differences {
		if !(difference > 0) {
			continue
		}
		place := count
		for place > 0 && s.differences[best[place-1]] < difference {
			place--
		}
		if place == most {
			continue
		}
		count = min(count+1, most)
		copy(best[place+1:count], best[place:])
		best[place] = j
	}
	shown := make([]any, count)
	for i, j := range best[:count] {
		shown[i] = s.reason(j, c.Vector[j])
	}
	return shown
}

func (s *state) reason(j int, x float64) map[string]any {
	inverse, typical := s.space.transforms[j].inverse, s.engine.Mean(j)
	reason := map[string]any{"feature": s.space.names[j], "value": finite(inverse(x)), "typical": finite(inverse(typical)), "deviation": nil}
	if sigma := s.engine.Metric().Sigma(j); sigma > 0 {
		reason["deviation"] = finite((x - typical) / sigma)
	}
	return reason
}

// contrast is how far a segment is from the population in one feature.
type contrast struct {
	dimension int
	deviation float64 // in standard deviations of the population
}

// contrasts lists the features in which a segment is furthest from the population: so many
// at most, each at least half a deviation.
func (s *state) contrasts(segment clustering.Segment, most int) (list []contrast) {
	const least = 0.5
	metric := s.engine.Metric()
	for j := range s.space.names {
		sigma := metric.Sigma(j)
		if segment.Members.Observed(j) == 0 || !(sigma > 0) {
			continue
		}
		if d := (segment.Members.Mean(j) - s.engine.Mean(j)) / sigma; math.Abs(d) >= least {
			list = append(list, contrast{j, d})
		}
	}
	slices.SortStableFunc(list, func(a, b contrast) int {
		// hundredths: what differs by rounding stays in the order of the features
		return cmp.Compare(math.Round(100*math.Abs(b.deviation)), math.Round(100*math.Abs(a.deviation)))
	})
	return list[:min(most, len(list))]
}
