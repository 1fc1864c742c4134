package features

import "github.com/redpanda-data/benthos/v4/public/service"

// outcomeNames are the values of the label outcome.
var outcomeNames = [...]string{
	applied:     "applied",
	late:        "late",
	unprotected: "unprotected",
	duplicate:   "duplicate",
	rejected:    "rejected",
	ignored:     "ignored",
	refreshed:   "refreshed",
	failed:      "failed",
}

// eventMetrics count events by what became of them: each has one outcome.
type eventMetrics struct {
	set         string
	events      *service.MetricCounter
	checkErrors *service.MetricCounter
	customers   *service.MetricGauge
}

func newEventMetrics(metrics *service.Metrics, set string) *eventMetrics {
	return &eventMetrics{
		set:         set,
		events:      metrics.NewCounter("feature_events", "feature_set", "outcome"),
		checkErrors: metrics.NewCounter("feature_check_errors", "feature_set"),
		customers:   metrics.NewGauge("feature_customers", "feature_set"),
	}
}

func (m *eventMetrics) countCustomers(c *census) {
	customers, _ := c.look()
	m.customers.Set(int64(customers), m.set)
}

func (m *eventMetrics) count(events []event) {
	var counts [len(outcomeNames)]int64
	for i := range events {
		counts[events[i].outcome]++
	}
	for outcome, n := range counts {
		if n > 0 {
			m.events.Incr(n, m.set, outcomeNames[outcome])
		}
	}
}
