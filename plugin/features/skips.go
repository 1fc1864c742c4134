package features

import (
	"slices"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// skips counts the events that a feature leaves out because its column is null. A column
// that is null more often than it should be shows there, as nothing else fails by it.
type skips struct {
	set     string
	columns []skippable
	counter *service.MetricCounter
}

// skippable is a column that features take, and where.
type skippable struct {
	name  string
	place int      // among the columns of an event
	kinds []string // of events that it is taken from; nil: all
}

func newSkips(metrics *service.Metrics, set string, plan *aggregate.Plan) *skips {
	s := &skips{set: set, counter: metrics.NewCounter("feature_skipped", "feature_set", "column")}
	for place, column := range plan.Columns() {
		// Read in two ways, it is two columns, which are null together.
		known := slices.ContainsFunc(s.columns, func(c skippable) bool { return c.name == column.Name })
		if kinds, taken := kindsWith(plan.Specs(), column.Name); taken && !known {
			s.columns = append(s.columns, skippable{column.Name, place, kinds})
		}
	}
	return s
}

// kindsWith are the kinds of events that features take the column from.
func kindsWith(specs []aggregate.Spec, column string) (kinds []string, taken bool) {
	all := false
	for _, spec := range specs {
		if spec.Of == column {
			taken = true
			all = all || len(spec.On) == 0
			kinds = append(kinds, spec.On...)
		}
	}
	if all {
		return nil, true
	}
	return kinds, taken
}

// count counts among the events of a batch that were applied.
func (s *skips) count(events []event) {
	for _, c := range s.columns {
		n := int64(0)
		for i := range events {
			e := &events[i]
			if e.outcome.changed() && e.event.Columns[c.place] == (aggregate.Value{}) && (c.kinds == nil || slices.Contains(c.kinds, e.event.Kind)) {
				n++
			}
		}
		if n > 0 {
			s.counter.Incr(n, s.set, c.name)
		}
	}
}
