package privacy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
)

func TestActions(t *testing.T) {
	t.Parallel()
	m := newMask(t, `
rules:
  - { path: customer.id, pseudonymize: { key: customer } }
  - { path: customer.email, pseudonymize: { type: email } }
  - { path: customer.name, drop: {} }
  - { path: customer.age, bucket: { size: 10 } }
  - { path: payment.card, mask: { keep_last: 4 } }
  - { path: client.ip, truncate_ip: {} }
`+keys)
	assert.JSONEq(t, `{
		"customer": {
			"id": "p_customer_7qNx5N7giOXg4dbMInoeVw",
			"email": "p_2026-11_AWgY6c1lFmLdaUBOBR2mXA",
			"age": 30
		},
		"payment": { "card": "************1111" },
		"client": { "ip": "192.0.2.0" },
		"total": 12345678901234567890
	}`, m.text(t, `{
		"customer": { "id": 17850, "email": "Jane@Example.org", "name": "Jane", "age": 37 },
		"payment": { "card": 4111111111111111 },
		"client": { "ip": "192.0.2.77" },
		"total": 12345678901234567890
	}`))
}

func TestLargeNumbersStayExact(t *testing.T) {
	t.Parallel()
	m := newMask(t, `rules: [ { path: a, keep: {} } ]`)
	assert.Equal(t, `{"a":12345678901234567890,"b":0.1}`, m.text(t, `{"a":12345678901234567890,"b":0.1}`))
}

func TestPaths(t *testing.T) {
	t.Parallel()
	const document = `{"a":{"b":"x","c":["x",{"b":"x"}],"d.e":"x"},"b":"x","f":null,"g":""}`
	for path, want := range map[string]string{
		`a.b`:      `{"a":{"b":"*","c":["x",{"b":"x"}],"d.e":"x"},"b":"x","f":null,"g":""}`,
		`a`:        `{"a":{"b":"*","c":["*",{"b":"*"}],"d.e":"*"},"b":"x","f":null,"g":""}`,
		`a.*`:      `{"a":{"b":"*","c":["*",{"b":"*"}],"d.e":"*"},"b":"x","f":null,"g":""}`,
		`*.b`:      `{"a":{"b":"*","c":["x",{"b":"x"}],"d.e":"x"},"b":"x","f":null,"g":""}`,
		`a.c.*`:    `{"a":{"b":"x","c":["*",{"b":"*"}],"d.e":"x"},"b":"x","f":null,"g":""}`,
		`a.c.1`:    `{"a":{"b":"x","c":["x",{"b":"*"}],"d.e":"x"},"b":"x","f":null,"g":""}`,
		`a.c.*.b`:  `{"a":{"b":"x","c":["x",{"b":"*"}],"d.e":"x"},"b":"x","f":null,"g":""}`,
		`**.b`:     `{"a":{"b":"*","c":["x",{"b":"*"}],"d.e":"x"},"b":"*","f":null,"g":""}`,
		`a.**.b`:   `{"a":{"b":"*","c":["x",{"b":"*"}],"d.e":"x"},"b":"x","f":null,"g":""}`,
		`a.c.**`:   `{"a":{"b":"x","c":["*",{"b":"*"}],"d.e":"x"},"b":"x","f":null,"g":""}`,
		`**`:       `{"a":{"b":"*","c":["*",{"b":"*"}],"d.e":"*"},"b":"*","f":null,"g":""}`,
		`*`:        `{"a":{"b":"*","c":["*",{"b":"*"}],"d.e":"*"},"b":"*","f":null,"g":""}`,
		`a["d.e"]`: `{"a":{"b":"x","c":["x",{"b":"x"}],"d.e":"*"},"b":"x","f":null,"g":""}`,
		`["b"]`:    `{"a":{"b":"x","c":["x",{"b":"x"}],"d.e":"x"},"b":"*","f":null,"g":""}`,
		`["*"]`:    document,
		`z.b`:      document,
		`a.b.c`:    document,
	} {
		m := newMask(t, fmt.Sprintf("rules: [ { path: %q, mask: {} } ]", path))
		assert.JSONEq(t, want, m.text(t, document), path)
	}
}

func TestTheFirstRuleWins(t *testing.T) {
	t.Parallel()
	m := newMask(t, `
rules:
  - { path: a.keep, keep: {} }
  - { path: "**.n", bucket: { size: 10 } }
  - { path: a, mask: {} }
  - { path: a.b, drop: {} }
  - { path: "**", drop: {} }
`)
	assert.JSONEq(t, `{"a":{"keep":"x","b":"**","n":30},"n":40}`,
		m.text(t, `{"a":{"keep":"x","b":"xy","n":37},"n":41,"c":"x","d":{"e":["x",{}]}}`))
	assert.Equal(t, []int{3}, m.policy.hidden, "a.b is masked by a before it can be dropped")
}

func TestDrop(t *testing.T) {
	t.Parallel()
	m := newMask(t, `rules: [ { path: a, drop: {} }, { path: b.*.c, drop: {} }, { path: d.*, drop: {} } ]`)
	assert.JSONEq(t, `{"b":[{},{"e":1},2],"d":[],"f":{}}`,
		m.text(t, `{"a":{"x":1},"b":[{"c":1},{"c":2,"e":1},2],"d":[1,2],"f":{}}`))
}

func TestUnlistedDrop(t *testing.T) {
	t.Parallel()
	m := newMask(t, `
rules:
  - { path: type, keep: {} }
  - { path: items.*.price, keep: {} }
  - { path: customer.id, pseudonymize: { key: customer } }
unlisted: drop
`+keys)
	assert.JSONEq(t, `{"type":"order","items":[{"price":5}],"customer":{"id":"p_customer_7qNx5N7giOXg4dbMInoeVw"}}`,
		m.text(t, `{"type":"order","items":[{"price":5,"name":"x"},{"name":"y"},"z"],"customer":{"id":"17850","deep":{"er":[{"x":"y"}]}},"jane@example.org":{},"n":null}`))
	assert.JSONEq(t, `{}`, m.text(t, `"jane@example.org"`))
	assert.JSONEq(t, `{}`, m.text(t, `{"x":1}`))
}

// Keys that nobody thought of do not pass where values do not.
func TestUnlistedKeys(t *testing.T) {
	t.Parallel()
	m := newMask(t, `
rules:
  - { path: "**.ip", truncate_ip: {} }
  - { path: hosts.*, mask: {} }
  - { path: 'by["a@example.org"]', mask: {} }
  - { path: kept, keep: {} }
unlisted: drop
`)
	for in, want := range map[string]string{
		`{"jane@example.org":{"ip":"192.0.2.77","x":1}}`:         `{"<EMAIL>":{"ip":"192.0.2.0"}}`,
		`{"hosts":{"192.0.2.77":"x","(212) 555-0123":"y"}}`:      `{"hosts":{"<IP_ADDRESS>":"*","<PHONE>":"*"}}`,
		`{"by":{"a@example.org":"x"}}`:                           `{"by":{"a@example.org":"*"}}`,
		`{"kept":{"a@example.org":"x"}}`:                         `{"kept":{"a@example.org":"x"}}`,
		`{"a@example.org":{"b@example.org":[{"ip":"2.3.4.5"}]}}`: `{"<EMAIL>":{"<EMAIL>":[{"ip":"2.3.4.0"}]}}`,
	} {
		assert.JSONEq(t, want, m.text(t, in))
	}
	m = newMask(t, `rules: [ { path: "**.ip", truncate_ip: {} } ]`)
	assert.JSONEq(t, `{"a@example.org":{"ip":"192.0.2.0"}}`, m.text(t, `{"a@example.org":{"ip":"192.0.2.77"}}`), "with unlisted: keep, only scan looks at keys")
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	m := newMask(t, `rules: [ { path: "@kafka_key", mask: {} }, { path: "@x.ip", truncate_ip: {} } ]`)
	in := service.NewMessage([]byte(`{}`))
	for name, v := range map[string]any{"kafka_topic": "t", "kafka_partition": 3, "kafka_offset": int64(17), "kafka_key": "jane", "x.ip": "192.0.2.77", "other": "secret"} {
		in.MetaSetMut(name, v)
	}
	out := m.pass(t, in)[0]
	got := map[string]any{}
	require.NoError(t, out.MetaWalkMut(func(name string, v any) error { got[name] = v; return nil }))
	assert.Equal(t, map[string]any{"kafka_topic": "t", "kafka_partition": 3, "kafka_offset": int64(17), "kafka_key": "****", "x.ip": "192.0.2.0"}, got)
	other, _ := in.MetaGet("other")
	assert.Equal(t, "secret", other, "what came in is left as it was")

	all := newMask(t, `{ rules: [ { path: "@*", drop: {} } ], metadata: [ kafka_topic ] }`)
	require.NoError(t, all.pass(t, in)[0].MetaWalk(func(name, _ string) error { return errors.New(name) }))
}

const canary = "canary"

// Whatever goes wrong, nothing of the message goes on, neither in it nor in the error.
func TestFailsClosed(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, maxDepth+2) + `"canary"` + strings.Repeat(`}`, maxDepth+2)
	for name, test := range map[string]struct{ rules, content, want string }{
		"not JSON":       {`{ path: x, mask: {} }`, `canary {`, "the message is not JSON"},
		"half JSON":      {`{ path: x, mask: {} }`, `{"a":"canary"`, "the message is not JSON"},
		"empty":          {`{ path: x, mask: {} }`, ``, "the message is not JSON"},
		"no address":     {`{ path: ip, truncate_ip: {} }`, `{"ip":"canary"}`, "rules[0] (path ip, truncate_ip): the value is not of the form"},
		"number as ip":   {`{ path: ip, truncate_ip: {} }`, `{"ip":5,"a":"canary"}`, "rules[0] (path ip, truncate_ip): the value is of a type"},
		"no number":      {`{ path: age, bucket: { size: 10 } }`, `{"age":"canary"}`, "rules[0] (path age, bucket): the value is not of the form"},
		"boolean":        {`{ path: age, bucket: { size: 10 } }`, `{"age":true,"x":"canary"}`, "rules[0] (path age, bucket): the value is of a type"},
		"object":         {`{ path: ip, truncate_ip: {} }`, `{"ip":{"canary":"canary"}}`, "rules[0] (path ip, truncate_ip)"},
		"second of two":  {`{ path: ip, mask: {} }, { path: n, bucket: { size: 1 } }`, `{"ip":"canary","n":"canary"}`, "rules[1] (path n, bucket)"},
		"deep":           {`{ path: x, mask: {} }`, deep, "more than 128 levels"},
		"metadata":       {`{ path: "@who", truncate_ip: {} }`, `{"a":"canary"}`, "rules[0] (path @who, truncate_ip)"},
		"listed and bad": {`{ path: "@kafka_topic", truncate_ip: {} }`, `{"a":"canary"}`, "rules[0] (path @kafka_topic, truncate_ip)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMask(t, "rules: [ "+test.rules+" ]")
			bad := service.NewMessage([]byte(test.content))
			topic := "orders"
			if name == "listed and bad" {
				topic = canary
			}
			bad.MetaSetMut("kafka_topic", topic)
			bad.MetaSetMut("kafka_offset", 17)
			bad.MetaSetMut("who", canary)
			bad.MetaSetMut(canary, "x")
			good := service.NewMessage([]byte(`{"ok":1}`))
			good.MetaSetMut("who", "192.0.2.1")
			good.MetaSetMut("kafka_topic", "192.0.2.1")

			batch := []*service.Message{good.Copy(), bad, good.Copy()}
			out := m.pass(t, batch...)
			require.Len(t, out, 3)
			assert.Same(t, bad, out[1], "the flag must be on the message that came")
			require.ErrorContains(t, out[1].GetError(), "privacy_mask: ")
			require.ErrorContains(t, out[1].GetError(), test.want)
			assert.NotContains(t, out[1].GetError().Error(), canary)
			assert.Equal(t, "{}", textOf(t, out[1]))
			offset, _ := out[1].MetaGet("kafka_offset")
			assert.Equal(t, "17", offset, "an operator can read the source again")
			require.NoError(t, out[1].MetaWalk(func(name, value string) error {
				assert.NotContains(t, name+value, canary)
				return nil
			}))
			for _, i := range []int{0, 2} {
				require.NoError(t, out[i].GetError())
				assert.JSONEq(t, `{"ok":1}`, textOf(t, out[i]))
			}
		})
	}
}

func TestAMessageThatFailedBeforeIsMasked(t *testing.T) {
	t.Parallel()
	m := newMask(t, `rules: [ { path: a, mask: {} } ]`)
	failed := service.NewMessage([]byte(`{"a":"x"}`))
	failed.SetError(errors.New("cannot parse canary"))
	out := m.pass(t, failed)
	assert.JSONEq(t, `{"a":"*"}`, textOf(t, out[0]))
	require.ErrorContains(t, out[0].GetError(), "the message failed in an earlier processor, whose error is withheld, as it may quote what is masked: put privacy_mask before")
	assert.NotContains(t, out[0].GetError().Error(), canary)
	require.EqualError(t, failed.GetError(), "cannot parse canary", "what came in is left as it was")

	failed = service.NewMessage([]byte(`canary`))
	failed.SetError(errors.New("cannot parse canary"))
	require.EqualError(t, m.pass(t, failed)[0].GetError(), "privacy_mask: the message is not JSON: parse it before this processor")
}

func TestInputIsNotModified(t *testing.T) {
	t.Parallel()
	m := newMask(t, `rules: [ { path: a, mask: {} }, { path: b, drop: {} } ]`)
	for _, parsed := range []bool{false, true} {
		in := service.NewMessage([]byte(`{"a":"x","b":[1]}`))
		if parsed {
			in.SetStructured(map[string]any{"a": "x", "b": []any{1.0}})
		}
		out := m.pass(t, in)
		assert.JSONEq(t, `{"a":"*"}`, textOf(t, out[0]))
		assert.JSONEq(t, `{"a":"x","b":[1]}`, textOf(t, in))
	}
}

func TestFailedMessagesAreBatchesOfTheirOwn(t *testing.T) {
	t.Parallel()
	m := newMask(t, `rules: [ { path: a, bucket: { size: 1 } } ]`)
	var batch service.MessageBatch
	for _, content := range []string{`{"a":"x"}`, `{"a":1}`, `{"a":2}`, `{"a":"x"}`} {
		batch = append(batch, service.NewMessage([]byte(content)))
	}
	out, err := m.ProcessBatch(t.Context(), batch)
	require.NoError(t, err)
	require.Len(t, out, 3, "under strict error handling the first message stands for its batch")
	assert.Len(t, out[1], 2)
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	for conf, want := range map[string]string{
		`rules: [ { path: a } ]`:                                             "rules[0]: path a has no action",
		`rules: [ { path: a, drop: {}, mask: {} } ]`:                         "rules[0]: path a has both drop and mask",
		`rules: [ { path: a..b, drop: {} } ]`:                                `rules[0].path "a..b": use names with single dots`,
		`rules: [ { path: "", drop: {} } ]`:                                  `rules[0].path ""`,
		`rules: [ { path: "a[b]", drop: {} } ]`:                              `rules[0].path "a[b]"`,
		`rules: [ { path: this.a, drop: {} } ]`:                              `rules[0].path "this.a": paths are no mappings`,
		`rules: [ { path: "a.*x", drop: {} } ]`:                              `rules[0].path "a.*x": use names with single dots`,
		`rules: [ { path: "@", drop: {} } ]`:                                 `rules[0].path "@": give the name`,
		`rules: [ { path: a, mask: { keep_last: -1 } } ]`:                    "rules[0]: mask: keep_first 0 and keep_last -1: use 0 or more",
		`rules: [ { path: a, mask: { char: xx } } ]`:                         `char "xx": use one character`,
		`rules: [ { path: a, bucket: { size: 0 } } ]`:                        "size 0: use a number above 0",
		`rules: [ { path: a, truncate_ip: { v4: 33 } } ]`:                    "v4 33: use 0 to 32 bits",
		`rules: [ { path: a, truncate_ip: { v6: 129 } } ]`:                   "v6 129: use 0 to 128 bits",
		`rules: [ { path: a, pseudonymize: {} } ]`:                           "there are no keys",
		`rules: [ { path: a, pseudonymize: { key: x } } ]` + keys:            `key "x" is not among the keys`,
		`rules: [ { path: a, pseudonymize: { domain: " " } } ]` + keys:       "is blank",
		`rules: [ { path: "` + strings.Repeat("a.", 64) + `a", drop: {} } ]`: "use at most 64 levels",
		`rules: []`: "nothing would be masked",
		`{ rules: [ { path: a, drop: {} } ], keys: [ { id: k } ] }`:                        "keys[0]: key \"k\": give it a secret, a file or a tink keyset",
		`{ rules: [ { path: a, drop: {} } ], keys: [ { id: k, secret: "" } ] }`:            "keys[0]: key \"k\" is empty",
		`{ rules: [ { path: a, drop: {} } ], keys: [ { id: k, file: /does/not/exist } ] }`: "keys[0]: reading key \"k\"",
	} {
		_, err := build(t, conf)
		require.ErrorContains(t, err, want, conf)
	}
}

func TestTooManyWildcards(t *testing.T) {
	t.Parallel()
	path := "**.a" + strings.Repeat(".*", 40)
	_, err := build(t, fmt.Sprintf("rules: [ { path: %q, drop: {} } ]", path))
	require.ErrorContains(t, err, "too many combinations")
}

// What comes from the store is masked already. A producer cannot say so, and who changes it
// has it masked.
func TestRefreshesPass(t *testing.T) {
	t.Parallel()
	m := newMask(t, "rules: [ { path: customer_id, drop: {} } ]")
	refresh := func() *service.Message {
		sent := service.NewMessage(nil)
		sent.SetStructured(map[string]any{"customer_id": "p_1_abc", "features": map[string]any{"orders": 3.0, "mood": nil}, "at": "2026-01-01T00:00:00Z"})
		sent.MetaSetMut("feature_version", int64(3))
		return message.WithRefresh(sent, message.Refresh{Customer: "p_1_abc"})
	}
	whole := refresh()
	joined := refresh()
	joined.SetStructured(map[string]any{"customer_id": "p_1_abc", "features": map[string]any{"orders": 3.0, "mood": nil}, "at": "2026-01-01T00:00:00Z", "email": "jane@example.org"})
	forged := service.NewMessage([]byte(`{"customer_id":"c"}`))
	forged.MetaSetMut("feature_refresh", true)
	out := m.pass(t, whole, joined, forged)
	assert.Same(t, whole, out[0])
	for _, masked := range out[1:] {
		content, err := masked.AsStructured()
		require.NoError(t, err)
		assert.NotContains(t, content, "customer_id")
	}
}
