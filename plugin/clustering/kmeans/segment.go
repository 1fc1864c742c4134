package kmeans

import (
	"cmp"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/identity"
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

// segmentation is the list of segments, in the order of their numbers, and their lineage.
type segmentation struct {
	list    []*segment
	lineage *identity.Tracker
	changed []*segment
}

func newSegmentation() segmentation { return segmentation{lineage: identity.NewTracker()} }

// add makes a segment of a number.
func (p *segmentation) add(id clustering.SegmentID, members *cf.Feature, centre []float64) *segment {
	s := &segment{id: id, members: members, centre: centre}
	place, _ := p.place(id)
	p.list = slices.Insert(p.list, place, s)
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
	place, ok := p.place(id)
	if !ok {
		return nil
	}
	return p.list[place]
}

func (p *segmentation) place(id clustering.SegmentID) (place int, found bool) {
	return slices.BinarySearchFunc(p.list, id, func(s *segment, id clustering.SegmentID) int { return cmp.Compare(s.id, id) })
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

// near measures x against its own segment and the nearest other one.
func (p *segmentation) near(x []float64, own clustering.SegmentID, metric *cf.Metric) clustering.Proximity {
	near := clustering.Proximity{Own: math.Inf(1), Other: math.Inf(1)}
	for _, s := range p.list {
		switch d := s.squared(x, metric); {
		case s.id == own:
			near.Own = d
		case d < near.Other:
			near.Other, near.Next = d, s.id
		}
	}
	near.Own, near.Other = math.Sqrt(near.Own), math.Sqrt(near.Other)
	return near
}

// differences are, by dimension, what the squared distance to other is above that to own.
func (p *segmentation) differences(dst, x []float64, own, other clustering.SegmentID, metric *cf.Metric) {
	clear(dst)
	a, b := p.find(own), p.find(other)
	if a == nil || b == nil {
		return
	}
	for j := range min(len(dst), len(x)) {
		toOwn, toOther := x[j]-a.at(j), x[j]-b.at(j)
		if d := metric.Weight(j) * (toOther*toOther - toOwn*toOwn); d == d { // not NaN
			dst[j] = d
		}
	}
}

// at is where the segment is in one dimension.
func (s *segment) at(j int) float64 {
	if s.members.N() == 0 && j < len(s.centre) {
		return s.centre[j]
	}
	return s.members.Mean(j)
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
		views[i].Born, views[i].Parents = p.lineage.Origin(s.id)
	}
	return views
}

// sum is the cluster feature of all members.
func (p *segmentation) sum() *cf.Feature {
	all := &cf.Feature{}
	for _, s := range p.list {
		all.Merge(s.members)
	}
	return all
}

// mean is that of all members in one dimension.
func (p *segmentation) mean(j int) float64 {
	sum, weight := 0.0, 0.0
	for _, s := range p.list {
		if n := s.members.Observed(j); n > 0 {
			weight += n
			sum += n / weight * (s.members.Mean(j) - sum) // a running mean: it does not overflow
		}
	}
	if weight == 0 {
		return nan
	}
	return sum
}
