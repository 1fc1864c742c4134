package features

import (
	"slices"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// skips counts the events that a feature leaves out because a column is null: the one that
// it is of, or that of its `when`, for which anything but true and false is null. A column
// that is null more often than it should be shows there, as nothing else fails by it.
type skips struct {
	set     string
	columns []skippable
	counter *service.MetricCounter
}

// skippable is a column that features take. Read in two ways, it is in two places.
type skippable struct {
	name  string
	taken []taken
}

// taken is a place among the columns of an event.
type taken struct {
	place int
	kinds []string // of events that it is taken from; nil: all
}

func newSkips(metrics *service.Metrics, set string, plan *aggregate.Plan) *skips {
	s := &skips{set: set, counter: metrics.NewCounter("feature_skipped", "feature_set", "column")}
	for place, column := range plan.Columns() {
		known := slices.IndexFunc(s.columns, func(c skippable) bool { return c.name == column.Name })
		if known < 0 {
			known = len(s.columns)
			s.columns = append(s.columns, skippable{name: column.Name})
		}
		s.columns[known].taken = append(s.columns[known].taken, taken{place, kindsWith(plan.Specs(), column)})
	}
	return s
}

// kindsWith are the kinds of events that features take the column from.
func kindsWith(specs []aggregate.Spec, column aggregate.Column) (kinds []string) {
	for _, spec := range specs {
		name := spec.Of
		if column.As == aggregate.AsFlag {
			name = spec.When
		}
		if name != column.Name {
			continue
		}
		if len(spec.On) == 0 {
			return nil
		}
		kinds = append(kinds, spec.On...)
		if spec.Agg == aggregate.Ratio {
			kinds = append(kinds, spec.To...)
		}
	}
	return kinds
}

// count counts among the events of a batch that were applied.
func (s *skips) count(events []event) {
	for _, c := range s.columns {
		n := int64(0)
		for i := range events {
			if events[i].outcome.changed() && c.skips(&events[i].event) {
				n++
			}
		}
		if n > 0 {
			s.counter.Incr(n, s.set, c.name)
		}
	}
}

// skips tells that a feature leaves an event out for want of the column.
func (c *skippable) skips(e *aggregate.Event) bool {
	return slices.ContainsFunc(c.taken, func(t taken) bool {
		return e.Columns[t.place] == (aggregate.Value{}) && (t.kinds == nil || slices.Contains(t.kinds, e.Kind))
	})
}
