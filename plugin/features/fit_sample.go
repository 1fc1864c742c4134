package features

import (
	"fmt"
	"slices"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/predict"
	"github.com/shoal-stream/shoal/plugin/message"
)

// sample is the customers that models are fitted to: what the models know of each. It holds no
// key. Who is in it depends on nothing but who there is and was, and on its level: those whose
// hash begins with so many bits of 0, and of whom a model knows something. Who is forgotten as
// idle stays in it, without a hash. It holds what was committed, and what the transaction under
// way has done.
//
// When it would have more than it may, the level goes up by one and half of them leave
// (adaptive sampling: Flajolet, "On adaptive sampling", Computing 43, 1990). So it can be
// read from the store again after a restart, and is the same.
type sample struct {
	level    uint8
	known    map[uint64][]knowledge // by hash; then by model of the plan
	departed []departed             // in the order of their numbers
	thinned  []departure            // of those who have left, and whose records are to be deleted
}

// knowledge is what a model knows of a customer, if it does.
type knowledge struct {
	aggregate.Purchases
	ok bool
}

// highest is a level at which there is nobody.
const highest = 63

// sampleHash spreads the hash of a key over all bits, of which the first decide.
func sampleHash(customer string) uint64 {
	h := message.KeyHash(customer)
	h ^= h >> 33 // the finalizer of MurmurHash3
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// within tells that a customer with this hash is in a sample of this level.
func within(hash uint64, level uint8) bool { return hash>>(64-level) == 0 } // a shift by 64 gives 0

// put takes what is known of a customer, who may be in it already.
func (s *sample) put(hash uint64, plan *aggregate.Plan, profile *aggregate.Profile) {
	if !within(hash, s.level) {
		return
	}
	if all, something := knowledgeOf(s.known[hash], plan, profile); something {
		s.known[hash] = all
		return
	}
	s.drop(hash)
}

// knowledgeOf is what each model knows of a customer, in place of what it knew, and whether one
// does.
func knowledgeOf(all []knowledge, plan *aggregate.Plan, profile *aggregate.Profile) (_ []knowledge, something bool) {
	if all == nil {
		all = make([]knowledge, len(plan.Models()))
	}
	for i := range all {
		all[i].Purchases, all[i].ok = plan.Purchases(i, profile)
		something = something || all[i].ok
	}
	return all, something
}

// size is how many there are.
func (s *sample) size() int { return len(s.known) + len(s.departed) }

// drop takes a customer out.
func (s *sample) drop(hash uint64) { delete(s.known, hash) }

// limit raises the level until there are no more than that.
func (s *sample) limit(most int) {
	for s.size() > most && s.level < highest {
		s.level++
		for hash := range s.known {
			if !within(hash, s.level) {
				delete(s.known, hash)
			}
		}
		var stay []departed // not in place, as samples may share them
		for _, d := range s.departed {
			if d.zeros < s.level {
				s.thinned = append(s.thinned, d.departure)
				continue
			}
			stay = append(stay, d)
		}
		s.departed = stay
	}
}

// inputs are what each model is fitted to as of a day, in an order that tells nothing of who
// it is of. Models that know fewer than so many customers get nothing, and the reason why.
func (s *sample) inputs(plan *aggregate.Plan, day int64, fewest int) (inputs []fitInput, reasons []string) {
	inputs, reasons = make([]fitInput, len(plan.Models())), make([]string, len(plan.Models()))
	for i, m := range plan.Models() {
		in := fitInput{id: m.ID, kind: m.Kind}
		known := 0
		s.each(i, day, func(h predict.History, mean float64) {
			known++
			switch spent := (predict.Spending{Orders: h.Repeats, Mean: mean}); {
			case m.Kind != aggregate.GammaGamma:
				in.histories = append(in.histories, h)
			case spent.Orders > 0 && spent.Mean > 0:
				in.spending = append(in.spending, spent)
			}
		})
		switch {
		case known < fewest:
			in.histories, in.spending = nil, nil
			reasons[i] = fmt.Sprintf("there are %d customers with purchases in the sample, and %s.%s asks for %d", known, feFieldPredictions, fePredictionsWarmup, fewest)
		case in.empty():
			reasons[i] = fmt.Sprintf("none of the %d customers in the sample has values of repeat purchases", known)
		}
		slices.SortFunc(in.histories, predict.History.Compare)
		slices.SortFunc(in.spending, predict.Spending.Compare)
		inputs[i] = in
	}
	return inputs, reasons
}

// each visits what a model knows, as of a day, of those in the sample; of who departed, as of then.
func (s *sample) each(model int, day int64, visit func(h predict.History, mean float64)) {
	for _, all := range s.known {
		if k := &all[model]; k.ok {
			visit(k.History(day), k.Mean)
		}
	}
	for i := range s.departed {
		if k := &s.departed[i].known[model]; k.ok {
			visit(k.History, k.mean)
		}
	}
}
