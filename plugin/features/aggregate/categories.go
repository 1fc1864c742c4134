package aggregate

import (
	"encoding/binary"
	"math"
	"slices"
)

// mostCategories is how many categories are told apart.
const mostCategories = 8

// categories are the weights of the most frequent values of a column. While there are no
// more than eight of them the weights are exact; then a new one takes the place of the
// one that weighs least and inherits its weight, so the weights still add up to that of
// all events, and none is too high by more than an eighth of it (Metwally, Agrawal and
// El Abbadi, "SpaceSaving", ICDT 2005). From then on they depend on the order of events.
type categories struct {
	n     int
	slots [mostCategories]category // by their hashes
}

type category struct {
	hash   uint32
	weight float64
}

func (c *categories) reset() { *c = categories{} }

func (c *categories) add(e entry, _ tally) { c.insert(hashOf(e.text), e.weight) }

func (c *categories) insert(hash uint32, weight float64) {
	at, found := c.find(hash)
	if found {
		c.slots[at].weight += weight
		return
	}
	if c.n == mostCategories {
		lightest := 0
		for i := range c.slots {
			if c.slots[i].weight < c.slots[lightest].weight {
				lightest = i
			}
		}
		weight += c.slots[lightest].weight
		copy(c.slots[lightest:], c.slots[lightest+1:])
		c.n--
		at, _ = c.find(hash)
	}
	copy(c.slots[at+1:c.n+1], c.slots[at:c.n])
	c.slots[at] = category{hash, weight}
	c.n++
}

func (c *categories) find(hash uint32) (at int, found bool) {
	return slices.BinarySearchFunc(c.slots[:c.n], hash, func(x category, hash uint32) int {
		switch {
		case x.hash < hash:
			return -1
		case x.hash > hash:
			return 1
		}
		return 0
	})
}

func (c *categories) fade(g float64) {
	for i := range c.slots {
		c.slots[i].weight *= g
	}
}

func (c *categories) merge(from state, g float64, _, _ tally) {
	other := from.(*categories)
	for _, x := range other.slots[:other.n] {
		c.insert(x.hash, g*x.weight)
	}
}

// top is the share of the most frequent category.
func (c *categories) top() float64 {
	total, most := 0.0, 0.0
	for _, x := range c.slots[:c.n] {
		total += x.weight
		most = max(most, x.weight)
	}
	return most / total
}

// entropy is that of the shares, over that of eight equal ones: 0 for one category, 1 for
// as many as are told apart, equally often.
func (c *categories) entropy() float64 {
	var weights [mostCategories]float64
	for i, x := range c.slots[:c.n] {
		weights[i] = x.weight
	}
	return entropy(weights[:])
}

// entropy is -sum(p*log p)/log k of k weights, p being their shares.
func entropy(weights []float64) (h float64) {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	for _, w := range weights {
		if p := w / total; p > 0 {
			h -= p * math.Log(p)
		}
	}
	return max(0, h/math.Log(float64(len(weights))))
}

func (c *categories) append(dst []byte, f frame) []byte {
	dst = append(dst, byte(c.n))
	for _, x := range c.slots[:c.n] {
		dst = binary.LittleEndian.AppendUint32(dst, x.hash)
		dst = appendWeight(dst, x.weight, f.fading)
	}
	return dst
}

func (c *categories) decode(r *reader, f frame) {
	n := int(r.Byte())
	if n > mostCategories {
		r.Refuse()
		return
	}
	for c.n < n {
		b := r.Bytes(4)
		if b == nil {
			return
		}
		x := category{binary.LittleEndian.Uint32(b), r.weight(f.fading)}
		if c.n > 0 && x.hash <= c.slots[c.n-1].hash || r.Damaged() {
			r.Refuse()
			return
		}
		c.slots[c.n] = x
		c.n++
	}
}

func (c *categories) check(t tally) string {
	total := 0.0
	for _, x := range c.slots[:c.n] {
		if !(x.weight >= 0) {
			return wrongWeight
		}
		total += x.weight
	}
	if !plausible(total, t.n) {
		return wrongWeight
	}
	return ""
}
