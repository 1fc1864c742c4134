package privacy

import (
	"errors"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const (
	pmFieldUnlisted = "unlisted"
	pmFieldMetadata = "metadata"

	unlistedKeep = "keep"
	unlistedDrop = "drop"
)

func maskSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Masks personal data by rules, before anything else sees it, and fails closed.").
		Description(`
The first rule whose path matches a value decides what becomes of it. Paths are names with dots between; `+"`*`"+` stands for one level (an array's elements, too), `+"`**`"+` for any depth, and `+"`[\"a.b\"]`"+` names a key that has dots in it. A path that names an object or array applies to all that is below it, and no name goes through an array by itself: write `+"`items.*.email`"+` where items is an array, as `+"`items.email`"+` matches nothing there. Names with `+"`*`"+` in them, and a first name `+"`this`, `root` or `$`"+`, have to be quoted: paths are no mappings. Null, absent values and the empty string pass as they are, unless they are dropped. `+"`@name`"+` is the metadata of that name, `+"`@*`"+` all of it.

On any doubt (the message is not JSON, a value is of a type that the action does not take, an action fails) the message is replaced by `+"`{}`"+`, its metadata is reduced to what `+"`metadata`"+` lists, and it is flagged with an error that names the rule, never the value. Nothing of the original goes on.

A second pass masks what the first one has left: there is no mark on a masked message, as a producer could forge it. The error of a message that failed in an earlier processor is replaced by one that does not quote it. With `+"`error_handling.strict`"+`, and in a `+"`try`"+`, a message that failed in an earlier processor skips this one: put it first. In a `+"`branch`"+`, the message around it stays as it came: put it outside of branches.

What the input `+"`feature_refresh`"+` sends comes from the store, where it is masked, and passes as long as nobody has changed it. Once changed or joined with others, it is masked like any message.`).
		Fields(
			service.NewObjectListField(pmFieldRules, maskFields()...).
				Description("The rules, each a path and one action: "+strings.Join(maskActions, ", ")+"."),
			service.NewStringEnumField(pmFieldUnlisted, unlistedKeep, unlistedDrop).
				Description("What becomes of values that no rule names: `keep`, the default, or `drop`, with which only values that a rule names survive; use the action `keep` for those that are to pass as they are. Keys of objects that are left and that no rule spells out are then scanned as by `scan: {}`, but for those below `keep`.").
				Default(unlistedKeep),
			keysField("Keys of pseudonyms, tokens and shifts, newest first. The first that no rule pins writes for all rules that pin none, and all read."),
			consentField(),
			metadataField("Metadata that is kept: where the message is to be found at its source. All other goes, unless a rule with the path `@name` treats it."),
			service.NewIntField(pmFieldMaxScanBytes).
				Description("Bytes of each text that `scan` looks at, 1 or more. What is behind them is replaced by `<TRUNCATED>`, back to the last white space before, or 4 KiB without any: half of a long token would not be recognised.").
				Default(defaultMaxScanBytes).LintRule(lintAtLeast(1)),
		).
		LintRule(lintActions(maskActions)).
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
		Example("Text, consent, and a way back", "Personal data is found wherever people write; bank accounts can be turned back by `privacy_reveal`, and customers who do not agree are not used.", `
pipeline:
  processors:
    - privacy_mask:
        rules:
          - { path: customer.id, pseudonymize: { key: customer } }
          - { path: customer.birth_date, truncate_date: { to: year } }
          - { path: account.iban, encrypt: {} }
          - { path: geo.*, round: { decimals: 1 } }
          - { path: visit.at, shift_date: { max_days: 30, by: this.customer.id, key: customer } }
          - { path: ticket.text, scan: { detectors: [ email, phone, credit_card, iban ], region: US } }
          - { path: "**", scan: {} }
        consent:
          check: this.consent.analytics == true
          otherwise: drop
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

// Register adds the processors privacy_mask and privacy_reveal to an environment.
func Register(env *service.Environment) error {
	return errors.Join(
		env.RegisterBatchProcessor("privacy_mask", maskSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
				return newMaskFromConfig(conf, res)
			}),
		env.RegisterBatchProcessor("privacy_reveal", revealSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
				return newRevealFromConfig(conf, res)
			}),
	)
}

func metadataField(description string) *service.ConfigField {
	return service.NewStringListField(pmFieldMetadata).Description(description).
		Default([]any{"kafka_topic", "kafka_partition", "kafka_offset", "kafka_timestamp_ms"})
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
	m := &mask{metrics: newMaskMetrics(res.Metrics())}
	if m.consent, err = parseConsent(conf); err != nil {
		return nil, err
	}
	if len(rules) == 0 && unlisted == unlistedKeep && m.consent == nil {
		return nil, errors.New("rules is empty and unlisted is keep: nothing would be masked: add a rule")
	}
	if m.policy, err = newPolicy(rules, unlisted == unlistedDrop); err != nil {
		return nil, err
	}
	if m.policy.dropUnlisted {
		most, err := conf.FieldInt(pmFieldMaxScanBytes)
		if err != nil {
			return nil, err
		}
		if m.policy.unlistedKeys, err = scanOfKeys(most); err != nil {
			return nil, err
		}
	}
	m.policy.warn(res.Logger())
	m.metadata, err = parseMetadata(conf)
	return m, err
}

func parseMetadata(conf *service.ParsedConfig) (metadataList, error) {
	list, err := conf.FieldStringList(pmFieldMetadata)
	if err != nil {
		return nil, err
	}
	names := make(metadataList, len(list))
	for _, name := range list {
		names[name] = struct{}{}
	}
	return names, nil
}

// warn tells once, at the start, of rules that will not do what was meant.
func (p *policy) warn(logger *service.Logger) {
	for _, i := range p.hidden {
		logger.Warnf("rules[%d] (path %s) never applies, as earlier rules match all that it names: move it up or remove it", i, p.rules[i].path)
	}
	for i, r := range p.rules {
		if r.warning != "" {
			logger.Warnf("rules[%d] (path %s, %s): %s", i, r.path, r.action, r.warning)
		}
	}
}
