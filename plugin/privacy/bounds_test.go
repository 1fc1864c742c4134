package privacy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// Documents that are too large or too deep are errors, before they cost anything.
func TestBoundsOfDocuments(t *testing.T) {
	t.Parallel()
	m := newMask(t, `rules: [ { path: "**.x", mask: {} } ]`)
	for name, test := range map[string]struct{ content, want string }{
		"bytes":  {`"` + strings.Repeat("a", maxBytes) + `"`, "the message has more than 16 MiB, or more than 1048576 values: split it"},
		"values": {"[" + strings.Repeat("0,", maxValues) + "0]", "more than 1048576 values"},
		"levels": {strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2), "more than 128 levels"},
		"parser": {strings.Repeat("[", 1_000_000), "the message is not JSON"},
	} {
		out := m.pass(t, service.NewMessage([]byte(test.content)))[0]
		require.ErrorContains(t, out.GetError(), test.want, name)
		assert.Equal(t, "{}", textOf(t, out))
	}
	assert.JSONEq(t, strings.Repeat("[", maxDepth)+strings.Repeat("]", maxDepth), m.text(t, strings.Repeat("[", maxDepth)+strings.Repeat("]", maxDepth)))
}

// Of keys that are there twice, the last counts, and the others are gone. Numbers of any
// size stay as they are written, or are masked like others.
func TestWhatParsersDisagreeAbout(t *testing.T) {
	t.Parallel()
	m := newMask(t, `rules: [ { path: a, mask: {} }, { path: n, bucket: { size: 1 } } ]`)
	for in, want := range map[string]string{
		`{"a":"secret","b":1e999,"a":"other"}`:       `{"a":"*****","b":1e999}`,
		`{"a":{"secret":"secret"},"a":{"x":"x"}}`:    `{"a":{"x":"*"}}`,
		`{"b":123456789012345678901234567890.10}`:    `{"b":123456789012345678901234567890.10}`,
		`{"A":"names are told apart by their case"}`: `{"A":"names are told apart by their case"}`,
	} {
		assert.Equal(t, want, m.text(t, in)) // to the byte
	}
	out := m.pass(t, service.NewMessage([]byte(`{"n":1e999}`)))[0]
	require.ErrorContains(t, out.GetError(), "rules[1] (path n, bucket): the value is not of the form")
	out = m.pass(t, service.NewMessage([]byte(`{"a":"x"} {"a":"secret"}`)))[0]
	require.ErrorContains(t, out.GetError(), "the message is not JSON")
}
