package transform

import (
	"encoding/base64"
	"encoding/binary"
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
	normalise func(string) (string, error)
	hash      keyedHash
}

// NewPseudonymize makes the action. The domain keeps equal values of different meaning
// apart. The type is "" or one of [Types]. The region is that of phone numbers without a
// country code, such as US or us; they are taken as they are written without one.
func NewPseudonymize(key Key, domain, valueType, region string) (*Pseudonymize, error) {
	normalise, err := normaliser(valueType, region)
	if err != nil {
		return nil, err
	}
	hash, err := key.hash()
	if err != nil {
		return nil, err
	}
	return &Pseudonymize{
		prefix:    "p_" + key.ID + "_",
		domain:    append(binary.BigEndian.AppendUint32(nil, uint32(len(domain))), domain...),
		normalise: normalise,
		hash:      hash,
	}, nil
}

// Apply implements [Action].
func (p *Pseudonymize) Apply(value any) (any, error) { return applied(p, value) }

// Append implements [Appender].
func (p *Pseudonymize) Append(dst []byte, value any) (out []byte, number bool, err error) {
	written, err := canonical(value)
	if err != nil {
		return nil, false, err
	}
	if written, err = p.normalise(written); err != nil {
		return nil, false, err
	}
	sum := p.hash.sum(p.domain, written)
	dst = append(dst, p.prefix...)
	return base64.RawURLEncoding.AppendEncode(dst, sum[:pseudonymBytes]), false, nil
}
