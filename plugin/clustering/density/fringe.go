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
// What is smaller still and shares nothing is no cluster. O(cells + bonds).
func (f *field) dissolve(least float64) {
	masses, stood := map[uint64]float64{}, map[uint64]bool{} // of clusters; and at the last look, too
	for _, c := range f.cells {
		if c.strong {
			masses[c.reached] += f.mass(c)
		}
		if c.reached == c.id { // whose id it has
			stood[c.id] = c.cluster == c.id
		}
	}
	into, small := map[uint64]uint64{}, map[uint64]bool{}
	for id, mass := range masses {
		below := func(least float64) bool { return mass < slack*least || mass < least && !stood[id] }
		small[id] = mass < crumb || below(beside*least)
		if into[id] = id; below(apart * least) {
			into[id] = 0
		}
	}
	shared := map[[2]uint64]float64{} // of a small cluster and a larger one
	for _, c := range f.cells {
		for _, b := range c.bonds {
			from, to := c.reached, b.other(c).reached
			if small[from] && masses[from] > 0 && masses[from] < masses[to] {
				shared[[2]uint64{from, to}] += b.weight
			}
		}
	}
	most := map[uint64]float64{}
	for pair, weight := range shared {
		from, to := pair[0], pair[1]
		if weight > most[from] || weight == most[from] && to < into[from] {
			into[from], most[from] = to, weight
		}
	}
	for _, c := range f.cells {
		for c.strong && c.reached != 0 && into[c.reached] != c.reached {
			c.reached = into[c.reached] // which is larger each time
		}
	}
}
