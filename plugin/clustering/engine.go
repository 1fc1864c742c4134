package clustering

import "github.com/shoal-stream/shoal/plugin/clustering/cf"

// MicroID is a micro-cluster's number: immortal, never used again; 0 is none.
type MicroID uint64

// SegmentID is a segment's number, shown as "s3": never used again; 0 is none, as
// while an engine warms up.
type SegmentID uint64

// Records receives what changed as small keyed records. Keys and values are only
// valid during the call.
type Records interface {
	Put(key, value []byte)
	Delete(key []byte)
}

// Segment describes one segment of the population. It is a view: valid until the
// engine is called next, and not to be changed.
type Segment struct {
	ID      SegmentID
	Centre  []float64   // what Near measures to: the mean of the members, in the units of the vectors; NaN: never observed
	Members *cf.Feature // of exactly its members' vectors; its N is the size
}

// Engine keeps a population of vectors in segments.
//
// Vectors are in transformed, unscaled units. NaN is missing: it adds nothing and
// counts nothing in a distance. So is any number whose magnitude is not below
// [cf.Limit]. A vector may be longer than any before it (a new feature) or shorter
// (what lacks is missing).
type Engine interface {
	// Insert puts a vector in and returns the micro-cluster that took it. The
	// caller keeps the number, to retract the vector by, or releases it.
	Insert(x []float64) MicroID
	// Retract takes a vector out by the number that Insert returned for it, maybe
	// long ago and for a micro-cluster that has merged into another since. It errs,
	// and changes nothing, when the number is not held or x is not in there.
	Retract(id MicroID, x []float64) error
	// Release tells that the caller will not use one number that Insert returned:
	// its vector stays for good. Streams of points that belong to nobody release
	// each, or the numbers of merged micro-clusters would be kept for ever.
	Release(id MicroID)
	// Advance tells that one point is applied (a move, which retracts and inserts,
	// is one). It renews the metric and refines the segments when that is due: true
	// when this took effect, so that anybody's segment may be another.
	Advance() bool

	// Nearest is the micro-cluster nearest to x, as Insert would search it; nothing
	// is learned. 0 when the engine is empty.
	Nearest(x []float64) MicroID
	// Segment is the one that holds the micro-cluster, however old its number: 0
	// while warming up, and for a number that is not held.
	Segment(id MicroID) SegmentID
	// Segments lists the segments in the order of their numbers: none while warming
	// up. One that lost all its members lasts until the next refinement.
	Segments() []Segment
	// Near is the scaled distance of x to the centre of its own segment, and to the
	// nearest centre of another one: +Inf where there is none.
	Near(x []float64, own SegmentID) (toOwn, toOther float64)

	// Metric is the one in force. It is a value of its own that never changes: a
	// renewal replaces it.
	Metric() *cf.Metric
	// Population is the cluster feature of all vectors: a view, like Segment.
	Population() *cf.Feature
	// Refinements counts those that took effect: the version of the model.
	Refinements() uint64
	// MicroClusters visits all micro-clusters, in an order that is the same for the
	// same history, until visit returns false.
	MicroClusters(visit func(id MicroID, f *cf.Feature, s SegmentID) bool)

	// Save puts what changed since the last Save, or since Load.
	Save(to Records)
	// Load takes one saved record, of any order, into a new engine.
	Load(key, value []byte) error
	// Ready completes loading, when all records are in.
	Ready() error
	// Check proves what must always hold: sums, sizes, aliases, structure.
	Check() error
}
