package transform_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"4111 1111":        "4111 1111",
		"４１１１":             "4111",
		"٤١١١":             "4111",
		"१२३":              "123",
		"𝟜𝟙𝟏":              "411",
		"41\u200b1\u034f1": "4111",
		"ｊａｎｅ＠x.org":       "jane@x.org",
		"zoe\u0308":        "zoë",
		"日本":               "日本",
		"\xff１":            "\ufffd1",
	} {
		got := transform.Fold(in)
		assert.Equal(t, want, got)
		assert.Equal(t, got, transform.Fold(got), "what is folded stays")
	}
}
