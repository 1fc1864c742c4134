package density

// How many times as much as a strong cell a cluster weighs at least, unless
// DBSTREAM is asked for as it is.
const (
	apart  = 2
	beside = 4  // a larger one with which it shares something
	crumb  = 20 // what weighs less than that, beside a larger one, may be chance
)

// dissolve takes what is too small for a cluster of its own into that with which it shares
// most: a bit at the fringe of a cluster is connected with it by chance, and by chance not.
// What is smaller still and shares nothing is no cluster.
func (f *field) dissolve(least float64) {
	masses := map[uint64]float64{} // of clusters
	for _, c := range f.cells {
		if c.strong {
			masses[c.reached] += f.mass(c)
		}
	}
	below := func(id uint64, least float64) bool {
		return masses[id] < slack*least || masses[id] < least && !f.stood(id)
	}
	into := map[uint64]uint64{}
	for id := range masses {
		into[id] = id
		if below(id, apart*least) {
			into[id] = 0
		}
	}
	shared := map[[2]uint64]float64{} // of a small cluster and a larger one
	for _, c := range f.cells {
		for _, b := range c.bonds {
			small, large := c.reached, b.other(c).reached
			if 0 < masses[small] && masses[small] < masses[large] && (masses[small] < crumb || below(small, beside*least)) {
				shared[[2]uint64{small, large}] += b.weight
			}
		}
	}
	most := map[uint64]float64{}
	for pair, weight := range shared {
		small, large := pair[0], pair[1]
		if weight > most[small] || weight == most[small] && large < into[small] {
			into[small], most[small] = large, weight
		}
	}
	for _, c := range f.cells {
		for c.strong && c.reached != 0 && into[c.reached] != c.reached {
			c.reached = into[c.reached] // which is larger each time
		}
	}
}

// stood tells that there was a cluster of this id at the last look.
func (f *field) stood(id uint64) bool {
	for _, c := range f.cells {
		if c.id == id {
			return c.cluster == id
		}
	}
	return false
}
