package population

import (
	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// Base has the methods of [clustering.Engine] that are the same for all engines, to be
// embedded. It has no others, so those of a population are not the engine's.
type Base struct{ of *Population }

// Base is that of the population.
func (p *Population) Base() Base { return Base{of: p} }

// Release implements [clustering.Engine].
func (b Base) Release(id clustering.MicroID) { b.of.Release(id) }

// Lineage implements [clustering.Engine].
func (b Base) Lineage() []byte { return b.of.Lineage.Append(nil) }

// Events implements [clustering.Engine].
func (b Base) Events() []clustering.Event { return b.of.Lineage.Events() }

// Home implements [clustering.Engine].
func (b Base) Home(id clustering.MicroID) clustering.Home {
	if m := b.of.Resolve(id); m != nil {
		return clustering.Home{Held: true, Segment: m.Segment.Number(), Since: m.Since, Cause: m.Cause}
	}
	return clustering.Home{}
}

// Segments implements [clustering.Engine], with centres as long as the metric.
func (b Base) Segments() []clustering.Segment { return b.of.View(b.of.Metric.Dims()) }

// Current implements [clustering.Engine].
func (b Base) Current(id clustering.SegmentID) clustering.SegmentID { return b.of.Lineage.Current(id) }

// Aliases implements [clustering.Engine].
func (b Base) Aliases() map[clustering.SegmentID]clustering.SegmentID { return b.of.Lineage.Aliases() }

// Near implements [clustering.Engine]. O(segments·d).
func (b Base) Near(x []float64, own clustering.SegmentID) clustering.Proximity {
	return b.of.near(b.of.Clean(x), own)
}

// Differences implements [clustering.Engine].
func (b Base) Differences(dst, x []float64, own, other clustering.SegmentID) {
	b.of.differences(dst, b.of.Clean(x), own, other)
}

// Metric implements [clustering.Engine].
func (b Base) Metric() *cf.Metric { return b.of.Metric }

// Size implements [clustering.Engine].
func (b Base) Size() float64 { return b.of.Weight * b.of.Fade() }

// Mean implements [clustering.Engine].
func (b Base) Mean(dimension int) float64 { return b.of.mean(dimension) }

// Population implements [clustering.Engine].
func (b Base) Population() *cf.Feature { return b.of.whole() }

// Fade implements [clustering.Engine].
func (b Base) Fade() float64 { return b.of.Fade() }

// Refinements implements [clustering.Engine].
func (b Base) Refinements() uint64 { return b.of.Refinements }

// MicroClusters implements [clustering.Engine]: those that have members, in the order of
// the engine.
func (b Base) MicroClusters(visit func(clustering.MicroID, *cf.Feature, clustering.SegmentID) bool) {
	for m := range b.of.All() {
		if m.Members.N() > 0 && !visit(m.ID, &m.Members, m.Segment.Number()) {
			return
		}
	}
}
