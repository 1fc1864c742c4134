package drift

import "github.com/shoal-stream/shoal/plugin/clustering"

// What the monitor counts, in arrivals.
const (
	// Learning is how long a monitor learns how much its signals vary, from the moment at which
	// it takes its reference.
	Learning = 1024
	// Settling is how long it waits after an alarm, before it takes a new one.
	Settling = 1024
	// Quiet is for how long there is no other alarm after one.
	Quiet = Settling + Learning

	blockSize   = 32 // of the quantisation error and the outliers
	shareSize   = 64 // of the shares, for each sharePer segments
	sharePer    = 8
	leastBlocks = 16 // to learn from

	usual = 16 // a feature is new to the reference when one in so many arrivals has it
)

// Monitor watches what arrives at a model: how far it lies from the segments (quantisation
// error), how much of it is in none, and what share comes to each. Each signal is a mean over
// a block of arrivals, and is watched by [ADWIN] and by [PageHinkley].
//
// A model learns: a refinement, a new metric, another number of segments change all distances
// without any drift. So arrivals are measured against a reference, the segments and the metric
// as they were when it was taken, and nothing but the stream can change a signal. After an
// alarm the monitor is quiet for a while, takes a new reference and learns it: one drift is
// one alarm. It also takes a new one, without an alarm, when a feature that the reference does
// not measure, as it was unknown or the same for all, has become usual; until then all others
// are watched as before.
//
// It takes O(k·d) for an arrival, and O(k) memory beside the reference: each signal has a
// window of a bounded length.
type Monitor struct {
	wait      uint64 // arrivals, until a reference is taken
	reference *reference
	measure   measure // of the outliers
	age, news uint64  // arrivals since the reference was last found good, and those special in what it does not measure
	block     block
	counted   uint64   // arrivals in
	counts    []uint64 // by segment
	distances *distances
	outliers  *signal
	shares    []*signal // by segment

	changed bool              // since it was saved
	renewed bool              // and the reference
	stored  int               // shares that have a record
	loading map[string][]byte // records, until Ready
}

// block sums arrivals up.
type block struct {
	n, outliers, far uint64
	error            float64
}

// NewMonitor makes one that has seen nothing, or one to load records into.
func NewMonitor() *Monitor { return &Monitor{} }

// Add takes an arrival, and returns an alarm if there is one. The model is that which the
// arrival came to, before it learns it or after. Its segments are only looked at when a
// reference is due.
func (m *Monitor) Add(x []float64, outlier bool, from Model) (found Alarm, alarm bool) {
	m.changed = true
	if m.wait > 0 {
		m.wait--
		return Alarm{}, false
	}
	if m.reference == nil && !m.begin(refer(from)) {
		return Alarm{}, false
	}
	if m.measure.follow(from) {
		m.outliers = newSignal(m.outliers.rule)
	}
	m.age++
	if m.reference.lacks(x, from.Metric()) {
		m.news++
	}
	place, squared := m.reference.locate(x)
	m.counts[place]++
	m.counted++
	m.block.n++
	m.distances.add(squared, &m.block)
	if outlier {
		m.block.outliers++
	}
	if m.block.n < blockSize {
		return Alarm{}, false
	}
	if found, alarm = m.judge(); alarm {
		m.forget(Settling)
	} else if m.outgrown() {
		m.forget(0)
	}
	return found, alarm
}

// outgrown tells that features which the reference does not measure have become usual. It
// looks at the arrivals and not at the spread of the population: of a rare feature, that comes
// and goes with whoever has it, and each time all that was learned would be lost.
func (m *Monitor) outgrown() bool {
	if m.age < Learning {
		return false
	}
	grown := m.news*usual >= m.age
	m.age, m.news = 0, 0
	return grown
}

// Erase forgets a vector that is to leave nothing behind: a reference that has a segment which
// was nowhere else goes, and with it what was learned since it was taken.
func (m *Monitor) Erase(x []float64) {
	if m.reference != nil && m.reference.has(x) {
		m.forget(0)
	}
}

// Reset forgets everything: the model is another one.
func (m *Monitor) Reset() { m.forget(0) }

func (m *Monitor) begin(r *reference) bool {
	if r == nil {
		return false
	}
	m.refer(r)
	m.measure, m.renewed = measure{}, true
	return true
}

// refer puts a reference in force, with new signals.
func (m *Monitor) refer(r *reference) {
	m.reference = r
	m.counts = make([]uint64, len(r.ids))
	m.distances = newDistances(r.spread)
	m.outliers = newSignal(rule{signal: OutlierShare, size: blockSize, share: true, delta: loose, least: leastOutlier})
	m.shares = make([]*signal, len(r.ids))
	for i := range m.shares {
		m.shares[i] = newSignal(rule{signal: SegmentShare, size: float64(m.shareBlock()), share: true, delta: loose})
	}
}

// shareBlock is how many arrivals make up a block of the shares: the more segments, the more.
func (m *Monitor) shareBlock() uint64 {
	return uint64(shareSize * max(1, (len(m.reference.ids)+sharePer-1)/sharePer))
}

func (m *Monitor) forget(wait uint64) {
	*m = Monitor{wait: wait, changed: true, renewed: true, stored: m.stored}
}

// judge gives the blocks that are full to the signals. Of several alarms, it returns that of
// the distances, else that of the outliers, else of the share that changed most.
func (m *Monitor) judge() (found Alarm, alarm bool) {
	b := m.block
	m.block = block{}
	found, alarm = m.distances.judge(b)
	if next, ok := m.outliers.add(float64(b.outliers) / float64(b.n)); ok && !alarm {
		found, alarm = next, true
	}
	if m.counted < m.shareBlock() {
		return found, alarm
	}
	most := 0.0
	for i, s := range m.shares {
		next, ok := s.add(float64(m.counts[i]) / float64(m.counted))
		if !ok {
			continue
		}
		size := max(next.After-next.Before, next.Before-next.After) / s.unit
		if !alarm || found.Signal == SegmentShare && size > most {
			found, alarm, most = next, true, size
			found.Segment = m.reference.ids[i]
		}
	}
	clear(m.counts)
	m.counted = 0
	return found, alarm
}

var _ Model = clustering.Engine(nil)
