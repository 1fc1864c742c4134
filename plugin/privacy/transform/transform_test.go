package transform_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

func TestMask(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mask transform.Mask
		in   any
		want string
	}{
		{transform.Mask{KeepLast: 4}, "4111111111111111", "************1111"},
		{transform.Mask{KeepLast: 4}, json.Number("4111111111111111"), "************1111"},
		{transform.Mask{KeepLast: 4}, "1111", "****"},
		{transform.Mask{KeepLast: 4}, "11", "**"},
		{transform.Mask{KeepFirst: 1, KeepLast: 1}, "Zoë", "Z*ë"},
		{transform.Mask{KeepFirst: 2, KeepLast: 1}, "Zoë", "***"},
		{transform.Mask{Char: '•'}, "日本", "••"},
		{transform.Mask{KeepLast: 1}, true, "****"},
		{transform.Mask{KeepFirst: 1}, 12.5, "1***"},
		{transform.Mask{}, []byte("ab"), "**"},
	} {
		got, err := test.mask.Apply(test.in)
		require.NoError(t, err)
		assert.Equal(t, test.want, got)
	}
}

func TestTruncateIP(t *testing.T) {
	t.Parallel()
	action := transform.TruncateIP{V4: 24, V6: 48}
	for in, want := range map[string]string{
		"192.0.2.77":                  "192.0.2.0",
		" 192.0.2.77\n":               "192.0.2.0",
		"::ffff:192.0.2.77":           "192.0.2.0",
		"2001:db8:1:2:3:4:5:6":        "2001:db8:1::",
		"fe80::1%eth0":                "fe80::",
		"2001:0DB8:0001:FFFF::":       "2001:db8:1::",
		"255.255.255.255":             "255.255.255.0",
		"0:0:0:0:0:0:0:1":             "::",
		"2001:db8:ffff:1::192.0.2.77": "2001:db8:ffff::",
	} {
		got, err := action.Apply(in)
		require.NoError(t, err)
		assert.Equal(t, want, got, in)
	}
	for _, in := range []any{"192.0.2.77:80", "192.0.2", "unknown", "192.0.2.077", 17.0, true, "192.0.2.1, 192.0.2.2"} {
		got, err := action.Apply(in)
		require.Error(t, err)
		assert.Nil(t, got)
		assert.NotContains(t, err.Error(), "192")
	}
}

// The bits beyond the prefix are gone whatever they were.
func FuzzTruncateIP(f *testing.F) {
	f.Add([]byte{192, 0, 2, 77}, 24, 48)
	f.Fuzz(func(t *testing.T, raw []byte, v4, v6 int) {
		address, ok := netip.AddrFromSlice(raw)
		if !ok || v4 < 0 || v4 > 32 || v6 < 0 || v6 > 128 {
			t.Skip()
		}
		got, err := transform.TruncateIP{V4: v4, V6: v6}.Apply(address.String())
		require.NoError(t, err)
		truncated, err := netip.ParseAddr(got.(string))
		require.NoError(t, err)
		bits := v6
		if truncated.Is4() {
			bits = v4
		}
		network, err := address.Unmap().Prefix(bits)
		require.NoError(t, err)
		assert.Equal(t, network.Addr(), truncated)
	})
}

func TestBucket(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		size     float64
		in, want any
	}{
		{10, json.Number("37"), json.Number("30")},
		{10, 37.0, json.Number("30")},
		{10, int64(40), json.Number("40")},
		{10, "37", "30"},
		{10, " 37.9 ", "30"},
		{10, -1.0, json.Number("-10")},
		{10, -10.0, json.Number("-10")},
		{10, 3.0, json.Number("0")},
		{10, math.Copysign(0, -1), json.Number("0")},
		{0.1, 0.3, json.Number("0.3")},
		{0.1, 0.35, json.Number("0.3")},
		{0.25, "1.99", "1.75"},
		{0.1, 0.05, json.Number("0.0")},
		{0.1, json.Number("-0.05"), json.Number("-0.1")},
		{10, json.Number("-0.5"), json.Number("-10")},
		{10, json.Number("-0.0"), json.Number("0")},
		{10, json.Number("29.99999999999999999999"), json.Number("20")},
		{1000, json.Number("1e6"), json.Number("1000000")},
		{10000, json.Number("1700000009999"), json.Number("1700000000000")},
		{1, json.Number("1700000000000"), json.Number("1700000000000")},
		{10, json.Number("1e20"), json.Number("100000000000000000000")},
		{10, json.Number("12345678901234567899"), json.Number("12345678901234567890")},
		{0.1, json.Number("1e308"), json.Number("1" + strings.Repeat("0", 308) + ".0")},
	} {
		got, err := transform.Bucket{Size: test.size}.Apply(test.in)
		require.NoError(t, err)
		assert.Equal(t, test.want, got, "%v by %v", test.in, test.size)
	}
	for _, in := range []any{"thirty-seven", "NaN", "Inf", math.NaN(), math.Inf(1), "0x1p4", "", true, json.Number("1e999"), time.Now()} {
		got, err := transform.Bucket{Size: 10}.Apply(in)
		require.Error(t, err)
		assert.Nil(t, got)
		assert.NotContains(t, err.Error(), "thirty")
	}
}

// The lower end is a whole number of sizes, not above the number, and less than a size
// below it, by exact arithmetic.
func FuzzBucket(f *testing.F) {
	f.Add(int64(1700000009999), uint8(0), 10000.0)
	f.Add(int64(-3), uint8(1), 0.1)
	f.Fuzz(func(t *testing.T, digits int64, scale uint8, size float64) {
		if !(size >= 1e-9 && size <= 1e15) {
			t.Skip()
		}
		exact := new(big.Rat).SetFrac(big.NewInt(digits), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale%20)), nil))
		got, err := transform.Bucket{Size: size}.Apply(json.Number(exact.FloatString(20)))
		require.NoError(t, err)
		lower, ok := new(big.Rat).SetString(string(got.(json.Number)))
		require.True(t, ok)
		width, ok := new(big.Rat).SetString(strconv.FormatFloat(size, 'f', -1, 64))
		require.True(t, ok)
		assert.True(t, new(big.Rat).Quo(lower, width).IsInt(), "%s by %v gives %s", exact.FloatString(20), size, got)
		assert.LessOrEqual(t, lower.Cmp(exact), 0, "%s by %v gives %s", exact.FloatString(20), size, got)
		assert.Positive(t, lower.Add(lower, width).Cmp(exact), "%s by %v gives %s", exact.FloatString(20), size, got)
	})
}

func key(t testing.TB, id string, fill byte) transform.Key {
	t.Helper()
	k, err := transform.NewKey(id, []byte(strings.Repeat(string(fill), 32)))
	require.NoError(t, err)
	return k
}

func pseudonymize(t testing.TB, k transform.Key, domain, valueType string) *transform.Pseudonymize {
	t.Helper()
	p, err := transform.NewPseudonymize(k, domain, valueType, "")
	require.NoError(t, err)
	return p
}

// The pseudonym is what its documentation says, computed here by other means.
func TestPseudonymIsTheHMAC(t *testing.T) {
	t.Parallel()
	mac := hmac.New(sha256.New, []byte(strings.Repeat("k", 32)))
	mac.Write([]byte("\x00\x00\x00\x0ecustomer.email" + "jane@example.org"))
	want := "p_2026-11_" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
	got, err := pseudonymize(t, key(t, "2026-11", 'k'), "customer.email", "").Apply("jane@example.org")
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.Len(t, got, len("p_2026-11_")+22)
}

func TestPseudonymsThatJoin(t *testing.T) {
	t.Parallel()
	plain := pseudonymize(t, key(t, "a", 'k'), "d", "")
	email := pseudonymize(t, key(t, "a", 'k'), "d", "email")
	iban := pseudonymize(t, key(t, "a", 'k'), "d", "iban")
	for name, group := range map[string]struct {
		action *transform.Pseudonymize
		values []any
	}{
		"numbers": {plain, []any{"17850", 17850.0, int64(17850), 17850, uint64(17850), json.Number("17850"), json.Number("17850.0"), json.Number("1.785e4"), []byte("17850")}},
		"large":   {plain, []any{"12345678901234567890", json.Number("12345678901234567890")}},
		"email":   {email, []any{"Jane@Example.org", " jane@example.org ", "JANE@EXAMPLE.ORG"}},
		"unicode": {email, []any{"zoë@example.org", "zoe\u0308@example.org", "ｚｏë@example.org", "zo\u200bë@example.org"}},
		"iban":    {iban, []any{"DE89 3704 0044 0532 0130 00", "de89370400440532013000", "DE８９370400440532013000"}},
	} {
		want, err := group.action.Apply(group.values[0])
		require.NoError(t, err)
		for _, v := range group.values {
			got, err := group.action.Apply(v)
			require.NoError(t, err)
			assert.Equal(t, want, got, "%s: %v", name, v)
		}
	}
}

func TestPseudonymsThatDoNotJoin(t *testing.T) {
	t.Parallel()
	seen := map[any]string{}
	for _, id := range []string{"a", "b"} {
		for _, domain := range []string{"d", "d1", "1"} {
			for _, v := range []any{"x", "1x", "x1", "12345678901234567890", json.Number("12345678901234567891"), "X", true, ""} {
				p, err := pseudonymize(t, key(t, id, id[0]), domain, "").Apply(v)
				require.NoError(t, err)
				name := fmt.Sprint(id, domain, v)
				assert.Empty(t, seen[p], name)
				seen[p] = name
			}
		}
	}
}

func TestPseudonymizeIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	action := pseudonymize(t, key(t, "a", 'k'), "d", "")
	for worker := range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			alone := pseudonymize(t, key(t, "a", 'k'), "d", "")
			random := rand.New(rand.NewPCG(uint64(worker), 0))
			for range 2000 {
				v := strconv.Itoa(random.IntN(50))
				want, _ := alone.Apply(v)
				got, err := action.Apply(v)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	good := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xff", 33)))
	for _, written := range []string{good, strings.TrimRight(good, "="), strings.NewReplacer("+", "-", "/", "_").Replace(good), "\n" + good + "\n"} {
		_, err := transform.ParseKey("k", written)
		require.NoError(t, err, written)
	}
	for name, test := range map[string]struct{ id, secret, want string }{
		"unset":    {"k", "", `key "k" is empty: is the environment variable that holds it set?`},
		"unknown":  {"k", "${NOPE}", `key "k" is a reference to an environment variable that was not replaced`},
		"short":    {"k", "c2VjcmV0", `key "k" has 6 bytes: use at least 32`},
		"no base":  {"k", "secret!secret", `key "k" is not base64`},
		"id":       {"a_b", good, `key id "a_b": use 1 to 16 of`},
		"empty id": {"", good, `key id ""`},
		"long id":  {"12345678901234567", good, `key id "12345678901234567"`},
	} {
		_, err := transform.ParseKey(test.id, test.secret)
		require.ErrorContains(t, err, test.want, name)
		assert.NotContains(t, err.Error(), "c2VjcmV0")
		assert.NotContains(t, err.Error(), "secret!")
	}
}

func TestKeyring(t *testing.T) {
	t.Parallel()
	a, b := key(t, "a", 'a'), key(t, "b", 'b')
	ring := transform.Keyring{a, b}
	require.NoError(t, ring.Check())
	require.ErrorContains(t, transform.Keyring{a, a}.Check(), `key id "a" is there twice`)
	require.ErrorContains(t, transform.Keyring{a, key(t, "c", 'a')}.Check(), `keys "a" and "c" have the same secret`)

	found, err := ring.Find("b")
	require.NoError(t, err)
	assert.Equal(t, "b", found.ID)
	_, err = ring.Find("c")
	require.ErrorContains(t, err, `key "c" is not among the keys`)

	writing, err := ring.Writing(func(id string) bool { return id == "a" }, false)
	require.NoError(t, err)
	assert.Equal(t, "b", writing.ID, "the newest that is not pinned")
	_, err = ring.Writing(func(string) bool { return true }, false)
	require.ErrorContains(t, err, "each of the keys is pinned")
	_, err = transform.Keyring{}.Writing(func(string) bool { return false }, false)
	require.ErrorContains(t, err, "there are no keys")
}

func TestWhatNoActionTakes(t *testing.T) {
	t.Parallel()
	for _, action := range []transform.Action{
		transform.Mask{}, transform.TruncateIP{}, transform.Bucket{Size: 1}, pseudonymize(t, key(t, "a", 'k'), "d", ""),
	} {
		for _, v := range []any{map[string]any{"secret": 1}, []any{"secret"}, struct{}{}} {
			got, err := action.Apply(v)
			require.ErrorIs(t, err, transform.ErrType)
			assert.Nil(t, got)
		}
	}
}

func BenchmarkPseudonymize(b *testing.B) {
	action := pseudonymize(b, key(b, "2026-11", 'k'), "customer.email", "")
	var value any = "jane.doe@example.org"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := action.Apply(value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBucket(b *testing.B) {
	for name, bucket := range map[string]struct {
		size  float64
		value any
	}{
		"integers": {10, json.Number("37")},
		"decimals": {0.25, json.Number("37.13")},
	} {
		action := transform.Bucket{Size: bucket.size}
		b.Run(name, func(b *testing.B) {
			dst := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := action.Append(dst, bucket.value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func Example() {
	key, _ := transform.NewKey("customer", []byte("0123456789abcdef0123456789abcdef"))
	customer, _ := transform.NewPseudonymize(key, "customer.id", "", "")
	for _, step := range []struct {
		action transform.Action
		value  any
	}{
		{customer, 17850},
		{transform.Mask{KeepLast: 4}, "4111111111111111"},
		{transform.TruncateIP{V4: 24, V6: 48}, "192.0.2.77"},
		{transform.Bucket{Size: 10}, 37},
	} {
		masked, _ := step.action.Apply(step.value)
		fmt.Println(masked)
	}
	// Output:
	// p_customer_U52AY3zKFCHiWqhHHy8W4g
	// ************1111
	// 192.0.2.0
	// 30
}
