package privacy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// Only a clear yes is one.
func TestConsentToDrop(t *testing.T) {
	t.Parallel()
	for _, check := range []string{
		"this.consent.analytics == true",
		"(this.consent.analytics) == true", // not a plain path
		"this.consent.analytics",
	} {
		m := newMask(t, `
rules: [ { path: name, mask: {} } ]
consent: { check: `+check+`, otherwise: drop }
`)
		assert.JSONEq(t, `{"name":"****","consent":{"analytics":true}}`, m.text(t, `{"name":"Jane","consent":{"analytics":true}}`))
		for _, no := range []string{
			`{}`, `{"consent":null}`, `{"consent":{}}`, `{"consent":{"analytics":false}}`, `{"consent":{"analytics":null}}`,
			`{"consent":{"analytics":"true"}}`, `{"consent":{"analytics":1}}`, `{"consent":"yes"}`, `{"consent":[{"analytics":true}]}`,
			`{"consent":{"analytics":{"true":true}}}`, `[true]`, `true`, `null`,
		} {
			out, err := m.ProcessBatch(t.Context(), service.MessageBatch{service.NewMessage([]byte(no))})
			require.NoError(t, err)
			assert.Empty(t, out, "%s: acknowledged, and gone: %s", check, no)
		}
		out := m.pass(t, service.NewMessage([]byte("no JSON")))
		require.ErrorContains(t, out[0].GetError(), "the message is not JSON")
	}
}

func TestConsentThatErrs(t *testing.T) {
	t.Parallel()
	for _, check := range []string{`this.a.uppercase() == "X"`, "deleted()", `throw("x")`, `"true"`, `@missing == true`} {
		m := newMask(t, `
rules: [ { path: name, mask: {} } ]
consent: { check: '`+check+`' }
`)
		assert.Empty(t, m.pass(t, service.NewMessage([]byte(`{"name":"Jane"}`))), check)
	}
	m := newMask(t, `{ rules: [ { path: name, mask: {} } ], consent: { check: '@consent == "yes"' } }`)
	in := service.NewMessage([]byte(`{"name":"Jane"}`))
	in.MetaSetMut("consent", "yes")
	assert.Len(t, m.pass(t, in), 1, "metadata can tell it")
}

func TestConsentToStrip(t *testing.T) {
	t.Parallel()
	for _, otherwise := range []string{
		`otherwise: { strip: [ customer, "**.email", "@kafka_key" ] }`,
		`otherwise: strip, strip: [ customer, "**.email", "@kafka_key" ]`,
		`strip: [ customer, "**.email", "@kafka_key" ]`,
	} {
		m := newMask(t, `
rules: [ { path: name, mask: {} }, { path: "@*", keep: {} } ]
consent: { check: this.ok == true, `+otherwise+` }
`)
		message := func(content string) *service.Message {
			in := service.NewMessage([]byte(content))
			in.MetaSetMut("kafka_key", "jane")
			in.MetaSetMut("kafka_offset", "17")
			return in
		}
		out := m.pass(t,
			message(`{"name":"Jane","customer":{"id":1},"order":{"email":"x","total":5},"ok":false}`),
			message(`{"name":"Jane","customer":{"id":1},"order":{"email":"x","total":5},"ok":true}`))
		require.Len(t, out, 2)
		assert.JSONEq(t, `{"name":"****","order":{"total":5},"ok":false}`, textOf(t, out[0]))
		assert.JSONEq(t, `{"name":"****","customer":{"id":1},"order":{"email":"x","total":5},"ok":true}`, textOf(t, out[1]))
		_, there := out[0].MetaGet("kafka_key")
		assert.False(t, there)
		_, there = out[1].MetaGet("kafka_key")
		assert.True(t, there)
		offset, _ := out[0].MetaGet("kafka_offset")
		assert.Equal(t, "17", offset)
	}
}

// A batch without consent is acknowledged: no batch goes on.
func TestConsentOfABatch(t *testing.T) {
	t.Parallel()
	m := newMask(t, `{ consent: { check: this.ok }, rules: [ { path: n, bucket: { size: 1 } } ] }`)
	var batch service.MessageBatch
	for _, content := range []string{`{"ok":true,"n":1}`, `{}`, `{"ok":true,"n":"x"}`, `{}`, `{"ok":true,"n":2}`} {
		batch = append(batch, service.NewMessage([]byte(content)))
	}
	out := m.pass(t, batch...)
	require.Len(t, out, 3)
	assert.JSONEq(t, `{"ok":true,"n":1}`, textOf(t, out[0]))
	require.Error(t, out[1].GetError())
	assert.JSONEq(t, `{"ok":true,"n":2}`, textOf(t, out[2]))
}
