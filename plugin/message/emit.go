package message

import (
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// Emit is what goes on of a batch: a copy of each message with what attach gives it. One
// that has a problem, or cannot take what attach gives it, is flagged as it came, on
// behalf of the component; one that failed before goes on as it is.
func Emit(component string, batch service.MessageBatch, problems []error, attach func(i int, m *service.Message) error) []service.MessageBatch {
	out := make(service.MessageBatch, len(batch))
	for i, original := range batch {
		out[i] = original
		if Failed(original) {
			continue
		}
		problem := problems[i]
		if problem == nil {
			copied := original.Copy()
			if problem = attach(i, copied); problem == nil {
				out[i] = copied
				continue
			}
		}
		original.SetError(fmt.Errorf("%s: %w", component, problem))
	}
	return Runs(out)
}
