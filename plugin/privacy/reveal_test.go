package privacy

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const (
	reversible = `
rules:
  - { path: a.kept, keep: {} }
  - { path: a, encrypt: {} }
  - { path: "b.*.n", encrypt: { domain: n } }
  - { path: c, fpe: { alphabet: alphanumeric } }
  - { path: "@who", encrypt: { domain: n } }
`
	oldKeys = `
keys: [ { id: old, secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= } ]
`
	newKeys = `
keys:
  - { id: new, secret: MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }
  - { id: old, secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }
`
)

// The same rules mask and reveal, and values come back with their types.
func TestRevealTurnsMaskBack(t *testing.T) {
	t.Parallel()
	const document = `{"a":{"x":"Zoë","y":[1.50,true,null,"",{"z":12345678901234567890}],"kept":"k"},"b":[{"n":"n"},{"n":false}],"c":"aB-3d","other":1}`
	m, r := newMask(t, reversible+oldKeys), newReveal(t, reversible+oldKeys)
	in := service.NewMessage([]byte(document))
	in.MetaSetMut("who", "jane")
	masked := m.pass(t, in)[0]
	require.NoError(t, masked.GetError())
	for _, secret := range []string{"Zoë", "1.50", "12345", "aB-3d", `"n":"n"`, "jane"} {
		assert.NotContains(t, textOf(t, masked), secret)
	}
	masked.MetaSetMut("later", "kept")
	out := pass(t, r, masked)[0]
	require.NoError(t, out.GetError())
	assert.JSONEq(t, document, textOf(t, out))
	assert.Contains(t, textOf(t, out), "1.50")
	assert.Contains(t, textOf(t, out), "12345678901234567890")
	for name, want := range map[string]string{"who": "jane", "later": "kept"} {
		got, _ := out.MetaGet(name)
		assert.Equal(t, want, got)
	}
}

// What an earlier key encrypted is still revealed, and a second pass writes it with the
// newest.
func TestRotationOfWhatIsReversible(t *testing.T) {
	t.Parallel()
	const rules = `rules: [ { path: a, encrypt: {} } ]`
	old := newMask(t, rules+oldKeys).text(t, `{"a":"secret"}`)
	during := newMask(t, rules+newKeys)
	fresh := during.text(t, `{"a":"secret"}`)
	assert.Contains(t, old, "e_old_")
	assert.Contains(t, fresh, "e_new_")
	assert.Equal(t, fresh, during.text(t, old), "rewritten with the newest")
	assert.Equal(t, fresh, during.text(t, fresh), "and not encrypted twice")
	both := newReveal(t, rules+newKeys)
	for _, masked := range []string{old, fresh} {
		assert.JSONEq(t, `{"a":"secret"}`, textThrough(t, both, masked))
	}
	out := pass(t, newReveal(t, rules+oldKeys), service.NewMessage([]byte(fresh)))[0]
	require.ErrorContains(t, out.GetError(), "none of the keys made it for this domain: add the key that made it to keys")

	_, err := buildReveal(t, `rules: [ { path: a, fpe: {} } ]`+newKeys)
	require.ErrorContains(t, err, `rules[0]: fpe: a value does not tell whether key "new" or key "old" made it: name one with key`)
	for _, id := range []string{"old", "new"} {
		rules := `rules: [ { path: a, fpe: { key: ` + id + ` } } ]`
		masked := newMask(t, rules+newKeys).text(t, `{"a":"4111111111111111"}`)
		assert.NotContains(t, masked, "4111111111111111")
		assert.JSONEq(t, `{"a":"4111111111111111"}`, textThrough(t, newReveal(t, rules+newKeys), masked))
	}
}

func TestRevealFailsClosed(t *testing.T) {
	t.Parallel()
	m, r := newMask(t, `rules: [ { path: a, encrypt: {} }, { path: b, encrypt: {} } ]`+oldKeys), newReveal(t, `rules: [ { path: a, encrypt: {} }, { path: c, fpe: {} } ]`+oldKeys)
	other := m.text(t, `{"b":"canary"}`)
	for _, in := range []string{
		`{"a":"canary"}`, `{"a":17,"x":"canary"}`, `{"c":"canary"}`, `{"c":true,"x":"canary"}`, `canary`,
		`{"a"` + other[len(`{"b"`):],
	} {
		message := service.NewMessage([]byte(in))
		message.MetaSetMut("kafka_offset", "17")
		message.MetaSetMut("who", canary)
		out := pass(t, r, message)[0]
		require.Error(t, out.GetError(), in)
		assert.NotContains(t, out.GetError().Error(), canary)
		assert.Equal(t, "{}", textOf(t, out))
		_, kept := out.MetaGet("who")
		assert.False(t, kept)
		offset, _ := out.MetaGet("kafka_offset")
		assert.Equal(t, "17", offset)
	}
	token := m.text(t, `{"a":"canary"}`)
	failed := service.NewMessage([]byte(token))
	failed.SetError(errors.New("earlier"))
	assert.Equal(t, token, textOf(t, pass(t, r, failed)[0]), "what failed before is not revealed")

	_, err := buildReveal(t, `{}`)
	require.ErrorContains(t, err, "rules is empty")
}

// The whole list of rules of a mask reveals: the same rule decides about each value, and
// keys that others are pinned to did not make it.
func TestRevealTakesTheRulesOfTheMask(t *testing.T) {
	t.Parallel()
	const rules = `
rules:
  - { path: id, pseudonymize: { key: customer } }
  - { path: a.plain, mask: { keep_last: 1 } }
  - { path: a.at, shift_date: { max_days: 3, by: this.id, key: old } }
  - { path: a.gone, drop: {} }
  - { path: a.text, scan: { replace: pseudonym, key: customer } }
  - { path: a, encrypt: {} }
  - { path: card, fpe: {} }
  - { path: "@who", encrypt: {} }
  - { path: "**", scan: {} }
`
	const pinned = "  - { id: customer, secret: MjEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }\n"
	m, r := newMask(t, rules+newKeys+pinned), newReveal(t, rules+newKeys+pinned)
	in := service.NewMessage([]byte(`{"id":"c1","a":{"plain":"xyz","at":"2026-11-01","gone":1,"text":"jane@example.org","iban":"DE89"},"card":"4111111111111111","n":"192.0.2.77"}`))
	in.MetaSetMut("who", "jane")
	masked := m.pass(t, in)[0]
	require.NoError(t, masked.GetError())
	var before map[string]any
	require.NoError(t, json.Unmarshal([]byte(textOf(t, masked)), &before))
	out := pass(t, r, masked)[0]
	require.NoError(t, out.GetError())
	before["card"] = "4111111111111111"
	before["a"].(map[string]any)["iban"] = "DE89"
	want, err := json.Marshal(before)
	require.NoError(t, err)
	assert.JSONEq(t, string(want), textOf(t, out))
	who, _ := out.MetaGet("who")
	assert.Equal(t, "jane", who)

	// Only the keys that reveal have to be there.
	few := newReveal(t, rules+"keys: [ { id: new, secret: MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= } ]")
	assert.JSONEq(t, string(want), textOf(t, pass(t, few, masked)[0]))
}
