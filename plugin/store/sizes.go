package store

import (
	"context"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"
)

// Size is what the records of one kind take.
type Size struct {
	Kind    string // in words, such as profiles
	Records int64
	Bytes   int64 // of keys and values, before Badger adds its own
}

// kindNames are the kinds of state in words, for people and as a label of metrics.
var kindNames = map[Kind]string{
	KindMeta:         "store",
	KindCache:        "cache",
	KindFeatureSet:   "feature sets",
	KindProfile:      "profiles",
	KindSeen:         "index of idle customers",
	KindPopulation:   "population",
	KindLedger:       "positions",
	KindEventID:      "event ids",
	KindModel:        "models",
	KindContribution: "contributions",
	KindMoves:        "moves",
	KindActivity:     "index of inactive customers",
	KindEvent:        "events",
	KindConsumer:     "consumers",
}

// Sizes counts the records of each kind, as they are at one instant, in the order of their
// names. It reads all keys: about a second for a million.
func (s *Store) Sizes(ctx context.Context) (sizes []Size, err error) {
	byKind := map[Kind]*Size{}
	err = s.db.View(func(txn *badger.Txn) error {
		return iterate(txn, nil, nil, func(item *badger.Item) error {
			kind := Kind(item.Key()[0])
			size := byKind[kind]
			if size == nil {
				size = &Size{Kind: kindNames[kind]}
				byKind[kind] = size
			}
			size.Records++
			size.Bytes += item.EstimatedSize()
			if size.Records%1024 == 0 {
				return ctx.Err()
			}
			return nil
		})
	})
	for _, size := range byKind {
		sizes = append(sizes, *size)
	}
	slices.SortFunc(sizes, func(a, b Size) int { return strings.Compare(a.Kind, b.Kind) })
	return sizes, err
}
