package features

import "time"

// pace gives the customers of a feature set their turns: one each in every period, evenly.
//
// Each turn takes a share of the period, so what has to be known is the instant up to which
// turns were taken. A sweep that falls behind, because the pipeline is busy or the clock
// jumps, takes more turns at once, but only what it can have missed in slack, or one; the
// rest it gives up, and the period gets longer. A clock that is set back costs nothing either.
type pace struct {
	every time.Duration
	slack time.Duration
	at    int64 // the instant up to which turns were taken, in Unix nanoseconds
}

// turns is how many turns are due, of so many customers. In slack there may be no more than
// one for each.
func (p *pace) turns(now int64, customers int) int {
	if now == never {
		return 0
	}
	if customers == 0 {
		p.at = now
		return 0
	}
	slack := int64(max(p.slack, p.every/time.Duration(customers)))
	p.at = min(max(p.at, max(now, never+slack)-slack), now)
	const rounding = 1e-6 // of a turn: none may be lost to it, as the clock may stand still
	return int(float64(now-p.at)/float64(p.every)*float64(customers) + rounding)
}

// take takes so many of the turns.
func (p *pace) take(turns, customers int) {
	p.at += int64(float64(turns) / float64(customers) * float64(p.every))
}

// rest is how long to wait for the next turn: not so short that each turn is a read of its
// own, and not so long that new customers are not noticed.
func (p *pace) rest(now int64, customers int) time.Duration {
	const longest = time.Minute
	shortest := min(max(p.every/100, 10*time.Millisecond), time.Second)
	if customers == 0 {
		return min(p.every, longest)
	}
	next := float64(p.every)/float64(customers) - float64(now-p.at)
	return time.Duration(min(max(next, float64(shortest)), float64(longest)))
}
