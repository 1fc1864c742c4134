package privacy

import (
	"context"
	"errors"
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
)

// mask is the processor privacy_mask. It is safe for concurrent use.
type mask struct {
	policy   *policy
	consent  *consent     // nil: everybody's
	metadata metadataList // what is kept
	metrics  *metrics
}

// errWithheld stands for the error of an earlier processor.
var errWithheld = errors.New("privacy_mask: the message failed in an earlier processor, whose error is withheld, as it may quote what is masked: put privacy_mask before what may fail, or handle the error there with catch")

// ProcessBatch masks each message on its own. One that failed before is masked like any
// other, as its content goes on, too, and its error is withheld. One of the input
// feature_refresh, unchanged, holds what was masked before it came into the store.
func (m *mask) ProcessBatch(_ context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	w, decisions := newWalk(m.policy), newDecisions(m.consent)
	out := make(service.MessageBatch, 0, len(batch))
	for _, original := range batch {
		if r := message.RefreshOf(original); r != nil && r.IsContentOf(original) {
			out = append(out, original)
			continue
		}
		masked := original.Copy()
		goes, d := m.mask(w, decisions, masked)
		if d != nil {
			m.metrics.doubt(d.code)
			m.metadata.stub(original, m.policy)
			original.SetError(fmt.Errorf("privacy_mask: %w", d))
			goes, masked = true, original
		} else if message.Failed(original) {
			masked.SetError(errWithheld)
		}
		if goes {
			out = append(out, masked)
		}
	}
	m.metrics.count(&w.tally, w.rules)
	decisions.count(m.metrics)
	return message.Runs(out), nil
}

// mask masks a message that nobody else has. It tells whether that goes on.
func (m *mask) mask(w *walk, decisions *decisions, masked *service.Message) (goes bool, d *doubt) {
	w.tally.begin()
	decisions.begin()
	d = guarded(func() *doubt {
		content, d := structured(masked)
		if d != nil {
			return d
		}
		w.ask(content, masked)
		if content, goes, d = decisions.take(content, masked); d != nil || !goes {
			return d
		}
		if content, d = w.treat(content, masked, m.metadata.has); d != nil {
			return d
		}
		masked.SetStructuredMut(content)
		return nil
	})
	if d != nil {
		w.tally.undo()
		decisions.undo()
	}
	return goes, d
}

// Close has nothing to give back.
func (m *mask) Close(context.Context) error { return nil }
