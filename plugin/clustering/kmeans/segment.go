package kmeans

import (
	"cmp"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// segment is a group of micro-clusters.
type segment struct {
	id      clustering.SegmentID
	members *cf.Feature // the merge of their features
	centre  []float64   // where it is while it has no members; nil: nowhere

	changed bool // since it was saved
	gone    bool
}

// number is the segment's, 0 for none.
func (s *segment) number() clustering.SegmentID {
	if s == nil {
		return 0
	}
	return s.id
}

// segmentation is the list of segments, in the order of their numbers.
type segmentation struct {
	list    []*segment
	last    clustering.SegmentID // given out
	changed []*segment
}

// add makes a segment with a new number.
func (p *segmentation) add(members *cf.Feature, centre []float64) *segment {
	p.last++
	s := &segment{id: p.last, members: members, centre: centre}
	p.list = append(p.list, s)
	p.touch(s)
	return s
}

func (p *segmentation) remove(s *segment) {
	s.gone = true
	p.list = slices.DeleteFunc(p.list, func(other *segment) bool { return other == s })
	p.touch(s)
}

// touch notes that a segment has to be saved.
func (p *segmentation) touch(s *segment) {
	if !s.changed {
		s.changed = true
		p.changed = append(p.changed, s)
	}
}

// find is the segment of a number, nil when there is none.
func (p *segmentation) find(id clustering.SegmentID) *segment {
	place, ok := slices.BinarySearchFunc(p.list, id, func(s *segment, id clustering.SegmentID) int { return cmp.Compare(s.id, id) })
	if !ok {
		return nil
	}
	return p.list[place]
}

// squared is the squared distance from x to where the segment is: +Inf if nowhere.
func (s *segment) squared(x []float64, metric *cf.Metric) float64 {
	switch {
	case s.members.N() > 0:
		return metric.ToCentroid(x, s.members)
	case s.centre != nil:
		return metric.Squared(x, s.centre)
	default:
		return math.Inf(1)
	}
}

// nearest is the segment nearest to x, the first of equals; nil when there is none.
func (p *segmentation) nearest(x []float64, metric *cf.Metric) (nearest *segment) {
	least := math.Inf(1)
	for _, s := range p.list {
		if d := s.squared(x, metric); d < least || nearest == nil {
			nearest, least = s, d
		}
	}
	return nearest
}

// near is the distance from x to its own segment and to the nearest other one.
func (p *segmentation) near(x []float64, own clustering.SegmentID, metric *cf.Metric) (toOwn, toOther float64) {
	toOwn, toOther = math.Inf(1), math.Inf(1)
	for _, s := range p.list {
		d := s.squared(x, metric)
		if s.id == own {
			toOwn = d
		} else {
			toOther = min(toOther, d)
		}
	}
	return math.Sqrt(toOwn), math.Sqrt(toOther)
}

// view shows the segments to callers, with centres of d dimensions.
func (p *segmentation) view(d int) []clustering.Segment {
	views := make([]clustering.Segment, len(p.list))
	for i, s := range p.list {
		centre := make([]float64, d)
		s.members.Centroid(centre)
		if s.members.N() == 0 {
			copy(centre, s.centre)
		}
		views[i] = clustering.Segment{ID: s.id, Centre: centre, Members: s.members}
	}
	return views
}
