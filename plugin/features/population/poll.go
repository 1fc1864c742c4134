package population

// Poll reads a population, and says how to vote in it, by the features of a configuration:
// feature i is the i-th of the ids that it was made with. It is immutable, and safe for
// concurrent use.
type Poll struct {
	of       *Population
	slots    []int // by feature; -1: it is not voted on
	features []int // by slot; -1: the configuration does not have it
}

// Poll is for features with these ids, all of which are on the slate; an empty id is for a
// feature that is not voted on. Features of one id are one, and have the same value.
func (p *Population) Poll(slate Slate, ids ...string) *Poll {
	poll := &Poll{of: p, slots: make([]int, len(ids)), features: make([]int, len(slate.ids))}
	for slot := range poll.features {
		poll.features[slot] = -1
	}
	for i, id := range ids {
		poll.slots[i] = slate.slot(id)
		if slot := poll.slots[i]; slot >= 0 {
			poll.features[slot] = i
		}
	}
	return poll
}

// Quantile is that of a feature: see [Sketch.Quantile]. It is not ok for a feature without
// votes.
func (p *Poll) Quantile(feature int, q float64) (value float64, ok bool) {
	p.read(feature, func(s *Sketch) { value, ok = s.Quantile(q) })
	return value, ok
}

// Mean is that of a feature: see [Sketch.Mean].
func (p *Poll) Mean(feature int) (mean float64, ok bool) {
	p.read(feature, func(s *Sketch) { mean, ok = s.Mean() })
	return mean, ok
}

// Robust is the centre and scale of a feature: see [Sketch.Robust].
func (p *Poll) Robust(feature int, transform func(float64) float64) (centre, scale float64, ok bool) {
	p.read(feature, func(s *Sketch) { centre, scale, ok = s.Robust(transform) })
	return centre, scale, ok
}

// Count is the number of customers who have a value of a feature.
func (p *Poll) Count(feature int) (customers uint64) {
	p.read(feature, func(s *Sketch) { customers = s.Count() })
	return customers
}

func (p *Poll) read(feature int, fn func(s *Sketch)) {
	slot := p.slots[feature]
	if slot < 0 {
		return
	}
	p.of.mu.RLock()
	defer p.of.mu.RUnlock()
	if slot < len(p.of.sketches) {
		fn(&p.of.sketches[slot])
	}
}

// votes appends what a customer with these values votes to dst, by slot, up to the last vote.
func (p *Poll) votes(dst []Bucket, values []float64) []Bucket {
	last := 0
	for _, feature := range p.features {
		vote := Abstention
		if feature >= 0 {
			vote = BucketOf(values[feature])
		}
		if dst = append(dst, vote); vote != Abstention {
			last = len(dst)
		}
	}
	return dst[:last]
}
