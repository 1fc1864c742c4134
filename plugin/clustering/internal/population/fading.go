package population

import "math"

const (
	maxHalfLives = 40   // ahead of the landmark, before all weights are brought down
	minHalfLives = -60  // a vector that is older weighs as if it were that old
	maxFade      = 300  // half-lives at once: below, weights would lose their digits
	faded        = 0.01 // a micro-cluster that weighs less is next to nothing
)

func (p *Population) fades() bool { return p.config.HalfLife > 0 }

// Weigh is the weight of a vector of a time beside those that are in: it grows instead of
// theirs fading (forward decay, Cormode et al. 2009). When it has grown too far, all weights
// are multiplied with scale, and so are to be those that the engine has of its own; mostly,
// scale is 1. Without a half-life, every vector weighs 1.
func (p *Population) Weigh(at int64) (weight, scale float64) {
	first := p.AsOf == math.MinInt64
	p.AsOf = max(p.AsOf, at)
	if !p.fades() {
		return 1, 1
	}
	if first {
		p.Landmark = at
	}
	ahead, scale := p.halfLives(at), 1.0
	if ahead > maxHalfLives {
		scale = math.Exp2(-min(ahead, maxFade)) // what is older than that weighs nothing either way
		p.scale(scale)
		p.Landmark, ahead = at, 0
	}
	return math.Exp2(max(ahead, minHalfLives)), scale
}

// halfLives is how far a time is ahead of the landmark.
func (p *Population) halfLives(at int64) float64 {
	return (float64(at) - float64(p.Landmark)) / p.config.HalfLife
}

// Fade is what a unit of weight counts today.
func (p *Population) Fade() float64 {
	if !p.fades() || p.AsOf == math.MinInt64 {
		return 1
	}
	return math.Exp2(-p.halfLives(p.AsOf))
}

// scale multiplies all weights.
func (p *Population) scale(g float64) {
	p.Weight *= g
	for m := range p.All() {
		m.Members.Decay(g)
		m.Origins.scale(g)
		p.Touch(m)
	}
	for _, s := range p.Segments {
		if s.summed() {
			s.Members.Decay(g)
			p.touchSegment(s)
		}
	}
}

// Faded lists the micro-clusters that weigh next to nothing by now and nobody holds: for
// the engine to remove, unless they are all that there is. O(micro-clusters).
func (p *Population) Faded() (list []*Micro) {
	if !p.fades() {
		return nil
	}
	fade := p.Fade()
	for m := range p.All() {
		if m.Members.N()*fade < faded && m.carriers == 0 && len(m.aliases) == m.unused {
			list = append(list, m)
		}
	}
	if len(list) == len(p.micros) {
		return nil
	}
	return list
}
