package privacy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

const visitor = `{
	"customer": {"id": "c17", "email": "Jane@Example.org", "name": "Jane Doe", "birth_date": "1987-06-05", "age": 37, "phone": "+44 20 7946 0018"},
	"payment": {"card": "4111111111111111"}, "client": {"ip": "192.0.2.77"}, "geo": {"lat": 51.5074, "lon": -0.1278},
	"visit": {"at": "2026-11-25T13:45:31Z"}, "account": {"iban": "DE89370400440532013000"},
	"ticket": {"text": "Mail jane@example.org or call 212-555-0123. Thanks"},
	"note": "from 192.0.2.77", "by": {"jane@example.org": ["+44 20 7946 0018", 4111111111111111]},
	"consent": {"analytics": true}
}`

// The example of the design does what it says, and privacy_reveal turns back what can be.
func TestDesign(t *testing.T) {
	t.Parallel()
	m := newMask(t, design)
	masked := m.text(t, visitor)
	assert.JSONEq(t, `{
		"customer": {"id": "c17", "email": "p_2026-11_oZeFQQKA_9IcSdmEPbczzw", "birth_date": "1987-01-01", "age": 30, "phone": "+90 42 2227 7405"},
		"payment": {"card": "************1111"}, "client": {"ip": "192.0.2.0"}, "geo": {"lat": 51.5, "lon": -0.1},
		"visit": {"at": "2026-12-21T13:45:31Z"}, "account": {"iban": "e_2026-11_ODw2K5yi35x8Xl43zrdgqceN3SN5FiX3HVdIupoev-cGRVGEL6Lt"},
		"ticket": {"text": "Mail <EMAIL> or call <PHONE>. Thanks"},
		"note": "from <IP_ADDRESS>", "by": {"<EMAIL>": ["<PHONE>", 4111111111111111]},
		"consent": {"analytics": true}
	}`, masked)
	assert.JSONEq(t, masked, m.text(t, visitor), "the same again")

	r := newReveal(t, `
rules:
  - { path: account.iban, encrypt: {} }
  - { path: customer.phone, fpe: { alphabet: digits, key: "2026-11" } }
`+keys)
	out := pass(t, r, service.NewMessage([]byte(masked)))
	require.NoError(t, out[0].GetError())
	content, err := out[0].AsStructured()
	require.NoError(t, err)
	document := content.(map[string]any)
	assert.Equal(t, map[string]any{"iban": "DE89370400440532013000"}, document["account"])
	assert.Equal(t, "+44 20 7946 0018", document["customer"].(map[string]any)["phone"])
	assert.Equal(t, "from <IP_ADDRESS>", document["note"])
}

func TestDatesAreShiftedBySubject(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"this.customer.id", "this.customer.id.string()", `@who`, `this.visits.index(0).who | this.customer.id`} {
		m := newMask(t, `
rules:
  - { path: customer.id, drop: {} }
  - { path: visits.*.at, shift_date: { max_days: 30, by: '`+by+`' } }
  - { path: paid, shift_date: { max_days: 30, by: this.customer.id } }
`+keys)
		in := service.NewMessage([]byte(`{"customer":{"id":17850},"visits":[{"at":"2026-11-01"},{"at":"2026-11-03T10:00:00+01:00"}],"paid":1764078331}`))
		in.MetaSetMut("who", "17850")
		out := m.pass(t, in)[0]
		require.NoError(t, out.GetError(), by)
		assert.JSONEq(t, `{"customer":{},"visits":[{"at":"2026-10-18"},{"at":"2026-10-20T10:00:00+01:00"}],"paid":1762868731}`, textOf(t, out), by)
	}
	m := newMask(t, `rules: [ { path: at, shift_date: { max_days: 30, by: this.customer.id } } ]`+keys)
	for _, in := range []string{`{"at":"2026-11-01"}`, `{"at":"2026-11-01","customer":"c"}`, `{"at":"2026-11-01","customer":{"id":""}}`, `{"at":"2026-11-01","customer":{"id":[1]}}`, `{"at":"2026-11-01","customer":[{"id":"x"}]}`} {
		out := m.pass(t, service.NewMessage([]byte(in)))[0]
		require.ErrorContains(t, out.GetError(), "rules[0] (path at, shift_date): there is no subject whose dates to shift: send it with each message", in)
		assert.Equal(t, "{}", textOf(t, out))
	}
	assert.JSONEq(t, `{"b":1}`, m.text(t, `{"b":1}`), "no date, no subject needed")
}

func TestPreviousPseudonyms(t *testing.T) {
	t.Parallel()
	rules := `
rules:
  - { path: customer.id, pseudonymize: { key: customer } }
  - { path: customer.email, pseudonymize: { type: email, emit_previous: true } }
  - { path: "contacts.*", pseudonymize: { emit_previous: true, domain: customer.email, type: email } }
  - { path: "@kafka_key", pseudonymize: { emit_previous: true, domain: customer.email } }
`
	const (
		old = `{ id: old, secret: MjEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }`
		pin = `{ id: customer, secret: MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }`
		new = `{ id: new, secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }`
	)
	before := newMask(t, rules+"keys: [ "+old+", "+pin+" ]")
	during := newMask(t, rules+"keys: [ "+new+", "+pin+", "+old+" ]")
	in := func() *service.Message {
		m := service.NewMessage([]byte(`{"customer":{"id":"c17","email":"jane@example.org"},"contacts":{"first":"Jane@example.org"}}`))
		m.MetaSetMut("kafka_key", "jane@example.org")
		return m
	}
	get := func(m *service.Message) (customer, contacts map[string]any) {
		require.NoError(t, m.GetError())
		content, err := m.AsStructured()
		require.NoError(t, err)
		return content.(map[string]any)["customer"].(map[string]any), content.(map[string]any)["contacts"].(map[string]any)
	}
	first, _ := get(before.pass(t, in())[0])
	assert.Len(t, first, 2, "with one key there is nothing before it")
	out := during.pass(t, in())[0]
	second, contacts := get(out)
	assert.Equal(t, first["id"], second["id"], "the pinned key outlives the rotation")
	assert.NotEqual(t, first["email"], second["email"])
	assert.Regexp(t, "^p_new_", second["email"])
	assert.Equal(t, first["email"], second["email_previous"], "what is stored under the old one joins")
	assert.Equal(t, second["email"], contacts["first"])
	assert.Equal(t, second["email_previous"], contacts["first_previous"])
	previous, _ := out.MetaGet("kafka_key_previous")
	assert.Equal(t, first["email"], previous)

	for _, bad := range []string{
		`{"contacts":["a@x.org"]}`, `{"contacts":{"a":{"b":["a@x.org"]}}}`,
		`{"customer":{"email":"a@x.org","email_previous":"b@x.org"}}`,
	} {
		out := during.pass(t, service.NewMessage([]byte(bad)))[0]
		require.ErrorContains(t, out.GetError(), "there is no place beside a value for its earlier pseudonym, _previous", bad)
		assert.Equal(t, "{}", textOf(t, out))
	}

	// What a message that failed half-way has left does not come out beside that of another.
	failing := newMask(t, `
rules: [ { path: "*", pseudonymize: { emit_previous: true } } ]`+newKeys)
	failing.policy.rules[0].appender = failsOn{failing.policy.rules[0].appender}
	results := failing.pass(t, service.NewMessage([]byte(`{"a":"fails"}`)), service.NewMessage([]byte(`{"b":null,"c":""}`)))
	require.Error(t, results[0].GetError())
	require.NoError(t, results[1].GetError())
	assert.JSONEq(t, `{"b":null,"c":""}`, textOf(t, results[1]))

	_, err := build(t, `rules: [ { path: a, pseudonymize: { key: customer, emit_previous: true } } ]`+keys)
	require.ErrorContains(t, err, "emit_previous is for rotations, and the rule is pinned to a key")
}

// failsOn is an action that fails on one value.
type failsOn struct{ transform.Appender }

func (f failsOn) Append(dst []byte, value any) ([]byte, bool, error) {
	if value == "fails" {
		return nil, false, transform.ErrValue
	}
	return f.Appender.Append(dst, value)
}

func TestKeyedConfigErrors(t *testing.T) {
	t.Parallel()
	for conf, want := range map[string]string{
		`rules: [ { path: a, pseudonymize: { type: email, region: US } } ]` + keys:                 `region "US" is for type phone`,
		`rules: [ { path: a, pseudonymize: { type: phone, region: ZZ } } ]` + keys:                 `region "ZZ" is not known`,
		`rules: [ { path: a, shift_date: { max_days: 0, by: this.b } } ]` + keys:                   "max_days 0: use 1 to 36500",
		`rules: [ { path: a, shift_date: { max_days: 3, by: this.b } } ]`:                          "there are no keys",
		`rules: [ { path: a, encrypt: {} } ]`:                                                      "there are no keys",
		`rules: [ { path: a, encrypt: { domain: " " } } ]` + keys:                                  "is blank",
		`rules: [ { path: a, encrypt: { key: z } } ]` + keys:                                       `key "z" is not among the keys`,
		`rules: [ { path: a, fpe: {} } ]`:                                                          "there are no keys",
		`rules: [ { path: a, fpe: { key: a } }, { path: b, fpe: {} } ]` + oneKey:                   "each of the keys is pinned",
		`rules: [ { path: a, round: { decimals: 16 } } ]`:                                          "decimals 16: use -15 to 15",
		`rules: [ { path: a, scan: { detectors: [ name ] } } ]`:                                    `"name"`,
		`rules: [ { path: a, scan: { detectors: [] } } ]`:                                          "detectors: use a list of at least one string",
		`rules: [ { path: a, scan: { replace: pseudonym } } ]`:                                     "there are no keys",
		`rules: [ { path: a, scan: { key: customer } } ]` + keys:                                   "key and domain are for replace: pseudonym",
		`rules: [ { path: a, scan: { custom: [ { name: b, pattern: "(" } ] } } ]`:                  "custom",
		`{ rules: [ { path: a, drop: {} } ], max_scan_bytes: 0 }`:                                  "max_scan_bytes 0: use 1 or more",
		`{ rules: [ { path: a, drop: {} } ], consent: { check: this.a, otherwise: keep } }`:        "consent.otherwise: use drop, or",
		`{ rules: [ { path: a, drop: {} } ], consent: { check: this.a, strip: [ "a..b" ] } }`:      `"a..b"`,
		`{ rules: [ { path: a, drop: {} } ], consent: { check: this.a, otherwise: { strip: x } }}`: "consent.otherwise: use drop, or",
	} {
		_, err := build(t, conf)
		require.ErrorContains(t, err, want, conf)
	}
}

const oneKey = `
keys: [ { id: a, secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= } ]
`
