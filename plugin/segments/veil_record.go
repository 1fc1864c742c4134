package segments

import (
	"encoding/binary"
	"errors"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// veiledSegments are those that were not shown last where segments have at least so many
// customers. The store keeps them, so that a restart shows none too early.
type veiledSegments []clustering.SegmentID

// veilKey is where they are kept: those with other bounds are shown to others.
func veilKey(model string, least int) []byte {
	return binary.AppendUvarint(store.Key(store.KindModel, model, suffixVeiled), uint64(least))
}

func readVeiled(r store.Reader, model string, least int) (veiledSegments, error) {
	stored, err := r.Get(veilKey(model, least))
	if err != nil {
		return nil, err
	}
	return decodeVeiled(stored)
}

const veiledVersion = 1

func (v veiledSegments) encode() []byte {
	stored := []byte{veiledVersion}
	for _, id := range v {
		stored = binary.AppendUvarint(stored, uint64(id))
	}
	return stored
}

var errVeiled = errors.New("the record of segments that were not shown is damaged: restore the newest backup to a new path")

// decodeVeiled reads what encode wrote; no bytes are nobody's segments.
func decodeVeiled(stored []byte) (v veiledSegments, err error) {
	if len(stored) == 0 {
		return nil, nil
	}
	r := record.Read(stored)
	if r.Byte() != veiledVersion {
		return nil, errVeiled
	}
	for len(r.Rest()) > 0 {
		v = append(v, clustering.SegmentID(r.Uvarint()))
	}
	if r.Damaged() {
		return nil, errVeiled
	}
	return v, nil
}
