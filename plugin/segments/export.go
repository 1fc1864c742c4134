package segments

import (
	"context"
	"errors"

	"github.com/shoal-stream/shoal/plugin/features"
	"github.com/shoal-stream/shoal/plugin/store"
)

// Export tells each of all customers of a feature set and a model, as they are at one instant:
// as segment_lookup shows them, those with a profile first, each in the order of their keys.
// Features are as of each customer's newest event.
func Export(ctx context.Context, s *store.Store, set, model string, each func(customer map[string]any) error) error {
	m, err := attachModel(s, model)
	if err != nil {
		return err
	}
	l := &lookup{profiles: features.ProfilesOf(set)}
	tell := func(r store.Reader, st *state) error {
		one := func(name string) error {
			customer, err := l.read(ctx, s, r, m, st, name)
			if err == nil {
				err = each(customer)
			}
			return errors.Join(err, ctx.Err())
		}
		profiles := store.Prefix(store.KindProfile, set)
		err := r.ScanKeys(profiles, nil, func(key []byte) error { return one(string(key[len(profiles):])) })
		if err != nil || st == nil {
			return err
		}
		contributions := store.Prefix(store.KindContribution, model)
		return r.ScanKeys(contributions, nil, func(key []byte) error {
			name := key[len(contributions):]
			profile, err := r.Get(store.Key(store.KindProfile, set, name))
			if err != nil || profile != nil {
				return err // they were told
			}
			return one(string(name))
		})
	}
	return m.viewIfDefined(ctx, s, tell)
}
