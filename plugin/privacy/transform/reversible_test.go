package transform_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

func encrypt(t testing.TB, writing transform.Key, ring transform.Keyring, domain string) *transform.Encrypt {
	t.Helper()
	e, err := transform.NewEncrypt(writing, ring, domain)
	require.NoError(t, err)
	return e
}

func fpe(t testing.TB, k transform.Key, domain, alphabet string) *transform.FPE {
	t.Helper()
	f, err := transform.NewFPE(k, domain, alphabet)
	require.NoError(t, err)
	return f
}

func TestEncryptComesBackAsItWas(t *testing.T) {
	t.Parallel()
	k := key(t, "2026-11", 'k')
	e := encrypt(t, k, nil, "account.iban")
	for _, v := range []any{
		"DE89370400440532013000", "", "Zoë", strings.Repeat("long ", 5000), "e_", "e_x_", "e_2026-11_short", "p_2026-11_U52AY3zKFCHiWqhHHy8W4g",
		json.Number("12345678901234567890"), json.Number("1.50"), json.Number("-1e400"), true, false,
	} {
		token, err := e.Apply(v)
		require.NoError(t, err)
		assert.Regexp(t, `^e_2026-11_[A-Za-z0-9_-]{23,}$`, token)
		got, err := e.Reveal(token)
		require.NoError(t, err)
		assert.Equal(t, v, got)
		again, err := e.Apply(v)
		require.NoError(t, err)
		assert.Equal(t, token, again, "the same value gets the same token")
		again, err = e.Apply(token)
		require.NoError(t, err)
		assert.Equal(t, token, again, "a token that is known is not encrypted again")
	}
	text, err := e.Apply("17850")
	require.NoError(t, err)
	number, err := e.Apply(17850)
	require.NoError(t, err)
	assert.NotEqual(t, text, number, "they come back as what they were")
}

func TestTokensThatNoKeyMade(t *testing.T) {
	t.Parallel()
	a, b := key(t, "a", 'a'), key(t, "b", 'b')
	token, err := encrypt(t, a, nil, "d").Apply("secret")
	require.NoError(t, err)
	both := encrypt(t, b, transform.Keyring{b, a}, "d")
	got, err := both.Reveal(token)
	require.NoError(t, err)
	assert.Equal(t, "secret", got, "all keys read")
	rotated, err := both.Apply(token)
	require.NoError(t, err)
	fresh, err := both.Apply("secret")
	require.NoError(t, err)
	assert.Equal(t, fresh, rotated, "a token of an earlier key is written with the newest")

	damaged := []byte(token.(string))
	damaged[len(damaged)-3] ^= 1
	for name, test := range map[string]struct {
		action *transform.Encrypt
		token  string
	}{
		"unknown key":      {encrypt(t, b, nil, "d"), token.(string)},
		"another domain":   {encrypt(t, a, nil, "e"), token.(string)},
		"damaged":          {both, string(damaged)},
		"cut":              {both, token.(string)[:len(token.(string))-4]},
		"under another id": {both, strings.Replace(token.(string), "e_a_", "e_b_", 1)},
	} {
		for _, f := range []func(any) (any, error){test.action.Apply, test.action.Reveal} {
			got, err := f(test.token)
			require.ErrorIs(t, err, transform.ErrToken, name)
			assert.Nil(t, got)
		}
	}
	for _, v := range []any{"secret", json.Number("5"), nil, true} {
		_, err := both.Reveal(v)
		require.Error(t, err, "what is no token does not pass for a value that was revealed")
	}
}

// tinkKeyset makes a keyset, of as many keys as there are templates.
func tinkKeyset(t testing.TB, keys int) []byte {
	t.Helper()
	manager := keyset.NewManager()
	for range keys {
		id, err := manager.Add(daead.AESSIVKeyTemplate())
		require.NoError(t, err)
		require.NoError(t, manager.SetPrimary(id))
	}
	handle, err := manager.Handle()
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)))
	return out.Bytes()
}

func TestKeysets(t *testing.T) {
	t.Parallel()
	file := tinkKeyset(t, 2)
	k, err := transform.ParseKeyset("bank", file)
	require.NoError(t, err)
	e := encrypt(t, k, transform.Keyring{k}, "d")
	token, err := e.Apply("secret")
	require.NoError(t, err)
	assert.Regexp(t, "^e_bank_", token)
	got, err := e.Reveal(token)
	require.NoError(t, err)
	assert.Equal(t, "secret", got)

	same, err := transform.ParseKeyset("copy", file)
	require.NoError(t, err)
	other, err := transform.ParseKeyset("other", tinkKeyset(t, 1))
	require.NoError(t, err)
	require.ErrorContains(t, transform.Keyring{k, same}.Check(), "have the same secret")
	require.NoError(t, transform.Keyring{k, other, key(t, "a", 'a')}.Check())

	for _, bad := range []string{"", "{}", "secret", string(file[:len(file)/2])} {
		_, err = transform.ParseKeyset("bank", []byte(bad))
		require.ErrorContains(t, err, `key "bank" is not a cleartext Tink keyset`)
	}
	_, err = transform.ParseKeyset("a_b", file)
	require.ErrorContains(t, err, `key id "a_b"`)

	const only = `key "bank" is a Tink keyset, which is for encrypt only`
	_, err = transform.NewPseudonymize(k, "d", "", "")
	require.ErrorContains(t, err, only)
	_, err = transform.NewShiftDate(k, 30)
	require.ErrorContains(t, err, only)
	_, err = transform.NewFPE(k, "d", "digits")
	require.ErrorContains(t, err, only)
	ring := transform.Keyring{k, key(t, "a", 'a')}
	writing, err := ring.Writing(func(string) bool { return false }, false)
	require.NoError(t, err)
	assert.Equal(t, "a", writing.ID, "the newest that can")
	writing, err = ring.Writing(func(string) bool { return false }, true)
	require.NoError(t, err)
	assert.Equal(t, "bank", writing.ID)
}

func TestFPEKeepsTheForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ alphabet, in, pattern string }{
		{"digits", "4111-1111-1111-1111", `^\d{4}-\d{4}-\d{4}-\d{4}$`},
		{"digits", "+44 (0)20 7946 0018", `^\+\d\d \(\d\)\d\d \d{4} \d{4}$`},
		{"digits", "AB123456C", `^AB\d{6}C$`},
		{"digits", "№123456é", `^№\d{6}é$`},
		{"lower", "secret Name", `^[a-z]{6} N[a-z]{3}$`},
		{"upper", "SECRET-x", `^[A-Z]{6}-x$`},
		{"letters", "Secret-1", `^[A-Za-z]{6}-1$`},
		{"hex", "deadbeef-00", `^[0-9a-f]{8}-[0-9a-f]{2}$`},
		{"hex_upper", "DEADBEEF", `^[0-9A-F]{8}$`},
		{"alphanumeric", "aB3/dE6", `^[0-9A-Za-z]{3}/[0-9A-Za-z]{3}$`},
		{"lower_alphanumeric", "ab3d.", `^[0-9a-z]{4}\.$`},
		{"upper_alphanumeric", "GB29NWBK60161331926819", `^[0-9A-Z]{22}$`},
		{"digits", strings.Repeat("1234567890", 20), `^\d{200}$`},
	} {
		f := fpe(t, key(t, "a", 'k'), "d", test.alphabet)
		got, err := f.Apply(test.in)
		require.NoError(t, err, test.in)
		assert.Regexp(t, test.pattern, got)
		assert.NotEqual(t, test.in, got)
		back, err := f.Reveal(got)
		require.NoError(t, err)
		assert.Equal(t, test.in, back)
	}
	first, err := fpe(t, key(t, "a", 'k'), "d", "digits").Apply("4111111111111111")
	require.NoError(t, err)
	for _, other := range []*transform.FPE{fpe(t, key(t, "a", 'k'), "e", "digits"), fpe(t, key(t, "a", 'l'), "d", "digits")} {
		got, err := other.Apply("4111111111111111")
		require.NoError(t, err)
		assert.NotEqual(t, first, got)
	}
}

func TestFPERefuses(t *testing.T) {
	t.Parallel()
	f := fpe(t, key(t, "a", 'k'), "d", "digits")
	for _, test := range []struct {
		in   any
		want error
	}{
		{"12345", transform.ErrDomain},
		{"", transform.ErrDomain},
		{"no digits", transform.ErrDomain},
		{strings.Repeat("1", 1025), transform.ErrDomain},
		{"123456７", transform.ErrDigit},
		{"123456٣", transform.ErrDigit},
		{"123456\xff", transform.ErrDigit},
		{json.Number("123456"), transform.ErrDomain},
		{json.Number("0"), transform.ErrDomain},
		{json.Number("1234567.5"), transform.ErrType},
		{true, transform.ErrType},
		{[]any{}, transform.ErrType},
	} {
		for _, apply := range []func(any) (any, error){f.Apply, f.Reveal} {
			got, err := apply(test.in)
			require.ErrorIs(t, err, test.want, "%v", test.in)
			assert.Nil(t, got)
		}
	}
	_, err := fpe(t, key(t, "a", 'k'), "d", "hex").Apply(json.Number("12345678"))
	require.ErrorIs(t, err, transform.ErrType)
	_, err = fpe(t, key(t, "a", 'k'), "d", "letters").Apply("Zoësecret")
	require.ErrorIs(t, err, transform.ErrDigit)
	_, err = transform.NewFPE(key(t, "a", 'k'), "d", "klingon")
	require.ErrorContains(t, err, `alphabet "klingon" is not known: use one of alphanumeric, digits,`)
}

// Numbers stay numbers of as many digits, and come back.
func TestFPEOfNumbers(t *testing.T) {
	t.Parallel()
	f := fpe(t, key(t, "a", 'k'), "d", "digits")
	one, err := f.Apply(json.Number("12345678"))
	require.NoError(t, err)
	for _, written := range []json.Number{"12345678.0", "12345678.000", "1.2345678e7"} {
		got, err := f.Apply(written)
		require.NoError(t, err)
		assert.Equal(t, one, got, "%s", written)
	}
	random := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		n := 1_000_000 + random.Int64N(1<<62-1_000_000)>>random.IntN(40)
		if random.IntN(2) == 0 {
			n = -n
		}
		written := json.Number(strconv.FormatInt(n, 10))
		got, err := f.Apply(written)
		require.NoError(t, err)
		_, err = json.Marshal(got)
		require.NoError(t, err)
		require.Len(t, got, len(written))
		back, err := f.Reveal(got)
		require.NoError(t, err)
		require.Equal(t, written, back)
	}
}

// What was made stays readable and goes on to join: these never change.
func TestGolden(t *testing.T) {
	t.Parallel()
	k := key(t, "2026-11", 'k')
	shift, err := transform.NewShiftDate(k, 30)
	require.NoError(t, err)
	days, err := shift.Days("jane")
	require.NoError(t, err)
	got := []any{days}
	for _, step := range []struct {
		action transform.Action
		value  any
	}{
		{pseudonymize(t, k, "customer.email", "email"), "Jane@Example.org"},
		{encrypt(t, k, nil, "account.iban"), "DE89370400440532013000"},
		{encrypt(t, k, nil, "account.iban"), 17850},
		{fpe(t, k, "customer.phone", "digits"), "+442079460018"},
		{fpe(t, k, "customer.phone", "alphanumeric"), "aB3dE6"},
		{fpe(t, k, "customer.phone", "digits"), 4111111111111111},
	} {
		v, err := step.action.Apply(step.value)
		require.NoError(t, err)
		got = append(got, v)
	}
	assert.Equal(t, []any{
		9,
		"p_2026-11_BPXTGhGyxlx6k9QUFuTPaQ",
		"e_2026-11_aF0qLWksS-4U4-UHqQ-nR-gBTvU0UPqa7RUtQM_wNYsNJACbVJRq",
		"e_2026-11_dstWrCgDthykUyKTizMQSuLRuF9_iQ",
		"+523840769898",
		"jmqZ1l",
		json.Number("4234503803949208"),
	}, got)
}

func FuzzReversible(f *testing.F) {
	f.Add("DE89 3704 0044", "account.iban")
	f.Add("e_a_AAAAAAAAAAAAAAAAAAAAAAA", "d")
	f.Fuzz(func(t *testing.T, text, domain string) {
		k := key(t, "a", 'k')
		actions := []transform.Reversible{encrypt(t, k, nil, domain)}
		for _, alphabet := range transform.Alphabets() {
			action, err := transform.NewFPE(k, domain, alphabet)
			if err != nil {
				return
			}
			actions = append(actions, action)
		}
		for _, action := range actions {
			got, err := action.Apply(text)
			if err != nil {
				continue
			}
			back, err := action.Reveal(got)
			require.NoError(t, err)
			require.Equal(t, text, back)
		}
	})
}

func BenchmarkReversible(b *testing.B) {
	k := key(b, "2026-11", 'k')
	for name, action := range map[string]transform.Reversible{
		"encrypt":    encrypt(b, k, nil, "account.iban"),
		"fpe digits": fpe(b, k, "payment.card", "digits"),
	} {
		var value any = "4111111111111111"
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := action.Apply(value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
