package privacy

import (
	"maps"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// tally counts what is done in a batch, by rule and by detector, never by value.
type tally struct {
	applied []int
	found   map[string]int // nil until something is

	before struct {
		applied []int
		found   map[string]int
	}
}

func newTally(rules int) tally {
	t := tally{applied: make([]int, rules)}
	t.before.applied = make([]int, rules)
	return t
}

func (t *tally) apply(rule int) {
	if rule != none {
		t.applied[rule]++
	}
}

func (t *tally) find(detector string) {
	if t.found == nil {
		t.found = map[string]int{}
	}
	t.found[detector]++
}

// begin remembers where a message begins.
func (t *tally) begin() {
	copy(t.before.applied, t.applied)
	t.before.found = maps.Clone(t.found)
}

// undo forgets a message that failed: what was masked of it is gone.
func (t *tally) undo() {
	copy(t.applied, t.before.applied)
	t.found = t.before.found
}

// metrics are what a processor tells of itself.
type metrics struct {
	applied func(n int64, r rule)
	found   *service.MetricCounter
	consent *service.MetricCounter
	errors  *service.MetricCounter
}

func newMaskMetrics(m *service.Metrics) *metrics {
	masked := m.NewCounter("privacy_masked", "rule", "action")
	return &metrics{
		applied: func(n int64, r rule) { masked.Incr(n, r.path, r.action) },
		found:   m.NewCounter("privacy_found", "detector"),
		consent: m.NewCounter("privacy_consent", "outcome"),
		errors:  m.NewCounter("privacy_errors", "code"),
	}
}

// newRevealMetrics count what was revealed, which an audit wants to know.
func newRevealMetrics(m *service.Metrics) *metrics {
	revealed := m.NewCounter("privacy_revealed", "rule")
	return &metrics{
		applied: func(n int64, r rule) {
			if r.fate != kept {
				revealed.Incr(n, r.path)
			}
		},
		errors: m.NewCounter("privacy_errors", "code"),
	}
}

// count tells of a batch.
func (m *metrics) count(t *tally, rules []rule) {
	for i, n := range t.applied {
		if n > 0 {
			m.applied(int64(n), rules[i])
		}
	}
	for detector, n := range t.found {
		m.found.Incr(int64(n), detector)
	}
}

// doubt counts a message that could not be treated.
func (m *metrics) doubt(code string) { m.errors.Incr(1, code) }
