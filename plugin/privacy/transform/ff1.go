package transform

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"sync"
)

// Limits of [FF1].
const (
	// MinDomain is the least number of texts of a length: with fewer, a table of all of
	// them is soon at hand (NIST SP 800-38G revision 1, requirement 4).
	MinDomain = 1_000_000
	// MaxNumerals bounds a text, as large numbers cost more than their length.
	MaxNumerals = 1024
	// MaxTweak bounds a tweak, in bytes.
	MaxTweak = 4096
)

var errNumerals = errors.New("the text has too few or too many characters of the alphabet")

// FF1 is the format-preserving encryption of NIST SP 800-38G with AES: a permutation of
// the texts of n numerals from 0 to radix − 1, chosen by key and tweak. It is safe for
// concurrent use. A call costs 10 AES blocks and one or two for each 16 bytes of tweak;
// halves of the text that fit into 64 bits take no arbitrary precision.
type FF1 struct {
	block cipher.Block
	radix uint64
	tweak []byte
	least int        // numerals, so that the domain is large enough
	exact int        // most numerals of a half that fit into 64 bits
	power []uint64   // radix^i, up to exact
	pool  *sync.Pool // of *ff1State
}

type ff1State struct {
	prefix, mac, in [aes.BlockSize]byte
	tail            []byte // what is left of tweak and padding, round, and half
	long            []byte // S beyond its first block
}

// NewFF1 makes the permutation. The key has 16, 24 or 32 bytes, the radix is from 2 to
// 65536.
func NewFF1(key, tweak []byte, radix int) (*FF1, error) {
	if radix < 2 || radix > 1<<16 {
		return nil, fmt.Errorf("radix %d: use 2 to 65536", radix)
	}
	if len(tweak) > MaxTweak {
		return nil, fmt.Errorf("the tweak has %d bytes: use at most %d", len(tweak), MaxTweak)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making AES of a key of %d bytes: use 16, 24 or 32", len(key))
	}
	f := &FF1{block: block, radix: uint64(radix), tweak: tweak, pool: &sync.Pool{New: func() any { return new(ff1State) }}}
	for domain := 1; domain < MinDomain; domain *= radix {
		f.least++
	}
	f.least = max(f.least, 2)
	for power := uint64(1); ; power *= f.radix {
		f.power = append(f.power, power)
		if hi, _ := bits.Mul64(power, f.radix); hi > 0 {
			break
		}
	}
	f.exact = len(f.power) - 1
	return f, nil
}

// Least is the fewest numerals whose domain is large enough.
func (f *FF1) Least() int { return f.least }

// Encrypt encrypts numerals in place. It errs when they are too few or too many.
func (f *FF1) Encrypt(numerals []uint16) error { return f.run(numerals, false) }

// Decrypt turns Encrypt back.
func (f *FF1) Decrypt(numerals []uint16) error { return f.run(numerals, true) }

const ff1Rounds = 10

func (f *FF1) run(x []uint16, decrypt bool) error {
	n := len(x)
	if n < f.least || n > MaxNumerals {
		return errNumerals
	}
	for _, numeral := range x {
		if uint64(numeral) >= f.radix {
			return errNumerals
		}
	}
	u := n / 2
	v := n - u
	s := f.pool.Get().(*ff1State)
	b := (int(math.Ceil(float64(v)*math.Log2(float64(f.radix)))) + 7) / 8
	if f.radix&(f.radix-1) == 0 {
		b = (v*bits.Len64(f.radix-1) + 7) / 8 // exact, whatever the logarithm rounds to
	}
	s.begin(f, n, u, b)
	if v <= f.exact && b <= 8 {
		f.small(s, x, u, v, b, decrypt)
	} else {
		f.large(s, x, u, v, b, decrypt)
	}
	s.forget()
	f.pool.Put(s)
	return nil
}

// begin computes what all rounds share: the CBC-MAC of P and of the whole blocks of the
// tweak.
func (s *ff1State) begin(f *FF1, n, u, b int) {
	s.in = [aes.BlockSize]byte{1, 2, 1, byte(f.radix >> 16), byte(f.radix >> 8), byte(f.radix), ff1Rounds, byte(u)}
	binary.BigEndian.PutUint32(s.in[8:], uint32(n))
	binary.BigEndian.PutUint32(s.in[12:], uint32(len(f.tweak)))
	f.block.Encrypt(s.prefix[:], s.in[:])
	whole := len(f.tweak) / aes.BlockSize * aes.BlockSize
	for i := 0; i < whole; i += aes.BlockSize {
		s.absorb(f.block, &s.prefix, f.tweak[i:i+aes.BlockSize])
	}
	length := (len(f.tweak) - whole + b + 1 + aes.BlockSize - 1) / aes.BlockSize * aes.BlockSize
	if cap(s.tail) < length {
		s.tail = make([]byte, length)
	}
	s.tail = s.tail[:length]
	clear(s.tail)
	copy(s.tail, f.tweak[whole:])
}

func (s *ff1State) absorb(block cipher.Block, mac *[aes.BlockSize]byte, in []byte) {
	subtle.XORBytes(s.in[:], mac[:], in)
	block.Encrypt(mac[:], s.in[:])
}

// round is PRF(P ‖ Q), for the half in the last bytes of the tail.
func (s *ff1State) round(block cipher.Block, i, b int) {
	s.tail[len(s.tail)-b-1] = byte(i)
	s.mac = s.prefix
	for at := 0; at < len(s.tail); at += aes.BlockSize {
		s.absorb(block, &s.mac, s.tail[at:at+aes.BlockSize])
	}
}

// forget leaves no personal data behind in the pool.
func (s *ff1State) forget() {
	clear(s.tail)
	clear(s.long)
	s.prefix, s.mac, s.in = [aes.BlockSize]byte{}, [aes.BlockSize]byte{}, [aes.BlockSize]byte{}
}

// small runs the rounds on halves of 64 bits. S has at most 12 bytes then.
func (f *FF1) small(s *ff1State, x []uint16, u, v, b int, decrypt bool) {
	a, c := f.number(x[:u]), f.number(x[u:]) // A and B
	for step := range ff1Rounds {
		i := step
		if decrypt {
			i = ff1Rounds - 1 - step
			a, c = c, a
		}
		var half [8]byte
		binary.BigEndian.PutUint64(half[:], c)
		copy(s.tail[len(s.tail)-b:], half[8-b:])
		s.round(f.block, i, b)
		m := u
		if i%2 == 1 {
			m = v
		}
		modulus := f.power[m]
		y := f.reduce(&s.mac, (b+3)/4*4+4, modulus)
		if decrypt {
			// here a is what the round made, and c what it was made with
			a = subtractModulo(a, y, modulus)
			// A of the round before is a, and B is c
			continue
		}
		a = addModulo(a, y, modulus)
		a, c = c, a
	}
	f.write(x[:u], a)
	f.write(x[u:], c)
}

// reduce is the number in the first d bytes of a block, 8 or 12, modulo m.
func (f *FF1) reduce(block *[aes.BlockSize]byte, d int, m uint64) uint64 {
	if d == 8 {
		return binary.BigEndian.Uint64(block[:]) % m
	}
	hi := uint64(binary.BigEndian.Uint32(block[:]))
	lo := binary.BigEndian.Uint64(block[4:])
	_, rest := bits.Div64(hi%m, lo, m)
	return rest
}

func addModulo(a, b, m uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry > 0 || sum >= m {
		sum -= m
	}
	return sum
}

func subtractModulo(a, b, m uint64) uint64 {
	if a >= b {
		return a - b
	}
	return a - b + m
}

// number reads numerals, the most significant first.
func (f *FF1) number(x []uint16) (n uint64) {
	for _, numeral := range x {
		n = n*f.radix + uint64(numeral)
	}
	return n
}

func (f *FF1) write(x []uint16, n uint64) {
	for i := len(x) - 1; i >= 0; i-- {
		n, x[i] = n/f.radix, uint16(n%f.radix)
	}
}

// large runs the rounds on halves of any length.
func (f *FF1) large(s *ff1State, x []uint16, u, v, b int, decrypt bool) {
	radix := new(big.Int).SetUint64(f.radix)
	powers := [2]*big.Int{
		new(big.Int).Exp(radix, big.NewInt(int64(u)), nil),
		new(big.Int).Exp(radix, big.NewInt(int64(v)), nil),
	}
	a, c, y := f.bigNumber(x[:u]), f.bigNumber(x[u:]), new(big.Int)
	for step := range ff1Rounds {
		i := step
		if decrypt {
			i = ff1Rounds - 1 - step
			a, c = c, a
		}
		c.FillBytes(s.tail[len(s.tail)-b:])
		s.round(f.block, i, b)
		y.SetBytes(s.expand(f.block, (b+3)/4*4+4))
		if decrypt {
			a.Sub(a, y).Mod(a, powers[i%2])
			continue
		}
		a.Add(a, y).Mod(a, powers[i%2])
		a, c = c, a
	}
	f.writeBig(x[:u], a)
	f.writeBig(x[u:], c)
}

// expand makes S: as many blocks as d bytes take, of R and of its number.
func (s *ff1State) expand(block cipher.Block, d int) []byte {
	s.long = append(s.long[:0], s.mac[:]...)
	for j := uint64(1); len(s.long) < d; j++ {
		s.in = s.mac
		counter := binary.BigEndian.Uint64(s.in[8:]) ^ j
		binary.BigEndian.PutUint64(s.in[8:], counter)
		at := len(s.long)
		s.long = append(s.long, s.in[:]...)
		block.Encrypt(s.long[at:], s.in[:])
	}
	return s.long[:d]
}

func (f *FF1) bigNumber(x []uint16) *big.Int {
	n, radix := new(big.Int), new(big.Int).SetUint64(f.radix)
	for _, numeral := range x {
		n.Mul(n, radix).Add(n, big.NewInt(int64(numeral)))
	}
	return n
}

func (f *FF1) writeBig(x []uint16, n *big.Int) {
	radix, rest := new(big.Int).SetUint64(f.radix), new(big.Int)
	for i := len(x) - 1; i >= 0; i-- {
		n.DivMod(n, radix, rest)
		x[i] = uint16(rest.Uint64())
	}
}
