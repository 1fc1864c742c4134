package features

import (
	"errors"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/store"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// Check reads every profile of every feature set, proves that it is consistent, and
// counts the customers of each set. The error names the feature set and the place of the
// profile in the order of keys, never the customer.
func Check(r store.Reader) (customers map[string]int, err error) {
	sets, err := store.Namespaces(r, store.KindFeatureSet)
	if err != nil {
		return nil, err
	}
	customers = map[string]int{}
	for _, set := range sets {
		n, err := checkSet(r, set)
		if err != nil {
			return customers, fmt.Errorf("feature set %q: %w", set, err)
		}
		customers[set] = n
	}
	return customers, nil
}

func checkSet(r store.Reader, set string) (customers int, err error) {
	stored, err := r.Get(layoutKey(set))
	if err != nil {
		return 0, err
	}
	layout, err := aggregate.DecodeLayout(stored)
	if err != nil {
		return 0, err
	}
	last, err := r.Get(toldKey(set))
	if err != nil {
		return 0, err
	}
	if last != nil {
		if _, err := decodeTold(last, func(ledger.Fingerprint, telling) {}); err != nil {
			return 0, err
		}
	}
	err = r.Scan(progressPrefix(set), func(_, stored []byte) error {
		_, err := decodeProgress(stored)
		return err
	})
	if err != nil {
		return 0, err
	}
	check := layout.Checker()
	prefix := store.Prefix(store.KindProfile, set)
	err = r.Scan(prefix, func(key, stored []byte) error {
		customers++
		noted, record, err := splitProfile(stored)
		if err == nil {
			err = check(record)
		}
		if err == nil {
			err = checkPlace(r, set, place{noted, string(key[len(prefix):])})
		}
		if err != nil {
			return fmt.Errorf("profile %d: %w", customers, err)
		}
		return nil
	})
	if err != nil {
		return customers, err
	}
	return customers, checkPlaces(r, set, customers)
}

// checkPlace proves that somebody looks after a customer, whether they are active.
func checkPlace(r store.Reader, set string, p place) error {
	there, err := r.Get(seenKey(set, p))
	if err == nil && there == nil {
		err = errors.New("it has no place in the index of idle customers")
	}
	return err
}

// checkPlaces proves that the index has no other places than those of the customers.
func checkPlaces(r store.Reader, set string, customers int) error {
	places := 0
	prefix := store.Prefix(store.KindSeen, set)
	err := r.ScanKeys(prefix, nil, func(key []byte) error {
		places++
		_, err := placeOf(key[len(prefix):])
		return err
	})
	if err == nil && places != customers {
		err = fmt.Errorf("its index of idle customers has %d places for %d customers", places, customers)
	}
	return err
}
