package features

import "github.com/shoal-stream/shoal/plugin/store"

// LedgerOf is the namespace of the ledger of a feature set.
func LedgerOf(set string) string { return "features/" + set }

// Owns tells that records of a kind and namespace are those of a feature set.
func Owns(set string, kind store.Kind, namespace string) bool {
	switch kind {
	case store.KindFeatureSet, store.KindProfile, store.KindSeen, store.KindPopulation:
		return namespace == set
	case store.KindLedger, store.KindEventID:
		return namespace == LedgerOf(set)
	default:
		return false
	}
}
