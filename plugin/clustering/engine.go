package clustering

import "github.com/shoal-stream/shoal/plugin/clustering/cf"

// MicroID is a micro-cluster's number: immortal, never used again; 0 is none.
type MicroID uint64

// SegmentID is a segment's number, shown as "s3": never used again for another
// segment; 0 is none, as while an engine warms up.
type SegmentID uint64

// Cause says why micro-clusters belong to another segment than before.
type Cause byte

// The causes.
const (
	Remodel    Cause = iota // the segments moved
	Definition              // what defines them was changed
)

// Home is where a micro-cluster belongs.
type Home struct {
	Held    bool      // the number is: somebody may retract by it, or it is that of a micro-cluster
	Segment SegmentID // 0 while warming up, and for outliers
	Since   int64     // when it came there: event time, Unix nanoseconds
	Cause   Cause     // why it did
}

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
	Members *cf.Feature // of exactly its members' vectors; its N is the size, before Fade
	Born    int64       // event time, Unix nanoseconds
	Parents []SegmentID // that it was split from
}

// Proximity is where a vector lies between its own segment and the next.
type Proximity struct {
	Own   float64   // scaled distance to the centre of its own segment
	Other float64   // to the nearest centre of another one: +Inf where there is none
	Next  SegmentID // that other one; 0: none
}

// Batched is an engine for which it matters where a batch of points ends: what they teach
// takes effect then, and may change anybody's segment. It is saved at the end of a batch
// only.
type Batched interface{ EndBatch() }

// Engine keeps a population of vectors in segments.
//
// Vectors are in transformed, unscaled units. NaN is missing: it adds nothing and
// counts nothing in a distance. So is any number whose magnitude is not below
// [cf.Limit]. A vector may be longer than any before it (a new feature) or shorter
// (what lacks is missing). Times are event times in Unix nanoseconds.
type Engine interface {
	// Insert puts a vector of time at in and returns the micro-cluster that took
	// it. The caller keeps the number, to retract the vector by, or releases it.
	Insert(x []float64, at int64) MicroID
	// Retract takes a vector out by the number that Insert returned for it, maybe
	// long ago and for a micro-cluster that has merged into another since. It errs,
	// and changes nothing, when the number is not held or x is not in there.
	Retract(id MicroID, x []float64) error
	// Erase is Retract of a vector that is to leave nothing behind: neither what a refinement
	// under way has of it, nor a place, of a centre or a segment, that was its own. What else it
	// has taught only fades. Segments may be others afterwards, as after Advance.
	Erase(id MicroID, x []float64) error
	// Move is Retract of one vector and Insert of another, which is of the same
	// customer: so lineage knows that nobody new has come.
	Move(id MicroID, from, to []float64, at int64) (MicroID, error)
	// Release tells that the caller will not use one number that Insert returned:
	// its vector stays for good. Streams of points that belong to nobody release
	// each, or the numbers of merged micro-clusters would be kept for ever.
	Release(id MicroID)
	// Advance tells that one point is applied (a move, which retracts and inserts,
	// is one). It renews the metric and refines the segments when that is due: true
	// when this took effect, so that anybody's segment may be another.
	Advance() bool
	// Refine refines the segments now, from scratch. What it changes has this cause.
	Refine(cause Cause)
	// Inherit makes an empty engine go on from another one's lineage of segments and
	// number of refinements, of whatever kind that was; Import then brings its vectors.
	Inherit(lineage []byte, refinements uint64) error
	// Import is Insert for a vector that is known to belong to a segment; 0: to none yet.
	// It counts as no point. When all are in, Refine finds where they belong now.
	Import(x []float64, at int64, home SegmentID) MicroID
	// Lineage is what Inherit takes.
	Lineage() []byte
	// Events hands over what has happened to the segments since it was last called.
	Events() []Event

	// Nearest is the micro-cluster nearest to x, as Insert would search it; nothing
	// is learned. 0 when the engine is empty.
	Nearest(x []float64) MicroID
	// Home is where the micro-cluster belongs, however old its number: to no segment
	// while warming up, and for a number that is not held.
	Home(id MicroID) Home
	// Segments lists the segments in the order of their numbers: none while warming
	// up. One that lost all its members lasts until the next refinement.
	Segments() []Segment
	// Current is the segment that a number stands for today: itself, the one that it
	// has merged into, or 0 when it has died.
	Current(id SegmentID) SegmentID
	// Aliases lists the numbers that have merged into others, and what each is today.
	Aliases() map[SegmentID]SegmentID
	// Near measures x against its own segment and the nearest other one.
	Near(x []float64, own SegmentID) Proximity
	// Differences writes into dst how much each dimension speaks for the segment own
	// rather than other: the squared scaled distance to the one less that to the
	// other, 0 where x or one of them has no value. dst is as long as wanted.
	Differences(dst, x []float64, own, other SegmentID)

	// Metric is the one in force. It is a value of its own that never changes: a
	// renewal replaces it.
	Metric() *cf.Metric
	// Size is the number of vectors that are in; where they fade, their weight today.
	Size() float64
	// Mean is that of the population in one dimension, NaN where it has none.
	Mean(dimension int) float64
	// Population sums the cluster feature of all vectors up. O(segments·d), or
	// O(vectors·d) while warming up.
	Population() *cf.Feature
	// Fade is what a unit of weight in the cluster features counts today: 1, unless
	// vectors fade.
	Fade() float64
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
