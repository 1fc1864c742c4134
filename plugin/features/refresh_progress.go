package features

import (
	"encoding/binary"
	"errors"

	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// progress is how far a sweep has come: what is stored, so that the next process goes on.
type progress struct {
	after string // the last customer who had their turn; "": none in this pass
	at    int64  // the instant up to which turns were taken
}

// progressPrefix is what the keys of such records begin with.
func progressPrefix(set string) []byte {
	return store.Key(store.KindFeatureSet, set, []byte("refresh\x00"))
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
