package segments

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store"
)

// modelMetrics are the figures that operators watch, by model.
type modelMetrics struct {
	model       string
	customers   *service.MetricGauge
	outliers    *service.MetricGauge
	count       *service.MetricGauge
	refinements *service.MetricGauge
	refined     *service.MetricGauge // when the last refinement took effect, in Unix seconds
	before      atomic.Int64         // refinements that were told last; -1: none were
	moves       *service.MetricCounter
	alarms      *service.MetricCounter

	gauges map[string]*service.MetricGauge // of an assessment, by name: each by index, or by segment
	shown  *shownSeries
}

// Names of the gauges of an assessment.
const (
	gaugeQuality    = "segment_quality"
	gaugeSize       = "segment_size"
	gaugeShare      = "segment_share"
	gaugeInertia    = "segment_inertia"
	gaugeSilhouette = "segment_silhouette"
	gaugeChurn      = "segment_churn"
)

// series is one number of an assessment, as it changes with time.
type series struct {
	gauge string
	label string // the index or the segment
}

// shownSeries are those that show a number. All processors of a model share them, as they do
// its gauges: the thread that tells of the end of a segment need not be the one that told of it.
type shownSeries struct {
	mu     sync.Mutex // guards what follows, and keeps the numbers of two assessments apart
	series map[series]struct{}
}

func newModelMetrics(metrics *service.Metrics, s *store.Store, model string) (m *modelMetrics, err error) {
	m = &modelMetrics{
		model:       model,
		customers:   metrics.NewGauge("segment_customers", "model"),
		outliers:    metrics.NewGauge("segment_outliers", "model"),
		count:       metrics.NewGauge("segment_count", "model"),
		refinements: metrics.NewGauge("segment_refinements", "model"),
		refined:     metrics.NewGauge("segment_last_refinement", "model"),
		moves:       metrics.NewCounter("segment_moves", "model", "cause"),
		alarms:      metrics.NewCounter("segment_drift_alarms", "model", "detector"),
		gauges:      map[string]*service.MetricGauge{gaugeQuality: metrics.NewGauge(gaugeQuality, "model", "index")},
	}
	for _, name := range []string{gaugeSize, gaugeShare, gaugeInertia, gaugeSilhouette, gaugeChurn} {
		m.gauges[name] = metrics.NewGauge(name, "model", "segment")
	}
	m.before.Store(-1)
	m.shown, err = store.Attach(s, "segments/"+model+"/shown", func() (*shownSeries, error) {
		return &shownSeries{series: map[series]struct{}{}}, nil
	})
	return m, err
}

// refine tells how many refinements there were, and when the last one took effect: on the
// wall, as it is for who waits for it. Nobody knows of one before the process began.
func (m *modelMetrics) refine(refinements int64) {
	m.refinements.Set(refinements, m.model)
	if before := m.before.Swap(refinements); before >= 0 && refinements > before {
		m.refined.Set(time.Now().Unix(), m.model)
	}
}

// publish sets the gauges.
func (m *modelMetrics) publish(fares *assessment) {
	m.count.Set(int64(len(fares.of)), m.model)
	m.outliers.Set(int64(math.Round(fares.outliers)), m.model)
	numbers := fares.series()
	m.shown.mu.Lock()
	defer m.shown.mu.Unlock()
	for s := range m.shown.series {
		if _, still := numbers[s]; !still {
			m.set(s, undefined(s.gauge))
			delete(m.shown.series, s)
		}
	}
	for s, number := range numbers {
		m.set(s, number)
		m.shown.series[s] = struct{}{}
	}
}

func (m *modelMetrics) set(s series, number float64) {
	m.gauges[s.gauge].SetFloat64(number, m.model, s.label)
}

// undefined is what a gauge shows whose number is no longer defined. A gauge cannot be taken
// back, and not all that read them know of NaN: some make a whole number of it. So it is -1,
// which an index is never, and a silhouette only at its worst.
func undefined(gauge string) float64 {
	if gauge == gaugeSize || gauge == gaugeShare {
		return 0 // of a segment that is no more
	}
	return -1
}

// series are the numbers of an assessment that are defined.
func (a *assessment) series() map[series]float64 {
	numbers := map[series]float64{}
	add := func(gauge, label string, number float64) {
		if !math.IsNaN(number) && !math.IsInf(number, 0) {
			numbers[series{gauge, label}] = number
		}
	}
	for i, index := range indices {
		add(gaugeQuality, index, a.indices[i])
	}
	for id, segment := range a.of {
		name := segmentName(id).(string)
		add(gaugeSize, name, segment.size)
		add(gaugeShare, name, segment.share)
		add(gaugeInertia, name, segment.inertia)
		add(gaugeSilhouette, name, segment.silhouette)
		add(gaugeChurn, name, segment.churn)
	}
	return numbers
}
