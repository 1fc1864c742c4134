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
	level   uint8  // of the sample
}

// due tells that a fit is to begin: at every n-th event.
func (c fitClock) due(every uint64) bool { return c.applied/every > c.begun/every }

func fitClockKey(set string) []byte { return store.Key(store.KindFeatureSet, set, []byte("fit-clock")) }

const fitClockVersion = 1

var errFitClock = errors.New("the record of how many events its models have seen is damaged: restore the newest backup to a new path")

func (c fitClock) encode() []byte {
	stored := binary.AppendUvarint([]byte{fitClockVersion}, c.applied)
	return append(binary.AppendUvarint(stored, c.begun), c.level)
}

func decodeFitClock(stored []byte) (c fitClock, err error) {
	if stored == nil {
		return c, nil
	}
	r := record.Read(stored)
	version := r.Byte()
	c = fitClock{applied: r.Uvarint(), begun: r.Uvarint(), level: r.Byte()}
	if !r.Complete() || version != fitClockVersion || c.begun > c.applied || c.level > highest {
		return fitClock{}, errFitClock
	}
	return c, nil
}
