package population

import (
	"cmp"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// origin is how much of a micro-cluster's weight comes from one segment, or from outside
// of the population (0).
//
// Between two looks at the number of segments, customers walk: a micro-cluster far off, in
// the segment nearest to it for want of another, may hold what used to be a segment
// elsewhere, or nobody who was here before. Once a segment is made of it, origins tell
// that it was split from there, or born.
type origin struct {
	segment clustering.SegmentID
	weight  float64
}

// Origins are where the weight of one micro-cluster comes from: few, in the order of their segments.
type Origins []origin

// Add counts weight that comes from a segment.
func (o *Origins) Add(segment clustering.SegmentID, weight float64) {
	place, found := slices.BinarySearchFunc(*o, segment, func(e origin, id clustering.SegmentID) int { return cmp.Compare(e.segment, id) })
	if !found {
		*o = slices.Insert(*o, place, origin{segment: segment})
	}
	(*o)[place].weight += weight
}

// Take removes the weight of one member, and says where it is from: where most are.
func (o *Origins) Take() clustering.SegmentID {
	most := 0
	for i, e := range *o {
		if e.weight > (*o)[most].weight {
			most = i
		}
	}
	if len(*o) == 0 {
		return 0
	}
	segment := (*o)[most].segment
	if (*o)[most].weight--; (*o)[most].weight <= 0 {
		*o = slices.Delete(*o, most, most+1)
	}
	return segment
}

func (o *Origins) merge(other Origins) {
	for _, e := range other {
		o.Add(e.segment, e.weight)
	}
}

func (o Origins) scale(g float64) {
	for i := range o {
		o[i].weight *= g
	}
}

// settle lets what is from elsewhere become at home, but for a share: true if that changed
// anything.
func (o *Origins) settle(home clustering.SegmentID, share float64) bool {
	total := 0.0
	for _, e := range *o {
		total += e.weight
	}
	if total == 0 || len(*o) == 1 && (*o)[0].segment == home {
		return false
	}
	const trace = 0.01 // of the whole is nothing
	kept := Origins{}
	for _, e := range *o {
		if e.weight *= share; e.segment != home && e.weight >= trace*total {
			kept = append(kept, e)
			total -= e.weight
		}
	}
	kept.Add(home, total)
	*o = kept
	return true
}
