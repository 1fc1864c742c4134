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
	if err := x.deleteThinned(b); err != nil {
		return err
	}
	for {
		if task := b.fitting.takeDue(); task != nil {
			if err := x.finishFit(b, task); err != nil {
				return err
			}
		}
		begin, again := b.fitting.mayBegin(x.predictions.every)
		if !begin {
			return nil
		}
		if err := x.beginFit(b, again); err != nil { // it may be to take effect at once
			return err
		}
	}
}

// takeDue takes the fit that is to take effect now.
func (f *fitting) takeDue() *fitTask {
	f.mu.Lock()
	defer f.mu.Unlock()
	task := f.state.task
	if task == nil || f.state.clock.applied < task.due {
		return nil
	}
	f.state.task, f.state.clock.due = nil, 0
	return task
}

// mayBegin tells that none is at work and one is to begin, maybe again.
func (f *fitting) mayBegin(every uint64) (begin, again bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state.task != nil {
		return false, false
	}
	return f.state.clock.mayBegin(every)
}

// follow has the sample know what the latest event has changed.
func (x *extract) follow(b *batchState) {
	sample := &b.fitting.state.sample
	x.followLiving(b, sample)
	for _, g := range b.gone {
		if g.left != nil {
			sample.departed = append(sample.departed, *g.left)
		}
	}
	sample.limit(x.predictions.most)
}

// followLiving has a sample know those whom the latest event has changed and who are there
// still.
func (x *extract) followLiving(b *batchState, s *sample) {
	if b.latest == nil {
		return
	}
	if c := b.customers[b.latest.customer]; c != nil && c.profile.Events > 0 {
		s.put(sampleHash(b.latest.customer), x.plan, &c.profile)
	}
	for _, g := range b.gone {
		s.drop(sampleHash(g.name))
	}
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
		case task.inputs[i].empty(): // which was counted when it began
		case out.err == nil:
			m.fits++
			m.day, m.reason = task.day, ""
			delete(f.loud, m.id)
		case errors.Is(out.err, predict.ErrSample):
			m.tooFew++
			m.reason = out.err.Error()
		default:
			m.failed++
			m.reason = out.err.Error()
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

// beginFit begins a fit, maybe one that was dropped: it fixes the input, and stores it.
func (x *extract) beginFit(b *batchState, again bool) error {
	b.hold() // what is stored from memory from here on is to have nobody who is erased meanwhile
	if err := x.lowerLevel(b); err != nil {
		return err
	}
	task, models := x.newTask(b, again)
	if task.empty() {
		task.due = 0
	} else if err := x.storeTask(b, task); err != nil {
		return err
	}
	if err := b.more(func() error {
		if !task.empty() {
			b.tx.Set(taskKey(x.set), task.head)
		}
		if !slices.Equal(models, b.everyone.models) {
			b.tx.Set(modelsKey(x.set), encodeModels(models))
		}
		return nil
	}); err != nil {
		return err
	}
	b.everyone.models = models
	f := b.fitting
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.models = models
	f.state.clock.begun = f.state.clock.applied // not before: else a part of it would pass for all
	f.state.clock.due = task.due
	if !task.empty() {
		task.run(models)
		f.state.task = task
	}
	return nil
}

// newTask is a fit of the sample as it is, and the models to go on from, which count it.
func (x *extract) newTask(b *batchState, again bool) (*fitTask, []fitted) {
	f := b.fitting
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.state
	task := &fitTask{due: s.clock.applied + x.predictions.every/2, level: s.sample.level, day: aggregate.Day(b.changes.now.newest)}
	if again {
		task.due = s.clock.due
	}
	var reasons []string
	task.inputs, reasons = s.sample.inputs(x.plan, task.day, x.predictions.fewest)
	models := slices.Clone(s.models)
	for i := range models {
		switch {
		case task.inputs[i].empty():
			models[i].tooFew++
			models[i].reason = reasons[i]
		case again:
			models[i].dropped++
		}
	}
	return task, models
}

// storeTask writes the pages of a task, which nobody reads before its head is there: in steps
// of their own, which a transaction may commit one after the other.
func (x *extract) storeTask(b *batchState, task *fitTask) error {
	var pages [][]byte
	task.head, pages = task.encode(int(b.tx.Room() / 4))
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
	return nil
}

// more is a step beside those of events.
func (b *batchState) more(fn func() error) error {
	return b.tx.Step(func() error {
		b.changes.beginStep()
		return fn()
	})
}

// lowerLevel makes room for more customers in the sample when most of them are gone. Those who
// are there are read from the store: it takes as long as it does when a process begins. It changes
// what is in memory when all is stored: what a process that dies leaves of it is deleted as
// what has left the sample.
func (x *extract) lowerLevel(b *batchState) error {
	const few = 4
	f := b.fitting
	for {
		f.mu.Lock()
		old, clock := f.state.sample, f.state.clock
		f.mu.Unlock()
		if old.level == 0 || old.size() >= x.predictions.most/few {
			return nil
		}
		lower := sample{level: old.level - 1}
		var copies []departed
		lower.departed, copies = old.twice(clock.applied)
		if err := lower.readCustomers(b.tx, x, b.codec); err != nil {
			return err
		}
		x.followLiving(b, &lower) // a scan does not see the last step
		lower.limit(x.predictions.most)
		if lower.level == old.level {
			return nil // there are too many for the one below
		}
		if err := x.storeDeparted(b, copies); err != nil {
			return err
		}
		f.mu.Lock()
		f.state.sample, f.state.clock.level = lower, lower.level
		f.mu.Unlock()
	}
}
