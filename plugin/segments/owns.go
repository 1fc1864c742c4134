package segments

import "github.com/shoal-stream/shoal/plugin/store"

// LedgerOf is the namespace of the ledger of a model.
func LedgerOf(model string) string { return "segments/" + model }

// Owns tells that records of a kind and namespace are those of a model.
func Owns(model string, kind store.Kind, namespace string) bool {
	switch kind {
	case store.KindModel, store.KindContribution, store.KindMoves, store.KindActivity, store.KindEvent, store.KindName, store.KindConsumer:
		return namespace == model
	case store.KindLedger, store.KindEventID:
		return namespace == LedgerOf(model)
	default:
		return false
	}
}
