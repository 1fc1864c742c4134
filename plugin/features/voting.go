package features

import (
	"context"

	"github.com/shoal-stream/shoal/plugin/features/population"
	"github.com/shoal-stream/shoal/plugin/store"
)

// voting is what one transaction changes in a population. It follows the transaction: what
// a step casts goes when the step is dropped, each commit writes what was cast before it,
// and what is not committed is taken back while the customers are still locked.
type voting struct {
	tx    *store.Tx
	batch *population.Batch
}

func (p *people) begin(tx *store.Tx) *voting {
	v := &voting{tx, p.Begin()}
	prefix := peoplePrefix(p.set)
	tx.BeforeCommit(func() error {
		v.batch.Write(writer{tx, prefix})
		return nil
	})
	tx.OnCommitted(func() { v.batch.Done(nil) })
	tx.OnRollback(func() {
		v.batch.Done(func(key []byte) (committed bool) {
			_ = p.store.View(context.Background(), func(r store.Reader) error {
				value, err := shelf{r, prefix}.Get(key)
				committed = value != nil
				return err // of a store that is closed, and so is this population
			})
			return committed
		})
	})
	return v
}

// cast votes with these values, one for each feature of the poll, within a step.
func (v *voting) cast(poll *population.Poll, ballot *population.Ballot, values []float64) error {
	mark := v.batch.Mark()
	return v.since(mark, v.batch.Cast(poll, ballot, values))
}

// withdraw takes a customer's votes back, within a step.
func (v *voting) withdraw(ballot *population.Ballot) error {
	mark := v.batch.Mark()
	return v.since(mark, v.batch.Withdraw(ballot))
}

func (v *voting) since(mark int, err error) error {
	if v.batch.Mark() > mark {
		v.tx.OnDrop(func() { v.batch.Back(mark) })
	}
	return err
}
