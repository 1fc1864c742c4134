package features

import (
	"fmt"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const (
	metaAsOf      = "feature_as_of"
	metaVersion   = "feature_version"
	metaDuplicate = "feature_duplicate"
	metaFirst     = "feature_first_version"
)

// emit is what goes on: copies with features, and the messages that were rejected, ignored
// or no events as they are.
func (x *extract) emit(batch service.MessageBatch, events []event) service.MessageBatch {
	out := make(service.MessageBatch, 0, len(batch))
	for i, original := range batch {
		e := &events[i]
		switch {
		case e.outcome == ignored && x.changedOnly, e.unchanged:
			continue
		case e.outcome == ignored, e.outcome == refreshed, e.outcome == failed:
			out = append(out, original)
			continue
		case e.outcome != rejected && e.outcome != refused:
			m, err := x.attach(original.Copy(), e)
			if err == nil {
				out = append(out, m)
				continue
			}
			e.problem = err
		}
		original.SetError(fmt.Errorf("feature_extract: %w", e.problem))
		out = append(out, original)
	}
	return out
}

func instant(nanoseconds int64) string {
	return time.Unix(0, nanoseconds).UTC().Format(time.RFC3339Nano)
}

func (x *extract) attach(m *service.Message, e *event) (*service.Message, error) {
	names := x.plan.Names()
	result := make(map[string]any, len(names))
	for i, value := range e.features {
		result[names[i]] = orNull(value)
	}
	if err := x.result.Set(m, result); err != nil {
		return nil, err
	}
	m.MetaSetMut(metaAsOf, instant(e.asOf))
	for _, name := range [...]string{metaVersion, metaDuplicate, metaFirst} {
		m.MetaDelete(name) // a producer may have sent it
	}
	if e.version > 0 {
		m.MetaSetMut(metaVersion, int64(e.version))
	}
	if e.outcome == duplicate {
		m.MetaSetMut(metaDuplicate, true)
	}
	if e.first > 0 {
		m.MetaSetMut(metaFirst, int64(e.first))
	}
	return m, nil
}
