package privacy

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// design is the example of the design document, to the letter.
const design = `
    rules:                                   # the first rule whose path matches a leaf wins
      - { path: customer.email,      pseudonymize: {} }
      - { path: customer.name,       drop: {} }
      - { path: payment.card,        mask: { keep_last: 4 } }
      - { path: client.ip,           truncate_ip: { v4: 24, v6: 48 } }
      - { path: customer.birth_date, truncate_date: { to: year } }
      - { path: customer.age,        bucket: { size: 10 } }
      - { path: geo.*,               round: { decimals: 1 } }
      - { path: visit.at,            shift_date: { max_days: 30, by: this.customer.id } }
      - { path: account.iban,        encrypt: {} }            # reversible, deterministic, with the key only
      - { path: customer.phone,      fpe: { alphabet: digits } }
      - { path: ticket.text,         scan: { detectors: [email, phone, credit_card, iban, ip_address, us_ssn], region: US, replace: tag } }
      - { path: "**",                scan: {} }               # every other string and object key, the six detectors above
    unlisted: keep               # keep | drop: with drop, only leaves that a rule names survive
    keys:                        # newest first: the first writes, all read; at least 32 bytes, base64
      - { id: "2026-11", secret: "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" }
    consent: { check: this.consent.analytics == true, otherwise: drop }
    metadata: [kafka_topic, kafka_partition, kafka_offset, kafka_timestamp_ms]
    max_scan_bytes: 65536
`

func TestLint(t *testing.T) {
	t.Parallel()
	env := service.NewEnvironment()
	require.NoError(t, Register(env))
	linter := env.NewComponentConfigLinter()
	mask := func(rules string) string { return "privacy_mask: { rules: [ " + rules + " ] }" }
	for _, test := range []struct{ conf, want string }{
		{"privacy_mask:\n" + design, ""},
		{mask(`{ path: a, drop: {} }`), ""},
		{mask(`{ path: a, mask: { keep_last: 4 } }`), ""},
		{mask(`{ path: a }`), "rules[0] has no action"},
		{mask(`{ path: b, drop: {} }, { path: a, drop: {}, keep: {} }`), "rules[1] has several actions"},
		{mask(`{ path: a, hash: {} }`), "field hash not recognised"},
		{mask(`{ path: a, truncate_date: { to: century } }`), "century"},
		{mask(`{ path: a, scan: { replace: nothing } }`), "nothing"},
		{mask(`{ path: a, scan: { custom: [ { name: order, pattern: "ORD", context: [ x ] } ] } }`), ""},
		{mask(`{ path: a, scan: { custom: [ { name: order } ] } }`), "custom[0]: give it a name and a pattern"},
		{mask(`{ path: a, scan: { custom: [ { name: order, pattern: x, words: [] } ] } }`), "custom[0] has an unknown field"},
		{mask(`{ path: a, scan: { custom: x } }`), "custom is no list"},

		{mask(`{ path: a, drop: {} }, { path: a, mask: {} }`), "rules[1] (path a) never applies, as rules[0] matches all"},
		{mask(`{ path: a, drop: {} }, { path: a.b, mask: {} }`), "rules[1] (path a.b) never applies"},
		{mask(`{ path: "**", drop: {} }, { path: a.b, mask: {} }`), "never applies"},
		{mask(`{ path: "*", drop: {} }, { path: a.b, mask: {} }`), "never applies"},
		{mask(`{ path: "a.*.c", drop: {} }, { path: a.b.c, mask: {} }`), "never applies"},
		{mask(`{ path: "a.*", drop: {} }, { path: "a.*.b", mask: {} }`), "never applies"},
		{mask(`{ path: "**.b", drop: {} }, { path: "a.**.b", mask: {} }`), "never applies"},
		{mask(`{ path: "@*", drop: {} }, { path: "@kafka_key", mask: {} }`), "never applies"},
		{mask(`{ path: "@a.b", drop: {} }, { path: "@a.b", mask: {} }`), "never applies"},
		{mask(`{ path: a.b, drop: {} }, { path: a, mask: {} }`), ""},
		{mask(`{ path: "a.*", drop: {} }, { path: "a.**", mask: {} }`), ""},
		{mask(`{ path: "**", drop: {} }, { path: "@a", mask: {} }`), ""},
		{mask(`{ path: "@a", drop: {} }, { path: "@a.b", mask: {} }`), ""},
		{mask(`{ path: "a+", drop: {} }, { path: aa, mask: {} }`), ""},
		{mask(`{ path: a, drop: {} }, { path: ab, mask: {} }`), ""},
		{mask(`{ path: 'a["b.c"]', drop: {} }, { path: 'a["b.d"]', mask: {} }`), ""},

		// What the start refuses, too.
		{mask(`{ path: a, scan: { detectors: [ email, phone ], region: us } }`), ""},
		{mask(`{ path: a, scan: { detectors: [ emial ] } }`), "detectors: emial is none: use some of email"},
		{mask(`{ path: a, scan: { detectors: [] } }`), "detectors: use a list of at least one"},
		{mask(`{ path: a, scan: { detectors: email } }`), "detectors: use a list of at least one"},
		{mask(`{ path: a, scan: { region: XX } }`), `region "XX" is not known`},
		{mask(`{ path: a, scan: { region: none } }`), ""},
		{mask(`{ path: a, pseudonymize: { type: phone, region: XX } }`), `region "XX" is not known`},
		{mask(`{ path: a, scan: { custom: [ { name: order, pattern: "(" } ] } }`), "custom[0].pattern is no regular expression"},
		{mask(`{ path: a, scan: { custom: [ { name: Order, pattern: x } ] } }`), "custom[0].name: use small letters"},
		{mask(`{ path: a, scan: { custom: [ { name: order, pattern: x, checksum: crc } ] } }`), "custom[0].checksum is not known"},
		{mask(`{ path: a, bucket: { size: 0 } }`), "0 is out of range: use 0.000000001 to"},
		{mask(`{ path: a, bucket: { size: 0.5 } }`), ""},
		{mask(`{ path: a, shift_date: { max_days: 0, by: this.b } }`), "0 is out of range: use 1 to 36500"},
		{mask(`{ path: a, mask: { keep_last: -1 } }`), "-1 is too small: use 0 or more"},
		{mask(`{ path: a, truncate_ip: { v4: 33 } }`), "33 is out of range: use 0 to 32"},
		{mask(`{ path: a, round: { decimals: 16 } }`), "16 is out of range: use -15 to 15"},
		{mask(`{ path: a, truncate_date: { to: year, unit: h } }`), "h"},
		{`privacy_mask: { rules: [ { path: a, drop: {} } ], max_scan_bytes: 0 }`, "0 is too small: use 1 or more"},
		{`privacy_mask: { keys: [ { id: k_1, file: x } ] }`, `key id "k_1": use 1 to 16 of`},
		{`privacy_mask: { keys: [ { id: k, secret: x }, { id: l } ] }`, `key "l" has no secret, or several`},
		{`privacy_mask: { keys: [ { id: k, secret: x, file: y } ] }`, `key "k" has no secret, or several`},
		{`privacy_mask: { keys: [ { id: k, secret: x }, { id: l, file: x }, { id: m, tink: x } ] }`, ""},

		{`privacy_mask: { consent: { check: this.a } }`, ""},
		{`privacy_mask: { consent: { check: this.a, otherwise: drop } }`, ""},
		{`privacy_mask: { consent: { check: this.a, otherwise: { strip: [ a, b ] } } }`, ""},
		{`privacy_mask: { consent: { check: this.a, otherwise: strip, strip: [ a, b ] } }`, ""},
		{`privacy_mask: { consent: { check: this.a, strip: [ a, b ] } }`, ""},
		{`privacy_mask: { consent: { check: this.a, otherwise: strip } }`, "strip is missing"},
		{`privacy_mask: { consent: { check: this.a, otherwise: keep } }`, "otherwise: use drop, or"},
		{`privacy_mask: { consent: { check: this.a, otherwise: { strip: [] } } }`, "otherwise: use drop, or"},
		{`privacy_mask: { consent: { check: this.a, otherwise: drop, strip: [ a ] } }`, "otherwise is drop, and there are paths"},
		{`privacy_mask: { consent: { check: this.a, strip: a } }`, "strip is no list"},
		{`privacy_mask: { consent: { otherwise: drop } }`, "check"},
		{`privacy_mask: { consent: { check: "this is" } }`, "expected ="},

		{`privacy_reveal: { rules: [ { path: a, encrypt: {} }, { path: b, fpe: { alphabet: digits, key: x } }, { path: c, keep: {} } ], keys: [ { id: x, file: y } ] }`, ""},
		{`privacy_reveal: { rules: [ { path: a } ] }`, "rules[0] has no action: give it one of keep, drop"},
		{`privacy_reveal: { rules: [ { path: a, pseudonymize: {} } ] }`, ""},
		{`privacy_reveal: { rules: [ { path: a, hash: {} } ] }`, "field hash not recognised"},
	} {
		lints, err := linter.LintProcessorYAML([]byte(test.conf))
		require.NoError(t, err)
		if test.want == "" {
			assert.Empty(t, lints, test.conf)
			continue
		}
		if assert.NotEmpty(t, lints, test.conf) {
			assert.Contains(t, fmt.Sprint(lints), test.want, test.conf)
		}
	}
}

// What lints as a path starts, and nothing else does.
func TestLintOfPaths(t *testing.T) {
	t.Parallel()
	env := service.NewEnvironment()
	require.NoError(t, Register(env))
	linter := env.NewComponentConfigLinter()
	for path, good := range map[string]bool{
		`a`: true, `a.b`: true, `*`: true, `**`: true, `a.*.b`: true, `**.ip`: true, `a.0`: true, `a b`: true, `a-b.$oid`: true, `$id`: true,
		`["a.b"]`: true, `a["b"]`: true, `a["b"].c`: true, `a["b"]["c"].*`: true, `a.["b"]`: true, `["*x"]`: true, `["this"].a`: true, `@`: false, `@a`: true, `@*`: true, `@a.b[`: true,
		`this`: true, `rooted.a`: true, `a.this.b`: true,
		``: false, `.`: false, `a.`: false, `.a`: false, `a..b`: false, `a[0]`: false, `a[b]`: false, `a["b"`: false, `a["b"]c`: false, `[]`: false,
		`this.customer.email`: false, `root.a`: false, `this["a"]`: false, `$.a`: false, `$`: false, `$["a"]`: false,
		`a.*x`: false, `a*`: false, `***`: false, `a.**b`: false,
	} {
		lints, err := linter.LintProcessorYAML(fmt.Appendf(nil, "privacy_mask: { rules: [ { path: %q, drop: {} } ] }", path))
		require.NoError(t, err)
		assert.Equal(t, good, len(lints) == 0, "%s: %v", path, lints)
		_, err = build(t, fmt.Sprintf("rules: [ { path: %q, drop: {} } ]", path))
		assert.Equal(t, good, err == nil, "%s: %v", path, err)
		if !good {
			assert.Contains(t, fmt.Sprint(lints), "path ", "%s", path)
		}
	}
}
