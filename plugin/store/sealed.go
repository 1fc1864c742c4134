package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A sealed file is a stream of bytes in frames, so that a file which is cut short, or of which
// any bit has changed, is recognised before anybody uses what it says. With an encryption key it
// is encrypted as well: a backup of an encrypted store is no way around that.
//
//	header: magic, 8 bytes | flags | salt, 16 bytes | check of the key, 8 bytes | CRC-32C of all that
//	frame: length of the content, 4 bytes, its highest bit set in the last frame | content | sum
//
// Without a key, the sum of a frame is CRC-32C over its number, its length and its content. With
// one, the content is sealed by AES-256-GCM, whose tag is the sum, under a key that HKDF-SHA256
// derives from the encryption key and the salt; the nonce is the number of the frame, and the
// additional data are the header, and its length. What HKDF gives beyond that key is the check:
// a wrong key and damage are told apart.
const (
	sealedMagic   = "SHOALBK\x02"
	sealedFlag    = 1 // encrypted
	sealedSalt    = 16
	sealedCheck   = 8
	sealedHeader  = len(sealedMagic) + 1 + sealedSalt + sealedCheck + crc32.Size
	sealedContent = 64 << 10 // bytes in a frame
	lastFrame     = 1 << 31
)

// Errors of reading a sealed file.
var (
	errSealedKind    = errors.New("it is no backup of a Shoal store, or of a newer version: name one that shoal store backup has written")
	errSealedDamaged = Damaged(errors.New("it is cut short or damaged: use another backup"))
	errSealedKey     = errors.New("--encryption-key is not that of the store that it is of: set that one")
	errSealedNoKey   = errors.New("it is encrypted: set --encryption-key to that of the store that it is of")
	errSealedPlain   = errors.New("it is not encrypted, and --encryption-key is set: leave that out; the restored store is not encrypted either")
)

// frames seals or opens one frame after the other.
type frames struct {
	header []byte
	aead   cipher.AEAD // nil: not encrypted
	number uint64
}

// newFrames completes the header that begins a new file, or finds that of a file sound.
func newFrames(header, key []byte, isNew bool) (*frames, error) {
	const start = len(sealedMagic) + 1
	salt, check, sum := header[start:][:sealedSalt], header[start+sealedSalt:][:sealedCheck], header[sealedHeader-crc32.Size:]
	f := &frames{header: header}
	var derived []byte
	var err error
	if len(key) > 0 {
		if derived, err = hkdf.Key(sha256.New, key, salt, "shoal backup", 32+sealedCheck); err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(derived[:32])
		if err != nil {
			return nil, err
		}
		if f.aead, err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
		derived = derived[32:]
	}
	if isNew {
		copy(check, derived)
		binary.BigEndian.PutUint32(sum, checksum(header[:sealedHeader-crc32.Size]))
		return f, nil
	}
	if derived != nil && !bytes.Equal(check, derived) {
		return nil, errSealedKey
	}
	return f, nil
}

// overhead is how long the sum is.
func (f *frames) overhead() int {
	if f.aead == nil {
		return crc32.Size
	}
	return f.aead.Overhead()
}

// next is the nonce of a frame, and what else its sum is over.
func (f *frames) next(length uint32) (nonce, also []byte) {
	nonce = binary.BigEndian.AppendUint64(make([]byte, 4, 12), f.number)
	f.number++
	return nonce, binary.BigEndian.AppendUint32(bytes.Clone(f.header), length)
}

func (f *frames) seal(content []byte, last bool) []byte {
	length := uint32(len(content))
	if last {
		length |= lastFrame
	}
	nonce, also := f.next(length)
	frame := binary.BigEndian.AppendUint32(nil, length)
	if f.aead != nil {
		return f.aead.Seal(frame, nonce, content, also)
	}
	frame = append(frame, content...)
	return binary.BigEndian.AppendUint32(frame, checksum(nonce, also, content))
}

func (f *frames) open(length uint32, sealed []byte) (content []byte, err error) {
	nonce, also := f.next(length)
	if f.aead != nil {
		if content, err = f.aead.Open(sealed[:0], nonce, sealed, also); err != nil {
			return nil, errSealedDamaged
		}
		return content, nil
	}
	content = sealed[:len(sealed)-crc32.Size]
	if binary.BigEndian.Uint32(sealed[len(content):]) != checksum(nonce, also, content) {
		return nil, errSealedDamaged
	}
	return content, nil
}

func checksum(parts ...[]byte) (sum uint32) {
	for _, part := range parts {
		sum = crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), part)
	}
	return sum
}

// sealer writes a sealed file, which is complete once it is closed. It does not close what it
// writes to.
type sealer struct {
	to      io.Writer
	frames  *frames
	content []byte
}

func newSealer(to io.Writer, key []byte) (*sealer, error) {
	header := make([]byte, sealedHeader)
	copy(header, sealedMagic)
	if len(key) > 0 {
		header[len(sealedMagic)] = sealedFlag
		_, _ = rand.Read(header[len(sealedMagic)+1:][:sealedSalt]) // never errs
	}
	f, err := newFrames(header, key, true)
	if err != nil {
		return nil, err
	}
	_, err = to.Write(header)
	return &sealer{to: to, frames: f}, err
}

// Write implements [io.Writer].
func (s *sealer) Write(p []byte) (n int, err error) {
	n = len(p)
	for len(p) > 0 {
		if len(s.content) == sealedContent {
			if _, err := s.to.Write(s.frames.seal(s.content, false)); err != nil {
				return 0, err
			}
			s.content = s.content[:0]
		}
		part := min(len(p), sealedContent-len(s.content))
		s.content, p = append(s.content, p[:part]...), p[part:]
	}
	return n, nil
}

// Close implements [io.Closer].
func (s *sealer) Close() error {
	_, err := s.to.Write(s.frames.seal(s.content, true))
	return err
}

// opener reads a sealed file. It tells of the end once all of it was found sound.
type opener struct {
	from    io.Reader
	frames  *frames
	content []byte
	last    bool
	failed  error // for good: what comes after a damaged frame is not read
}

func newOpener(from io.Reader, key []byte) (*opener, error) {
	header := make([]byte, sealedHeader)
	n, err := io.ReadFull(from, header)
	if start := min(n, len(sealedMagic)); string(header[:start]) != sealedMagic[:start] {
		return nil, errSealedKind
	}
	if err != nil {
		return nil, cutShort(err)
	}
	if end := sealedHeader - crc32.Size; binary.BigEndian.Uint32(header[end:]) != checksum(header[:end]) {
		return nil, errSealedDamaged
	}
	switch flags := header[len(sealedMagic)]; {
	case flags > sealedFlag:
		return nil, errSealedKind
	case flags == sealedFlag && len(key) == 0:
		return nil, errSealedNoKey
	case flags == 0 && len(key) > 0:
		return nil, errSealedPlain
	}
	f, err := newFrames(header, key, false)
	return &opener{from: from, frames: f}, err
}

// Read implements [io.Reader].
func (o *opener) Read(p []byte) (n int, err error) {
	for len(o.content) == 0 {
		if o.last {
			return 0, io.EOF
		}
		if o.failed == nil {
			o.failed = o.readFrame()
		}
		if o.failed != nil {
			return 0, o.failed
		}
	}
	n = copy(p, o.content)
	o.content = o.content[n:]
	return n, nil
}

func (o *opener) readFrame() error {
	var head [4]byte
	if _, err := io.ReadFull(o.from, head[:]); err != nil {
		return cutShort(err)
	}
	length := binary.BigEndian.Uint32(head[:])
	size := length &^ lastFrame
	if size > sealedContent {
		return errSealedDamaged
	}
	sealed := make([]byte, int(size)+o.frames.overhead())
	if _, err := io.ReadFull(o.from, sealed); err != nil {
		return cutShort(err)
	}
	content, err := o.frames.open(length, sealed)
	if err != nil {
		return err
	}
	o.content, o.last = content, length&lastFrame != 0
	if o.last {
		if n, _ := o.from.Read(head[:1]); n > 0 {
			return errSealedDamaged
		}
	}
	return nil
}

// cutShort is the error of a file that ends too early, unless it cannot be read at all.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errSealedDamaged
	}
	return fmt.Errorf("reading it: %w", err)
}
