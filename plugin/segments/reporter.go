package segments

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// reporter has metrics told how a model stands a second after something happened to it, and
// when it is closed: so they are right too when the stream pauses or ends, and a report costs
// the same however much happened meanwhile.
type reporter struct {
	report func(ctx context.Context)
	timer  *time.Timer
	due    atomic.Bool // the timer runs
	ctx    context.Context
	cancel context.CancelFunc

	mu     sync.Mutex // held during a report, so that none is under way when close returns; guards closed
	closed bool
}

const reportDelay = time.Second

// newReporter makes a reporter whose first report is due: a model may have a past.
func newReporter(report func(ctx context.Context)) *reporter {
	r := &reporter{report: report}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.due.Store(true)
	r.timer = time.AfterFunc(reportDelay, r.run)
	return r
}

// soon asks for a report.
func (r *reporter) soon() {
	if r.due.CompareAndSwap(false, true) {
		r.timer.Reset(reportDelay)
	}
}

// reporters are those of all processors that teach a model: others who change it ask them for a
// report.
type reporters struct {
	mu   sync.Mutex // guards list
	list map[*reporter]struct{}
}

func (rs *reporters) join(r *reporter) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.list == nil {
		rs.list = map[*reporter]struct{}{}
	}
	rs.list[r] = struct{}{}
}

func (rs *reporters) leave(r *reporter) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	delete(rs.list, r)
}

func (rs *reporters) soon() {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for r := range rs.list {
		r.soon()
	}
}

func (r *reporter) run() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due.Store(false) // first: what happens during the report is for the next
	if !r.closed {
		r.report(r.ctx)
	}
}

// close makes the last report, within the bounds of ctx. It may be called again.
func (r *reporter) close(ctx context.Context) {
	r.timer.Stop()
	r.cancel() // a report that waits for the model gives way to the last
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		r.report(ctx)
	}
}
