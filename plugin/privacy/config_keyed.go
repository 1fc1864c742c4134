package privacy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

const (
	pmFieldDomain       = "domain"
	pmFieldType         = "type"
	pmFieldRegion       = "region"
	pmFieldKey          = "key"
	pmFieldEmitPrevious = "emit_previous"
	pmFieldMaxDays      = "max_days"
	pmFieldBy           = "by"
	pmFieldAlphabet     = "alphabet"
)

func keyField() *service.ConfigField {
	return service.NewStringField(pmFieldKey).Description("Pins the rule to the key of this id, which outlives rotations. The newest key that no rule pins unless set.").Optional()
}

func domainField(description string) *service.ConfigField {
	return service.NewStringField(pmFieldDomain).Description(description + " The path of the rule unless set.").Optional()
}

// keyedFields are those of the actions that take a key and cannot be turned back.
func keyedFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewObjectField(pmFieldPseudonymize,
			domainField("Values of one domain join: the same value gets the same pseudonym."),
			service.NewStringEnumField(pmFieldType, transform.Types...).Description("Makes different ways to write the same thing the same, before the pseudonym is made: letter case of e-mail addresses and IBANs, the form of phone numbers.").Optional(),
			service.NewStringField(pmFieldRegion).Description("The country, as in ISO 3166, of phone numbers that are written without a country code. With `none`, as unless set, they are taken as they are written.").Optional().Example("US").LintRule(lintRegion()),
			keyField(),
			service.NewBoolField(pmFieldEmitPrevious).Description("During a rotation, puts the pseudonym under the key before the newest beside the new one, by the same name with `_previous` at its end, so that what is stored under either joins. It is only for values that have a name, not for elements of arrays. false unless set.").Optional(),
		).Description("A keyed pseudonym, `p_<key id>_<22 characters>`, of HMAC-SHA-256: the same for the same value, key and domain.").Optional().
			Example(map[string]any{"key": "customer"}),
		service.NewObjectField(pmFieldShiftDate,
			service.NewIntField(pmFieldMaxDays).Description("The most days by which dates are moved, back or forth: 1 to 36500.").LintRule(lintRange("1", "36500")),
			service.NewBloblangField(pmFieldBy).Description("A mapping of the message as it came that gives whose date it is, a string or number.").Example("this.customer.id"),
			unitField(),
			keyField(),
		).Description("Moves dates by days that the key gives to each subject, never 0: time of day and intervals between the dates of one subject are kept. Rules with the same `max_days` and key move a subject's dates by the same days. Without a subject, the message fails. Pin the key: under another one, the same subject's dates are moved by other days.").Optional().
			Example(map[string]any{"max_days": 30, "by": "this.customer.id", "key": "customer"}),
	}
}

// reversibleFields are those of the actions that privacy_reveal turns back.
func reversibleFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewObjectField(pmFieldEncrypt,
			domainField("Values of one domain join, and a token of one does not decrypt as that of another."),
			keyField(),
		).Description("A token, `e_<key id>_<base64url>`, by deterministic AES-SIV, which `privacy_reveal` turns back: the same for the same value, key and domain. A token that one of the keys made for this domain is written anew with the newest key; what only looks like a token is an error.").Optional(),
		service.NewObjectField(pmFieldFPE,
			service.NewStringEnumField(pmFieldAlphabet, transform.Alphabets()...).Description("The characters that are encrypted to others of them; all others stay in place. `digits` unless set.").Optional(),
			domainField("The same value becomes the same in one domain."),
			keyField(),
		).Description("Format-preserving encryption, NIST FF1, which `privacy_reveal` turns back: digits become digits. A value with fewer than a million possible ones, such as one of five digits, is an error. Numbers stay numbers: integers of seven digits and more. What comes out does not tell which key made it: pin the key.").Optional().
			Example(map[string]any{"alphabet": "digits", "key": "cards"}),
	}
}

// domain is that of a keyed rule: its path, unless another is named.
func domain(conf *service.ParsedConfig, r *rule) (string, error) {
	domain, err := stringOr(conf, pmFieldDomain, r.path)
	if err == nil && conf.Contains(pmFieldDomain) && strings.TrimSpace(domain) == "" {
		return "", fmt.Errorf("domain %q is blank: name one, or leave it out", domain)
	}
	return domain, err
}

func (p *ruleParser) pseudonymize(conf *service.ParsedConfig, r *rule) error {
	domain, err := domain(conf, r)
	if err != nil {
		return err
	}
	valueType, err := stringOr(conf, pmFieldType, "")
	if err != nil {
		return err
	}
	region, err := regionOf(conf, "")
	if err != nil {
		return err
	}
	key, err := p.key(conf, false)
	if err != nil {
		return err
	}
	if r.change, err = transform.NewPseudonymize(key, domain, valueType, region); err != nil {
		return err
	}
	emit, err := boolOr(conf, pmFieldEmitPrevious, false)
	if err != nil || !emit {
		return err
	}
	if conf.Contains(pmFieldKey) {
		return errors.New("emit_previous is for rotations, and the rule is pinned to a key: remove one of them")
	}
	if keys := p.keys.Unpinned(p.isPinned, false); len(keys) > 1 {
		r.previous, err = transform.NewPseudonymize(keys[1], domain, valueType, region)
	}
	return err
}

func (p *ruleParser) shiftDate(conf *service.ParsedConfig, r *rule) error {
	maxDays, err := conf.FieldInt(pmFieldMaxDays)
	if err != nil {
		return err
	}
	by, err := parseQuery(conf, pmFieldBy)
	if err != nil {
		return err
	}
	key, err := p.key(conf, false)
	if err != nil {
		return err
	}
	days, err := transform.NewShiftDate(key, maxDays)
	if err != nil {
		return err
	}
	unit, err := epochUnit(conf)
	if err != nil {
		return err
	}
	r.shift = &shift{by: by, days: days, unit: unit}
	p.warnOfRotation(conf, r, "after this rotation, the same subject's dates are moved by other days")
	return nil
}

func (p *ruleParser) encrypt(conf *service.ParsedConfig, r *rule) error {
	encrypt, err := p.newEncrypt(conf, r)
	r.change = encrypt
	return err
}

func (p *ruleParser) newEncrypt(conf *service.ParsedConfig, r *rule) (*transform.Encrypt, error) {
	domain, err := domain(conf, r)
	if err != nil {
		return nil, err
	}
	key, err := p.key(conf, true)
	if err != nil {
		return nil, err
	}
	return transform.NewEncrypt(key, p.keys, domain)
}

func (p *ruleParser) fpe(conf *service.ParsedConfig, r *rule) error {
	fpe, err := p.newFPE(conf, r)
	r.change = fpe
	p.warnOfRotation(conf, r, "what comes out does not tell which of the keys made it")
	return err
}

func (p *ruleParser) newFPE(conf *service.ParsedConfig, r *rule) (*transform.FPE, error) {
	domain, err := domain(conf, r)
	if err != nil {
		return nil, err
	}
	alphabet, err := stringOr(conf, pmFieldAlphabet, "digits")
	if err != nil {
		return nil, err
	}
	key, err := p.key(conf, false)
	if err != nil {
		return nil, err
	}
	return transform.NewFPE(key, domain, alphabet)
}

// warnOfRotation notes what a rule that names no key loses by a rotation, when there are
// several keys that could write.
func (p *ruleParser) warnOfRotation(conf *service.ParsedConfig, r *rule, loss string) {
	if !conf.Contains(pmFieldKey) && len(p.keys.Unpinned(p.isPinned, false)) > 1 {
		r.warning = loss + ": pin the rule to a key with `key`"
	}
}
