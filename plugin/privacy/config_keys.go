package privacy

import (
	"fmt"
	"slices"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

const (
	pmFieldKeys   = "keys"
	pmFieldID     = "id"
	pmFieldSecret = "secret"
	pmFieldFile   = "file"
	pmFieldTink   = "tink"
)

func keysField(description string) *service.ConfigField {
	return service.NewObjectListField(pmFieldKeys,
		service.NewStringField(pmFieldID).Description("Names the key in the pseudonyms and tokens that it makes: 1 to 16 of A-Z, a-z, 0-9 and -.").Example("2026-11").LintRule(lintKeyID),
		service.NewStringField(pmFieldSecret).Description("Base64 of at least 32 random bytes. In streams mode, Benthos shows it to whoever asks its API for the stream, also when it is from the environment: use `file` there.").Secret().Optional().Example("${SHOAL_KEY}"),
		service.NewStringField(pmFieldFile).Description("A file that holds the base64, instead of `secret`. It is read at the start.").Optional().Example("/run/secrets/shoal-key"),
		service.NewStringField(pmFieldTink).Description("A file that holds a cleartext Tink keyset in JSON, of AES-SIV keys, instead of `secret`. It is for `encrypt` only, and read at the start.").Optional().Example("keyset.json"),
	).Description(description).Default([]any{}).LintRule(lintKey)
}

func parseKeys(conf *service.ParsedConfig, files *service.FS) (transform.Keyring, error) {
	list, err := conf.FieldObjectList(pmFieldKeys)
	if err != nil {
		return nil, err
	}
	var keys transform.Keyring
	for i, entry := range list {
		key, err := parseKey(entry, files)
		if err != nil {
			return nil, fmt.Errorf("keys[%d]: %w", i, err)
		}
		keys = append(keys, key)
	}
	if err := keys.Check(); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return keys, nil
}

func parseKey(conf *service.ParsedConfig, files *service.FS) (key transform.Key, err error) {
	id, err := conf.FieldString(pmFieldID)
	if err != nil {
		return key, err
	}
	given := slices.DeleteFunc([]string{pmFieldSecret, pmFieldFile, pmFieldTink}, func(field string) bool { return !conf.Contains(field) })
	if len(given) != 1 {
		return key, fmt.Errorf("key %q: give it a secret, a file or a tink keyset, exactly one of them", id)
	}
	text, err := conf.FieldString(given[0])
	if err != nil {
		return key, err
	}
	if given[0] == pmFieldSecret {
		return transform.ParseKey(id, text)
	}
	content, err := service.ReadFile(files, text)
	if err != nil {
		return key, fmt.Errorf("reading key %q: %w", id, err)
	}
	if given[0] == pmFieldTink {
		return transform.ParseKeyset(id, content)
	}
	return transform.ParseKey(id, string(content))
}
