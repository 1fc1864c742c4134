package segments

import (
	"math"
	"time"

	"github.com/shoal-stream/shoal/plugin/clustering/drift"
)

// report gathers what a batch did and how the model stands, and is published once that is
// committed.
type report struct {
	to          *modelMetrics
	moves       map[cause]int64
	alarms      []drift.Detector
	customers   int64
	refinements int64
	fares       *assessment // nil: as before
	problem     error       // with the labels
}

// told is what metrics were told last of the segments of a model.
type told struct {
	at          time.Time
	segments    int
	refinements uint64
	lineage     uint64
}

func (m *modelMetrics) begin() *report {
	return &report{to: m, moves: map[cause]int64{}}
}

func (r *report) count(c contribution, s status) {
	if c.Changed && s == statusAssigned {
		r.moves[c.Cause]++
	}
}

// note how the model stands. To assess its segments costs a pass over the micro-clusters, and
// can wait for the reporter unless they have changed.
func (r *report) note(s *state) {
	r.problem = s.labels.problem
	r.customers = int64(math.Round(s.engine.Size()))
	r.refinements = int64(s.engine.Refinements())
	r.alarms = append(r.alarms, s.health.raised...)
	s.health.raised = nil
}

// haveSegmentsChanged since metrics were told of them. The first count at once, later ones not
// more than ten times a second.
func (s *state) haveSegmentsChanged(now time.Time) bool {
	if s.told.segments > 0 && now.Sub(s.told.at) < time.Second/10 {
		return false
	}
	return s.engine.Refinements() != s.told.refinements || s.lineage != s.told.lineage
}

func (r *report) assess(s *state) {
	segments := s.engine.Segments()
	s.told = told{at: time.Now(), segments: len(segments), refinements: s.engine.Refinements(), lineage: s.lineage}
	fares := s.assess(segments)
	r.fares = &fares
}

func (r *report) publish() {
	for cause, n := range r.moves {
		r.to.moves.Incr(n, r.to.model, causeNames[cause])
	}
	for _, detector := range r.alarms {
		r.to.alarms.Incr(1, r.to.model, detector.String())
	}
	r.to.customers.Set(r.customers, r.to.model)
	r.to.refine(r.refinements)
	if r.fares != nil {
		r.to.publish(r.fares)
	}
}
