package privacy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

func TestScan(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ options, in, want string }{
		{``, `{"a":"from jane@example.org, 192.0.2.77"}`, `{"a":"from <EMAIL>, <IP_ADDRESS>"}`},
		{``, `{"a":["x","jane@example.org",{"b":["4111 1111 1111 1111"]}]}`, `{"a":["x","<EMAIL>",{"b":["<CREDIT_CARD>"]}]}`},
		{``, `{"a":null,"b":"","c":true,"d":17,"e":[],"f":{}}`, `{"a":null,"b":"","c":true,"d":17,"e":[],"f":{}}`},
		{`detectors: [ email ]`, `{"a":"jane@example.org 192.0.2.77"}`, `{"a":"<EMAIL> 192.0.2.77"}`},
		{`region: US`, `{"a":"call 212-555-0123"}`, `{"a":"call <PHONE>"}`},
		{`replace: mask`, `{"a":"from jäne@example.org!"}`, `{"a":"from ****************!"}`},
		{`replace: remove`, `{"a":"from jane@example.org!","b":"jane@example.org"}`, `{"a":"from !","b":""}`},
		{``, `{"a":4111111111111111}`, `{"a":4111111111111111}`},
		{`numbers: true`, `{"a":4111111111111111,"b":17,"c":4.111111111111111e15}`, `{"a":"<CREDIT_CARD>","b":17,"c":"<CREDIT_CARD>"}`},
		{`custom: [ { name: order_number, pattern: 'ORD-\d{4}' } ]`, `{"a":"ORD-1234 for jane@example.org"}`, `{"a":"<ORDER_NUMBER> for <EMAIL>"}`},

		{``, `{"a":"{\"b\":\"jane@example.org\"}"}`, `{"a":"{\"b\":\"<EMAIL>\"}"}`},
		{``, `{"a":"{\"b\":\"jane\\u0040example.org\"}"}`, `{"a":"{\"b\":\"jane\\u0040example.org\"}"}`},
		{`json: true`, `{"a":"{\"b\":\"jane\\u0040example.org\",\"n\":1.50,\"h\":\"<b>\"}"}`, `{"a":"{\"b\":\"<EMAIL>\",\"h\":\"<b>\",\"n\":1.50}"}`},
		{`json: true`, `{"a":"[\"x\", {\"jane@example.org\": \"[\\\"jane@example.org\\\"]\"}]"}`, `{"a":"[\"x\",{\"<EMAIL>\":\"[\\\"<EMAIL>\\\"]\"}]"}`},
		{`json: true`, `{"a":"{\"b\":\"jane@example.org\",\"b\":\"x\"}"}`, `{"a":"{\"b\":\"<EMAIL>\",\"b\":\"x\"}"}`},
		{`json: true`, `{"a":"{ \"b\" : 1 }","b":"{jane@example.org","c":"{} {}"}`, `{"a":"{ \"b\" : 1 }","b":"{<EMAIL>","c":"{} {}"}`},
		{`json: true, numbers: true`, `{"a":"[4111111111111111]"}`, `{"a":"[\"<CREDIT_CARD>\"]"}`},
	} {
		m := newMask(t, `rules: [ { path: "**", scan: { `+test.options+` } } ]`)
		assert.JSONEq(t, test.want, m.text(t, test.in), test.options)
	}
}

// Keys are looked at, too, and no value is lost when two become the same.
func TestScanOfKeys(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rules, in, want string }{
		{
			`{ path: "**", scan: {} }`,
			`{"jane@example.org":1,"b@example.org":{"192.0.2.77":[{"c@example.org":2}]},"<EMAIL>":3,"plain":4}`,
			`{"<EMAIL>":3,"<EMAIL>_2":{"<IP_ADDRESS>":[{"<EMAIL>":2}]},"<EMAIL>_3":1,"plain":4}`,
		},
		{`{ path: "**", scan: { replace: remove } }`, `{"a@example.org":1,"by b@example.org":2}`, `{"<EMAIL>":1,"by ":2}`},
		{`{ path: contacts, mask: {} }, { path: "**", scan: {} }`, `{"contacts":{"a@example.org":"x"}}`, `{"contacts":{"<EMAIL>":"*"}}`},
		{`{ path: contacts, keep: {} }, { path: "**", scan: {} }`, `{"contacts":{"a@example.org":"x"}}`, `{"contacts":{"a@example.org":"x"}}`},
		{`{ path: 'a["b@example.org"]', mask: {} }, { path: "**", scan: {} }`, `{"a":{"b@example.org":"x"}}`, `{"a":{"b@example.org":"*"}}`},
		{`{ path: "a.*", scan: {} }`, `{"a":{"b@example.org":"x"},"c@example.org":"d@example.org"}`, `{"a":{"<EMAIL>":"x"},"c@example.org":"d@example.org"}`},
		{`{ path: "**.a@example.org", drop: {} }, { path: "**", scan: {} }`, `{"b@example.org":1}`, `{"<EMAIL>":1}`},
	} {
		m := newMask(t, `rules: [ `+test.rules+` ]`)
		for range 20 { // whatever the order of a map
			assert.JSONEq(t, test.want, m.text(t, test.in), test.rules)
		}
	}
	m := newMask(t, `rules: [ { path: "**.x", keep: {} }, { path: "**", scan: {} } ]
unlisted: drop`)
	assert.JSONEq(t, `{"<EMAIL>":"<EMAIL>"}`, m.text(t, `{"a@example.org":"b@example.org"}`))
	m = newMask(t, `rules: [ { path: "*", pseudonymize: { emit_previous: true } }, { path: "**", scan: {} } ]`+newKeys)
	assert.Regexp(t, `^\{"<EMAIL>":"p_new_.{22}","<EMAIL>_previous":"p_old_.{22}"\}$`, m.text(t, `{"a@example.org":"x"}`))
}

func TestScanToPseudonyms(t *testing.T) {
	t.Parallel()
	m := newMask(t, `
rules:
  - { path: email, pseudonymize: { type: email, domain: people } }
  - { path: phone, pseudonymize: { type: phone, region: US, domain: people } }
  - { path: text, scan: { replace: pseudonym, region: us, domain: people } }
`+oneKey)
	var got struct{ Email, Phone, Text string }
	require.NoError(t, json.Unmarshal([]byte(m.text(t, `{"email":"jane@example.org","phone":"212-555-0123","text":"Jane@Example.org (212) 555-0123"}`)), &got))
	assert.Equal(t, got.Email+" "+got.Phone, got.Text, "what is found in text joins with what has a field of its own")

	require.NoError(t, json.Unmarshal([]byte(m.text(t, `{"text":"4111 1111 1111 1111, 4111-1111-1111-1111"}`)), &got))
	cards := strings.Split(got.Text, ", ")
	require.Len(t, cards, 2)
	assert.Equal(t, cards[0], cards[1], "separators do not count")
	assert.Regexp(t, "^p_a_", cards[0])
}

func TestScanOfMetadata(t *testing.T) {
	t.Parallel()
	m := newMask(t, `rules: [ { path: "@kafka_key", scan: {} }, { path: "@raw", scan: {} } ]`)
	in := service.NewMessage([]byte(`{}`))
	in.MetaSetMut("kafka_key", "jane@example.org")
	in.MetaSetMut("raw", []byte("by jane@example.org"))
	out := m.pass(t, in)[0]
	key, _ := out.MetaGet("kafka_key")
	assert.Equal(t, "<EMAIL>", key)
	raw, _ := out.MetaGet("raw")
	assert.Equal(t, "by <EMAIL>", raw)
}

// What is past the bound does not pass, nor does half of what lies across it.
func TestScanIsBounded(t *testing.T) {
	t.Parallel()
	m := newMask(t, `
rules: [ { path: "**", scan: { json: true } } ]
max_scan_bytes: 20
`)
	for in, want := range map[string]string{
		"12345678901234567890":                       "12345678901234567890",
		"1234567890123456789ä":                       "1234567890123456789<TRUNCATED>",
		"a text that is longer than that":            "a text that is longe<TRUNCATED>",
		"by jane@example.org, and longer":            "by <EMAIL>,<TRUNCATED>",
		"it was sent by jane@example.org":            "it was sent by <EMAIL><TRUNCATED>",
		"it was sent to all by jane@example.org":     "it was sent to all b<TRUNCATED>",
		`{"a":"jane\u0040example.org","b":"longer"}`: `{"a":"<EMAIL>","b":"longer"}`,
		`{"a":"a text that is longer than that"}`:    `{"a":"a text that is longe<TRUNCATED>"}`,
	} {
		text, err := json.Marshal(map[string]string{"a": in})
		require.NoError(t, err)
		var got map[string]string
		require.NoError(t, json.Unmarshal([]byte(m.text(t, string(text))), &got))
		assert.Equal(t, want, got["a"], in)
	}
	long := strings.Repeat("word ", 20000)
	bounded := newMask(t, `rules: [ { path: a, scan: {} } ]`)
	got := bounded.text(t, fmt.Sprintf(`{"a":%q}`, long+"jane@example.org"))
	assert.Len(t, got, len(`{"a":""}`)+65536+len(truncatedTag), "64 KiB unless set")
	assert.Contains(t, got, truncatedTag)
}

// Whatever is around it, and wherever the bound is, an address that stands by itself does
// not pass, as a whole or in part.
func FuzzScan(f *testing.F) {
	f.Add("to ", " and more", uint16(7), true)
	f.Add(`{"a":"`, `"}`, uint16(3), true)
	f.Add("\xff４111 1111", "1111 1111@", uint16(40), false)
	masks := map[string]*mask{}
	for _, options := range []string{"", "json: true, replace: remove", "replace: mask, numbers: true"} {
		masks[options] = newMask(f, `rules: [ { path: "**", scan: { `+options+` } } ]`)
	}
	f.Fuzz(func(t *testing.T, before, after string, bound uint16, asKey bool) {
		text := before + " canary@example.org " + after
		for options, m := range masks {
			w := newWalk(m.policy)
			s := *m.policy.rules[0].scan
			s.most = 1 + int(bound)
			m.policy.rules[0].scan = &s
			var content any = text
			if asKey {
				content = map[string]any{text: text}
			}
			masked, _, d := w.document(content)
			require.Nil(t, d)
			out, err := json.Marshal(masked)
			require.NoError(t, err)
			assert.NotContains(t, string(out), "canary@", options)
			assert.NotContains(t, string(out), "anary@example", options)
		}
	})
}
