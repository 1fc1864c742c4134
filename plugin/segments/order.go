package segments

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/features"
	"github.com/shoal-stream/shoal/plugin/store"
)

// Vectors of one customer are in order, so that each message finds out whether it is news.
//
// Those of events go by event time, and by version where that is the same. A refresh shows
// a customer at a later instant, after the events that it counts: it is news unless there
// was an event that it does not count, or a refresh as of later. And it holds no event
// back: one whose time is before the refresh, as that of every event is a little before the
// clock on the wall, is news if the event before it was older.

// never is the time of what has not happened.
const never = math.MinInt64

// take makes the vector of a point the one that is in.
func (c *contribution) take(p point, x []float64) {
	c.Vector, c.At = x, p.at
	if p.refresh != nil {
		c.Seen = max(c.Seen, p.refresh.Seen)
		return
	}
	c.Event, c.Version = p.at, p.version
	c.Seen = max(c.Seen, p.at)
}

// isRepeatedBy tells that the point is the one that this contribution is from, or an event
// before it that is delivered again.
func (c *contribution) isRepeatedBy(p point, x []float64) bool {
	switch {
	case p.refresh != nil:
		return p.at == c.At && sameVector(c.Vector, x)
	case p.duplicate && p.version == 0:
		return true
	case p.at != c.Event:
		return p.at < c.Event && p.duplicate
	case p.version != 0 && c.Version != 0:
		return p.version <= c.Version
	default:
		return sameVector(c.Vector, x)
	}
}

// isAheadOf tells that the point is older than what is in.
func (c *contribution) isAheadOf(p point) bool {
	r := p.refresh
	if r == nil {
		return p.at < c.Event
	}
	return r.Seen < c.Event || r.Seen == c.Event && r.Version < c.Version || p.at < c.At
}

// isPast tells of a customer who is not in the model that this point does not bring them
// in. A duplicate without a version is from before: the event that it was told with is
// still to come, if they are anybody's customer still. A refresh may be the first that a
// new model hears of a customer; of one who was erased since it was read, the feature set
// knows no more. Who has left for being inactive comes back with an event only.
func (s *state) isPast(r store.Reader, p point) (bool, error) {
	if p.duplicate && p.version == 0 {
		return true, nil
	}
	seen := p.at
	if p.refresh != nil {
		seen = p.refresh.Seen
		known, err := features.Knows(r, p.refresh.FeatureSet, p.refresh.Customer)
		if err != nil || !known {
			return true, err
		}
	}
	inactive := int64(s.definition.InactiveAfter)
	return inactive > 0 && seen < max(s.clock.asOf, never+inactive)-inactive, nil
}
