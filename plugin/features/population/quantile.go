package population

// Quantile is the value below which lies the part q, from 0 to 1, of the votes: between the
// two nearest votes in the order of their values, it is interpolated (Hyndman and Fan 1996,
// definition 7, as in R, NumPy and spreadsheets). It is not ok without votes.
//
// It is off by at most [Accuracy] times the larger of these two. O(pages).
func (s *Sketch) Quantile(q float64) (value float64, ok bool) {
	if s.votes == 0 || !(q >= 0 && q <= 1) {
		return 0, false
	}
	rank := q * float64(s.votes-1)
	whole := uint64(rank)
	lower, upper := s.from(whole)
	value = lower.Value()
	if rest := rank - float64(whole); rest > 0 {
		// The conversion keeps machines from multiplying and adding in one operation, which
		// rounds once instead of twice.
		value += float64(rest * (upper.Value() - value))
	}
	return value, true
}

// from finds the vote of a rank, the least being 0, and the one after it.
func (s *Sketch) from(rank uint64) (vote, next Bucket) {
	vote, next = Abstention, Abstention
	for _, p := range s.pages {
		if vote == Abstention && rank >= p.votes {
			rank -= p.votes
			continue
		}
		for place, count := range &p.counts {
			switch {
			case count == 0:
			case vote != Abstention:
				return vote, p.bucket(place)
			case rank+1 < count:
				return p.bucket(place), p.bucket(place)
			case rank < count:
				vote = p.bucket(place)
				next = vote // the last of all votes has none after it
			default:
				rank -= count
			}
		}
	}
	return vote, next
}

// Mean is that of the votes, off by at most [Accuracy] times the mean of their magnitudes.
// It is not ok without votes. O(pages).
func (s *Sketch) Mean() (mean float64, ok bool) {
	if s.votes == 0 {
		return 0, false
	}
	sum := 0.0
	for _, p := range s.pages {
		for place, count := range &p.counts {
			if count > 0 {
				sum += float64(float64(count) * p.bucket(place).Value())
			}
		}
	}
	return sum / float64(s.votes), true
}

// Robust is a centre and a scale that outliers do not move, as distances see them through a
// rising function; nil is none. The centre is the median. The scale is the interquartile
// range over 1.349, which is a standard deviation if the values are normal; where half of the
// customers have the same value, that between the quantiles 0.05 and 0.95 over 3.29; where
// nine in ten have, there is none, and it is 0. It is not ok without votes.
//
// Quantiles go through a rising function unchanged, so one sketch of raw values serves every
// transform.
func (s *Sketch) Robust(transform func(float64) float64) (centre, scale float64, ok bool) {
	if s.votes == 0 {
		return 0, 0, false
	}
	at := func(q float64) float64 {
		x, _ := s.Quantile(q)
		if transform != nil {
			x = transform(x)
		}
		return x
	}
	scale = (at(0.75) - at(0.25)) / 1.349
	if !(scale > 0) {
		scale = (at(0.95) - at(0.05)) / 3.29
	}
	if !(scale > 0) { // also where the function is not defined
		scale = 0
	}
	return at(0.5), scale, true
}
