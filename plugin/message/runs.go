package message

import "github.com/redpanda-data/benthos/v4/public/service"

// Runs splits a batch, in order, where failed messages and others meet.
//
// Under strict error handling Benthos looks at the first message of a batch alone:
// when that has failed, the whole batch skips the processors that follow, and its
// good messages would be acknowledged without having been counted. In a run, the
// first stands for all. The order stays, as branch matches results by their place.
func Runs(batch service.MessageBatch) []service.MessageBatch {
	var runs []service.MessageBatch
	start := 0
	for i := range batch {
		if i+1 == len(batch) || Failed(batch[i]) != Failed(batch[i+1]) {
			runs = append(runs, batch[start:i+1:i+1])
			start = i + 1
		}
	}
	return runs
}

// Failed tells that a message carries the error of an earlier processor. State is
// not changed by such a message: it goes on as it is.
func Failed(m *service.Message) bool { return m.GetError() != nil }
