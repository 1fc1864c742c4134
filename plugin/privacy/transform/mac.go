package transform

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// keyedHash is HMAC-SHA-256 under one secret. It is safe for concurrent use: its states
// are kept for the next call, as setting one up costs more than a short text.
type keyedHash struct {
	states *sync.Pool // of *hashState
}

type hashState struct {
	mac hash.Hash
	buf []byte
}

func newKeyedHash(secret []byte) keyedHash {
	return keyedHash{&sync.Pool{New: func() any {
		return &hashState{mac: hmac.New(sha256.New, secret)}
	}}}
}

// sum is the HMAC of prefix ‖ text.
func (k keyedHash) sum(prefix []byte, text string) (sum [sha256.Size]byte) {
	s := k.states.Get().(*hashState)
	s.mac.Reset()
	s.buf = append(append(s.buf[:0], prefix...), text...)
	s.mac.Write(s.buf)
	clear(s.buf) // no personal data is left behind in the pool
	s.buf = s.mac.Sum(s.buf[:0])
	copy(sum[:], s.buf)
	k.states.Put(s)
	return sum
}
