package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// Size is what the records of one kind and namespace take.
type Size struct {
	Kind      string `json:"kind"`      // in words, such as profiles
	Namespace string `json:"namespace"` // such as the feature set or the model
	Records   int64  `json:"records"`
	Bytes     int64  `json:"bytes"` // of keys and values, before Badger adds its own
}

// kindNames are the kinds of state in words, for people and as a label of metrics.
var kindNames = map[Kind]string{
	KindMeta:         "store",
	KindCache:        "cache",
	KindFeatureSet:   "feature_set",
	KindProfile:      "profiles",
	KindSeen:         "idle_index",
	KindPopulation:   "population",
	KindLedger:       "positions",
	KindEventID:      "event_ids",
	KindModel:        "model",
	KindContribution: "contributions",
	KindMoves:        "moves",
	KindActivity:     "activity_index",
	KindEvent:        "events",
	KindTombstone:    "tombstones",
	KindName:         "names",
	KindConsumer:     "consumers",
}

// Sizes counts the records of each kind and namespace, as they are at one instant, in the
// order of these. It reads all keys: about a second for a million.
func (s *Store) Sizes(ctx context.Context) (sizes []Size, err error) {
	var last Size // keys of one namespace come together
	begun := false
	err = s.db.View(func(txn *badger.Txn) error {
		return iterate(txn, nil, nil, func(item *badger.Item) error {
			kind, namespace, _, err := SplitKey(item.Key())
			if err != nil {
				return err
			}
			if kind == KindTombstone || kind == KindMeta {
				namespace = "" // the names of secrets tell nobody anything
			}
			if name := kindNames[kind]; !begun || name != last.Kind || namespace != last.Namespace {
				if begun {
					sizes = append(sizes, last)
				}
				last, begun = Size{Kind: name, Namespace: namespace}, true
			}
			last.Records++
			last.Bytes += item.EstimatedSize()
			return ctx.Err()
		})
	})
	if begun {
		sizes = append(sizes, last)
	}
	slices.SortStableFunc(sizes, func(a, b Size) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace))
	})
	return sizes, err
}
