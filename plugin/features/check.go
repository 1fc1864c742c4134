package features

import (
	"fmt"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/population"
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
	if _, err := readLife(r, set); err != nil {
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
	if err := checkModels(r, set); err != nil {
		return 0, err
	}
	err = r.Scan(progressPrefix(set), func(_, stored []byte) error {
		_, err := decodeProgress(stored)
		return err
	})
	if err != nil {
		return 0, err
	}
	return checkCustomers(r, set, layout.Checker(), stored)
}

// checkCustomers proves what each profile is part of: the index of idle customers, and the
// population, which is the sum of their votes.
func checkCustomers(r store.Reader, set string, check func(aggregates []byte) error, layout []byte) (customers int, err error) {
	index, err := newIndexCheck(r, set, layout)
	if err != nil {
		return 0, err
	}
	if _, err := readSlate(r, set); err != nil {
		return 0, err
	}
	votes, err := population.Load(shelf{r, peoplePrefix(set)})
	if err != nil {
		return 0, err
	}
	tombstones, err := store.ReadTombstones(r)
	if err != nil {
		return 0, err
	}
	var counted population.Recount
	var c customer
	prefix := store.Prefix(store.KindProfile, set)
	err = r.Scan(prefix, func(key, stored []byte) error {
		customers++
		aggregates, err := c.split(stored)
		if err == nil {
			err = check(aggregates)
		}
		if err == nil {
			err = index.customer(place{c.noted, string(key[len(prefix):])}, aggregates)
		}
		if err == nil {
			err = counted.Add(&c.ballot)
		}
		if err == nil {
			err = notErased(r, tombstones, string(key[len(prefix):]), index.profile.Newest)
		}
		if err != nil {
			return fmt.Errorf("profile %d: %w", customers, err)
		}
		return nil
	})
	if err != nil {
		return customers, err
	}
	if err := counted.Compare(votes); err != nil {
		return customers, err
	}
	return customers, index.end(customers)
}

// checkModels proves that the models of a feature set can be gone on with.
func checkModels(r store.Reader, set string) error {
	stored, err := r.Get(modelsKey(set))
	if err != nil {
		return err
	}
	if _, err := decodeModels(stored); err != nil {
		return err
	}
	if stored, err = r.Get(fitClockKey(set)); err != nil {
		return err
	}
	if _, err := decodeFitClock(stored); err != nil {
		return err
	}
	if _, err = readTask(r, set); err != nil {
		return err
	}
	prefix := departedPrefix(set)
	return r.Scan(prefix, func(key, value []byte) error {
		_, _, err := decodeDeparted(key[len(prefix):], value, nil)
		return err
	})
}
