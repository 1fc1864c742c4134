package drift

import (
	"cmp"
	"encoding/binary"
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/record"
)

// Model is what a monitor remembers the segments of: any engine is one.
type Model interface {
	Segments() []clustering.Segment
	Metric() *cf.Metric
	Population() *cf.Feature
}

// reference is where segments were at one moment, and how distance was measured then. What
// is measured against it changes only with what arrives.
type reference struct {
	metric *cf.Metric
	ids    []clustering.SegmentID
	rows   []float64 // the centroid of each, as many numbers as the metric has dimensions
	spread float64   // mean squared distance of all to their centroid; 1 where all are there
}

const special = 0.3 // standard deviations from the mean

// refer takes the segments that have members: nil when there are none.
func refer(m Model) *reference {
	r := &reference{metric: m.Metric()}
	d := r.metric.Dims()
	for _, s := range m.Segments() {
		if s.Members.N() == 0 {
			continue
		}
		row := make([]float64, d)
		s.Members.Centroid(row)
		r.ids, r.rows = append(r.ids, s.ID), append(r.rows, row...)
	}
	if len(r.rows) == 0 {
		return nil
	}
	r.spread = cmp.Or(r.metric.Spread(m.Population()), 1)
	return r
}

// locate finds the place of the nearest segment, and the squared distance to it.
func (r *reference) locate(x []float64) (place int, squared float64) {
	return r.metric.Nearest(x, r.rows, r.metric.Dims())
}

// has tells that a segment was where x is, and nowhere else.
func (r *reference) has(x []float64) bool {
	d := r.metric.Dims()
	for rows := r.rows; len(rows) > 0; rows = rows[d:] {
		if cf.Same(rows[:d], x) {
			return true
		}
	}
	return false
}

// lacks tells that an arrival is special in a feature that the model measures now and the
// reference does not: one that was unknown, or was the same for everybody and is not any more.
// Where it is still the same for nearly everybody, they are not special.
func (r *reference) lacks(x []float64, now *cf.Metric) bool {
	for j, v := range x {
		if r.metric.Weight(j) == 0 && now.Weight(j) > 0 && math.Abs(v-now.Mean(j)) > special*now.Sigma(j) {
			return true
		}
	}
	return false
}

func (r *reference) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = record.AppendCompact(dst, r.spread)
	dst = binary.AppendUvarint(dst, uint64(len(r.ids)))
	for _, id := range r.ids {
		dst = binary.AppendUvarint(dst, uint64(id))
	}
	for _, v := range r.rows {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v)) // NaN: never observed
	}
	return r.metric.Append(dst)
}

func decodeReference(stored []byte) (*reference, error) {
	in := begin(stored)
	r := &reference{spread: in.Compact()}
	r.ids = make([]clustering.SegmentID, in.Count(9))
	for i := range r.ids {
		r.ids[i] = clustering.SegmentID(in.Uvarint())
	}
	const dimension = 24 // bytes in a metric
	k := len(r.ids)
	d := (len(in.Rest()) - 1) / (8*k + dimension)
	if in.Damaged() || k == 0 || d == 0 || !(r.spread > 0) {
		return nil, ErrDamaged
	}
	r.rows = make([]float64, k*d)
	for i := range r.rows {
		if r.rows[i] = in.Float(); math.IsInf(r.rows[i], 0) {
			return nil, ErrDamaged
		}
	}
	var err error
	if r.metric, err = cf.DecodeMetric(in.Rest()); err != nil || r.metric.Dims() != d {
		return nil, ErrDamaged
	}
	return r, nil
}
