package features

import (
	"sync"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// damage tells of customers whose records cannot be read: those who go round all customers
// pass them over, as nobody else is to wait for them. It logs once that there are any.
type damage struct {
	set     string
	counter *service.MetricCounter
	logger  *service.Logger
	once    sync.Once
}

func newDamage(res *service.Resources, set string) *damage {
	return &damage{set: set, counter: res.Metrics().NewCounter("feature_damaged", "feature_set"), logger: res.Logger()}
}

// note takes one customer, with an error that holds no personal data.
func (d *damage) note(err error) {
	d.counter.Incr(1, d.set)
	d.once.Do(func() {
		d.logger.Errorf("feature set %q: a customer is passed over, and so are others like them, which the metric feature_damaged counts: restore the newest backup to a new path: %v", d.set, err)
	})
}
