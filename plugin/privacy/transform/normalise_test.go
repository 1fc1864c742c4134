package transform_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

func TestPhonesThatJoin(t *testing.T) {
	t.Parallel()
	k := key(t, "a", 'k')
	plain := pseudonymize(t, k, "d", "")
	for _, test := range []struct {
		region, normal string
		written        []any
	}{
		{"GB", "+442079460018", []any{"020 7946 0018", "+44 20 7946 0018", "+44 (0)20 7946 0018", "0044 20 7946 0018", "tel:+44-20-7946-0018", 2079460018}},
		{"us", "+12125550123", []any{"(212) 555-0123"}},
		{"US", "+12125550123", []any{"٢١٢-555-0123", "212\u200b5550123", "(212) 555-0123", "212.555.0123", "+1 212 555 0123", "1-212-555-0123", "２１２５５５０１２３"}},
		{"", "+12125550123", []any{"+1 212 555 0123", "+1 (212) 555-0123"}},
		{"", "02079460018", []any{"020 7946 0018", "(020) 79460018"}},
		{"DE", "+4930123456;ext=7", []any{"030 123456 ext. 7", "+49 30 123456 x7"}},
		{"US", "unknown", []any{"unknown"}},
		{"US", "12", []any{"12", "1-2"}},
	} {
		phone, err := transform.NewPseudonymize(k, "d", "phone", test.region)
		require.NoError(t, err)
		want, err := plain.Apply(test.normal)
		require.NoError(t, err)
		for _, written := range test.written {
			got, err := phone.Apply(written)
			require.NoError(t, err)
			assert.Equal(t, want, got, "%v in %q", written, test.region)
		}
	}
}

func TestTypesThatAreRefused(t *testing.T) {
	t.Parallel()
	for want, test := range map[string][2]string{
		`type "ssn" is not known: use email, iban, phone`: {"ssn", ""},
		`region "XX" is not known`:                        {"phone", "XX"},
		`region "US" is for type phone`:                   {"email", "US"},
	} {
		_, err := transform.NewPseudonymize(key(t, "a", 'k'), "d", test[0], test[1])
		require.ErrorContains(t, err, want)
	}
}

// Whatever is written, it gets a pseudonym or an error, and never a panic.
func FuzzPhone(f *testing.F) {
	f.Add("+44 (0)20 7946 0018;ext=5")
	f.Add("tel:;phone-context=+")
	f.Fuzz(func(t *testing.T, written string) {
		for _, region := range []string{"", "US", "AR", "BR"} {
			phone, err := transform.NewPseudonymize(key(t, "a", 'k'), "d", "phone", region)
			require.NoError(t, err)
			got, err := phone.Apply(written)
			if err == nil {
				assert.Regexp(t, "^p_a_[A-Za-z0-9_-]{22}$", got)
			}
		}
	})
}
