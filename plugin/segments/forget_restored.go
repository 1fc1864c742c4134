package segments

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/shoal-stream/shoal/plugin/store"
)

// ForgetErased brings a store that was restored from a backup up to the erasures of another
// one, which went on since: their tombstones are taken over, and everybody is erased who was so
// after the backup. It tells how many.
func ForgetErased(ctx context.Context, s *store.Store, since *store.Erasures) (erased int, err error) {
	var list []Erasure
	if err := s.View(ctx, func(r store.Reader) (err error) {
		list, err = erasedSince(r, s.Tombstones(), since)
		return err
	}); err != nil {
		return 0, err
	}
	if err := s.AdoptErasures(ctx, since); err != nil {
		return 0, fmt.Errorf("taking over what was erased: %w", err)
	}
	for page := range slices.Chunk(list, page) {
		receipts, problems := Forget(ctx, s, page)
		if err := errors.Join(problems...); err != nil {
			return erased, err
		}
		for _, receipt := range receipts {
			if receipt.Erased {
				erased++
			}
		}
	}
	return erased, nil
}

// erasedSince lists the customers of a store who were erased after it was backed up.
func erasedSince(r store.Reader, tombstones *store.Tombstones, since *store.Erasures) ([]Erasure, error) {
	found := map[string]bool{} // whether they are blocked
	for _, kind := range [...]store.Kind{store.KindProfile, store.KindContribution, store.KindMoves} {
		names, err := store.Namespaces(r, kind)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			prefix := store.Prefix(kind, name)
			err := r.ScanKeys(prefix, nil, func(key []byte) error {
				customer := string(key[len(prefix):])
				newer, erased := since.Find(customer)
				if !erased {
					return nil
				}
				own, known, err := tombstones.Find(r, customer)
				if err == nil && (!known || own.At.Before(newer.At)) {
					found[customer] = newer.Block
				}
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	var list []Erasure
	for _, customer := range slices.Sorted(maps.Keys(found)) {
		list = append(list, Erasure{Customer: customer, Block: found[customer]})
	}
	return list, nil
}
