package clustering

// Kind is what happened to a segment.
type Kind byte

// The kinds.
const (
	Birth   Kind = iota + 1 // customers who were in no segment make up a new one
	Death                   // all customers have left, and went to different places
	Split                   // most of a new segment was part of its parents
	Merge                   // most of its parents is one segment now
	Revival                 // customers are back where a segment was before: it has its old number
	Relabel                 // a refinement moved customers from one segment to another
)

var kindNames = [...]string{Birth: "birth", Death: "death", Split: "split", Merge: "merge", Revival: "revival", Relabel: "relabel"}

// String is the name that users see.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return "unknown"
	}
	return kindNames[k]
}

// Event is an entry of the lineage of segments.
type Event struct {
	Kind     Kind
	At       int64       // event time, Unix nanoseconds
	Segment  SegmentID   // that it happened to: of a merge, the one that is left; of a relabelling, where to
	Parents  []SegmentID // of a split, where it came from; of a merge, what it is made of; of a relabelling, where from
	Children []SegmentID // of a death: where its customers went, most of them first
	Size     float64     // customers
	Shift    float64     // of a revival: how far from where it was, in standard deviations of its members
	Cause    Cause
}
