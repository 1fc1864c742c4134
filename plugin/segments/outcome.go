package segments

import (
	"math"
	"strconv"
	"time"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// status tells how a point fared.
type status int

const (
	statusAssigned status = iota
	statusStale           // older than what the model has of this customer
	statusWarmingUp
)

var statusNames = map[status]string{
	statusAssigned:  "assigned",
	statusStale:     "stale",
	statusWarmingUp: "warming_up",
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

// outcome is the result object of a message.
func (s *state) outcome(c contribution, st status) map[string]any {
	if c.Segment == 0 && st == statusAssigned {
		st = statusWarmingUp
	}
	result := map[string]any{
		"id":            segmentName(c.Segment),
		"status":        statusNames[st],
		"distance":      nil,
		"confidence":    nil,
		"outlier":       false,
		"previous":      segmentName(c.Previous),
		"changed":       c.Changed,
		"cause":         nil,
		"since":         nil,
		"model_version": int64(s.engine.Refinements()),
	}
	if c.Segment == 0 {
		return result
	}
	own, other := s.engine.Near(c.Vector, c.Segment)
	result["distance"] = own
	result["confidence"] = confidence(own, other)
	if name, ok := causeNames[c.Cause]; ok {
		result["cause"] = name
	}
	if c.Since != 0 {
		result["since"] = instant(c.Since)
	}
	return result
}

// confidence is how much nearer the own segment is than the nearest other: 0 on the
// border between them and beyond, 1 in the centre or when there is no other.
func confidence(own, other float64) float64 {
	switch {
	case math.IsInf(other, 1):
		return 1
	case other == 0:
		return 0
	default:
		return max(0, 1-own/other)
	}
}
