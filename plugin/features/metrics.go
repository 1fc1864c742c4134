package features

import (
	"sync/atomic"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// outcomeNames are the values of the label outcome.
var outcomeNames = [...]string{
	applied:     "applied",
	late:        "late",
	unprotected: "unprotected",
	duplicate:   "duplicate",
	rejected:    "rejected",
	refused:     "refused",
	ignored:     "ignored",
	refreshed:   "refreshed",
	failed:      "failed",
}

// eventMetrics count events by what became of them: each has one outcome, and one that was
// rejected one cause.
type eventMetrics struct {
	set         string
	events      *service.MetricCounter
	rejected    *service.MetricCounter
	checkErrors *service.MetricCounter
	customers   *service.MetricGauge
	shown       atomic.Int64 // customers, as the gauge has them
}

func newEventMetrics(metrics *service.Metrics, set string) *eventMetrics {
	m := &eventMetrics{
		set:         set,
		events:      metrics.NewCounter("feature_events", "feature_set", "outcome"),
		rejected:    metrics.NewCounter("feature_rejected", "feature_set", "cause"),
		checkErrors: metrics.NewCounter("feature_check_errors", "feature_set"),
		customers:   metrics.NewGauge("feature_customers", "feature_set"),
	}
	m.shown.Store(-1)
	return m
}

// showCustomers sets the gauge where it is not right: others may have changed the number.
func (m *eventMetrics) showCustomers(customers int) {
	if m.shown.Swap(int64(customers)) != int64(customers) {
		m.customers.Set(int64(customers), m.set)
	}
}

func (m *eventMetrics) count(events []event) {
	var counts [len(outcomeNames)]int64
	var causes [len(causeNames)]int64
	for i := range events {
		counts[events[i].outcome]++
		if events[i].outcome == rejected {
			causes[causeOf(events[i].problem)]++
		}
	}
	for outcome, n := range counts {
		if n > 0 {
			m.events.Incr(n, m.set, outcomeNames[outcome])
		}
	}
	for cause, n := range causes {
		if n > 0 {
			m.rejected.Incr(n, m.set, causeNames[cause])
		}
	}
}
