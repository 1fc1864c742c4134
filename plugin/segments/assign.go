package segments

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// assign is the processor segment_assign.
type assign struct {
	target
	settings  settings
	key       *bloblang.Executor // nil: unkeyed
	features  *bloblang.Executor
	timestamp *bloblang.Executor // nil: metadata, else now
	eventID   *bloblang.Executor // nil: none
	once      *ledger.Ledger     // unkeyed only
	learn     bool
	result    message.Path
	metrics   *modelMetrics
	reporter  *reporter  // nil: it does not learn
	reporters *reporters // of the model
	failures  *message.Failures

	logger     *service.Logger
	complained atomic.Bool // of labels
}

// ProcessBatch reads the points of the batch, moves their customers in one
// transaction, and attaches the results once it is committed. A message that
// cannot be read is flagged and goes on, as does one that failed before; neither
// drags another down.
func (a *assign) ProcessBatch(ctx context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	points := make([]point, len(batch))
	problems := make([]error, len(batch))
	parts := ledger.NewParts(len(batch), func(i int) ([]byte, error) { return batch[i].AsBytes() })
	for i, m := range batch {
		var position *ledger.Position
		if a.once != nil {
			if position = message.Position(m); position != nil {
				parts.Number(i, position)
			}
		}
		if problems[i] = m.GetError(); problems[i] == nil {
			points[i], problems[i] = a.read(m, position)
		}
		if problems[i] == nil { // or a move would be made, and not told
			problems[i] = a.result.Fits(m)
		}
	}
	results := make([]map[string]any, len(batch))
	err := a.store.Do(ctx, func(s *store.Store) error {
		return a.apply(ctx, s, points, problems, results)
	})
	if err != nil {
		a.failures.Log(err)
		return nil, err
	}

	return message.Emit("segment_assign", batch, problems, func(i int, m *service.Message) error {
		return a.result.Set(m, results[i])
	}), nil
}

// apply runs the transaction of a batch.
func (a *assign) apply(ctx context.Context, s *store.Store, points []point, problems []error, results []map[string]any) error {
	m, err := attachModel(s, a.model)
	if err != nil {
		return err
	}
	if !a.learn {
		return a.look(ctx, s, m, points, problems, results)
	}
	locks := []store.Lock{m.lock()}
	for i, p := range points {
		if problems[i] == nil && a.once != nil {
			locks = a.once.Locks(locks, p.event)
		}
	}
	report := a.metrics.begin()
	err = s.Update(ctx, locks, func(tx *store.Tx) error {
		return m.update(tx, a.settings, func(st *state) error {
			tx.BeforeCommit(func() error {
				report.note(st) // with what the end of the batch has changed
				if st.haveSegmentsChanged(time.Now()) {
					report.assess(st)
				}
				return nil
			})
			for i, p := range points {
				if problems[i] != nil {
					continue
				}
				problem := tx.Step(func() error {
					c, status, err := a.applyOne(tx, s, m, st, p)
					if results[i], err = st.result(c, status, err); err != nil {
						return err
					}
					report.count(c, status)
					return nil
				})
				if problem != nil && !errors.Is(problem, errUnreadable) {
					return problem
				}
				problems[i] = problem
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	report.publish()
	a.reporter.soon()
	if report.problem != nil && a.complained.CompareAndSwap(false, true) {
		a.logger.Warnf("segment_assign: model %q: %v", a.model, report.problem)
	}
	return nil
}

// look says where the points belong, in the model as it is defined by those who teach it.
func (a *assign) look(ctx context.Context, s *store.Store, m *model, points []point, problems []error, results []map[string]any) error {
	locate := func(_ store.Reader, st *state) error {
		for i, p := range points {
			if problems[i] != nil {
				continue
			}
			c, status, err := m.locate(st, p)
			results[i], problems[i] = st.result(c, status, err)
		}
		return nil
	}
	err := m.view(ctx, s, locate)
	if !errors.Is(err, errNotDefined) {
		return err
	}
	return s.View(ctx, func(r store.Reader) error {
		st, err := readState(r, a.model, a.settings.definition)
		if err != nil {
			return err
		}
		return locate(r, st)
	})
}

func (a *assign) applyOne(tx *store.Tx, s *store.Store, m *model, st *state, p point) (contribution, status, error) {
	if a.key != nil {
		if err := refuse(tx, s.Tombstones(), p); err != nil {
			return contribution{}, 0, err
		}
		return m.move(tx, st, p)
	}
	if p.refresh != nil { // nobody's point
		return m.locate(st, p)
	}
	verdict, _, err := a.once.Apply(tx, p.event, 0)
	if err != nil {
		return contribution{}, 0, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	if verdict == ledger.Duplicate {
		return m.locate(st, p)
	}
	return m.add(tx, st, p)
}

// read takes what the model needs out of a message, whose position counts for points without a
// customer only.
func (a *assign) read(m *service.Message, position *ledger.Position) (p point, err error) {
	if a.key != nil {
		value, _, err := message.Query(saFieldKey, a.key, m)
		if err != nil {
			return p, err
		}
		if p.customer, err = message.Key(value); err != nil {
			return p, err
		}
	}
	if p.features, _, err = message.Query(saFieldFeatures, a.features, m); err != nil {
		return p, err
	}
	if p.refresh = message.RefreshOf(m); p.refresh != nil {
		p.at = p.refresh.At
		return p, nil
	}
	at, err := a.eventTime(m)
	if err != nil {
		return p, err
	}
	if p.at, err = message.Nanoseconds(at); err != nil {
		return p, fmt.Errorf("timestamp: %w", err)
	}
	p.version = count(m, "feature_version")
	p.first = count(m, "feature_first_version")
	duplicate, _ := m.MetaGet("feature_duplicate")
	p.duplicate = duplicate == "true"
	if a.once == nil {
		return p, nil
	}

	p.event = ledger.Event{At: at, Position: position}
	if a.eventID != nil {
		id, _, err := message.Query(saFieldEventID, a.eventID, m)
		if err != nil {
			return p, err
		}
		if p.event.ID, err = message.Key(id); err != nil {
			return p, fmt.Errorf("event_id: %w", err)
		}
	}
	return p, nil
}

// count reads a number that feature_extract leaves in the metadata; 0 when it is not there.
func count(m *service.Message, name string) uint64 {
	text, _ := m.MetaGet(name)
	n, _ := strconv.ParseUint(text, 10, 64) // 0 also for what is no number
	return n
}

func (a *assign) eventTime(m *service.Message) (at time.Time, err error) {
	var value any
	if a.timestamp != nil {
		if value, _, err = message.Query(saFieldTimestamp, a.timestamp, m); err != nil {
			return at, err
		}
	} else if asOf, ok := m.MetaGet("feature_as_of"); ok {
		value = asOf
	} else {
		return time.Now(), nil
	}
	if at, err = message.Time(value); err != nil {
		return at, fmt.Errorf("timestamp: %w", err)
	}
	return at, nil
}

// report tells metrics how the model stands. When it cannot be read, there is nothing to
// tell: whoever brings it events is told why.
func (a *assign) report(ctx context.Context) {
	report := a.metrics.begin()
	err := a.store.Do(ctx, func(s *store.Store) error {
		m, err := attachModel(s, a.model)
		if err != nil {
			return err
		}
		return m.view(ctx, s, func(_ store.Reader, st *state) error {
			report.note(st)
			report.assess(st)
			return nil
		})
	})
	if err == nil {
		report.publish()
	}
}

// Close tells metrics how the model was left. It never errs: an error would leave the
// components after this one open.
func (a *assign) Close(ctx context.Context) error {
	if a.reporter != nil {
		a.reporters.leave(a.reporter)
		a.reporter.close(ctx)
	}
	return nil
}
