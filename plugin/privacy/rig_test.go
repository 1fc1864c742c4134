package privacy

import (
	"context"
	"slices"
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

// build makes the processor as the runtime does.
func build(t testing.TB, conf string) (*mask, error) {
	t.Helper()
	parsed, err := maskSpec().ParseYAML(conf, nil)
	require.NoError(t, err)
	return newMaskFromConfig(parsed, service.MockResources())
}

func newMask(t testing.TB, conf string) *mask {
	t.Helper()
	m, err := build(t, conf)
	require.NoError(t, err)
	return m
}

// pass runs one batch through.
func (m *mask) pass(t testing.TB, batch ...*service.Message) service.MessageBatch {
	t.Helper()
	out, err := m.ProcessBatch(context.Background(), batch)
	require.NoError(t, err)
	return slices.Concat(out...)
}

// text masks one message.
func (m *mask) text(t testing.TB, in string) string {
	t.Helper()
	out := m.pass(t, service.NewMessage([]byte(in)))
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
