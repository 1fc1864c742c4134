package population

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/shoal-stream/shoal/plugin/record"
)

// Slate gives features their slots in ballots and populations, for ever: a feature keeps its
// slot when a configuration moves or renames it, and one that is new gets a new slot. What
// makes it the same is its id, a text of the caller's, such as what defines it. The zero
// Slate has no features. It is immutable.
type Slate struct {
	ids []string // by slot
}

const (
	slateVersion = 1
	maxSlots     = 1 << 12 // so that a slot and a bucket fit in 32 bits
)

// With is the slate with a slot for each of the ids, and whether it grew. An empty id gets
// none.
func (s Slate) With(ids ...string) (with Slate, grew bool, err error) {
	with = Slate{slices.Clone(s.ids)}
	for _, id := range ids {
		if id != "" && !slices.Contains(with.ids, id) {
			with.ids = append(with.ids, id)
			grew = true
		}
	}
	if len(with.ids) > maxSlots {
		return s, false, fmt.Errorf("the feature set has had more than %d definitions of features: begin a new one, with another name as feature_set", maxSlots)
	}
	return with, grew, nil
}

// IDs are the ids of the features, by slot.
func (s Slate) IDs() []string { return slices.Clone(s.ids) }

// slot is that of an id, -1 if it has none.
func (s Slate) slot(id string) int { return slices.Index(s.ids, id) }

// Append appends the slate to dst: a version, the number of slots, and for each the length
// of its id and the id.
func (s Slate) Append(dst []byte) []byte {
	dst = append(dst, slateVersion)
	dst = binary.AppendUvarint(dst, uint64(len(s.ids)))
	for _, id := range s.ids {
		dst = binary.AppendUvarint(dst, uint64(len(id)))
		dst = append(dst, id...)
	}
	return dst
}

// DecodeSlate reads what [Slate.Append] wrote. No bytes are a slate without features.
func DecodeSlate(stored []byte) (s Slate, err error) {
	if len(stored) == 0 {
		return s, nil
	}
	r := record.Read(stored)
	if version := r.Byte(); version != slateVersion {
		return s, fmt.Errorf("reading a slate of version %d: %w", version, ErrDamaged)
	}
	known := map[string]bool{"": true}
	for range slotCount(&r) {
		id := string(r.Bytes(int(min(minimal(&r), 1<<31))))
		if known[id] {
			r.Refuse()
			break
		}
		known[id] = true
		s.ids = append(s.ids, id)
	}
	if !r.Complete() {
		return Slate{}, fmt.Errorf("reading a slate: %w", ErrDamaged)
	}
	return s, nil
}
