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
		{`privacy_reveal: { rules: [ { path: a } ] }`, "rules[0] has no action: give it one of keep, encrypt, fpe"},
		{`privacy_reveal: { rules: [ { path: a, pseudonymize: {} } ] }`, "field pseudonymize not recognised"},
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
