package population

import (
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/identity"
)

// Clustering is a new one of all micro-clusters.
type Clustering struct {
	Of        func(*Micro) int       // the cluster of a micro-cluster; negative: it is in none
	Continues []clustering.SegmentID // the segment that each cluster carries on by construction; 0: that is to be found out
	Foreign   float64                // the share of what is from elsewhere that is not at home afterwards; 1: nothing settles
}

// Recluster puts a clustering into effect: clusters become segments, of the numbers that
// lineage gives them, and their micro-clusters come home there. Clusters without
// micro-clusters are left out. O(micro-clusters·d), and what lineage takes.
func (p *Population) Recluster(at int64, cause clustering.Cause, c Clustering) {
	micros, owner, clusters := p.group(c)
	numbers := p.Lineage.Recluster(at, cause, p.Metric, clusters)
	segments := p.replace(numbers, clusters)
	for i, m := range micros {
		var home *Segment
		if owner[i] >= 0 {
			home = segments[owner[i]]
		}
		p.Rehome(m, home, at, cause)
		if c.Foreign < 1 && m.Origins.settle(home.Number(), c.Foreign) {
			p.Touch(m)
		}
	}
}

// group sorts the micro-clusters by the clusters that have any; −1: in none.
func (p *Population) group(c Clustering) (micros []*Micro, owner []int, clusters []identity.Cluster) {
	place := make([]int, len(c.Continues)) // among the clusters, from 1
	for m := range p.All() {
		micros = append(micros, m)
		number := c.Of(m)
		if number < 0 {
			owner = append(owner, -1)
			continue
		}
		if place[number] == 0 {
			clusters = append(clusters, identity.Cluster{
				Segment: c.Continues[number], Members: &cf.Feature{}, Origins: identity.Shares{}, From: identity.Shares{},
			})
			place[number] = len(clusters)
		}
		owner = append(owner, place[number]-1)
		into := &clusters[place[number]-1]
		into.Members.Merge(&m.Members)
		into.From[m.Segment.Number()] += m.Members.N()
		for _, e := range m.Origins {
			into.Origins[e.segment] += e.weight
		}
	}
	return micros, owner, clusters
}

// replace makes the segments those of the clusters: known numbers stay the same segments.
func (p *Population) replace(numbers []clustering.SegmentID, clusters []identity.Cluster) []*Segment {
	segments := make([]*Segment, len(numbers))
	stay := map[*Segment]bool{}
	for i, number := range numbers {
		if s := p.Segment(number); s != nil {
			segments[i], stay[s] = s, true
			s.Members = clusters[i].Members
			p.touchSegment(s)
		}
	}
	for _, s := range slices.Clone(p.Segments) {
		if !stay[s] {
			p.RemoveSegment(s)
		}
	}
	for i, number := range numbers {
		if segments[i] == nil {
			segments[i] = p.AddSegment(number)
			segments[i].Members = clusters[i].Members
		}
	}
	return segments
}
