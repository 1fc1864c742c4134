package quality

import (
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// HalfLife is the number of arrivals after which one counts half in what [Recent] says.
const HalfLife = 1000

// Recent is how the latest arrivals fared, each judged before it was learned: the older,
// the less they count. Its zero value knows of none. Its length is bounded by the number of
// segments that live.
type Recent struct{ Block }

// Fold takes a block of arrivals in, which come after those before. Segments that are gone
// by now are forgotten. O(segments).
func (r *Recent) Fold(block *Block, lives func(clustering.SegmentID) bool) {
	fade := math.Exp2(-block.Arrivals / HalfLife)
	r.Arrivals = r.Arrivals*fade + block.Arrivals
	r.Outliers = r.Outliers*fade + block.Outliers
	r.Whole.fold(block.Whole, fade)
	for _, p := range block.Parts {
		r.part(p.Segment)
	}
	r.Parts = slices.DeleteFunc(r.Parts, func(p Part) bool { return !lives(p.Segment) })
	for i := range r.Parts {
		r.Parts[i].fold(block.Part(r.Parts[i].Segment).Figures, fade)
	}
}

// With is what this would say if the block were folded in.
func (r *Recent) With(block *Block) *Recent {
	with := &Recent{r.Block}
	with.Parts = slices.Clone(r.Parts)
	with.Fold(block, func(clustering.SegmentID) bool { return true })
	return with
}
