package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// Label is a store as components know it: by the label of its cache resource.
type Label struct {
	resources *service.Resources
	name      string
}

// Use finds the store behind a label and opens it, so that a component that cannot
// have its state refuses to be built.
func Use(resources *service.Resources, label string) (*Label, error) {
	if !resources.HasCache(label) {
		return nil, fmt.Errorf("store %q: there is no cache resource with this label: add a segment_store with it to cache_resources", label)
	}
	l := &Label{resources: resources, name: label}
	return l, l.Do(context.Background(), func(*Store) error { return nil })
}

// Do runs fn with the store, which stays open meanwhile. A reload of the
// configuration waits for fn, and the next call gets the store that is open then;
// so fn should be short, and keep nothing of the store.
func (l *Label) Do(ctx context.Context, fn func(s *Store) error) error {
	var result error
	err := l.resources.AccessCache(ctx, l.name, func(service.Cache) {
		handle, found := l.resources.GetGeneric(handleKey(l.name))
		if !found {
			result = fmt.Errorf("store %q is a cache of another type: use the label of a segment_store", l.name)
			return
		}
		result = fn(handle.(*Store))
	})
	if err != nil {
		return fmt.Errorf("store %q: %w", l.name, errors.Join(err, result))
	}
	return result
}

// handleKey is where a segment_store leaves its handle among the resources: the
// cache itself reaches components only behind a wrapper of Benthos.
type handleKey string
