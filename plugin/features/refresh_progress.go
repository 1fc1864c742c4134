package features

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

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

// amongKnown is the same progress with a customer whom the feature set knows: the one before
// a customer who is gone.
func (p progress) amongKnown(r store.Reader, set string) (progress, error) {
	if p.after == "" {
		return p, nil
	}
	stored, err := r.Get(profileKey(set, p.after))
	if err == nil && stored == nil {
		p.after, err = before(r, set, p.after, nil)
	}
	return p, err
}

// before is the customer before one in the order of keys, of those who are not gone; "": none.
// It looks among those who share most of the key first, as a scan goes forward only.
func before(r store.Reader, set, name string, gone map[string]struct{}) (last string, err error) {
	prefix := store.Prefix(store.KindProfile, set)
	for shared := len(name) - 1; shared >= 0 && last == ""; shared-- {
		err := r.ScanKeys(prefix, append(slices.Clip(prefix), name[:shared]...), func(key []byte) error {
			customer := string(key[len(prefix):])
			if customer >= name {
				return errEnough
			}
			if _, erased := gone[customer]; !erased {
				last = customer
			}
			return nil
		})
		if ended(err) != nil {
			return "", err
		}
	}
	return last, nil
}

// stepBack takes customers who are gone out of the records of progress.
func stepBack(r store.Reader, tx *store.Tx, set string, gone map[string]struct{}) error {
	return r.Scan(progressPrefix(set), func(key, stored []byte) error {
		p, err := decodeProgress(stored)
		if err != nil {
			return fmt.Errorf("feature set %q: %w", set, err)
		}
		if _, erased := gone[p.after]; !erased {
			return nil
		}
		if p.after, err = before(r, set, p.after, gone); err == nil {
			tx.Set(key, p.encode())
		}
		return err
	})
}
