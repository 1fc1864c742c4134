package features

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/shoal-stream/shoal/plugin/store"
)

// The events of a customer are numbered, and models order by these versions what they are told
// as of one time. A feature set that is reset begins to count again, while models go on. So each
// reset begins a life of the feature set, whose versions are above those of all before. Which
// life it is in is kept outside of what a reset takes away.

// versionsPerLife is how many versions a life has for each customer.
const versionsPerLife = 1 << 32

// life is the version before the first of a feature set's present life.
type life uint64

func lifeKey(set string) []byte { return store.Key(store.KindMeta, "lives", []byte(set)) }

var errLife = errors.New("the record of how often it was reset is damaged: restore the newest backup to a new path")

func readLife(r store.Reader, set string) (life, error) {
	stored, err := r.Get(lifeKey(set))
	if err != nil || stored == nil {
		return 0, err
	}
	n, length := binary.Uvarint(stored)
	if length <= 0 || length != len(stored) || n >= versionsPerLife {
		return 0, errLife
	}
	return life(n * versionsPerLife), nil
}

// version is that of a customer with so many events; 0 for one without.
func (l life) version(events uint64) uint64 {
	if events == 0 {
		return 0
	}
	return uint64(l) + events
}

// BeginLife is called before a feature set is reset. Nothing else needs to come of it: versions
// are only higher from then on. A feature set that is not there begins no life.
func BeginLife(ctx context.Context, s *store.Store, set string) error {
	key := lifeKey(set)
	err := s.Update(ctx, []store.Lock{store.LockOf(key)}, func(tx *store.Tx) error {
		sets, err := store.Namespaces(tx, store.KindFeatureSet)
		if err != nil || !slices.Contains(sets, set) {
			return err
		}
		return tx.Step(func() error {
			l, err := readLife(tx, set)
			if err == nil {
				tx.Set(key, binary.AppendUvarint(nil, uint64(l)/versionsPerLife+1))
			}
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("feature set %q: %w", set, err)
	}
	return nil
}
