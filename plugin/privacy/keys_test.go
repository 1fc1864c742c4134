package privacy

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Keys come from files, too, as base64 or as a Tink keyset, which encrypts only.
func TestKeysFromFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret, tink := filepath.Join(dir, "secret"), filepath.Join(dir, "keyset.json")
	require.NoError(t, os.WriteFile(secret, []byte("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n"), 0o600))
	handle, err := keyset.NewHandle(daead.AESSIVKeyTemplate())
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)))
	require.NoError(t, os.WriteFile(tink, text.Bytes(), 0o600))

	conf := fmt.Sprintf(`
rules: [ { path: a, encrypt: {} } ]
keys: [ { id: bank, tink: %q }, { id: file, file: %q } ]
`, tink, secret)
	masked := newMask(t, conf).text(t, `{"a":"DE89"}`)
	assert.Contains(t, masked, `"e_bank_`)
	assert.JSONEq(t, `{"a":"DE89"}`, textThrough(t, newReveal(t, conf), masked))

	both := newMask(t, fmt.Sprintf(`
rules: [ { path: a, encrypt: {} }, { path: b, pseudonymize: {} }, { path: c, fpe: {} } ]
keys: [ { id: bank, tink: %q }, { id: file, file: %q } ]
`, tink, secret))
	assert.Regexp(t, `^\{"a":"e_bank_.*","b":"p_file_.{22}","c":"\d{16}"\}$`, both.text(t, `{"a":"x","b":"x","c":"4111111111111111"}`))

	for keys, want := range map[string]string{
		fmt.Sprintf(`[ { id: a, tink: %q } ]`, secret):                                  `keys[0]: key "a" is not a cleartext Tink keyset`,
		fmt.Sprintf(`[ { id: a, file: %q } ]`, tink):                                    `keys[0]: key "a" is not base64`,
		fmt.Sprintf(`[ { id: a, file: %q, tink: %q } ]`, secret, tink):                  "exactly one of them",
		fmt.Sprintf(`[ { id: a, tink: %q }, { id: b, tink: %q } ]`, tink, tink):         `keys "a" and "b" have the same secret`,
		fmt.Sprintf(`[ { id: a, file: %q }, { id: a, tink: %q } ]`, secret, tink):       `key id "a" is there twice`,
		fmt.Sprintf(`[ { id: a, tink: %q } ]`, filepath.Join(dir, "missing")):           `reading key "a"`,
		`[ { id: a, secret: c2hvcnQ= } ]`:                                               `key "a" has 5 bytes: use at least 32`,
		`[ { id: a, secret: "${SHOAL_UNSET_KEY:}" } ]`:                                  `keys[0]: key "a"`,
		`[ { id: "not an id", secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= } ]`: `key id "not an id": use 1 to 16`,
	} {
		_, err := build(t, `{ rules: [ { path: a, encrypt: {} } ], keys: `+keys+` }`)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "MDEyMzQ1")
	}
	_, err = build(t, fmt.Sprintf(`{ rules: [ { path: a, pseudonymize: {} } ], keys: [ { id: a, tink: %q } ] }`, tink))
	require.ErrorContains(t, err, "is a Tink keyset, which is for encrypt only")
}
