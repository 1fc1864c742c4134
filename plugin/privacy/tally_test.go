package privacy

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// What is done is counted by rule, detector, outcome and code; of a message that failed,
// nothing is counted as masked.
func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWitness()
	builder := w.environment(t).NewResourceBuilder()
	builder.SetLogger(w.logger())
	require.NoError(t, builder.SetMetricsYAML("witness: {}"))
	resources, stop, err := builder.BuildSuspended()
	require.NoError(t, err)
	defer func() { require.NoError(t, stop(context.Background())) }()

	parsed, err := specOfMask().ParseYAML(`
rules:
  - { path: card, mask: {} }
  - { path: age, bucket: { size: 10 } }
  - { path: iban, encrypt: {} }
  - { path: never.there, drop: {} }
  - { path: "**", scan: {} }
consent: { check: this.ok == true, otherwise: { strip: [ name, other ] } }
`+oneKey, nil)
	require.NoError(t, err)
	m, err := newMaskFromConfig(parsed, resources)
	require.NoError(t, err)
	var batch service.MessageBatch
	for _, content := range []string{
		`{"ok":true,"name":"x","card":"4111","age":1,"text":"a@example.org b@example.org","192.0.2.77":1}`,
		`{"name":"x","card":"4111","iban":"x"}`,
		`{"card":"4111","name":"x","text":"a@example.org","age":"x"}`,
		`{"ok":true,"iban":"e_b_aaaaaaaaaaaaaaaaaaaaaaa"}`,
		`no JSON`,
	} {
		batch = append(batch, service.NewMessage([]byte(content)))
	}
	out := m.pass(t, batch...)

	parsed, err = specOfReveal().ParseYAML(`rules: [ { path: iban, encrypt: {} } ]`+oneKey, nil)
	require.NoError(t, err)
	r, err := newRevealFromConfig(parsed, resources)
	require.NoError(t, err)
	pass(t, r, out...)
	for name, want := range map[string]int64{
		"privacy_masked card mask":        2,
		"privacy_masked age bucket":       1,
		"privacy_masked iban encrypt":     1,
		"privacy_masked never.there drop": 0,
		"privacy_masked ** scan":          2, // a text and a key
		"privacy_masked name strip":       1,
		"privacy_found email":             2,
		"privacy_found ip_address":        1,
		"privacy_consent given":           1,
		"privacy_consent stripped":        1,
		"privacy_errors value":            1,
		"privacy_errors token":            1,
		"privacy_errors parse":            1,
		"privacy_revealed iban":           1,
	} {
		assert.Equal(t, want, w.count(name), name)
	}
	if t.Failed() {
		t.Log(w.text())
	}
}
