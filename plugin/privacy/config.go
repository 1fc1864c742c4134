package privacy

import (
	"errors"
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

const (
	pmFieldRules    = "rules"
	pmFieldPath     = "path"
	pmFieldUnlisted = "unlisted"
	pmFieldKeys     = "keys"
	pmFieldID       = "id"
	pmFieldSecret   = "secret"
	pmFieldFile     = "file"
	pmFieldMetadata = "metadata"

	unlistedKeep = "keep"
	unlistedDrop = "drop"
)

func maskSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Masks personal data by rules, before anything else sees it, and fails closed.").
		Description(`
The first rule whose path matches a value decides what becomes of it. Paths are names with dots between; `+"`*`"+` stands for one level (an array's elements, too), `+"`**`"+` for any depth, and `+"`[\"a.b\"]`"+` names a key that has dots in it. A path that names an object or array applies to all that is below it. Null, absent values and the empty string pass as they are, unless they are dropped. `+"`@name`"+` is the metadata of that name, `+"`@*`"+` all of it.

On any doubt (the message is not JSON, a value is of a type that the action does not take, an action fails) the message is replaced by `+"`{}`"+`, its metadata is reduced to what `+"`metadata`"+` lists, and it is flagged with an error that names the rule, never the value. Nothing of the original goes on.

A second pass masks what the first one has left: there is no mark on a masked message, as a producer could forge it. With `+"`error_handling.strict`"+`, a message that failed in an earlier processor skips this one: put it first.

What the input `+"`feature_refresh`"+` sends comes from the store, where it is masked, and passes as long as nobody has changed it. Once changed or joined with others, it is masked like any message.`).
		Fields(
			service.NewObjectListField(pmFieldRules, ruleFields()...).
				Description("The rules, each a path and one action: keep, drop, mask, pseudonymize, truncate_ip or bucket."),
			service.NewStringEnumField(pmFieldUnlisted, unlistedKeep, unlistedDrop).
				Description("What becomes of values that no rule names: `keep`, the default, or `drop`, with which only values that a rule names survive; use the action `keep` for those that are to pass as they are.").
				Default(unlistedKeep),
			service.NewObjectListField(pmFieldKeys,
				service.NewStringField(pmFieldID).Description("Names the key in the pseudonyms that it makes: 1 to 16 of A-Z, a-z, 0-9 and -.").Example("2026-11"),
				service.NewStringField(pmFieldSecret).Description("Base64 of at least 32 random bytes.").Secret().Optional().Example("${SHOAL_KEY}"),
				service.NewStringField(pmFieldFile).Description("A file that holds the base64, instead of `secret`.").Optional().Example("/run/secrets/shoal-key"),
			).Description("Keys of the pseudonyms, newest first. The first that no rule pins writes for all rules that pin none.").
				Default([]any{}),
			service.NewStringListField(pmFieldMetadata).
				Description("Metadata that is kept: where the message is to be found at its source. All other goes, unless a rule with the path `@name` treats it.").
				Default([]any{"kafka_topic", "kafka_partition", "kafka_offset", "kafka_timestamp_ms"}),
		).
		LintRule(maskLint).
		Example("Orders", "The customer id gets a pseudonym under a key of its own, which outlives rotations, as state is kept under it.", `
pipeline:
  processors:
    - privacy_mask:
        rules:
          - { path: customer.id, pseudonymize: { key: customer } }
          - { path: customer.email, pseudonymize: { type: email } }
          - { path: customer.name, drop: {} }
          - { path: customer.age, bucket: { size: 10 } }
          - { path: payment.card, mask: { keep_last: 4 } }
          - { path: client.ip, truncate_ip: { v4: 24, v6: 48 } }
        keys:
          - { id: "2026-11", secret: "${SHOAL_KEY}" }
          - { id: customer, file: /run/secrets/customer-key }
`).
		Example("Only what is listed", "Values that nobody thought of do not pass, however deep they are.", `
pipeline:
  processors:
    - privacy_mask:
        rules:
          - { path: type, keep: {} }
          - { path: order.items.*.price, keep: {} }
          - { path: "**.ip", truncate_ip: {} }
          - { path: "@http_server_remote_ip", truncate_ip: {} }
        unlisted: drop
`)
}

// Register adds the processor privacy_mask to an environment.
func Register(env *service.Environment) error {
	return env.RegisterBatchProcessor("privacy_mask", maskSpec(),
		func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
			return newMaskFromConfig(conf, res)
		})
}

func newMaskFromConfig(conf *service.ParsedConfig, res *service.Resources) (*mask, error) {
	keys, err := parseKeys(conf, res.FS())
	if err != nil {
		return nil, err
	}
	rules, err := parseRules(conf, keys)
	if err != nil {
		return nil, err
	}
	unlisted, err := conf.FieldString(pmFieldUnlisted)
	if err != nil {
		return nil, err
	}
	if len(rules) == 0 && unlisted == unlistedKeep {
		return nil, errors.New("rules is empty and unlisted is keep: nothing would be masked: add a rule")
	}
	m := &mask{metadata: map[string]struct{}{}, metrics: newMaskMetrics(res.Metrics(), rules)}
	if m.policy, err = newPolicy(rules, unlisted == unlistedDrop); err != nil {
		return nil, err
	}
	for _, i := range m.policy.hidden {
		res.Logger().Warnf("rules[%d] (path %s) never applies, as earlier rules match all that it names: move it up or remove it", i, rules[i].path)
	}
	listed, err := conf.FieldStringList(pmFieldMetadata)
	if err != nil {
		return nil, err
	}
	for _, name := range listed {
		m.metadata[name] = struct{}{}
	}
	return m, nil
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
	inline, inFile := conf.Contains(pmFieldSecret), conf.Contains(pmFieldFile)
	switch {
	case inline == inFile:
		return key, fmt.Errorf("key %q: give it a secret or a file, exactly one of them", id)
	case inline:
		secret, err := conf.FieldString(pmFieldSecret)
		if err != nil {
			return key, err
		}
		return transform.ParseKey(id, secret)
	}
	name, err := conf.FieldString(pmFieldFile)
	if err != nil {
		return key, err
	}
	secret, err := service.ReadFile(files, name)
	if err != nil {
		return key, fmt.Errorf("reading key %q: %w", id, err)
	}
	return transform.ParseKey(id, string(secret))
}
