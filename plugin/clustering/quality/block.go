package quality

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/record"
)

// Arrival is a point as it came. Distances are as they were before it was learned.
type Arrival struct {
	Own      clustering.SegmentID // that it is nearest to; 0: none
	Near     clustering.Proximity // to that one, and to the nearest other
	Outlier  bool                 // it was given no segment
	From, To clustering.SegmentID // where its customer was, and is now: the same when they stay
}

// silhouette is the simplified one of the point.
func (a *Arrival) silhouette() (s float64, defined bool) {
	larger := max(a.Near.Own, a.Near.Other)
	if !(larger > 0) || math.IsInf(larger, 1) {
		return 0, false
	}
	return (a.Near.Other - a.Near.Own) / larger, true
}

// Figures add up how arrivals fared.
type Figures struct {
	N          float64 // arrivals whose distance is known
	Error      float64 // sum of their squared distances
	Judged     float64 // arrivals that have a silhouette
	Silhouette float64 // sum of these
	Moves      float64 // of customers between segments
}

// MeanSilhouette is the mean simplified silhouette, NaN when there is none.
func (f Figures) MeanSilhouette() float64 { return f.Silhouette / f.Judged }

// MeanError is the mean squared distance to the centroid of the own segment, NaN when there
// is none: the quantisation error.
func (f Figures) MeanError() float64 { return f.Error / f.N }

// Churn is the number of moves relative to that of customers.
func (f Figures) Churn(customers float64) float64 { return f.Moves / customers }

func (f *Figures) judge(a *Arrival) {
	if distance := a.Near.Own * a.Near.Own; distance < math.Inf(1) {
		f.N++
		f.Error += distance
	}
	if s, defined := a.silhouette(); defined {
		f.Judged++
		f.Silhouette += s
	}
}

func (f *Figures) all() [5]*float64 {
	return [...]*float64{&f.N, &f.Error, &f.Judged, &f.Silhouette, &f.Moves}
}

// fold adds other figures, after what is there has faded.
func (f *Figures) fold(other Figures, fade float64) {
	more := other.all()
	for i, v := range f.all() {
		*v = *v*fade + *more[i]
	}
}

// Block adds arrivals up. Its zero value is of none.
type Block struct {
	Arrivals float64
	Outliers float64
	Whole    Figures // of all; a move counts once
	Parts    []Part  // in the order of their segments
}

// Part is what arrived at a segment. A move counts for where it goes, and for where it comes
// from.
type Part struct {
	Segment clustering.SegmentID
	Figures
}

// Add counts an arrival.
func (b *Block) Add(a Arrival) {
	b.Arrivals++
	if a.Outlier {
		b.Outliers++
	}
	if a.Own != 0 {
		b.Whole.judge(&a)
		b.part(a.Own).judge(&a)
	}
	if a.From == a.To {
		return
	}
	b.Whole.Moves++
	for _, id := range []clustering.SegmentID{a.From, a.To} {
		if id != 0 {
			b.part(id).Moves++
		}
	}
}

// Part is that of a segment, zero when nothing arrived there.
func (b *Block) Part(id clustering.SegmentID) Part {
	if place, found := b.place(id); found {
		return b.Parts[place]
	}
	return Part{Segment: id}
}

// Share is that of the arrivals which came to a segment, NaN when there were none.
func (b *Block) Share(id clustering.SegmentID) float64 { return b.Part(id).N / b.Arrivals }

// OutlierShare is that of the arrivals which are in no segment, NaN when there were none.
func (b *Block) OutlierShare() float64 { return b.Outliers / b.Arrivals }

func (b *Block) part(id clustering.SegmentID) *Part {
	place, found := b.place(id)
	if !found {
		b.Parts = slices.Insert(b.Parts, place, Part{Segment: id})
	}
	return &b.Parts[place]
}

func (b *Block) place(id clustering.SegmentID) (place int, found bool) {
	return slices.BinarySearchFunc(b.Parts, id, func(p Part, id clustering.SegmentID) int { return cmp.Compare(p.Segment, id) })
}

const recordVersion = 1

// ErrDamaged is the error of decoding what Append cannot have written.
var ErrDamaged = errors.New("decoding the quality of arrivals: the record is damaged: restore the newest backup")

// Append writes the block: 5 to 50 bytes, and as many for each segment.
func (b *Block) Append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = record.AppendCompact(dst, b.Arrivals)
	dst = record.AppendCompact(dst, b.Outliers)
	dst = b.Whole.append(dst)
	dst = binary.AppendUvarint(dst, uint64(len(b.Parts)))
	for _, p := range b.Parts {
		dst = binary.AppendUvarint(dst, uint64(p.Segment))
		dst = p.append(dst)
	}
	return dst
}

func (f *Figures) append(dst []byte) []byte {
	for _, v := range f.all() {
		dst = record.AppendCompact(dst, *v)
	}
	return dst
}

// Decode reads a block that Append wrote: all of src.
func (b *Block) Decode(src []byte) error {
	r := record.Read(src)
	if r.Byte() != recordVersion {
		return ErrDamaged
	}
	decoded := Block{Arrivals: r.Compact(), Outliers: r.Compact()}
	decoded.Whole.decode(&r)
	for i := range r.Count(6) {
		p := Part{Segment: clustering.SegmentID(r.Uvarint())}
		p.decode(&r)
		if i > 0 && p.Segment <= decoded.Parts[i-1].Segment {
			return ErrDamaged
		}
		decoded.Parts = append(decoded.Parts, p)
	}
	if !r.Complete() {
		return ErrDamaged
	}
	*b = decoded
	return nil
}

func (f *Figures) decode(r *record.Reader) {
	for _, v := range f.all() {
		*v = r.Compact()
	}
}
