package privacy

import "github.com/redpanda-data/benthos/v4/public/service"

// maskMetrics counts by rule, never by value.
type maskMetrics struct {
	rules  []rule
	masked *service.MetricCounter
	errors *service.MetricCounter
}

func newMaskMetrics(m *service.Metrics, rules []rule) *maskMetrics {
	return &maskMetrics{
		rules:  rules,
		masked: m.NewCounter("privacy_masked", "rule", "action"),
		errors: m.NewCounter("privacy_errors", "code"),
	}
}

// count takes how often each rule was applied.
func (m *maskMetrics) count(applied []int) {
	for i, n := range applied {
		if n > 0 {
			m.masked.Incr(int64(n), m.rules[i].path, m.rules[i].action)
		}
	}
}

// doubt counts a message that could not be masked.
func (m *maskMetrics) doubt(code string) { m.errors.Incr(1, code) }
