package transform

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// pseudonymBytes of the HMAC are kept: two of 10¹² values meet with a chance of 10⁻¹⁵.
const pseudonymBytes = 16

// Pseudonymize replaces a value by a keyed pseudonym, p_<key id>_<22 characters>: the
// first 16 bytes of
//
//	HMAC-SHA-256(secret, len(domain) ‖ domain ‖ value)
//
// in base64url, where len is 4 bytes, big-endian. The same value gets the same
// pseudonym wherever key and domain are the same. Without the secret, it cannot be told
// from a random one, nor found by trying all values. Numbers count in their canonical
// decimal form. A pseudonym is a value like any other: treated again, it becomes another.
type Pseudonymize struct {
	prefix    string
	domain    []byte // with its length
	normalise func(string) string
	hash      keyedHash
}

// normalisers make different ways to write the same thing the same, by type.
var normalisers = map[string]func(string) string{
	"": func(s string) string { return s },
	"email": func(s string) string {
		return cases.Fold().String(norm.NFC.String(strings.TrimSpace(s)))
	},
	"iban": func(s string) string {
		return strings.ToUpper(strings.Join(strings.Fields(s), ""))
	},
}

// NewPseudonymize makes the action. The domain keeps equal values of different meaning
// apart. The type is "", email (letter case, white space and Unicode forms do not count)
// or iban (letter case and white space do not).
func NewPseudonymize(key Key, domain, valueType string) (*Pseudonymize, error) {
	normalise, known := normalisers[valueType]
	if !known {
		return nil, fmt.Errorf("type %q is not known: use email or iban, or leave it out", valueType)
	}
	return &Pseudonymize{
		prefix:    "p_" + key.ID + "_",
		domain:    append(binary.BigEndian.AppendUint32(nil, uint32(len(domain))), domain...),
		normalise: normalise,
		hash:      newKeyedHash(key.secret),
	}, nil
}

// Apply implements [Action].
func (p *Pseudonymize) Apply(value any) (any, error) {
	written, err := canonical(value)
	if err != nil {
		return nil, err
	}
	sum := p.hash.sum(p.domain, p.normalise(written))
	out := make([]byte, 0, 48)
	out = append(out, p.prefix...)
	out = base64.RawURLEncoding.AppendEncode(out, sum[:pseudonymBytes])
	return string(out), nil
}
