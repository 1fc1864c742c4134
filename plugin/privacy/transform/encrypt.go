package transform

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// Reversible is an action that can be turned back by who has the key.
type Reversible interface {
	Action
	// Reveal gives the value that Apply was given.
	Reveal(value any) (any, error)
}

// ErrToken tells that a value looks like a token of [Encrypt], and none of the keys made
// it for this domain.
var ErrToken = errors.New("the value has the form of a token of encrypt, and none of the keys made it for this domain")

// Encrypt replaces a value by a token, e_<key id>_<base64url>, by deterministic
// authenticated encryption (AES-SIV, RFC 5297): the same value gets the same token
// wherever key and domain are the same. The domain is the associated data: a token of one
// does not decrypt as that of another.
//
// A token that one of the keys made for this domain is recognised, as nobody can make one
// without the key, and is written anew with the newest: treating it again changes nothing,
// or rotates the key. What only looks like a token is an error, [ErrToken].
//
// Strings, numbers and booleans come back as such, numbers as they were written; bytes and
// times come back as strings.
type Encrypt struct {
	prefix  string
	writing tink.DeterministicAEAD
	keys    map[string]tink.DeterministicAEAD // by id
	domain  []byte
}

// Kinds of values, the first byte of what is encrypted.
const (
	kindString  = 's'
	kindNumber  = 'n'
	kindBoolean = 'b'
)

// NewEncrypt makes the action, which writes with one key and reads with all of the ring.
func NewEncrypt(writing Key, ring Keyring, domain string) (*Encrypt, error) {
	e := &Encrypt{
		prefix: encryptMark + writing.ID + "_",
		keys:   map[string]tink.DeterministicAEAD{},
		domain: append(binary.BigEndian.AppendUint32(nil, uint32(len(domain))), domain...),
	}
	for _, key := range append(Keyring{writing}, ring...) {
		aead, err := key.aead()
		if err != nil {
			return nil, err
		}
		e.keys[key.ID] = aead
	}
	e.writing = e.keys[writing.ID]
	return e, nil
}

// Apply implements [Action].
func (e *Encrypt) Apply(value any) (any, error) { return applied(e, value) }

// Append implements [Appender].
func (e *Encrypt) Append(dst []byte, value any) (out []byte, number bool, err error) {
	written, err := text(value)
	if err != nil {
		return nil, false, err
	}
	kind := byte(kindString)
	switch value.(type) {
	case string, []byte, time.Time:
		plaintext, isToken, err := e.open(written)
		if err != nil {
			return nil, false, err
		}
		if isToken {
			return e.seal(dst, plaintext)
		}
	case bool:
		kind = kindBoolean
	default:
		kind = kindNumber
	}
	buffer := buffers.Get().(*[]byte)
	*buffer = append(append((*buffer)[:0], kind), written...)
	out, number, err = e.seal(dst, *buffer)
	clear(*buffer)
	buffers.Put(buffer)
	return out, number, err
}

func (e *Encrypt) seal(dst, plaintext []byte) (out []byte, number bool, err error) {
	ciphertext, err := e.writing.EncryptDeterministically(plaintext, e.domain)
	if err != nil {
		return nil, false, ErrValue // the error of the library is not known to be without the value
	}
	return base64.RawURLEncoding.AppendEncode(append(dst, e.prefix...), ciphertext), false, nil
}

// Reveal implements [Reversible].
func (e *Encrypt) Reveal(value any) (any, error) {
	token, ok := value.(string)
	if !ok {
		return nil, ErrType
	}
	plaintext, isToken, err := e.open(token)
	switch {
	case err != nil:
		return nil, err
	case !isToken || len(plaintext) == 0:
		return nil, ErrValue
	}
	written := string(plaintext[1:])
	switch plaintext[0] {
	case kindString:
		return written, nil
	case kindNumber:
		return json.Number(written), nil
	case kindBoolean:
		return written == "true", nil
	default:
		return nil, ErrValue
	}
}

const (
	encryptMark = "e_"
	minEncoded  = 23 // characters, of the synthetic IV and the kind
)

func isEncoded(text string) bool {
	for _, c := range []byte(text) {
		if !isAlphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return len(text) >= minEncoded
}

// open decrypts a text that has the form of a token.
func (e *Encrypt) open(written string) (plaintext []byte, isToken bool, err error) {
	rest, marked := strings.CutPrefix(written, encryptMark)
	if !marked {
		return nil, false, nil
	}
	id, encoded, found := strings.Cut(rest, "_")
	if !found || !isKeyID(id) || !isEncoded(encoded) {
		return nil, false, nil
	}
	ciphertext, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	key := e.keys[id]
	if err != nil || key == nil {
		return nil, true, ErrToken
	}
	if plaintext, err = key.DecryptDeterministically(ciphertext, e.domain); err != nil {
		return nil, true, ErrToken
	}
	return plaintext, true, nil
}
