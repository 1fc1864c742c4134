package population

import (
	"cmp"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// Segment is a group of micro-clusters.
type Segment struct {
	ID      clustering.SegmentID
	Members *cf.Feature // the merge of their features
	Centre  []float64   // where it is while it has no members; nil: nowhere

	sole    bool // it is one micro-cluster, which has the members and saves them
	changed bool // since it was saved
	gone    bool
}

// Number is the segment's, 0 for none.
func (s *Segment) Number() clustering.SegmentID {
	if s == nil {
		return 0
	}
	return s.ID
}

// summed tells that the segment keeps a sum of its micro-clusters.
func (s *Segment) summed() bool { return s != nil && !s.sole }

// AddSegment makes a segment of a number of the lineage, still empty.
func (p *Population) AddSegment(id clustering.SegmentID) *Segment {
	s := p.add(&Segment{ID: id, Members: &cf.Feature{}})
	p.touchSegment(s)
	return s
}

// AddSole makes a segment that is one micro-cluster for ever, and at a centre while that is
// empty. Nothing of such a segment is saved: after loading, it is added again.
func (p *Population) AddSole(id clustering.SegmentID, m *Micro, centre []float64) {
	m.Segment = p.add(&Segment{ID: id, Members: &m.Members, Centre: centre, sole: true})
}

func (p *Population) add(s *Segment) *Segment {
	place, _ := p.place(s.ID)
	p.Segments = slices.Insert(p.Segments, place, s)
	return s
}

// RemoveSegment forgets a segment that no micro-cluster belongs to.
func (p *Population) RemoveSegment(s *Segment) {
	s.gone = true
	p.Segments = slices.DeleteFunc(p.Segments, func(other *Segment) bool { return other == s })
	p.touchSegment(s)
}

// touchSegment notes that a segment has to be saved.
func (p *Population) touchSegment(s *Segment) {
	if !s.changed && !s.sole {
		s.changed = true
		p.changedSegments = append(p.changedSegments, s)
	}
}

// Segment is the segment of a number, nil when there is none.
func (p *Population) Segment(id clustering.SegmentID) *Segment {
	place, ok := p.place(id)
	if !ok {
		return nil
	}
	return p.Segments[place]
}

func (p *Population) place(id clustering.SegmentID) (place int, found bool) {
	return slices.BinarySearchFunc(p.Segments, id, func(s *Segment, id clustering.SegmentID) int { return cmp.Compare(s.ID, id) })
}

// squared is the squared distance from x to where the segment is: +Inf if nowhere.
func (s *Segment) squared(x []float64, metric *cf.Metric) float64 {
	switch {
	case s.Members.N() > 0:
		return metric.ToCentroid(x, s.Members)
	case s.Centre != nil:
		return metric.Squared(x, s.Centre)
	default:
		return math.Inf(1)
	}
}

// NearestSegment is the segment nearest to x, the first of equals; nil when there is none.
// O(segments·d).
func (p *Population) NearestSegment(x []float64) (nearest *Segment) {
	least := math.Inf(1)
	for _, s := range p.Segments {
		if d := s.squared(x, p.Metric); d < least || nearest == nil {
			nearest, least = s, d
		}
	}
	return nearest
}

// at is where the segment is in one dimension.
func (s *Segment) at(j int) float64 {
	if s.Members.N() == 0 && j < len(s.Centre) {
		return s.Centre[j]
	}
	return s.Members.Mean(j)
}

// View shows the segments to callers, with centres of d dimensions.
func (p *Population) View(d int) []clustering.Segment {
	views := make([]clustering.Segment, len(p.Segments))
	for i, s := range p.Segments {
		centre := make([]float64, d)
		s.Members.Centroid(centre)
		if s.Members.N() == 0 {
			copy(centre, s.Centre)
		}
		views[i] = clustering.Segment{ID: s.ID, Centre: centre, Members: s.Members}
		views[i].Born, views[i].Parents = p.Lineage.Origin(s.ID)
	}
	return views
}

// near measures x against its own segment and the nearest other one.
func (p *Population) near(x []float64, own clustering.SegmentID) clustering.Proximity {
	near := clustering.Proximity{Own: math.Inf(1), Other: math.Inf(1)}
	for _, s := range p.Segments {
		switch d := s.squared(x, p.Metric); {
		case s.ID == own:
			near.Own = d
		case d < near.Other:
			near.Other, near.Next = d, s.ID
		}
	}
	near.Own, near.Other = math.Sqrt(near.Own), math.Sqrt(near.Other)
	return near
}

// differences are, by dimension, what the squared distance to other is above that to own.
func (p *Population) differences(dst, x []float64, own, other clustering.SegmentID) {
	clear(dst)
	a, b := p.Segment(own), p.Segment(other)
	if a == nil || b == nil {
		return
	}
	for j := range min(len(dst), len(x)) {
		toOwn, toOther := x[j]-a.at(j), x[j]-b.at(j)
		if d := p.Metric.Weight(j) * (toOther*toOther - toOwn*toOwn); d == d { // not NaN
			dst[j] = d
		}
	}
}
