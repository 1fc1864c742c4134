package plugin

import (
	"context"
	"errors"

	"github.com/shoal-stream/shoal/plugin/features"
	"github.com/shoal-stream/shoal/plugin/segments"
	"github.com/shoal-stream/shoal/plugin/store"
)

// Part names what a reset takes away.
type Part struct {
	FeatureSet string // with the profiles of all customers; empty: none
	Model      string // with the segments and their history; empty: none
	// Positions: only which events of Kafka topics were counted, so that topics which were
	// deleted and made anew are read from their beginning. All else stays.
	Positions bool
}

// Reset takes a feature set, a model or both out of a store that no process has open: all of
// it, or after an error nothing. Their events are then counted again when they are delivered
// again. Who was erased stays erased.
//
// Models that are not reset go on. When the events of a feature set that was come again, a model
// takes the new vector of each customer with the first event that is as of no earlier than the
// one that it has; what is older is stale to it.
func Reset(ctx context.Context, options store.Options, part Part, progress store.Progress) (store.Compacted, error) {
	if part.FeatureSet != "" && !part.Positions {
		if err := beginLife(ctx, options, part.FeatureSet); err != nil {
			return store.Compacted{}, err
		}
	}
	return store.Reset(ctx, options, progress, func(kind store.Kind, namespace string) bool {
		switch {
		case part.Positions:
			return kind == store.KindLedger && (part.FeatureSet != "" && namespace == features.LedgerOf(part.FeatureSet) ||
				part.Model != "" && namespace == segments.LedgerOf(part.Model))
		default:
			return part.FeatureSet != "" && features.Owns(part.FeatureSet, kind, namespace) ||
				part.Model != "" && segments.Owns(part.Model, kind, namespace)
		}
	})
}

// beginLife comes first: where nothing comes of the reset, it has changed nothing that matters.
func beginLife(ctx context.Context, options store.Options, set string) error {
	s, err := store.Open(options)
	if err != nil {
		return err
	}
	return errors.Join(features.BeginLife(ctx, s, set), s.Close())
}
