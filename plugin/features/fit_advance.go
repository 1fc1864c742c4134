package features

import (
	"errors"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/predict"
)

// predictions are how often models are fitted, and to whom.
type predictions struct {
	every  uint64 // applied events
	most   int    // customers in the sample
	fewest int    // customers that a model is fitted to
}

// advance takes an event that was applied, when its step stands, and those who were forgotten
// by it: the sample follows, a fit that is due takes effect, and the next may begin.
func (x *extract) advance(b *batchState, e *event) error {
	f := b.fitting
	f.mu.Lock()
	s := f.state
	s.clock.applied++
	x.follow(b, e)
	s.clock.level = s.sample.level
	finished := s.task != nil && s.clock.applied >= s.task.due
	f.mu.Unlock()

	if finished {
		if err := x.finishFit(b); err != nil {
			return err
		}
	}
	return x.beginFit(b, e)
}

// follow has the sample know what the event has changed.
func (x *extract) follow(b *batchState, e *event) {
	sample := &b.fitting.state.sample
	if c := b.customers[e.customer]; c != nil && c.profile.Events > 0 {
		sample.put(sampleHash(e.customer), x.plan, &c.profile)
	}
	for _, name := range b.gone {
		sample.drop(sampleHash(name))
	}
	sample.limit(x.predictions.most)
}

// finishFit puts the outcome of the fit under way in force. What did not succeed leaves what
// was.
func (x *extract) finishFit(b *batchState) error {
	f := b.fitting
	f.mu.Lock()
	task := f.state.task
	f.state.task = nil
	f.mu.Unlock()
	if task == nil { // somebody was erased meanwhile
		return nil
	}
	outcomes := <-task.outcome
	models := make([]fitted, len(outcomes))
	for i := range outcomes {
		models[i] = f.settle(x, &outcomes[i], &task.inputs[i], task.day)
	}
	f.mu.Lock()
	f.state.models = models
	f.mu.Unlock()
	b.everyone.models = models
	return b.tx.Step(func() error {
		b.tx.Set(modelsKey(x.set), encodeModels(models))
		return deleteTask(b.tx, b.tx, x.set)
	})
}

// settle is what a model is after a fit. The first of several that fail is logged.
func (f *fitting) settle(x *extract, out *fitOutcome, in *fitInput, day int64) fitted {
	m := out.fitted
	f.mu.Lock()
	defer f.mu.Unlock()
	switch _, loud := f.loud[m.id]; {
	case in.empty(), errors.Is(out.err, predict.ErrSample): // there are not enough yet
	case out.err == nil:
		m.fits++
		m.day = day
		delete(f.loud, m.id)
	default:
		m.failed++
		if !loud {
			f.loud[m.id] = struct{}{}
			x.logger.Warnf("feature_extract: feature set %q: the model %s goes on with the parameters that it has: %v", x.set, m.id, out.err)
		}
	}
	return m
}

// beginFit begins a fit where one is due: it fixes the input, and stores it.
func (x *extract) beginFit(b *batchState, e *event) error {
	f, every := b.fitting, x.predictions.every
	f.mu.Lock()
	due := f.state.clock.due(every) && f.state.task == nil
	f.mu.Unlock()
	if !due {
		return nil
	}
	b.hold() // what is stored from memory from here on is to have nobody who is erased meanwhile
	if err := x.lowerLevel(b, e); err != nil {
		return err
	}
	f.mu.Lock()
	s := f.state
	task := &fitTask{due: s.clock.applied + max(1, every/2), level: s.sample.level, day: aggregate.Day(b.changes.now.newest)}
	task.inputs = s.sample.inputs(x.plan, task.day, x.predictions.fewest)
	f.mu.Unlock()

	something := false
	for i := range task.inputs {
		something = something || !task.inputs[i].empty()
	}
	if something {
		if err := x.storeTask(b, task); err != nil {
			return err
		}
		task.run(s.models)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s.clock.begun = s.clock.applied // not before: else a part of it would pass for all
	if something {
		s.task = task
	}
	return nil
}

// storeTask writes a task, its head last: in steps of its own, which a transaction may
// commit one after the other.
func (x *extract) storeTask(b *batchState, task *fitTask) error {
	head, pages := task.encode(int(b.tx.Room() / 4))
	if err := b.tx.Step(func() error { return deleteTask(b.tx, b.tx, x.set) }); err != nil {
		return err
	}
	for i, page := range pages {
		if err := b.tx.Step(func() error {
			b.tx.Set(taskPageKey(x.set, i), page)
			return nil
		}); err != nil {
			return err
		}
	}
	return b.tx.Step(func() error {
		b.tx.Set(taskKey(x.set), head)
		return nil
	})
}

// lowerLevel makes room for more customers in the sample when most of them are gone. They are
// read from the store: it takes as long as it does when a process begins.
func (x *extract) lowerLevel(b *batchState, e *event) error {
	const few = 4
	f := b.fitting
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := f.state; s.sample.level > 0 && len(s.sample.known) < x.predictions.most/few; {
		s.sample.level--
		if err := s.sample.read(b.tx, x, b.codec); err != nil {
			return err
		}
		x.follow(b, e) // a scan does not see the last step
		if s.sample.level == s.clock.level {
			return nil // there are too many for the one below
		}
		s.clock.level = s.sample.level
	}
	return nil
}
