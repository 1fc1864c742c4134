package drift

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/record"
)

// Reacher is a model that has outliers: who is further from others than its reach is one.
type Reacher interface{ Reach() float64 }

// measure is by what a model told outliers apart when their share was first counted. With
// another, others are outliers, without any drift.
type measure struct {
	reach   float64
	metric  *cf.Metric // nil: the model has none
	changed bool       // since it was saved
}

// follow takes on how the model tells outliers apart now, if that is another way: it tells so.
// A unit of distance follows the population a little at any time; by as much as a share has to
// change for an alarm, it does where a few extreme vectors make it.
func (m *measure) follow(from Model) (other bool) {
	of, reaches := from.(Reacher)
	if !reaches {
		return false
	}
	reach, metric := of.Reach(), from.Metric()
	if m.metric != nil && reach == m.reach && !rescaled(m.metric, metric) {
		return false
	}
	*m = measure{reach: reach, metric: metric, changed: true}
	return true
}

func rescaled(before, after *cf.Metric) bool {
	if before == after {
		return false
	}
	const most = (1 + leastShare) * (1 + leastShare) // weights are squared
	for j := range before.Dims() {
		a, b := before.Weight(j), after.Weight(j)
		if math.Max(a, b) > most*math.Min(a, b) && math.Min(a, b) > 0 {
			return true
		}
	}
	return false
}

func (m *measure) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = record.AppendCompact(dst, m.reach)
	return m.metric.Append(dst)
}

// decode reads what append wrote, all of it.
func (m *measure) decode(stored []byte) error {
	r := begin(stored)
	m.reach = r.Compact()
	if r.Damaged() {
		return ErrDamaged
	}
	var err error
	if m.metric, err = cf.DecodeMetric(r.Rest()); err != nil {
		return ErrDamaged
	}
	return nil
}
