package segments

import (
	"math"
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/drift"
)

// modelMetrics are the figures that operators watch, by model.
type modelMetrics struct {
	model       string
	customers   *service.MetricGauge
	outliers    *service.MetricGauge
	count       *service.MetricGauge
	refinements *service.MetricGauge
	quality     *service.MetricGauge
	moves       *service.MetricCounter
	alarms      *service.MetricCounter

	// of each segment
	size       *service.MetricGauge
	share      *service.MetricGauge
	inertia    *service.MetricGauge
	silhouette *service.MetricGauge
	churn      *service.MetricGauge

	mu    sync.Mutex // guards what follows
	shown map[clustering.SegmentID]segmentAssessment
}

func newModelMetrics(metrics *service.Metrics, model string) *modelMetrics {
	return &modelMetrics{
		model:       model,
		customers:   metrics.NewGauge("segment_customers", "model"),
		outliers:    metrics.NewGauge("segment_outliers", "model"),
		count:       metrics.NewGauge("segment_count", "model"),
		refinements: metrics.NewGauge("segment_refinements", "model"),
		quality:     metrics.NewGauge("segment_quality", "model", "index"),
		moves:       metrics.NewCounter("segment_moves", "model", "cause"),
		alarms:      metrics.NewCounter("segment_drift_alarms", "model", "detector"),
		size:        metrics.NewGauge("segment_size", "model", "segment"),
		share:       metrics.NewGauge("segment_share", "model", "segment"),
		inertia:     metrics.NewGauge("segment_inertia", "model", "segment"),
		silhouette:  metrics.NewGauge("segment_silhouette", "model", "segment"),
		churn:       metrics.NewGauge("segment_churn", "model", "segment"),
	}
}

// batchReport gathers what a batch did, and is published once it is committed.
type batchReport struct {
	to          *modelMetrics
	moves       map[cause]int64
	alarms      []drift.Detector
	customers   int64
	refinements int64
	fares       *assessment // nil: as before
	problem     error       // with the labels
}

func (m *modelMetrics) begin() *batchReport {
	return &batchReport{to: m, moves: map[cause]int64{}}
}

func (r *batchReport) count(c contribution, s status) {
	if c.Changed && s == statusAssigned {
		r.moves[c.Cause]++
	}
}

// describe notes how the model stands. To assess its segments costs a pass over the
// micro-clusters, so that is done once a second.
func (r *batchReport) describe(s *state) {
	r.problem = s.labels.problem
	r.customers = int64(s.engine.Size())
	r.refinements = int64(s.engine.Refinements())
	r.alarms, s.health.raised = s.health.raised, nil
	if now := time.Now(); now.Sub(s.described) >= time.Second {
		s.described = now
		fares := s.assess(s.engine.Segments())
		r.fares = &fares
	}
}

func (r *batchReport) publish() {
	for cause, n := range r.moves {
		r.to.moves.Incr(n, r.to.model, causeNames[cause])
	}
	for _, detector := range r.alarms {
		r.to.alarms.Incr(1, r.to.model, detector.String())
	}
	r.to.customers.Set(r.customers, r.to.model)
	r.to.refinements.Set(r.refinements, r.to.model)
	if r.fares != nil {
		r.to.publish(r.fares)
	}
}

// publish sets the gauges. What is not defined is 0: not all that read them know of NaN.
func (m *modelMetrics) publish(fares *assessment) {
	m.count.Set(int64(len(fares.of)), m.model)
	m.outliers.Set(int64(fares.outliers), m.model)
	for i, name := range indices {
		m.quality.SetFloat64(defined(fares.indices[i]), m.model, name)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range m.shown {
		if _, lives := fares.of[id]; !lives {
			m.publishSegment(id, segmentAssessment{})
		}
	}
	for id, segment := range fares.of {
		m.publishSegment(id, segment)
	}
	m.shown = fares.of
}

func (m *modelMetrics) publishSegment(id clustering.SegmentID, a segmentAssessment) {
	segment := segmentName(id).(string)
	m.size.Set(int64(a.size), m.model, segment)
	m.share.SetFloat64(defined(a.share), m.model, segment)
	m.inertia.SetFloat64(defined(a.inertia), m.model, segment)
	m.silhouette.SetFloat64(defined(a.silhouette), m.model, segment)
	m.churn.SetFloat64(defined(a.churn), m.model, segment)
}

func defined(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}
