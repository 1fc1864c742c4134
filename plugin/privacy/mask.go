package privacy

import (
	"context"
	"fmt"
	"slices"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
)

// mask is the processor privacy_mask. It is safe for concurrent use.
type mask struct {
	policy   *policy
	metadata map[string]struct{} // names that are kept
	metrics  *maskMetrics
}

// ProcessBatch masks each message on its own. One that failed before is masked like any
// other: its content goes on, too. One of the input feature_refresh, unchanged, holds what
// was masked before it came into the store.
func (m *mask) ProcessBatch(_ context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	w := &walk{policy: m.policy, applied: make([]int, len(m.policy.rules))}
	before := make([]int, len(w.applied))
	out := make(service.MessageBatch, len(batch))
	for i, original := range batch {
		if r := message.RefreshOf(original); r != nil && r.IsContentOf(original) {
			out[i] = original
			continue
		}
		copy(before, w.applied)
		masked := original.Copy()
		if d := m.mask(w, masked); d != nil {
			copy(w.applied, before) // what was masked of it is gone
			m.metrics.doubt(d.code)
			m.empty(original)
			original.SetError(fmt.Errorf("privacy_mask: %w", d))
			masked = original
		}
		out[i] = masked
	}
	m.metrics.count(w.applied)
	return message.Runs(out), nil
}

// mask masks a message that nobody else has. After a doubt, it is in no state to be
// used.
func (m *mask) mask(w *walk, masked *service.Message) (d *doubt) {
	defer func() {
		if recover() != nil {
			d = errPanicked // what was recovered may hold the value
		}
	}()
	content, err := masked.AsStructuredMut()
	if err != nil {
		return errNotJSON // the error of the parser has a part of the message in it
	}
	content, keep, d := w.document(content)
	if d != nil {
		return d
	}
	if !keep {
		content = map[string]any{}
	}
	if d := m.maskMetadata(w, masked); d != nil {
		return d
	}
	masked.SetStructuredMut(content)
	return nil
}

// maskMetadata treats what a rule names, keeps what is listed, and drops the rest.
func (m *mask) maskMetadata(w *walk, masked *service.Message) *doubt {
	for _, name := range metadataNames(masked) {
		at := w.metadata.at(name)
		if at.rule == none {
			if _, listed := m.metadata[name]; !listed {
				masked.MetaDelete(name)
			}
			continue
		}
		v, _ := masked.MetaGetMut(name)
		changed, keep, d := w.value(v, at, 0)
		switch {
		case d != nil:
			return d
		case keep:
			masked.MetaSetMut(name, changed)
		default:
			masked.MetaDelete(name)
		}
	}
	return nil
}

// empty takes everything out of a message but the metadata that is listed and that no
// rule treats.
func (m *mask) empty(original *service.Message) {
	original.SetBytes([]byte("{}"))
	for _, name := range metadataNames(original) {
		_, listed := m.metadata[name]
		if at := m.policy.metadata.at(name); !listed || at.rule != none {
			original.MetaDelete(name)
		}
	}
}

func metadataNames(m *service.Message) []string {
	var names []string
	_ = m.MetaWalkMut(func(name string, _ any) error { // errs only when this does
		names = append(names, name)
		return nil
	})
	slices.Sort(names)
	return names
}

// Close has nothing to give back.
func (m *mask) Close(context.Context) error { return nil }
