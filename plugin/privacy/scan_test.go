package privacy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
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
		{`numbers: true`, `{"a":4111111111111111,"b":17,"c":4.111111111111111e15,"d":4111111111111111.0}`, `{"a":"<CREDIT_CARD>","b":17,"c":"<CREDIT_CARD>","d":"<CREDIT_CARD>"}`},
		{``, `{"a":"call 212-555-0123"}`, `{"a":"call <PHONE>"}`},
		{`region: us`, `{"a":"call 212-555-0123"}`, `{"a":"call <PHONE>"}`},
		{`region: none`, `{"a":"call 212-555-0123, +1 212 555 0123"}`, `{"a":"call 212-555-0123, <PHONE>"}`},
		{`region: de`, `{"a":"Tel. 030 901820"}`, `{"a":"Tel. <PHONE>"}`},
		{`custom: [ { name: order_number, pattern: 'ORD-\d{4}' } ]`, `{"a":"ORD-1234 for jane@example.org"}`, `{"a":"<ORDER_NUMBER> for <EMAIL>"}`},

		{``, `{"a":"{\"b\":\"jane@example.org\"}"}`, `{"a":"{\"b\":\"<EMAIL>\"}"}`},
		{``, `{"a":"{\"b\":\"jane\\u0040example.org\"}"}`, `{"a":"{\"b\":\"jane\\u0040example.org\"}"}`},
		{`json: true`, `{"a":"{\"b\":\"jane\\u0040example.org\",\"n\":1.50,\"h\":\"<b>\"}"}`, `{"a":"{\"b\":\"<EMAIL>\",\"h\":\"<b>\",\"n\":1.50}"}`},
		{`json: true`, `{"a":"[\"x\", {\"jane@example.org\": \"[\\\"jane@example.org\\\"]\"}]"}`, `{"a":"[\"x\",{\"<EMAIL>\":\"[\\\"<EMAIL>\\\"]\"}]"}`},
		{`json: true`, `{"a":"{\"b\":\"jane@example.org\",\"b\":\"x\"}"}`, `{"a":"{\"b\":\"<EMAIL>\",\"b\":\"x\"}"}`},
		{`json: true`, `{"a":"{ \"b\" : 1 }","b":"{jane@example.org","c":"{} {}"}`, `{"a":"{ \"b\" : 1 }","b":"{<EMAIL>","c":"{} {}"}`},
		{`json: true`, `{"a":"[{\"n\":1,\"card\":4111111111111111}]"}`, `{"a":"[{\"card\":\"<CREDIT_CARD>\",\"n\":1}]"}`},
		{`json: true`, `{"a":"{\"a\":\"jane\\u0040example.org\",\"a\":1}"}`, `{"a":"{\"a\":\"<EMAIL>\",\"a\":1}"}`},
		{`json: true`, `{"a":"{\"a\":\"jane\\u0040example.org\"}{}"}`, `{"a":"{\"a\":\"<EMAIL>\"}{}"}`},
		{`json: true`, `{"a":"{\"a\":\"jane\\u0040example.org\"} x"}`, `{"a":"{\"a\":\"<EMAIL>\"} x"}`},
		{`json: true`, `{"a":"{\"a\":\"jane\\u0040example.org"}`, `{"a":"{\"a\":\"<EMAIL>"}`},
		{`json: true`, `{"a":"{\"a\":\"[\\\"jane\\\\u0040example.org\\\"]\",\"a\":1}"}`, `{"a":"{\"a\":\"[\\\"<EMAIL>\\\"]\",\"a\":1}"}`},
		{`json: true`, `{"a":"{\"a\":\"x\\u0022\\/\\u00e4\",\"a\":1}"}`, `{"a":"{\"a\":\"x\\u0022\\/\\u00e4\",\"a\":1}"}`},
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
		"1234567890123456789ä":                       "<TRUNCATED>",
		"a text that is longer than that":            "a text that is <TRUNCATED>",
		"a text that is quite longer":                "a text that is quite<TRUNCATED>",
		"by jane@example.org, and longer":            "by <EMAIL>,<TRUNCATED>",
		"it was sent by jane@example.org":            "it was sent by <EMAIL><TRUNCATED>",
		"it was sent to all by jane@example.org":     "it was sent to all <TRUNCATED>",
		`{"a":"jane\u0040example.org","b":"longer"}`: `{"a":"<EMAIL>","b":"longer"}`,
		`{"a":"a text that is longer than that"}`:    `{"a":"a text that is <TRUNCATED>"}`,
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
	assert.Len(t, got, len(`{"a":""}`)+65535+len(truncatedTag), "64 KiB unless set")
	assert.Contains(t, got, truncatedTag)
}

// Half of a token that lies across the bound is not recognised, and does not pass.
func TestTokensAcrossTheBound(t *testing.T) {
	t.Parallel()
	m := newMask(t, `
rules: [ { path: a, scan: { detectors: [ email, api_key ] } } ]
max_scan_bytes: 6000
`)
	token := "eyJhbGciOiJIUzI1NiJ9." + strings.Repeat("canary", 1000) + ".x"
	for _, before := range []string{"", strings.Repeat("word ", 1100), strings.Repeat("word ", 1199)} {
		got := m.text(t, fmt.Sprintf(`{"a":%q}`, before+token+" and more"))
		assert.NotContains(t, got, canary, "%d bytes before", len(before))
		assert.Contains(t, got, before)
		assert.Contains(t, got, truncatedTag)
	}
	blob := strings.Repeat("x", 7000)
	assert.Len(t, m.text(t, fmt.Sprintf(`{"a":%q}`, blob)), len(`{"a":""}`)+6000-4096+len(truncatedTag), "what has no end is cut anywhere")
}

// The names of a value are words of context, as far as they are needed.
func TestNamesAreContext(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ options, in, want string }{
		{``, `{"phone":"2125550123"}`, `{"phone":"<PHONE>"}`},
		{``, `{"customerPhoneNumber":"2125550123","cell_no":"2125550123","x-phone1":"2125550123"}`, `{"customerPhoneNumber":"<PHONE>","cell_no":"<PHONE>","x-phone1":"<PHONE>"}`},
		{``, `{"phones":["2125550123",{"number":"2125550123"}],"phone":{"work":["2125550123"]}}`, `{"phones":["<PHONE>",{"number":"<PHONE>"}],"phone":{"work":["<PHONE>"]}}`},
		{``, `{"ssn":"123456789"}`, `{"ssn":"<US_SSN>"}`},
		{``, `{"customerSSN":"123 45 6789"}`, `{"customerSSN":"<US_SSN>"}`},
		{``, `{"card":"4222222222222"}`, `{"card":"<CREDIT_CARD>"}`},
		{``, `{"phone":"２１２５５５０１２３"}`, `{"phone":"<PHONE>"}`},
		{``, `{"phone":"mail jane@example.org, 2125550123"}`, `{"phone":"mail <EMAIL>, <PHONE>"}`},
		{``, `{"phone":{"2125550123":1}}`, `{"phone":{"<PHONE>":1}}`},
		{`numbers: true`, `{"phone":14155552671}`, `{"phone":"<PHONE>"}`},
		{`numbers: true`, `{"ssn":123456789}`, `{"ssn":"<US_SSN>"}`},
		{`json: true`, `{"a":"{\"phone\":\"2125550123\",\"ssn\":123456789}"}`, `{"a":"{\"phone\":\"<PHONE>\",\"ssn\":\"<US_SSN>\"}"}`},

		// Names add, and take nothing away.
		{``, `{"order_id":"123-45-6789"}`, `{"order_id":"<US_SSN>"}`},
		{``, `{"reference":"2125550123","at":"1764078331","sku":"85123A","phone":"iPhone 15 Pro 256 GB"}`, `{"reference":"2125550123","at":"1764078331","sku":"85123A","phone":"iPhone 15 Pro 256 GB"}`},
		{``, `{"other":"2125550123","phone":{"a":{"b":"2125550123"}}}`, `{"other":"2125550123","phone":{"a":{"b":"2125550123"}}}`},
		{``, `{"phone":"first\n2125550123"}`, `{"phone":"first\n2125550123"}`},
		{``, `{"https":"//jane:pass1234@example.com/"}`, `{"https":"//jane:<EMAIL>/"}`},
	} {
		m := newMask(t, `rules: [ { path: "**", scan: { `+test.options+` } } ]`+oneKey)
		assert.JSONEq(t, test.want, m.text(t, test.in), test.options)
	}
	m := newMask(t, `rules: [ { path: "@*", scan: {} } ]`)
	in := service.NewMessage([]byte(`{}`))
	in.MetaSetMut("x_phone", "2125550123")
	phone, _ := m.pass(t, in)[0].MetaGet("x_phone")
	assert.Equal(t, "<PHONE>", phone)
}

// What is short is not looked at a second time.
func TestDigitsThatNamesCountFor(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, "85123A": false, "123456": false, "1234567": true, "1.2.3.4": true, "5.6.1987": true, "5 June 1987": true, "１９８７": true,
		"in 3 or 4 days": false, "über 12 Mäuse": false, "18 Café 1987": true,
	} {
		assert.Equal(t, want, hasDigits(text), text)
	}
}

func TestWordsOfNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"phone": "phone", "phone_number": "phone number", "phoneNumber": "phone number", "PhoneNumber": "phone number", "PHONE_NUMBER": "phone number",
		"IPAddress": "ip address", "clientIP": "client ip", "home-phones[0].no": "home phone no", "phone2": "phone", "teléfonoMóvil": "teléfono móvil",
		"電話番号": "電話番号", "": "", "_1_": "", "\xff": "", strings.Repeat("a", 97): "",
	} {
		var b strings.Builder
		appendWords(&b, name)
		assert.Equal(t, want, b.String(), name)
	}
}

// Different ways to write the same thing get one pseudonym, and different things do not.
func TestPseudonymsOfWhatIsFound(t *testing.T) {
	t.Parallel()
	m := newMask(t, `rules: [ { path: "**", scan: { replace: pseudonym, domain: d, detectors: [ email, phone, credit_card, iban, ip_address, us_ssn, mac_address, es_nif, uk_nhs ] } } ]`+oneKey)
	seen := map[string]string{}
	for _, group := range [][]string{
		{"4111 1111 1111 1111", "4111-1111-1111-1111", "４１１１ １１１１ １１１１ １１１１", "4111\u200b111111111111"},
		{"5555555555554444", "５５５５ ５５５５ ５５５５ ４４４４"},
		{"123-45-6789", "１２３-４５-６７８９"},
		{"234-56-7890", "２３４-５６-７８９０"},
		{"jane@example.org", "ｊａｎｅ@example.org", "Jane@Example.ORG"},
		{"2001:db8::1", "2001:DB8:0:0::1", "2001:0db8:0000:0000:0000:0000:0000:0001"},
		{"192.0.2.77", "::ffff:192.0.2.77"},
		{"00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7"},
		{"DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "ＤＥ89370400440532013000"},
		{"+12125550123", "(212) 555-0123", "（２１２）５５５-０１２３"},
	} {
		first := m.text(t, fmt.Sprintf(`{"a":%q}`, group[0]))
		require.Regexp(t, `^\{"a":"p_a_.{22}"\}$`, first, group[0])
		assert.Empty(t, seen[first], group[0])
		seen[first] = group[0]
		for _, other := range group[1:] {
			assert.Equal(t, first, m.text(t, `{"a":"`+other+`"}`), other)
		}
	}
	var out strings.Builder
	s := m.policy.rules[0].scan
	require.ErrorIs(t, s.write(&out, "no digits", "credit_card"), transform.ErrValue)
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
