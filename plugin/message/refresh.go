package message

import (
	"context"

	"github.com/redpanda-data/benthos/v4/public/service"
)

type refreshKey struct{}

// WithRefresh marks a message as one that lets time pass for a customer who did nothing.
// The mark is a context value: a producer cannot send it.
func WithRefresh(m *service.Message) *service.Message {
	return m.WithContext(context.WithValue(m.Context(), refreshKey{}, true))
}

// IsRefresh tells that [WithRefresh] marked the message.
func IsRefresh(m *service.Message) bool {
	marked, _ := m.Context().Value(refreshKey{}).(bool)
	return marked
}
