package population

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
)

// Population is the sketches of the features of a feature set. It is safe for concurrent
// use: all who vote in it, and all who read it, share one.
//
// It holds what was cast, also in transactions that are not committed yet. So what an event
// sees does not depend on where its batch began. A [Batch] takes back what is not committed.
type Population struct {
	mu       sync.RWMutex // guards what follows
	sketches []Sketch     // by slot
	journal  journal
}

// change adds to counts. It errs, and changes nothing, if one of them cannot be.
func (p *Population) change(changes []change) error {
	if len(changes) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range changes {
		if err := p.sketch(c.at.slot()).change(c.at.bucket(), c.votes); err != nil {
			p.undo(changes[:i])
			return err
		}
	}
	return nil
}

// undo takes back changes that were made, in reverse. That cannot err.
func (p *Population) undo(changes []change) {
	for _, c := range slices.Backward(changes) {
		_ = p.sketch(c.at.slot()).change(c.at.bucket(), -c.votes)
	}
}

func (p *Population) sketch(slot int) *Sketch {
	for len(p.sketches) <= slot {
		p.sketches = append(p.sketches, Sketch{})
	}
	return &p.sketches[slot]
}

// Sketch is a copy of the sketch in a slot of the slate.
func (p *Population) Sketch(slot int) *Sketch {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s := &Sketch{}
	if slot < len(p.sketches) {
		_ = s.Merge(&p.sketches[slot]) // which adds up, as it did there
	}
	return s
}

// Recount gathers what customers vote, to prove that a population is the sum of them. The
// zero Recount has none. It is not safe for concurrent use.
type Recount struct{ sketches Population }

// Add counts the votes of a customer.
func (r *Recount) Add(b *Ballot) error {
	for slot, vote := range b.votes {
		if err := r.sketches.sketch(slot).Add(vote); err != nil {
			return err
		}
	}
	return nil
}

// Compare errs unless the population has exactly the votes that were counted.
func (r *Recount) Compare(p *Population) error {
	p.mu.RLock()
	slots := max(len(p.sketches), len(r.sketches.sketches))
	p.mu.RUnlock()
	for slot := range slots {
		if !bytes.Equal(p.Sketch(slot).Append(nil), r.sketches.Sketch(slot).Append(nil)) {
			return fmt.Errorf("slot %d: the votes of customers do not add up to those of the population: %w", slot, ErrDamaged)
		}
	}
	return nil
}
