package privacy

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

const (
	pmFieldKeep         = "keep"
	pmFieldDrop         = "drop"
	pmFieldMask         = "mask"
	pmFieldKeepFirst    = "keep_first"
	pmFieldKeepLast     = "keep_last"
	pmFieldChar         = "char"
	pmFieldPseudonymize = "pseudonymize"
	pmFieldDomain       = "domain"
	pmFieldType         = "type"
	pmFieldKey          = "key"
	pmFieldTruncateIP   = "truncate_ip"
	pmFieldV4           = "v4"
	pmFieldV6           = "v6"
	pmFieldBucket       = "bucket"
	pmFieldSize         = "size"
)

// maskLint says in words what a schema cannot.
const maskLint = `let actions = [ "keep", "drop", "mask", "pseudonymize", "truncate_ip", "bucket" ]
root = if this.rules.type() == "array" {
  this.rules.enumerated().filter(r -> r.value.type() == "object").map_each(r -> match {
    $actions.filter(a -> r.value.exists(a)).length() == 0 => "rules[%v] has no action: give it one of %v".format(r.index, $actions.join(", ")),
    $actions.filter(a -> r.value.exists(a)).length() > 1 => "rules[%v] has several actions: give it one".format(r.index),
    _ => deleted()
  })
}`

// ruleFields are those of a rule. No action has a default: what is there was written.
func ruleFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringField(pmFieldPath).Description("Which values the rule is for.").
			Example("customer.email").Example("items.*.price").Example("**.ip").Example(`headers["x.forwarded.for"]`).Example("@kafka_key"),
		service.NewObjectField(pmFieldKeep).
			Description("The value passes as it is: an exception to later rules, or to `unlisted: drop`.").Optional(),
		service.NewObjectField(pmFieldDrop).
			Description("The value goes, and so do objects and arrays that this leaves empty.").Optional(),
		service.NewObjectField(pmFieldMask,
			service.NewIntField(pmFieldKeepFirst).Description("Characters to keep at the start. 0 unless set.").Optional(),
			service.NewIntField(pmFieldKeepLast).Description("Characters to keep at the end. 0 unless set.").Optional(),
			service.NewStringField(pmFieldChar).Description("Stands for each other character. `*` unless set.").Optional(),
		).Description("Characters are replaced. A value no longer than what would be kept is masked as a whole.").Optional().
			Example(map[string]any{"keep_last": 4}),
		service.NewObjectField(pmFieldPseudonymize,
			service.NewStringField(pmFieldDomain).Description("Values of one domain join: the same value gets the same pseudonym. The path of the rule unless set.").Optional(),
			service.NewStringEnumField(pmFieldType, "email", "iban").Description("Makes different ways to write the same thing the same, before the pseudonym is made.").Optional(),
			service.NewStringField(pmFieldKey).Description("Pins the rule to the key of this id, which outlives rotations. The newest key that no rule pins unless set.").Optional(),
		).Description("A keyed pseudonym, `p_<key id>_<22 characters>`, of HMAC-SHA-256: the same for the same value, key and domain.").Optional().
			Example(map[string]any{"key": "customer"}),
		service.NewObjectField(pmFieldTruncateIP,
			service.NewIntField(pmFieldV4).Description("Bits of an IPv4 address to keep. 24 unless set.").Optional(),
			service.NewIntField(pmFieldV6).Description("Bits of an IPv6 address to keep. 48 unless set.").Optional(),
		).Description("The address of the network, the rest is zero.").Optional().
			Example(map[string]any{"v4": 24, "v6": 48}),
		service.NewObjectField(pmFieldBucket,
			service.NewFloatField(pmFieldSize).Description("Width of the intervals, above 0."),
		).Description("The lower end of the interval that the number falls in: 37 becomes 30 with a size of 10.").Optional().
			Example(map[string]any{"size": 10}),
	}
}

func parseRules(conf *service.ParsedConfig, keys transform.Keyring) ([]rule, error) {
	list, err := conf.FieldObjectList(pmFieldRules)
	if err != nil {
		return nil, err
	}
	pinned := map[string]bool{}
	for _, entry := range list {
		if entry.Contains(pmFieldPseudonymize, pmFieldKey) {
			id, err := entry.FieldString(pmFieldPseudonymize, pmFieldKey)
			if err != nil {
				return nil, err
			}
			pinned[id] = true
		}
	}
	p := &ruleParser{keys: keys, pinned: pinned}
	rules := make([]rule, len(list))
	for i, entry := range list {
		if rules[i], err = p.rule(entry); err != nil {
			return nil, fmt.Errorf("rules[%d]: %w", i, err)
		}
	}
	return rules, nil
}

type ruleParser struct {
	keys   transform.Keyring
	pinned map[string]bool
}

func (p *ruleParser) rule(conf *service.ParsedConfig) (r rule, err error) {
	if r.path, err = conf.FieldString(pmFieldPath); err != nil {
		return r, err
	}
	for _, action := range []struct {
		name  string
		parse func(*service.ParsedConfig, *rule) error
	}{
		{pmFieldKeep, func(_ *service.ParsedConfig, r *rule) error { r.fate = kept; return nil }},
		{pmFieldDrop, func(_ *service.ParsedConfig, r *rule) error { r.fate = dropped; return nil }},
		{pmFieldMask, parseMask},
		{pmFieldPseudonymize, p.pseudonymize},
		{pmFieldTruncateIP, parseTruncateIP},
		{pmFieldBucket, parseBucket},
	} {
		if !conf.Contains(action.name) {
			continue
		}
		if r.action != "" {
			return r, fmt.Errorf("path %s has both %s and %s: give each rule one action", r.path, r.action, action.name)
		}
		r.action = action.name
		if err := action.parse(conf.Namespace(action.name), &r); err != nil {
			return r, fmt.Errorf("%s: %w", action.name, err)
		}
	}
	if r.action == "" {
		return r, fmt.Errorf("path %s has no action: give it keep, drop, mask, pseudonymize, truncate_ip or bucket", r.path)
	}
	return r, nil
}

// intOr is a field that has no default in the schema.
func intOr(conf *service.ParsedConfig, field string, otherwise int) (int, error) {
	if !conf.Contains(field) {
		return otherwise, nil
	}
	return conf.FieldInt(field)
}

func parseMask(conf *service.ParsedConfig, r *rule) (err error) {
	var m transform.Mask
	if m.KeepFirst, err = intOr(conf, pmFieldKeepFirst, 0); err != nil {
		return err
	}
	if m.KeepLast, err = intOr(conf, pmFieldKeepLast, 0); err != nil {
		return err
	}
	if m.KeepFirst < 0 || m.KeepLast < 0 {
		return fmt.Errorf("keep_first %d and keep_last %d: use 0 or more", m.KeepFirst, m.KeepLast)
	}
	if conf.Contains(pmFieldChar) {
		char, err := conf.FieldString(pmFieldChar)
		if err != nil {
			return err
		}
		if utf8.RuneCountInString(char) != 1 {
			return fmt.Errorf("char %q: use one character", char)
		}
		m.Char, _ = utf8.DecodeRuneInString(char)
	}
	r.change = m
	return nil
}

func (p *ruleParser) pseudonymize(conf *service.ParsedConfig, r *rule) (err error) {
	domain, valueType := r.path, ""
	if conf.Contains(pmFieldDomain) {
		if domain, err = conf.FieldString(pmFieldDomain); err != nil {
			return err
		}
		if strings.TrimSpace(domain) == "" {
			return fmt.Errorf("domain %q is blank: name one, or leave it out", domain)
		}
	}
	if conf.Contains(pmFieldType) {
		if valueType, err = conf.FieldString(pmFieldType); err != nil {
			return err
		}
	}
	key, err := p.key(conf)
	if err != nil {
		return err
	}
	r.change, err = transform.NewPseudonymize(key, domain, valueType, "")
	return err
}

func (p *ruleParser) key(conf *service.ParsedConfig) (transform.Key, error) {
	if !conf.Contains(pmFieldKey) {
		return p.keys.Writing(func(id string) bool { return p.pinned[id] }, false)
	}
	id, err := conf.FieldString(pmFieldKey)
	if err != nil {
		return transform.Key{}, err
	}
	return p.keys.Find(id)
}

func parseTruncateIP(conf *service.ParsedConfig, r *rule) (err error) {
	var t transform.TruncateIP
	if t.V4, err = intOr(conf, pmFieldV4, 24); err != nil {
		return err
	}
	if t.V6, err = intOr(conf, pmFieldV6, 48); err != nil {
		return err
	}
	switch {
	case t.V4 < 0 || t.V4 > 32:
		return fmt.Errorf("v4 %d: use 0 to 32 bits", t.V4)
	case t.V6 < 0 || t.V6 > 128:
		return fmt.Errorf("v6 %d: use 0 to 128 bits", t.V6)
	}
	r.change = t
	return nil
}

func parseBucket(conf *service.ParsedConfig, r *rule) error {
	size, err := conf.FieldFloat(pmFieldSize)
	if err != nil {
		return err
	}
	if !(size >= 1e-9 && size <= 1e15) {
		return fmt.Errorf("size %v: use a number above 0, from 1e-9 to 1e15", size)
	}
	r.change = transform.Bucket{Size: size}
	return nil
}
