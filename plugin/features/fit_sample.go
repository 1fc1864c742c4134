package features

import (
	"slices"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/predict"
	"github.com/shoal-stream/shoal/plugin/message"
)

// sample is the customers that models are fitted to: what the models know of each. It holds no
// key. Who is in it depends on nothing but who there is and on its level: those whose hash
// begins with so many bits of 0, and of whom a model knows something. It holds what was
// committed, and what the transaction under way has done.
//
// When it would have more than it may, the level goes up by one and half of them leave
// (adaptive sampling: Flajolet, "On adaptive sampling", Computing 43, 1990). So it can be
// read from the store again after a restart, and is the same.
type sample struct {
	level uint8
	known map[uint64][]knowledge // by hash; then by model of the plan
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
	all := s.known[hash]
	if all == nil {
		all = make([]knowledge, len(plan.Models()))
	}
	something := false
	for i := range all {
		all[i].Purchases, all[i].ok = plan.Purchases(i, profile)
		something = something || all[i].ok
	}
	if something {
		s.known[hash] = all
		return
	}
	s.drop(hash)
}

// drop takes a customer out.
func (s *sample) drop(hash uint64) { delete(s.known, hash) }

// limit raises the level until there are no more than that.
func (s *sample) limit(most int) {
	for len(s.known) > most && s.level < highest {
		s.level++
		for hash := range s.known {
			if !within(hash, s.level) {
				delete(s.known, hash)
			}
		}
	}
}

// inputs are what each model is fitted to as of a day, in an order that tells nothing of who
// it is of. Models that know fewer than so many customers get nothing.
func (s *sample) inputs(plan *aggregate.Plan, day int64, fewest int) []fitInput {
	inputs := make([]fitInput, len(plan.Models()))
	for i, m := range plan.Models() {
		in := fitInput{id: m.ID, kind: m.Kind}
		known := 0
		for _, all := range s.known {
			if !all[i].ok {
				continue
			}
			known++
			if m.Kind == aggregate.GammaGamma {
				if spent := all[i].Spending(); spent.Orders > 0 && spent.Mean > 0 {
					in.spending = append(in.spending, spent)
				}
				continue
			}
			in.histories = append(in.histories, all[i].History(day))
		}
		if known < fewest {
			in.histories, in.spending = nil, nil
		}
		slices.SortFunc(in.histories, predict.History.Compare)
		slices.SortFunc(in.spending, predict.Spending.Compare)
		inputs[i] = in
	}
	return inputs
}
