package message

import (
	"context"
	"reflect"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// Refresh is what marks a message that lets time pass for a customer who did nothing. The
// mark is a context value: a producer cannot send it.
type Refresh struct {
	FeatureSet string
	Customer   string // the key of their profile
	At         int64  // what the features are as of, in Unix nanoseconds
	Seen       int64  // event time of the customer's newest event, in Unix nanoseconds
	Version    uint64 // events that the features count

	content any // of the message
}

type refreshKey struct{}

// WithRefresh marks a message, whose content is to be what it goes out with.
func WithRefresh(m *service.Message, r Refresh) *service.Message {
	r.content, _ = m.AsStructured() // nothing equals the content of a message that is not JSON
	return m.WithContext(context.WithValue(m.Context(), refreshKey{}, &r))
}

// RefreshOf is the mark of a message, nil when it has none. It is shared: do not modify it.
func RefreshOf(m *service.Message) *Refresh {
	r, _ := m.Context().Value(refreshKey{}).(*Refresh)
	return r
}

// IsContentOf tells that the message says what it said when it was marked. One that was
// changed, or joined with others, may hold anything.
func (r *Refresh) IsContentOf(m *service.Message) bool {
	content, err := m.AsStructured()
	return err == nil && r.content != nil && reflect.DeepEqual(content, r.content)
}
