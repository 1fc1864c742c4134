package segments

import (
	"bytes"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/drift"
	"github.com/shoal-stream/shoal/plugin/clustering/quality"
	"github.com/shoal-stream/shoal/plugin/store"
)

// health is how a model has fared lately: how well what came fits the segments, who moved,
// and whether the stream is still what it was.
type health struct {
	recent  quality.Recent // without the block
	block   quality.Block  // of the last arrivals
	monitor *drift.Monitor

	folded bool             // recent changed since it was saved
	added  bool             // and the block
	raised []drift.Detector // alarms that metrics have not counted yet
}

const blockLength = 32 // arrivals in a block

// judge measures a point against the segments, before it is learned.
func (s *state) judge(x []float64) quality.Arrival {
	own := s.engine.Home(s.engine.Nearest(x)).Segment
	if own == 0 {
		return quality.Arrival{}
	}
	return quality.Arrival{Own: own, Near: s.engine.Near(x, own)}
}

// arrived takes a point into account that was learned. Its customer was told one segment
// before, and is told another now. While the model warms up, there is nothing to judge.
func (m *model) arrived(tx *store.Tx, s *state, p point, x []float64, a quality.Arrival, from, to clustering.SegmentID) {
	if a.Own == 0 && !s.findsOutliers() {
		return
	}
	a.From, a.To, a.Outlier = from, to, to == 0
	h := &s.health
	h.block.Add(a)
	h.added = true
	if h.block.Arrivals == blockLength {
		h.recent.Fold(&h.block, s.lives)
		h.block = quality.Block{Parts: h.block.Parts[:0]}
		h.folded = true
	}
	if p.refresh != nil {
		return // nobody came: time has passed
	}
	if alarm, raised := h.monitor.Add(x, a.Outlier, s.engine); raised {
		h.raised = append(h.raised, alarm.Detector)
		m.logAlarm(tx, s, alarm)
	}
}

// findsOutliers tells that whoever is in no segment is an outlier: only density has them,
// once it has looked for segments. Else they wait for the first ones.
func (s *state) findsOutliers() bool {
	return s.definition.Engine == saFieldDensity && s.engine.Refinements() > 0
}

func (s *state) lives(id clustering.SegmentID) bool { return s.engine.Current(id) == id }

// begin forgets what was, as the model is defined anew.
func (h *health) begin() {
	h.recent, h.block = quality.Recent{}, quality.Block{}
	h.monitor.Reset()
	h.folded, h.added = true, true
}

// write saves what changed since the last commit.
func (h *health) write(tx *store.Tx, m *model) {
	if h.added {
		tx.Set(m.key(suffixBlock), h.block.Append(nil))
	}
	if h.folded {
		tx.Set(m.key(suffixRecent), h.recent.Append(nil))
	}
	h.added, h.folded = false, false
	h.monitor.Save(records{tx: tx, prefix: m.key(suffixMonitor)})
}

func readHealth(r store.Reader, m *model) (h health, err error) {
	h.monitor = drift.NewMonitor()
	for _, part := range []struct {
		suffix []byte
		decode func([]byte) error
	}{{suffixRecent, h.recent.Decode}, {suffixBlock, h.block.Decode}} {
		stored, err := r.Get(m.key(part.suffix))
		if err != nil {
			return h, err
		}
		if stored == nil {
			continue // nobody has arrived yet
		}
		if err := part.decode(stored); err != nil {
			return h, err
		}
	}
	prefix := m.key(suffixMonitor)
	err = r.Scan(prefix, func(key, value []byte) error {
		h.monitor.Load(bytes.Clone(key[len(prefix):]), value)
		return nil
	})
	if err == nil {
		err = h.monitor.Ready()
	}
	if err != nil {
		err = fmt.Errorf("its watch for drift: %w", err)
	}
	return h, err
}
