package message

import (
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// Failures logs that batches fail, which Benthos itself does at debug level only:
// the first at once, then one a minute with the number of those in between.
type Failures struct {
	logger *service.Logger

	mu     sync.Mutex // guards what follows
	next   time.Time
	silent int
}

// NewFailures logs to logger.
func NewFailures(logger *service.Logger) *Failures { return &Failures{logger: logger} }

// Log reports an error that holds no personal data.
func (f *Failures) Log(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if now.Before(f.next) {
		f.silent++
		return
	}
	f.logger.Errorf("a batch was not applied, %d more since the last such line: %v", f.silent, err)
	f.silent, f.next = 0, now.Add(time.Minute)
}
