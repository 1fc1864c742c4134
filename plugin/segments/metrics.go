package segments

import (
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// modelMetrics are the figures that operators watch, by model.
type modelMetrics struct {
	model       string
	customers   *service.MetricGauge
	count       *service.MetricGauge
	size        *service.MetricGauge
	refinements *service.MetricGauge
	moves       *service.MetricCounter

	mu    sync.Mutex       // guards what follows
	shown map[string]int64 // sizes: a segment that is no more has none
}

func newModelMetrics(metrics *service.Metrics, model string) *modelMetrics {
	return &modelMetrics{
		model:       model,
		customers:   metrics.NewGauge("segment_customers", "model"),
		count:       metrics.NewGauge("segment_count", "model"),
		size:        metrics.NewGauge("segment_size", "model", "segment"),
		refinements: metrics.NewGauge("segment_refinements", "model"),
		moves:       metrics.NewCounter("segment_moves", "model", "cause"),
	}
}

// batchReport gathers what a batch did, and is published once it is committed.
type batchReport struct {
	to          *modelMetrics
	moves       map[cause]int64
	customers   int64
	refinements int64
	sizes       map[string]int64
	problem     error // with the labels
}

func (m *modelMetrics) begin() *batchReport {
	return &batchReport{to: m, moves: map[cause]int64{}}
}

func (r *batchReport) count(c contribution, s status) {
	if c.Changed && s == statusAssigned {
		r.moves[c.Cause]++
	}
}

// describe notes how the model stands. The sizes of its segments cost a pass over
// the micro-clusters, so they are taken once a second.
func (r *batchReport) describe(s *state) {
	r.problem = s.labels.problem
	r.customers = int64(s.engine.Size())
	r.refinements = int64(s.engine.Refinements())
	if now := time.Now(); now.Sub(s.described) >= time.Second {
		s.described = now
		r.sizes = map[string]int64{}
		for _, segment := range s.engine.Segments() {
			r.sizes[segmentName(segment.ID).(string)] = int64(s.sizeOf(segment))
		}
	}
}

func (r *batchReport) publish() {
	for cause, n := range r.moves {
		r.to.moves.Incr(n, r.to.model, causeNames[cause])
	}
	r.to.customers.Set(r.customers, r.to.model)
	r.to.refinements.Set(r.refinements, r.to.model)
	if r.sizes == nil {
		return
	}
	r.to.count.Set(int64(len(r.sizes)), r.to.model)
	r.to.mu.Lock()
	defer r.to.mu.Unlock()
	for segment := range r.to.shown {
		if _, lives := r.sizes[segment]; !lives {
			r.to.size.Set(0, r.to.model, segment)
		}
	}
	for segment, n := range r.sizes {
		r.to.size.Set(n, r.to.model, segment)
	}
	r.to.shown = r.sizes
}
