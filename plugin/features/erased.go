package features

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/store"
)

// What a customer did before they were erased is refused: see store.Tombstones.

// refuse is a step that refuses an event, if it is to be: it counts as applied, and nothing else
// changes. When it is delivered again it is refused again, as the tombstone comes before the
// ledger.
func (x *extract) refuse(b *batchState, e *event) (done bool, err error) {
	problem := b.tombstones.Refuse(b.tx, e.customer, e.event.At)
	if !errors.Is(problem, store.ErrErased) && !errors.Is(problem, store.ErrBlocked) {
		return false, problem
	}
	if _, _, err := x.once.Apply(b.tx, e.identity, 0); err != nil {
		return false, err
	}
	e.outcome, e.problem = refused, problem
	return true, nil
}

// Sets lists the feature sets of a store, and those that components have in hands without
// having written anything yet.
func Sets(s *store.Store, r store.Reader) ([]string, error) {
	sets, err := store.Namespaces(r, store.KindFeatureSet)
	for _, name := range s.Attached("features/") {
		if set, is := strings.CutSuffix(strings.TrimPrefix(name, "features/"), "/people"); is {
			sets = append(sets, set)
		}
	}
	slices.Sort(sets)
	return slices.Compact(sets), err
}

// LastSeen is the time of the newest event that the profiles know of a customer, in Unix
// nanoseconds; not found where there is no profile. Of a profile that is damaged, it is that of
// the newest event of all: so it can be erased, too.
func (p *Profiles) LastSeen(ctx context.Context, s *store.Store, r store.Reader, name string) (at int64, found bool, err error) {
	c, err := p.Read(ctx, s, r, name, 0)
	switch {
	case errors.Is(err, aggregate.ErrRecord):
		newest, err := p.Newest(ctx, s)
		return newest, err == nil, err
	case err != nil || c == nil:
		return 0, false, err
	default:
		return c.LastSeen, true, nil
	}
}

// Newest is the time of the newest event that the feature set has seen, in Unix nanoseconds;
// math.MinInt64 if there was none.
func (p *Profiles) Newest(ctx context.Context, s *store.Store) (at int64, err error) {
	census, err := censusOf(ctx, s, p.set)
	if err != nil {
		return 0, err
	}
	_, at = census.look()
	return at, nil
}

// Left is the newest event time of all who were forgotten as idle, in Unix nanoseconds;
// math.MinInt64 if nobody was. Nobody knows any more who they were, but that none of them did
// anything later.
func (p *Profiles) Left(ctx context.Context, s *store.Store) (at int64, err error) {
	census, err := censusOf(ctx, s, p.set)
	if err != nil {
		return 0, err
	}
	_, at = census.times()
	return at, nil
}

// notErased proves that a customer who is there was not erased.
func notErased(r store.Reader, tombstones *store.Tombstones, name string, newest int64) error {
	if err := tombstones.Refuse(r, name, newest); err != nil {
		return fmt.Errorf("what was erased is there: %w", err)
	}
	return nil
}
