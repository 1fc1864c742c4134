package features

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/store"
)

// What is kept of a customer is the record of their aggregates, behind the second that
// their place in the index of idle.go is at. So the place is found when they are erased,
// and no event has to write it.

func profileKey(set, customer string) []byte {
	return store.Key(store.KindProfile, set, []byte(customer))
}

// appendProfile writes a customer.
func appendProfile(dst []byte, codec *aggregate.Codec, p *aggregate.Profile, noted int64) []byte {
	return codec.Append(binary.AppendVarint(dst, noted), p)
}

// splitProfile separates what was stored of a customer.
func splitProfile(stored []byte) (noted int64, record []byte, err error) {
	noted, n := binary.Varint(stored)
	if n <= 0 {
		return 0, nil, aggregate.ErrRecord
	}
	return noted, stored[n:], nil
}

// decodeProfile reads a customer.
func decodeProfile(codec *aggregate.Codec, stored []byte, p *aggregate.Profile) (noted int64, err error) {
	noted, record, err := splitProfile(stored)
	if err == nil {
		err = codec.Decode(record, p)
	}
	if err != nil {
		return 0, fmt.Errorf("reading a customer: %w", err)
	}
	return noted, nil
}

// Knows tells that the feature set has a profile of this customer. Of a feature set that is
// not kept in this store, it is not known who was erased: then it does.
func Knows(r store.Reader, set, customer string) (bool, error) {
	stored, err := r.Get(profileKey(set, customer))
	if err != nil || stored != nil {
		return stored != nil, err
	}
	stored, err = r.Get(specsKey(set))
	return stored == nil, err
}

// Erase removes a customer from a feature set with all that it keeps of them, in a step of
// a transaction that holds [ProfileLock]. It tells whether there was anything.
//
// Whoever else keeps something of each customer of a feature set takes it back here.
func Erase(tx *store.Tx, set, customer string) (erased bool, err error) {
	key := profileKey(set, customer)
	stored, err := tx.Get(key)
	if err != nil || stored == nil {
		return false, err
	}
	noted, _, err := splitProfile(stored)
	if err != nil {
		return false, fmt.Errorf("reading a customer: %w", err)
	}
	tx.Delete(key)
	tx.Delete(seenKey(set, place{noted, customer}))
	return true, nil
}

// ProfileLock is the lock of all that a feature set keeps of a customer.
func ProfileLock(set, customer string) store.Lock {
	return store.LockOf(profileKey(set, customer))
}

// seconds is an instant in whole seconds, rounded down.
func seconds(nanoseconds int64) int64 {
	whole := nanoseconds / int64(time.Second)
	if nanoseconds%int64(time.Second) < 0 {
		whole--
	}
	return whole
}
