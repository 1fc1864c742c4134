package transform

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/daead/subtle"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// derive makes a key of n bytes for one purpose, by HKDF-SHA-256 without salt: keys of
// different purposes tell nothing of each other. Pseudonyms and shifts take the secret
// itself, for an HMAC.
func (k Key) derive(purpose string, n int) ([]byte, error) {
	if k.EncryptsOnly() {
		return nil, fmt.Errorf("key %q is a Tink keyset, which is for encrypt only: use a key with a secret or a file", k.ID)
	}
	return hkdf.Key(sha256.New, k.secret, nil, "shoal "+purpose, n)
}

// hash is the HMAC under the secret.
func (k Key) hash() (keyedHash, error) {
	if k.EncryptsOnly() {
		return keyedHash{}, fmt.Errorf("key %q is a Tink keyset, which is for encrypt only: use a key with a secret or a file", k.ID)
	}
	return newKeyedHash(k.secret), nil
}

// aead is AES-SIV, with two keys of 256 bits.
func (k Key) aead() (tink.DeterministicAEAD, error) {
	if k.EncryptsOnly() {
		return k.keyset, nil
	}
	secret, err := k.derive("encrypt", subtle.AESSIVKeySize)
	if err != nil {
		return nil, err
	}
	return subtle.NewAESSIV(secret)
}

// ParseKeyset makes a key of a cleartext Tink keyset in JSON. Its primary key writes, all
// of its keys read. Errors say nothing of what is in it.
func ParseKeyset(id string, json []byte) (Key, error) {
	if !isKeyID(id) {
		return Key{}, fmt.Errorf("key id %q: use 1 to 16 of A-Z, a-z, 0-9 and -", id)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(json)))
	if err == nil {
		var primitive tink.DeterministicAEAD
		if primitive, err = daead.New(handle); err == nil {
			return Key{ID: id, keyset: primitive}, nil
		}
	}
	return Key{}, fmt.Errorf("key %q is not a cleartext Tink keyset in JSON for deterministic encryption: make one, such as by `tinkey create-keyset --key-template AES256_SIV`", id)
}
