package segments

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/record"
)

// cause says why a customer's segment is another than they were last told.
type cause byte

const (
	causeNone       cause = iota
	causeBehaviour        // their own events
	causeRemodel          // the segments moved
	causeSilence          // time passed
	causeDefinition       // the configuration changed
)

var causeNames = [...]string{causeNone: "", causeBehaviour: "behaviour", causeRemodel: "remodel", causeSilence: "silence", causeDefinition: "definition"}

// causeOf is why an engine has moved a micro-cluster.
func causeOf(c clustering.Cause) cause {
	if c == clustering.Definition {
		return causeDefinition
	}
	return causeRemodel
}

// contribution is what a model keeps of one customer: what has to be retracted
// when they move, and what they were told last.
type contribution struct {
	Vector  []float64          // exactly what was inserted; NaN: missing
	Micro   clustering.MicroID // the micro-cluster that took it, or one that this has become
	At      int64              // what the vector is as of, in Unix nanoseconds
	Event   int64              // what that of the last event was as of; never: no event came yet
	Version uint64             // of that event, which orders those of one time; 0: not known
	Seen    int64              // event time of the last event that is known of; as Event, or after it

	Segment  clustering.SegmentID // told last; 0: warming up
	Previous clustering.SegmentID // before that; 0: none
	Since    int64                // when they were first told Segment, in Unix nanoseconds
	MovedBy  uint64               // version of the event that brought them there; 0: not known, or none did
	Changed  bool                 // that is the vector which is in
	Cause    cause                // of the last change

	Watched bool  // there is a place for them in the index of activity
	Slot    int64 // in which that is
}

// The record: version, flags, cause, uvarints of micro, version, segment,
// previous and moved by, varints of at and since in Unix nanoseconds and of how long after
// at event and seen were, one of the slot if they are watched, then the vector, 8 bytes a
// dimension.
const (
	contributionVersion = 4

	flagChanged = 1
	flagWatched = 2
)

func (c *contribution) append(dst []byte) []byte {
	flags := byte(0)
	if c.Changed {
		flags |= flagChanged
	}
	if c.Watched {
		flags |= flagWatched
	}
	dst = append(dst, contributionVersion, flags, byte(c.Cause))
	dst = binary.AppendUvarint(dst, uint64(c.Micro))
	dst = binary.AppendUvarint(dst, c.Version)
	dst = binary.AppendUvarint(dst, uint64(c.Segment))
	dst = binary.AppendUvarint(dst, uint64(c.Previous))
	dst = binary.AppendUvarint(dst, c.MovedBy)
	dst = binary.AppendVarint(dst, c.At)
	dst = binary.AppendVarint(dst, c.Since)
	dst = binary.AppendVarint(dst, c.Event-c.At)
	dst = binary.AppendVarint(dst, c.Seen-c.At)
	if c.Watched {
		dst = binary.AppendVarint(dst, c.Slot)
	}
	for _, x := range c.Vector {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
	}
	return dst
}

var errContribution = errors.New("the record of a customer's contribution is damaged: restore the newest backup to a new path")

func decodeContribution(stored []byte) (*contribution, error) {
	if len(stored) < 3 || stored[0] != contributionVersion || stored[1] > flagChanged|flagWatched || cause(stored[2]) > causeDefinition {
		return nil, errContribution
	}
	r := record.Read(stored[3:])
	c := &contribution{
		Changed:  stored[1]&flagChanged != 0,
		Watched:  stored[1]&flagWatched != 0,
		Cause:    cause(stored[2]),
		Micro:    clustering.MicroID(r.Uvarint()),
		Version:  r.Uvarint(),
		Segment:  clustering.SegmentID(r.Uvarint()),
		Previous: clustering.SegmentID(r.Uvarint()),
		MovedBy:  r.Uvarint(),
		At:       r.Varint(),
		Since:    r.Varint(),
	}
	c.Event, c.Seen = c.At+r.Varint(), c.At+r.Varint() // wrapping, as they were written
	if c.Watched {
		c.Slot = r.Varint()
	}
	c.Vector = make([]float64, len(r.Rest())/8)
	for i := range c.Vector {
		c.Vector[i] = r.Float()
	}
	if !r.Complete() {
		return nil, errContribution
	}
	return c, nil
}

// sameVector compares bits, so that what is missing equals itself. A dimension
// that one of them is too old to have is missing.
func sameVector(a, b []float64) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	for i, x := range b {
		y := math.NaN()
		if i < len(a) {
			y = a[i]
		}
		if math.Float64bits(x) != math.Float64bits(y) && !(math.IsNaN(x) && math.IsNaN(y)) {
			return false
		}
	}
	return true
}
