package transform

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// MinKeyBytes is the least length of a secret: the security of HMAC-SHA-256 is bounded
// by it.
const MinKeyBytes = 32

func isKeyID(id string) bool {
	for _, c := range []byte(id) {
		if !isAlphanumeric(c) && c != '-' {
			return false
		}
	}
	return len(id) >= 1 && len(id) <= 16
}

func isAlphanumeric(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// Key is a named secret, or a Tink keyset, which can do nothing but [Encrypt].
type Key struct {
	ID     string // carried by each pseudonym and token: 1 to 16 of A-Z, a-z, 0-9 and -
	secret []byte // nil: a keyset
	keyset tink.DeterministicAEAD
}

// EncryptsOnly tells that the key is a Tink keyset.
func (k Key) EncryptsOnly() bool { return k.secret == nil }

// NewKey checks a key. Errors never hold the secret.
func NewKey(id string, secret []byte) (Key, error) {
	switch {
	case !isKeyID(id):
		return Key{}, fmt.Errorf("key id %q: use 1 to 16 of A-Z, a-z, 0-9 and -", id)
	case len(secret) < MinKeyBytes:
		return Key{}, fmt.Errorf("key %q has %d bytes: use at least %d random bytes, such as of `openssl rand -base64 32`", id, len(secret), MinKeyBytes)
	}
	return Key{ID: id, secret: bytes.Clone(secret)}, nil
}

// ParseKey makes a key from the base64 of its secret, in the standard or the URL
// alphabet, padded or not. White space around it is no part of it.
func ParseKey(id, secret string) (Key, error) {
	secret = strings.TrimSpace(secret)
	if secret == "" {
		return Key{}, fmt.Errorf("key %q is empty: is the environment variable that holds it set? Use the base64 of at least %d random bytes, such as of `openssl rand -base64 32`", id, MinKeyBytes)
	}
	if strings.Contains(secret, "${") {
		return Key{}, fmt.Errorf("key %q is a reference to an environment variable that was not replaced: is it set? Use the base64 of at least %d random bytes, such as of `openssl rand -base64 32`", id, MinKeyBytes)
	}
	alphabet := base64.RawStdEncoding
	if strings.ContainsAny(secret, "-_") {
		alphabet = base64.RawURLEncoding
	}
	decoded, err := alphabet.DecodeString(strings.TrimRight(secret, "="))
	if err != nil {
		return Key{}, fmt.Errorf("key %q is not base64: use the base64 of at least %d random bytes, such as of `openssl rand -base64 32`", id, MinKeyBytes)
	}
	return NewKey(id, decoded)
}

// Keyring are the keys of a configuration, newest first.
type Keyring []Key

// Check refuses ids and secrets that repeat: a pseudonym would not tell which key made
// it, or a rotation would change nothing.
func (r Keyring) Check() error {
	for i, key := range r {
		for _, earlier := range r[:i] {
			if key.ID == earlier.ID {
				return fmt.Errorf("key id %q is there twice: give each key an id of its own", key.ID)
			}
			if key.same(earlier) {
				return fmt.Errorf("keys %q and %q have the same secret: give each key a secret of its own", earlier.ID, key.ID)
			}
		}
	}
	return nil
}

// same tells that two keys do the same. Of keysets, what they make of nothing is compared.
func (k Key) same(other Key) bool {
	if k.secret != nil || other.secret != nil {
		return bytes.Equal(k.secret, other.secret)
	}
	mine, err := k.keyset.EncryptDeterministically(nil, nil)
	theirs, otherErr := other.keyset.EncryptDeterministically(nil, nil)
	return err == nil && otherErr == nil && bytes.Equal(mine, theirs)
}

// Find is the key of an id.
func (r Keyring) Find(id string) (Key, error) {
	for _, key := range r {
		if key.ID == id {
			return key, nil
		}
	}
	return Key{}, fmt.Errorf("key %q is not among the keys: add it to keys, or name another", id)
}

// Writing is the newest key that is not pinned: what is not pinned itself is written
// with it. Only what encrypts may be written with a keyset.
func (r Keyring) Writing(pinned func(id string) bool, encrypts bool) (Key, error) {
	writing := r.Unpinned(pinned, encrypts)
	switch {
	case len(writing) > 0:
		return writing[0], nil
	case len(r) == 0:
		return Key{}, errors.New("there are no keys: add one to keys")
	default:
		return Key{}, errors.New("each of the keys is pinned by a rule, or is a Tink keyset, which is for encrypt only: add one to keys for the rules that name none, or pin them too")
	}
}

// Unpinned are the keys that rules which name none may be written with, newest first.
func (r Keyring) Unpinned(pinned func(id string) bool, encrypts bool) Keyring {
	var writing Keyring
	for _, key := range r {
		if !pinned(key.ID) && (encrypts || !key.EncryptsOnly()) {
			writing = append(writing, key)
		}
	}
	return writing
}
