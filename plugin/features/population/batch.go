package population

import "slices"

// Batch is what one transaction changes in a population. It is not safe for concurrent use;
// any number of batches may be under way at once, as long as no customer is in two of them.
//
// Within the step of an event, [Batch.Cast] or [Batch.Withdraw] changes the ballot of its
// customer, which the step writes. When the step is dropped, [Batch.Back] takes the votes
// back to where it began. Before every commit, [Batch.Write] writes what changed since the
// one before. At the end, [Batch.Done] drops what was not committed.
//
//	batch := population.Begin()
//	mark := batch.Mark()                                 // in the step of an event:
//	err := batch.Cast(poll, &ballot, values)             // and write the ballot
//	if err != nil { batch.Back(mark) }                   // where the step is dropped
//	batch.Write(records)                                 // before each commit
//	batch.Done(nil)                                      // after the last
type Batch struct {
	of      *Population
	changes []change // since the last Write, in their order
	written []part
	next    []Bucket // scratch
	sums    []change // scratch
}

// part is what one commit of the batch changes.
type part struct {
	number  uint32 // of its record in the journal
	changes []change
}

// Begin begins a batch.
func (p *Population) Begin() *Batch { return &Batch{of: p} }

// Cast makes the ballot vote for these values, one for each feature of the poll, which is one
// of the same population; NaN is an abstention. What it voted before is taken back, also for
// features that the configuration no longer has. It errs, and changes nothing, if the
// population does not have what the ballot says it voted.
//
// It takes O(features), and constant time for each vote that changes.
func (b *Batch) Cast(poll *Poll, ballot *Ballot, values []float64) error {
	b.next = poll.votes(b.next[:0], values)
	return b.revise(ballot, b.next)
}

// Withdraw takes back all that the ballot voted.
func (b *Batch) Withdraw(ballot *Ballot) error { return b.revise(ballot, nil) }

func (b *Batch) revise(ballot *Ballot, votes []Bucket) error {
	mark := len(b.changes)
	next := Ballot{votes}
	for slot := range max(len(ballot.votes), len(votes)) {
		from, to := ballot.vote(slot), next.vote(slot)
		if from == to {
			continue
		}
		if from != Abstention {
			b.changes = append(b.changes, change{placeOf(slot, from), -1})
		}
		if to != Abstention {
			b.changes = append(b.changes, change{placeOf(slot, to), 1})
		}
	}
	if err := b.of.change(b.changes[mark:]); err != nil {
		b.changes = b.changes[:mark]
		return err
	}
	ballot.votes = append(ballot.votes[:0], votes...)
	return nil
}

// Mark is a point to go back to.
func (b *Batch) Mark() int { return len(b.changes) }

// Back takes back what was cast since a mark, in the population only: the ballots are to be
// read again. There must have been no Write since.
func (b *Batch) Back(mark int) {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	b.of.undo(b.changes[mark:])
	b.changes = b.changes[:mark]
}

// Write puts a record of what was cast since the last Write into the journal. It writes
// nothing when no count is changed by it.
func (b *Batch) Write(to Writer) {
	b.sums = net(append(b.sums[:0], b.changes...))
	if len(b.sums) > 0 {
		stored := appendChanges(nil, b.sums)
		number := b.of.reserve(len(stored))
		b.written = append(b.written, part{number, b.changes})
		to.Put(journalKey(number), stored)
		b.changes = nil
		return
	}
	b.changes = b.changes[:0]
}

// Done ends the batch, and takes back what was not written, or not committed. After a success
// committed is nil. Else it tells of a key that was written whether it is in the store, and
// Done is to come before any other batch may have the same customers.
func (b *Batch) Done(committed func(key []byte) bool) {
	for _, part := range slices.Backward(b.written) {
		// A fold may have deleted the key, but has noted it before: so it is asked second.
		stored := committed == nil || committed(journalKey(part.number)) || b.of.found(part.number)
		b.of.close(part.number, stored)
		if !stored {
			b.changes = append(part.changes, b.changes...)
		}
	}
	b.written = nil
	b.Back(0)
}
