package drift

import (
	"math"

	"github.com/shoal-stream/shoal/plugin/record"
)

// distances watches the quantisation error: how far arrivals lie from the segments, squared.
// It goes by what is typical of those that it learns from, not by their mean, which says little
// where a few are very far. A group that moves or spreads is seen in the body of the arrivals,
// to which no single one adds much; strays and newcomers, who are few, in the share of the far.
type distances struct {
	spread  float64 // mean squared distance of all to their centroid, where the reference was taken
	sample  *sample // while learning
	typical float64 // squared distance, then
	body    *signal // mean of what arrivals count
	far     *signal // share of those that are far
}

const (
	extreme = 5  // times what is typical: who is farther counts as there, so that one arrival is never a drift
	remote  = 12 // the same: who is farther is far

	leastError = 0.05  // a rise that matters, of the error before
	leastFar   = 0.005 // of the arrivals
)

func newDistances(spread float64) *distances {
	d := &distances{spread: spread, sample: &sample{}}
	d.body = newSignal(rule{signal: QuantisationError, size: blockSize, delta: confidence})
	d.far = newSignal(rule{signal: QuantisationError, size: blockSize, share: true, delta: loose, least: leastFar})
	return d
}

// add takes an arrival into a block.
func (d *distances) add(squared float64, into *block) {
	if d.sample != nil {
		d.sample.add(squared, d.spread)
		d.body.changed = true
		return
	}
	into.error += min(squared, extreme*d.typical)
	if squared > remote*d.typical {
		into.far++
	}
}

// judge takes a block that is full.
func (d *distances) judge(b block) (found Alarm, alarm bool) {
	if d.sample != nil {
		if d.sample.n >= Learning {
			d.learn()
		}
		return Alarm{}, false
	}
	found, alarm = d.body.add(b.error / float64(b.n))
	strays, come := d.far.add(float64(b.far) / float64(b.n))
	if come && !alarm {
		found, alarm = strays, true
		rise := strays.After - strays.Before
		found.Before = d.body.adwin.Mean()
		found.After = found.Before + rise*remote*d.typical // counted as being no farther
	}
	return found, alarm
}

func (d *distances) learn() {
	d.scale(d.sample.typical(d.spread))
	d.body.watch(math.Sqrt(d.sample.variance(d.spread, extreme*d.typical) / blockSize))
	d.far.watch(d.far.rule.deviation(d.sample.n, d.sample.beyond(d.spread, remote*d.typical), 0))
	d.sample = nil
}

// scale says what squared distance is typical.
func (d *distances) scale(typical float64) {
	d.typical = typical
	d.body.rule.most, d.body.rule.least = extreme*typical, leastError*typical
}

// append writes what was learned, or what there is to learn from: 100 bytes or less; then the
// detectors of the body.
func (d *distances) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = record.AppendCompact(dst, d.typical)
	if d.sample != nil {
		return d.sample.append(dst)
	}
	return d.body.append(dst)
}

// decode reads what append wrote, all of it.
func (d *distances) decode(stored []byte) error {
	r := begin(stored)
	typical := r.Compact()
	if typical == 0 {
		if d.sample.decode(&r); !r.Complete() {
			return ErrDamaged
		}
		return nil
	}
	if r.Damaged() || !(typical > 0) {
		return ErrDamaged
	}
	d.scale(typical)
	d.sample = nil
	if err := d.body.decode(r.Rest()); err != nil || d.body.unit == 0 {
		return ErrDamaged
	}
	return nil
}
