package features

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/predict"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// fitTask is a fit of all models that runs beside the stream. All that its outcome depends on
// is stored when it begins, and the event after which it takes effect is fixed then: so it is
// run again, with the same outcome, by a process that comes after one that died.
//
// What is stored are numbers of days and values, sorted, with nothing of whom they are.
// When one of the customers who may be among them is erased, the task is dropped with all of
// it, and begins again (see fitClock.mayBegin). Who is forgotten as idle stays in it.
type fitTask struct {
	due    uint64 // applied events when it takes effect
	level  uint8  // of the sample that it is of
	day    int64  // that it is as of
	inputs []fitInput

	head    []byte // as stored
	outcome chan []fitOutcome
}

// empty tells that no model has enough to be fitted to.
func (t *fitTask) empty() bool {
	return !slices.ContainsFunc(t.inputs, func(in fitInput) bool { return !in.empty() })
}

// fitInput is what one model is fitted to: none, to too little.
type fitInput struct {
	id        string // see aggregate.Model
	kind      predict.Model
	histories []predict.History  // of a model of orders
	spending  []predict.Spending // of a model of values
}

func (in *fitInput) empty() bool { return len(in.histories)+len(in.spending) == 0 }

// fitOutcome is what became of the fit of one model.
type fitOutcome struct {
	fitted
	err error
}

// run begins the fit, from the models in force.
func (t *fitTask) run(models []fitted) {
	t.outcome = make(chan []fitOutcome, 1)
	inputs, from := t.inputs, append([]fitted{}, models...)
	go func(to chan<- []fitOutcome) {
		outcomes := make([]fitOutcome, len(inputs))
		for i := range inputs {
			outcomes[i] = inputs[i].fit(from[i])
		}
		to <- outcomes
	}(t.outcome)
}

// fit goes on from the last fit, and begins with the prior, too, in case that was no good one:
// what is more likely counts.
func (in *fitInput) fit(f fitted) fitOutcome {
	if in.empty() {
		return fitOutcome{fitted: f}
	}
	prior := f
	prior.known = false
	best, err := in.from(prior)
	if f.known {
		if warm, failed := in.from(f); failed == nil && (err != nil || warm.logLikelihood > best.logLikelihood) {
			best, err = warm, nil
		}
	}
	if err != nil {
		return fitOutcome{fitted: f, err: err}
	}
	return fitOutcome{fitted: best}
}

func (in *fitInput) from(f fitted) (fitted, error) {
	orders, values := f.begin()
	f.known = true
	if in.kind == aggregate.GammaGamma {
		found, err := predict.FitValues(in.spending, values)
		f.values, f.logLikelihood, f.customers = found.Model, found.LogLikelihood, uint64(found.Customers)
		return f, err
	}
	found, err := predict.FitOrders(in.histories, orders)
	f.orders, f.logLikelihood, f.customers = found.Model, found.LogLikelihood, uint64(found.Customers)
	return f, err
}

func taskKey(set string) []byte { return store.Key(store.KindFeatureSet, set, []byte("fit")) }

// taskPageKey is that of a part of the inputs.
func taskPageKey(set string, page int) []byte {
	return binary.BigEndian.AppendUint32(taskPagePrefix(set), uint32(page))
}

func taskPagePrefix(set string) []byte {
	return store.Key(store.KindFeatureSet, set, []byte("fit-input"))
}

const taskVersion = 1

var errTask = errors.New("the record of a fit of its models is damaged: restore the newest backup to a new path")

// encode writes a head, which says when, the level, the day, the number of pages, and id, kind
// and length of each input; and pages of the inputs, which are as long as a transaction takes.
func (t *fitTask) encode(page int) (head []byte, pages [][]byte) {
	var inputs []byte
	for i := range t.inputs {
		inputs = t.inputs[i].append(inputs)
	}
	for len(inputs) > 0 {
		n := min(page, len(inputs))
		pages, inputs = append(pages, inputs[:n:n]), inputs[n:]
	}
	head = binary.AppendUvarint([]byte{taskVersion}, t.due)
	head = binary.AppendVarint(append(head, t.level), t.day)
	head = binary.AppendUvarint(head, uint64(len(pages)))
	head = binary.AppendUvarint(head, uint64(len(t.inputs)))
	for i := range t.inputs {
		in := &t.inputs[i]
		head = appendText(appendText(head, in.id), string(in.kind))
		head = binary.AppendUvarint(head, uint64(len(in.histories)+len(in.spending)))
	}
	return head, pages
}

// append writes three numbers of days for each customer, or the number of orders and a mean.
func (in *fitInput) append(dst []byte) []byte {
	for _, h := range in.histories {
		for _, n := range [...]float64{h.Repeats, h.Recency, h.Age} {
			dst = binary.AppendUvarint(dst, uint64(n))
		}
	}
	for _, s := range in.spending {
		dst = record.AppendCompact(binary.AppendUvarint(dst, uint64(s.Orders)), s.Mean)
	}
	return dst
}

// taskHead reads a head: the task with inputs of which only the kind is known, how many
// customers each has, and the number of pages.
func taskHead(stored []byte) (t *fitTask, customers []uint64, pages int, err error) {
	r := record.Read(stored)
	version := r.Byte()
	t = &fitTask{due: r.Uvarint(), level: r.Byte(), day: r.Varint()}
	number := r.Uvarint()
	for range r.Count(3) {
		t.inputs = append(t.inputs, fitInput{id: takeText(&r), kind: predict.Model(takeText(&r))})
		customers = append(customers, r.Uvarint())
	}
	const most = 1 << 16 // pages
	if !r.Complete() || version != taskVersion || t.level > highest || number > most {
		return nil, nil, 0, errTask
	}
	return t, customers, int(number), nil
}

// readTask reads a task: nil when there is none.
func readTask(r store.Reader, set string) (*fitTask, error) {
	head, err := r.Get(taskKey(set))
	if err != nil || head == nil {
		return nil, err
	}
	t, customers, pages, err := taskHead(head)
	if err != nil {
		return nil, fmt.Errorf("feature set %q: %w", set, err)
	}
	var inputs []byte
	for page := range pages {
		stored, err := r.Get(taskPageKey(set, page))
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, stored...)
	}
	from := record.Read(inputs)
	for i := range t.inputs {
		t.inputs[i].take(&from, customers[i])
	}
	if !from.Complete() {
		return nil, fmt.Errorf("feature set %q: %w", set, errTask)
	}
	return t, nil
}

// take reads what append wrote.
func (in *fitInput) take(r *record.Reader, customers uint64) {
	for range customers {
		if r.Damaged() {
			return
		}
		if in.kind == aggregate.GammaGamma {
			in.spending = append(in.spending, predict.Spending{Orders: float64(r.Uvarint()), Mean: r.Compact()})
			continue
		}
		in.histories = append(in.histories, predict.History{Repeats: float64(r.Uvarint()), Recency: float64(r.Uvarint()), Age: float64(r.Uvarint())})
	}
}

// fits tells that the task is of these models.
func (t *fitTask) fits(models []aggregate.Model) bool {
	return slices.EqualFunc(t.inputs, models, func(in fitInput, m aggregate.Model) bool { return in.id == m.ID && in.kind == m.Kind })
}

// deleteOtherTask deletes a task of other models than those of a plan.
func deleteOtherTask(tx *store.Tx, set string, plan *aggregate.Plan) error {
	head, err := tx.Get(taskKey(set))
	if err != nil {
		return err
	}
	if head != nil {
		if t, _, _, err := taskHead(head); err == nil && t.fits(plan.Models()) {
			return nil
		}
	}
	return deleteTask(tx, tx, set)
}

// deleteTask deletes a task, if there is one, and pages of one that was not written to its end.
func deleteTask(r store.Reader, tx *store.Tx, set string) error {
	tx.Delete(taskKey(set))
	return r.ScanKeys(taskPagePrefix(set), nil, func(key []byte) error {
		tx.Delete(bytes.Clone(key))
		return nil
	})
}
