package features

import (
	"slices"
	"sync"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// modelMetrics show the models in force, by the first feature that needs each.
type modelMetrics struct {
	set           string
	models        []aggregate.Model
	parameter     *service.MetricGauge
	logLikelihood *service.MetricGauge
	customers     *service.MetricGauge
	fits          *service.MetricGauge

	mu    sync.Mutex // guards what follows
	shown []fitted
}

func newModelMetrics(metrics *service.Metrics, set string, plan *aggregate.Plan) *modelMetrics {
	m := &modelMetrics{set: set, models: plan.Models()}
	if len(m.models) == 0 {
		return m
	}
	m.parameter = metrics.NewGauge("feature_model_parameter", "feature_set", "feature", "model", "parameter")
	m.logLikelihood = metrics.NewGauge("feature_model_log_likelihood", "feature_set", "feature", "model")
	m.customers = metrics.NewGauge("feature_model_customers", "feature_set", "feature", "model")
	m.fits = metrics.NewGauge("feature_model_fits", "feature_set", "feature", "model", "outcome")
	return m
}

// show sets the gauges of the models that have changed.
func (m *modelMetrics) show(models []fitted) {
	if len(models) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range models {
		f := &models[i]
		if len(m.shown) > 0 && m.shown[i] == *f {
			continue
		}
		labels := []string{m.set, m.models[i].Feature, string(f.kind)}
		with := func(label string) []string { return append(slices.Clip(labels), label) }
		names, values := f.parameters()
		for p, name := range names {
			m.parameter.SetFloat64(values[p], with(name)...)
		}
		m.logLikelihood.SetFloat64(f.logLikelihood, labels...)
		m.customers.Set(int64(f.customers), labels...)
		m.fits.Set(int64(f.fits), with("succeeded")...)
		m.fits.Set(int64(f.failed), with("failed")...)
		m.fits.Set(int64(f.tooFew), with("too_few")...)
		m.fits.Set(int64(f.dropped), with("dropped")...)
	}
	m.shown = models
}
