package features

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/shoal-stream/shoal/plugin/record"
)

// pace gives the customers of a feature set their turns: one each in every period, evenly.
//
// Each turn takes a share of the period, so what has to be known is the instant up to which
// turns were taken. A sweep that falls behind, because the pipeline is busy or the clock
// jumps, takes more turns at once, but only what it can have missed in slack; the rest it
// gives up, and the period gets longer. A clock that is set back costs nothing either.
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
	p.at = min(max(p.at, max(now, never+int64(p.slack))-int64(p.slack)), now)
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

// progress is how far a sweep has come: what is stored, so that the next process goes on.
type progress struct {
	after string // the last customer who had their turn; "": none in this pass
	at    int64  // the instant up to which turns were taken
}

const progressVersion = 1

var errProgress = errors.New("the record of how far feature_refresh has come is damaged: restore the newest backup to a new path")

func (p progress) encode() []byte {
	stored := binary.AppendVarint([]byte{progressVersion}, p.at)
	return append(stored, p.after...)
}

func decodeProgress(stored []byte) (p progress, err error) {
	r := record.Read(stored)
	version := r.Byte()
	p.at = r.Varint()
	if r.Damaged() || version != progressVersion {
		return progress{}, errProgress
	}
	p.after = string(r.Rest())
	return p, nil
}
