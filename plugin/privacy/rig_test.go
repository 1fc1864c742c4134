package privacy

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
)

const keys = `
keys:
  - { id: "2026-11", secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }
  - { id: customer, secret: MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }
`

// Specs are made once, as parsing their lint rules takes time.
var (
	specOfMask   = sync.OnceValue(maskSpec)
	specOfReveal = sync.OnceValue(revealSpec)
)

// build makes the processor as the runtime does.
func build(t testing.TB, conf string) (*mask, error) {
	t.Helper()
	parsed, err := specOfMask().ParseYAML(conf, nil)
	require.NoError(t, err)
	return newMaskFromConfig(parsed, service.MockResources())
}

func newMask(t testing.TB, conf string) *mask {
	t.Helper()
	m, err := build(t, conf)
	require.NoError(t, err)
	return m
}

func buildReveal(t testing.TB, conf string) (*reveal, error) {
	t.Helper()
	parsed, err := specOfReveal().ParseYAML(conf, nil)
	require.NoError(t, err)
	return newRevealFromConfig(parsed, service.MockResources())
}

func newReveal(t testing.TB, conf string) *reveal {
	t.Helper()
	r, err := buildReveal(t, conf)
	require.NoError(t, err)
	return r
}

// pass runs one batch through.
func pass(t testing.TB, p service.BatchProcessor, batch ...*service.Message) service.MessageBatch {
	t.Helper()
	out, err := p.ProcessBatch(context.Background(), batch)
	require.NoError(t, err)
	return slices.Concat(out...)
}

func (m *mask) pass(t testing.TB, batch ...*service.Message) service.MessageBatch {
	t.Helper()
	return pass(t, m, batch...)
}

// text masks one message.
func (m *mask) text(t testing.TB, in string) string {
	t.Helper()
	return textThrough(t, m, in)
}

// textThrough takes one message through a processor, without an error.
func textThrough(t testing.TB, p service.BatchProcessor, in string) string {
	t.Helper()
	out := pass(t, p, service.NewMessage([]byte(in)))
	require.Len(t, out, 1)
	require.NoError(t, out[0].GetError())
	return textOf(t, out[0])
}

func textOf(t testing.TB, m *service.Message) string {
	t.Helper()
	text, err := m.AsBytes()
	require.NoError(t, err)
	return string(text)
}
