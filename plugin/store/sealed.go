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
//	magic, 8 bytes | flags | salt, 16 bytes | frames
//	frame: length of the content, 4 bytes, its highest bit set in the last frame | content | sum
//
// Without a key, the sum of a frame is CRC-32C over its number, its length and its content. With
// one, the content is sealed by AES-256-GCM, whose tag is the sum, under a key that HKDF-SHA256
// derives from the encryption key and the salt; the nonce is the number of the frame, and the
// additional data are all bytes before the frames, and its length.
const (
	sealedMagic   = "SHOALBK\x01"
	sealedFlag    = 1 // encrypted
	sealedSalt    = 16
	sealedHeader  = len(sealedMagic) + 1 + sealedSalt
	sealedContent = 64 << 10 // bytes in a frame
	lastFrame     = 1 << 31
)

// Errors of reading a sealed file.
var (
	errSealedKind    = errors.New("it is no backup of a Shoal store, or of a newer version: name one that shoal store backup has written")
	errSealedDamaged = errors.New("it is cut short or damaged: use another backup")
	errSealedKey     = errors.New("it is damaged, or --encryption-key is not the one of the store that it is of: set that one")
	errSealedNoKey   = errors.New("it is encrypted: set --encryption-key to that of the store that it is of")
	errSealedPlain   = errors.New("it is not encrypted, and --encryption-key is set: leave that out; the restored store is not encrypted either")
)

// frames seals or opens one frame after the other.
type frames struct {
	header []byte
	aead   cipher.AEAD // nil: not encrypted
	number uint64
}

func newFrames(header, key []byte) (*frames, error) {
	f := &frames{header: header}
	if len(key) == 0 {
		return f, nil
	}
	derived, err := hkdf.Key(sha256.New, key, header[len(header)-sealedSalt:], "shoal backup", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	f.aead, err = cipher.NewGCM(block)
	return f, err
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
			return nil, errSealedKey
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
		_, _ = rand.Read(header[len(sealedMagic)+1:]) // never errs
	}
	f, err := newFrames(header, key)
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
}

func newOpener(from io.Reader, key []byte) (*opener, error) {
	header := make([]byte, sealedHeader)
	if _, err := io.ReadFull(from, header); err != nil || string(header[:len(sealedMagic)]) != sealedMagic {
		return nil, errSealedKind
	}
	switch flags := header[len(sealedMagic)]; {
	case flags > sealedFlag:
		return nil, errSealedKind
	case flags == sealedFlag && len(key) == 0:
		return nil, errSealedNoKey
	case flags == 0 && len(key) > 0:
		return nil, errSealedPlain
	}
	f, err := newFrames(header, key)
	return &opener{from: from, frames: f}, err
}

// Read implements [io.Reader].
func (o *opener) Read(p []byte) (n int, err error) {
	for len(o.content) == 0 {
		if o.last {
			return 0, io.EOF
		}
		if err := o.readFrame(); err != nil {
			return 0, err
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
