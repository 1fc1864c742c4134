package features

import (
	"encoding/binary"
	"errors"

	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// fitClock is how far a feature set has come, by which fits begin and take effect.
type fitClock struct {
	applied uint64 // events, since there is a model
	begun   uint64 // those when the last fit began, or was left out
	due     uint64 // those when the fit under way takes effect; 0: there is none
	level   uint8  // of the sample
}

// mayBegin tells that a fit is to begin, where none is at work: at every n-th event. One that was
// dropped, as someone in it was erased, begins again at the next eighth of these, and when it is
// to take effect at the latest: so it does, however many are erased, and not each of them
// takes a fit.
func (c fitClock) mayBegin(every uint64) (begin, again bool) {
	if c.due == 0 {
		return c.applied/every > c.begun/every, false
	}
	eighth := every / 8
	again = c.applied/eighth > c.begun/eighth || c.applied >= c.due
	return again, again
}

func fitClockKey(set string) []byte { return store.Key(store.KindFeatureSet, set, []byte("fit-clock")) }

const fitClockVersion = 2

var errFitClock = errors.New("the record of how many events its models have seen is damaged: restore the newest backup to a new path")

func (c fitClock) encode() []byte {
	stored := binary.AppendUvarint([]byte{fitClockVersion}, c.applied)
	return append(binary.AppendUvarint(binary.AppendUvarint(stored, c.begun), c.due), c.level)
}

func decodeFitClock(stored []byte) (c fitClock, err error) {
	if stored == nil {
		return c, nil
	}
	r := record.Read(stored)
	version := r.Byte()
	c = fitClock{applied: r.Uvarint(), begun: r.Uvarint(), due: r.Uvarint(), level: r.Byte()}
	if !r.Complete() || version != fitClockVersion || c.begun > c.applied || c.level > highest {
		return fitClock{}, errFitClock
	}
	return c, nil
}
