package transform_test

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

const base36 = "0123456789abcdefghijklmnopqrstuvwxyz"

func numerals(text string) []uint16 {
	x := make([]uint16, len(text))
	for i := range text {
		x[i] = uint16(strings.IndexByte(base36, text[i]))
	}
	return x
}

// The nine samples that NIST publishes with SP 800-38G (testdata/ff1_vectors.json).
func TestFF1Samples(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/ff1_vectors.json")
	require.NoError(t, err)
	var samples []struct {
		Radix                             int
		Key, Tweak, Plaintext, Ciphertext string
	}
	require.NoError(t, json.Unmarshal(file, &samples))
	require.Len(t, samples, 9)
	for _, s := range samples {
		key, err := hex.DecodeString(s.Key)
		require.NoError(t, err)
		tweak, err := hex.DecodeString(s.Tweak)
		require.NoError(t, err)
		ff1, err := transform.NewFF1(key, tweak, s.Radix)
		require.NoError(t, err)
		x := numerals(s.Plaintext)
		require.NoError(t, ff1.Encrypt(x))
		assert.Equal(t, numerals(s.Ciphertext), x)
		require.NoError(t, ff1.Decrypt(x))
		assert.Equal(t, numerals(s.Plaintext), x)
	}
}

// slowFF1 is algorithm 7 of SP 800-38G, step by step.
func slowFF1(t *testing.T, key, tweak []byte, radix int64, x []uint16) []uint16 {
	t.Helper()
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	prf := func(in []byte) []byte {
		y := make([]byte, 16)
		for ; len(in) > 0; in = in[16:] {
			for i := range y {
				y[i] ^= in[i]
			}
			block.Encrypt(y, y)
		}
		return y
	}
	num := func(x []uint16) *big.Int {
		n := new(big.Int)
		for _, d := range x {
			n.Add(n.Mul(n, big.NewInt(radix)), big.NewInt(int64(d)))
		}
		return n
	}
	str := func(n *big.Int, m int) []uint16 {
		x, rest := make([]uint16, m), new(big.Int)
		for i := m - 1; i >= 0; i-- {
			n.DivMod(n, big.NewInt(radix), rest)
			x[i] = uint16(rest.Uint64())
		}
		return x
	}
	n := len(x)
	u := n / 2
	v := n - u
	a, c := slices.Clone(x[:u]), slices.Clone(x[u:])
	largest := new(big.Int).Exp(big.NewInt(radix), big.NewInt(int64(v)), nil)
	b := (largest.Sub(largest, big.NewInt(1)).BitLen() + 7) / 8
	d := 4*int(math.Ceil(float64(b)/4)) + 4
	p := []byte{1, 2, 1, byte(radix >> 16), byte(radix >> 8), byte(radix), 10, byte(u), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 0, 0, byte(len(tweak) >> 8), byte(len(tweak))}
	for i := range 10 {
		q := slices.Concat(tweak, make([]byte, (16*1000-len(tweak)-b-1)%16), []byte{byte(i)}, num(c).FillBytes(make([]byte, b)))
		r := prf(slices.Concat(p, q))
		s := slices.Clone(r)
		for j := 1; len(s) < d; j++ {
			in := slices.Clone(r)
			in[15] ^= byte(j)
			in[14] ^= byte(j >> 8)
			block.Encrypt(in, in)
			s = append(s, in...)
		}
		m := u
		if i%2 == 1 {
			m = v
		}
		y := new(big.Int).SetBytes(s[:d])
		y.Add(y, num(a))
		y.Mod(y, new(big.Int).Exp(big.NewInt(radix), big.NewInt(int64(m)), nil))
		a, c = c, str(y, m)
	}
	return append(a, c...)
}

func randomNumerals(random *rand.Rand, radix, n int) []uint16 {
	x := make([]uint16, n)
	for i := range x {
		x[i] = uint16(random.IntN(radix))
	}
	return x
}

func randomBytes(random *rand.Rand, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(random.Uint32())
	}
	return out
}

// Any radix, length and tweak gives what the standard says, and comes back.
func TestFF1IsTheStandard(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 1500 {
		radix := []int{2, 3, 10, 16, 26, 36, 62, 255, 256, 1000, 65535, 65536}[random.IntN(12)]
		key, tweak := randomBytes(random, 16+8*random.IntN(3)), randomBytes(random, random.IntN(50))
		ff1, err := transform.NewFF1(key, tweak, radix)
		require.NoError(t, err)
		n := ff1.Least() + random.IntN(60)
		x := randomNumerals(random, radix, n)
		if random.IntN(10) == 0 {
			for i := range x {
				x[i] = uint16(radix - 1)
			}
		}
		got := slices.Clone(x)
		require.NoError(t, ff1.Encrypt(got))
		require.Equal(t, slowFF1(t, key, tweak, int64(radix), x), got, "radix %d, %d numerals", radix, n)
		require.NoError(t, ff1.Decrypt(got))
		require.Equal(t, x, got)
	}
}

// 10^5 round trips; SHOAL_SOAK=1 makes them 10^7.
func TestFF1RoundTrips(t *testing.T) {
	t.Parallel()
	rounds := 100_000
	if os.Getenv("SHOAL_SOAK") != "" {
		rounds = 10_000_000
	}
	random := rand.New(rand.NewPCG(5, 6))
	ff1, err := transform.NewFF1(randomBytes(random, 32), []byte("customer.phone"), 10)
	require.NoError(t, err)
	var plain, crypt [24]uint16
	for range rounds {
		n := 6 + random.IntN(19)
		for i := range n {
			plain[i] = uint16(random.IntN(10))
		}
		crypt = plain
		if ff1.Encrypt(crypt[:n]) != nil || crypt == plain && n > 12 || ff1.Decrypt(crypt[:n]) != nil || crypt != plain {
			t.Fatalf("no round trip of %v", plain[:n])
		}
	}
}

// On the smallest domain it is seen to be a permutation.
func TestFF1IsAPermutation(t *testing.T) {
	t.Parallel()
	ff1, err := transform.NewFF1(bytes.Repeat([]byte{1}, 16), nil, 1000)
	require.NoError(t, err)
	require.Equal(t, 2, ff1.Least())
	seen := make([]bool, 1_000_000)
	for n := range seen {
		x := []uint16{uint16(n / 1000), uint16(n % 1000)}
		if err := ff1.Encrypt(x); err != nil {
			t.Fatal(err)
		}
		at := int(x[0])*1000 + int(x[1])
		if seen[at] {
			t.Fatalf("%d comes out twice", at)
		}
		seen[at] = true
	}
}

func TestFF1Refuses(t *testing.T) {
	t.Parallel()
	secret := bytes.Repeat([]byte{1}, 16)
	for radix, least := range map[int]int{2: 20, 10: 6, 16: 5, 26: 5, 36: 4, 62: 4, 1000: 2, 65536: 2} {
		ff1, err := transform.NewFF1(secret, nil, radix)
		require.NoError(t, err)
		assert.Equal(t, least, ff1.Least(), "of radix %d", radix)
		require.Error(t, ff1.Encrypt(make([]uint16, least-1)))
		require.Error(t, ff1.Decrypt(make([]uint16, least-1)))
		require.Error(t, ff1.Encrypt(make([]uint16, transform.MaxNumerals+1)))
		require.NoError(t, ff1.Encrypt(make([]uint16, least)))
		if radix < 65536 {
			require.Error(t, ff1.Encrypt(append(make([]uint16, least), uint16(radix))), "not a numeral")
		}
	}
	_, err := transform.NewFF1(secret[:15], nil, 10)
	require.ErrorContains(t, err, "a key of 15 bytes: use 16, 24 or 32")
	_, err = transform.NewFF1(secret, nil, 1)
	require.ErrorContains(t, err, "radix 1")
	_, err = transform.NewFF1(secret, make([]byte, transform.MaxTweak+1), 10)
	require.ErrorContains(t, err, "use at most 4096")
}

func FuzzFF1(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), []byte("tweak"), uint16(9), []byte("4111111111111111"))
	f.Fuzz(func(t *testing.T, key, tweak []byte, radix uint16, text []byte) {
		ff1, err := transform.NewFF1(key, tweak, int(radix)+1)
		if err != nil {
			return
		}
		x := make([]uint16, len(text))
		for i, c := range text {
			x[i] = uint16(int(c) % (int(radix) + 1))
		}
		got := slices.Clone(x)
		if ff1.Encrypt(got) != nil {
			require.Equal(t, x, got, "what is refused is left as it is")
			return
		}
		require.Equal(t, slowFF1(t, key, tweak, int64(radix)+1, x), got)
		require.NoError(t, ff1.Decrypt(got))
		require.Equal(t, x, got)
	})
}

func BenchmarkFF1(b *testing.B) {
	ff1, err := transform.NewFF1(bytes.Repeat([]byte{1}, 32), []byte("customer.phone"), 10)
	require.NoError(b, err)
	for name, n := range map[string]int{"16 digits": 16, "38 digits": 38, "60 digits": 60} {
		b.Run(name, func(b *testing.B) {
			x := make([]uint16, n)
			b.ReportAllocs()
			for b.Loop() {
				if err := ff1.Encrypt(x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
