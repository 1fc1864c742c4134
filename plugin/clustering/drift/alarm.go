package drift

import (
	"encoding/binary"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/record"
)

// Detector is what noticed a drift.
type Detector byte

// The detectors.
const (
	ByADWIN Detector = iota + 1
	ByPageHinkley
)

var detectorNames = [...]string{ByADWIN: "adwin", ByPageHinkley: "page_hinkley"}

// String is the name that users see.
func (d Detector) String() string {
	if d == 0 || int(d) >= len(detectorNames) {
		return "unknown"
	}
	return detectorNames[d]
}

// Signal is what has changed.
type Signal byte

// The signals, of which each is a mean over arrivals.
const (
	QuantisationError Signal = iota + 1 // squared distance to the nearest segment
	OutlierShare                        // share of those that are in no segment
	SegmentShare                        // share of those that are nearest to one segment
)

var signalNames = [...]string{QuantisationError: "quantisation_error", OutlierShare: "outlier_share", SegmentShare: "segment_share"}

// String is the name that users see.
func (s Signal) String() string {
	if s == 0 || int(s) >= len(signalNames) {
		return "unknown"
	}
	return signalNames[s]
}

// Alarm tells of a drift: what was noticed first of it.
type Alarm struct {
	Detector Detector
	Signal   Signal
	Segment  clustering.SegmentID // whose share it is, as it was called when the monitor took its reference; 0: of no other signal
	Change                        // of the signal
}

// Append writes the alarm: up to 32 bytes.
func (a Alarm) Append(dst []byte) []byte {
	dst = append(dst, recordVersion, byte(a.Detector), byte(a.Signal))
	dst = binary.AppendUvarint(dst, uint64(a.Segment))
	dst = record.AppendCompact(dst, a.Before)
	return record.AppendCompact(dst, a.After)
}

// DecodeAlarm reads an alarm that Append wrote: all of src.
func DecodeAlarm(src []byte) (Alarm, error) {
	r := begin(src)
	a := Alarm{
		Detector: Detector(r.Byte()), Signal: Signal(r.Byte()), Segment: clustering.SegmentID(r.Uvarint()),
		Change: Change{Before: r.Compact(), After: r.Compact()},
	}
	if !r.Complete() {
		return Alarm{}, ErrDamaged
	}
	return a, nil
}
