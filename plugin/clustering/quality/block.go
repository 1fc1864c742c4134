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
	Own      clustering.SegmentID // where it belonged, if nothing were learned from it; 0: nowhere
	Near     clustering.Proximity // to that one, and to the nearest other
	Outlier  bool                 // it was given no segment
	From, To clustering.SegmentID // which its customer was told before, and is told now; 0: none
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
	Members    float64 // arrivals of customers who had been told a segment
	Leavers    float64 // those who are not told the same one again
}

// MeanSilhouette is the mean simplified silhouette, NaN when there is none.
func (f Figures) MeanSilhouette() float64 { return f.Silhouette / f.Judged }

// MeanError is the mean squared distance to the centroid of the own segment, NaN when there
// is none: the quantisation error.
func (f Figures) MeanError() float64 { return f.Error / f.N }

// Churn is the share of the arrivals of members who have left their segment since they were
// told it, be it that they moved or the segments did: NaN when there is none.
func (f Figures) Churn() float64 { return f.Leavers / f.Members }

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

// follow counts whether a member has left.
func (f *Figures) follow(a *Arrival) {
	f.Members++
	if a.To != a.From {
		f.Leavers++
	}
}

func (f *Figures) all() [6]*float64 {
	return [...]*float64{&f.N, &f.Error, &f.Judged, &f.Silhouette, &f.Members, &f.Leavers}
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
	Whole    Figures
	Parts    []Part // in the order of their segments
}

// Part is what arrived at a segment, and how its members fared who arrived anywhere.
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
	if a.From != 0 {
		b.Whole.follow(&a)
		b.part(a.From).follow(&a)
	}
}

// Part is that of a segment, zero when nothing arrived there.
func (b *Block) Part(id clustering.SegmentID) Part {
	if place, found := b.place(id); found {
		return b.Parts[place]
	}
	return Part{Segment: id}
}

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
	for i := range r.Count(7) {
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
