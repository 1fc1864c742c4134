package features

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// extract is the processor feature_extract. It is safe for concurrent use: Benthos
// shares one among the threads of a pipeline.
type extract struct {
	store       *store.Label
	set         string // name of the feature set
	key         *bloblang.Executor
	event       *bloblang.Executor
	checks      []check
	maxFuture   time.Duration
	earliest    time.Time
	plan        *aggregate.Plan
	once        *ledger.Ledger
	idleExpiry  expiry
	predictions predictions
	changedOnly bool
	result      message.Path
	metrics     *eventMetrics
	models      *modelMetrics
	skips       *skips
	damage      *damage
	failures    *message.Failures
	logger      *service.Logger

	bound atomic.Pointer[binding] // to the layout that the store has
	idle  sync.Pool               // of *customer, whose memory the next batch reuses
}

// ProcessBatch reads the events of the batch, applies them in one transaction, and
// attaches the features once it is committed. A message that cannot be read is flagged
// and goes on, as does one that failed before; neither drags another down.
func (x *extract) ProcessBatch(ctx context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	events := x.read(batch)
	err := x.store.Do(ctx, func(s *store.Store) error {
		return x.apply(ctx, s, events)
	})
	if err != nil {
		x.failures.Log(err)
		return nil, err
	}
	out := x.emit(batch, events)
	x.metrics.count(events)
	x.skips.count(events)
	return message.Runs(out), nil
}

// Close folds the votes of customers, so that what is stored does not depend on how events
// came in batches. All state is committed already: where it cannot, the next process does.
func (x *extract) Close(ctx context.Context) error {
	_ = x.store.Do(ctx, func(s *store.Store) error {
		if census, err := censusOf(ctx, s, x.set); err == nil {
			census.unwatch(x.metrics)
		}
		return Fold(ctx, s, x.set)
	})
	return nil
}

// outcome is what became of an event.
type outcome int

const (
	applied     outcome = iota
	late                // applied, and older than the customer's newest event
	unprotected         // applied, and older than its id would be remembered
	duplicate           // applied before: nothing changed
	rejected            // flagged with an error: nothing changed
	refused             // as rejected: the customer was erased since it happened
	ignored             // deleted() by the mapping: nothing changed
	refreshed           // no event, but the passing of time: nothing changed
	failed              // flagged by an earlier processor: nothing changed
)

// changed tells that the event was applied, and changed state.
func (o outcome) changed() bool { return o == applied || o == late || o == unprotected }

// event is one message on its way through the processor.
type event struct {
	outcome outcome
	problem error // why it was rejected

	customer string
	event    aggregate.Event
	identity ledger.Event
	print    ledger.Fingerprint
	known    bool // there is a fingerprint

	features  []float64 // of the customer, after the event
	asOf      int64     // event time of the features, Unix nanoseconds
	version   uint64    // of the customer (see life.go); 0: they have not been told yet
	first     uint64    // of a duplicate: the version that its customer had the first time; 0: not known
	unchanged bool      // the customer had the same features before
	applied   bool      // or told as if it were, again
}

// pending tells that the event is to be applied.
func (e *event) pending() bool { return e.outcome < rejected }

func (e *event) reject(problem error) { e.outcome, e.problem = rejected, problem }
