package kmeans

import (
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// replaceDying puts the place of a centre that is dying beside the largest, as a new
// segment. The customers that it still has go to the segment nearest to them.
func (o *Online) replaceDying() bool {
	smallest, largest, found := o.state.Dying()
	if !found {
		return false
	}
	old := o.centres[smallest]
	o.split(largest, smallest)
	o.dissolve(old, o.nearestBut(old), clustering.Remodel)
	return true
}

// splitWidest adds a centre, where it saves most inertia.
func (o *Online) splitWidest() {
	widest, most := 0, -1.0
	for i, m := range o.centres {
		if inertia := m.Members.N() * o.population.Metric.Spread(&m.Members); inertia > most {
			widest, most = i, inertia
		}
	}
	o.state.Centers = append(o.state.Centers, nil)
	o.state.Weights = append(o.state.Weights, 0)
	o.centres = append(o.centres, nil)
	o.split(widest, len(o.centres)-1)
}

// split puts a new centre, with a segment of its own, into a place beside another.
func (o *Online) split(parent, place int) {
	dimension, sigma := o.widest(parent)
	o.state.Split(place, parent, dimension, sigma)
	o.centres[parent].Segment.Centre = o.state.Centers[parent]
	id := o.born(o.population.AsOf, []clustering.SegmentID{o.centres[parent].Segment.ID})
	o.centres[place] = o.settle(id, o.state.Centers[place])
}

// mergeClosest makes one centre of the two whose union adds least to the inertia. The one
// with more members stays.
func (o *Online) mergeClosest(cause clustering.Cause) {
	from, into, least := 0, 1, math.Inf(1)
	for i := range o.centres {
		for j := range i {
			a, b := o.state.Weights[i], o.state.Weights[j]
			if cost := cf.Ward(a, b, o.population.Metric.Squared(o.state.Centers[i], o.state.Centers[j])); cost < least {
				from, into, least = i, j, cost
			}
		}
	}
	if o.centres[from].Members.N() > o.centres[into].Members.N() {
		from, into = into, from
	}
	if weight := o.state.Weights[from] + o.state.Weights[into]; weight > 0 {
		o.state.pull(into, o.state.Centers[from], o.state.Weights[from]/weight)
		o.state.Weights[into] = weight
	}
	o.centres[into].Segment.Centre = o.state.Centers[into]
	old, heir := o.centres[from], o.centres[into]
	o.state.Centers = slices.Delete(o.state.Centers, from, from+1)
	o.state.Weights = slices.Delete(o.state.Weights, from, from+1)
	o.centres = slices.Delete(o.centres, from, from+1)
	o.dissolve(old, heir, cause)
}

// dissolve gives the members of a centre that is no more to another one.
func (o *Online) dissolve(old, heir *population.Micro, cause clustering.Cause) {
	heir.Since, heir.Cause = o.population.AsOf, cause // of those who come
	ended, last, into := old.Segment, old.Members.Clone(), clustering.SegmentID(0)
	o.population.Merge(old, heir)
	if last.N() > 0 {
		into = heir.Segment.ID
	}
	o.population.Lineage.End(o.population.AsOf, ended.ID, into, heir.Members.N(), last)
	o.population.RemoveSegment(ended)
}

// nearestBut is the centre nearest to the members of a micro-cluster, other than itself.
func (o *Online) nearestBut(m *population.Micro) *population.Micro {
	centroid := make([]float64, m.Members.Dims())
	m.Members.Centroid(centroid)
	nearest, least := (*population.Micro)(nil), math.Inf(1)
	for i, c := range o.centres {
		if c == m {
			continue
		}
		if d := o.population.Metric.Squared(centroid, o.state.Centers[i]); d < least || nearest == nil {
			nearest, least = c, d
		}
	}
	return nearest
}

// widest is the dimension in which the members of a centre are furthest apart, in the
// metric, and their standard deviation.
func (o *Online) widest(i int) (dimension int, sigma float64) {
	members, most := &o.centres[i].Members, 0.0
	for j := range members.Dims() {
		if v := members.Variance(j); v*o.population.Metric.Weight(j) > most {
			dimension, sigma, most = j, math.Sqrt(v), v*o.population.Metric.Weight(j)
		}
	}
	return dimension, sigma
}
