package features

import (
	"errors"
	"slices"

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
	b.latest = e
	x.count(b)
	return x.keepUp(b)
}

// count counts an event.
func (x *extract) count(b *batchState) {
	f := b.fitting
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.clock.applied++
	x.follow(b)
	f.state.clock.level = f.state.sample.level
}

// keepUp does what is due after the events so far: also after those of a process that died when
// it had committed them, and not yet what was due.
func (x *extract) keepUp(b *batchState) error {
	if task := b.fitting.takeDue(); task != nil {
		if err := x.finishFit(b, task); err != nil {
			return err
		}
	}
	if !b.fitting.mayBegin(x.predictions.every) {
		return nil
	}
	return x.beginFit(b)
}

// takeDue takes the fit that is to take effect now.
func (f *fitting) takeDue() *fitTask {
	f.mu.Lock()
	defer f.mu.Unlock()
	task := f.state.task
	if task == nil || f.state.clock.applied < task.due {
		return nil
	}
	f.state.task = nil
	return task
}

// mayBegin tells that a fit is due, and none is under way.
func (f *fitting) mayBegin(every uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state.task == nil && f.state.clock.due(every)
}

// follow has the sample know what the latest event has changed.
func (x *extract) follow(b *batchState) {
	if b.latest == nil {
		return
	}
	sample := &b.fitting.state.sample
	if c := b.customers[b.latest.customer]; c != nil && c.profile.Events > 0 {
		sample.put(sampleHash(b.latest.customer), x.plan, &c.profile)
	}
	for _, name := range b.gone {
		sample.drop(sampleHash(name))
	}
	sample.limit(x.predictions.most)
}

// finishFit puts the outcome of a fit in force, for which it waits, if need be. What did not
// succeed leaves what was.
func (x *extract) finishFit(b *batchState, task *fitTask) error {
	outcomes := <-task.outcome
	b.everyone.models = b.fitting.settle(x, task, outcomes)
	return b.more(func() error {
		b.tx.Set(modelsKey(x.set), encodeModels(b.everyone.models))
		return deleteTask(b.tx, b.tx, x.set)
	})
}

// settle counts the fits, and returns the models that are in force from now on. The first of
// several of a model that fail is logged.
func (f *fitting) settle(x *extract, task *fitTask, outcomes []fitOutcome) []fitted {
	f.mu.Lock()
	defer f.mu.Unlock()
	models := make([]fitted, len(outcomes))
	for i, out := range outcomes {
		m := out.fitted
		switch _, loud := f.loud[m.id]; {
		case task.inputs[i].empty(), errors.Is(out.err, predict.ErrSample): // there are not enough yet
		case out.err == nil:
			m.fits++
			m.day = task.day
			delete(f.loud, m.id)
		default:
			m.failed++
			if !loud {
				f.loud[m.id] = struct{}{}
				x.logger.Warnf("feature_extract: feature set %q: the model %s goes on with the parameters that it has, and the metric feature_model_fits counts how often: %v", x.set, m.id, out.err)
			}
		}
		models[i] = m
	}
	f.state.models = models
	return models
}

// beginFit begins a fit: it fixes the input, and stores it.
func (x *extract) beginFit(b *batchState) error {
	b.hold() // what is stored from memory from here on is to have nobody who is erased meanwhile
	task, from, err := x.newTask(b)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(task.inputs, func(in fitInput) bool { return !in.empty() }) {
		if err := x.storeTask(b, task); err != nil {
			return err
		}
		task.run(from)
	} else {
		task = nil
	}
	f := b.fitting
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.task = task
	f.state.clock.begun = f.state.clock.applied // not before: else a part of it would pass for all
	return nil
}

// newTask is a fit of the sample as it is, and the models to go on from.
func (x *extract) newTask(b *batchState) (*fitTask, []fitted, error) {
	f := b.fitting
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.state
	if err := x.lowerLevel(b); err != nil {
		return nil, nil, err
	}
	task := &fitTask{due: s.clock.applied + x.predictions.every/2, level: s.sample.level, day: aggregate.Day(b.changes.now.newest)}
	task.inputs = s.sample.inputs(x.plan, task.day, x.predictions.fewest)
	return task, s.models, nil
}

// storeTask writes a task, its head last: in steps of its own, which a transaction may
// commit one after the other.
func (x *extract) storeTask(b *batchState, task *fitTask) error {
	head, pages := task.encode(int(b.tx.Room() / 4))
	if err := b.more(func() error { return deleteTask(b.tx, b.tx, x.set) }); err != nil {
		return err
	}
	for i, page := range pages {
		if err := b.more(func() error {
			b.tx.Set(taskPageKey(x.set, i), page)
			return nil
		}); err != nil {
			return err
		}
	}
	return b.more(func() error {
		b.tx.Set(taskKey(x.set), head)
		return nil
	})
}

// more is a step beside those of events.
func (b *batchState) more(fn func() error) error {
	return b.tx.Step(func() error {
		b.changes.beginStep()
		return fn()
	})
}

// lowerLevel makes room for more customers in the sample when most of them are gone. They are
// read from the store: it takes as long as it does when a process begins.
func (x *extract) lowerLevel(b *batchState) error {
	const few = 4
	for s := b.fitting.state; s.sample.level > 0 && len(s.sample.known) < x.predictions.most/few; {
		s.sample.level--
		if err := s.sample.read(b.tx, x, b.codec); err != nil {
			return err
		}
		x.follow(b) // a scan does not see the last step
		if s.sample.level == s.clock.level {
			return nil // there are too many for the one below
		}
		s.clock.level = s.sample.level
	}
	return nil
}
