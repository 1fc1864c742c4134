package privacy

import (
	"fmt"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

const (
	pmFieldRules = "rules"
	pmFieldPath  = "path"

	pmFieldKeep         = "keep"
	pmFieldDrop         = "drop"
	pmFieldMask         = "mask"
	pmFieldPseudonymize = "pseudonymize"
	pmFieldTruncateIP   = "truncate_ip"
	pmFieldTruncateDate = "truncate_date"
	pmFieldShiftDate    = "shift_date"
	pmFieldBucket       = "bucket"
	pmFieldRound        = "round"
	pmFieldEncrypt      = "encrypt"
	pmFieldFPE          = "fpe"
	pmFieldScan         = "scan"
)

// maskActions are the actions of privacy_mask, in the order in which they are told.
var maskActions = []string{
	pmFieldKeep, pmFieldDrop, pmFieldMask, pmFieldPseudonymize, pmFieldTruncateIP, pmFieldTruncateDate,
	pmFieldShiftDate, pmFieldBucket, pmFieldRound, pmFieldEncrypt, pmFieldFPE, pmFieldScan,
}

func pathField() *service.ConfigField {
	return service.NewStringField(pmFieldPath).Description("Which values the rule is for.").
		Example("customer.email").Example("items.*.price").Example("**.ip").Example(`headers["x.forwarded.for"]`).Example("@kafka_key").LintRule(lintPath)
}

// ruleParser makes the rules of a configuration.
type ruleParser struct {
	keys         transform.Keyring
	pinned       map[string]bool // ids of keys that a rule names
	actions      []string        // that a rule may have
	maxScanBytes int
	parsers      map[string]func(*service.ParsedConfig, *rule) error
}

// parseRules makes the rules of privacy_mask.
func parseRules(conf *service.ParsedConfig, keys transform.Keyring) ([]rule, error) {
	maxScanBytes, err := conf.FieldInt(pmFieldMaxScanBytes)
	if err != nil {
		return nil, err
	}
	if maxScanBytes < 1 {
		return nil, fmt.Errorf("max_scan_bytes %d: use 1 or more", maxScanBytes)
	}
	p := &ruleParser{keys: keys, actions: maskActions, maxScanBytes: maxScanBytes}
	p.parsers = map[string]func(*service.ParsedConfig, *rule) error{
		pmFieldKeep:         parseKeep,
		pmFieldDrop:         func(_ *service.ParsedConfig, r *rule) error { r.fate = dropped; return nil },
		pmFieldMask:         parseMask,
		pmFieldPseudonymize: p.pseudonymize,
		pmFieldTruncateIP:   parseTruncateIP,
		pmFieldTruncateDate: parseTruncateDate,
		pmFieldShiftDate:    p.shiftDate,
		pmFieldBucket:       parseBucket,
		pmFieldRound:        parseRound,
		pmFieldEncrypt:      p.encrypt,
		pmFieldFPE:          p.fpe,
		pmFieldScan:         p.scan,
	}
	return p.rules(conf)
}

func parseKeep(_ *service.ParsedConfig, r *rule) error { r.fate = kept; return nil }

func (p *ruleParser) rules(conf *service.ParsedConfig) ([]rule, error) {
	list, err := conf.FieldObjectList(pmFieldRules)
	if err != nil {
		return nil, err
	}
	if err := p.pin(list); err != nil {
		return nil, err
	}
	rules := make([]rule, len(list))
	for i, entry := range list {
		if rules[i], err = p.rule(entry); err != nil {
			return nil, fmt.Errorf("rules[%d]: %w", i, err)
		}
	}
	return rules, nil
}

// pin finds the keys that rules name.
func (p *ruleParser) pin(list []*service.ParsedConfig) error {
	p.pinned = map[string]bool{}
	for _, entry := range list {
		for _, action := range p.actions {
			if !entry.Contains(action, pmFieldKey) {
				continue
			}
			id, err := entry.FieldString(action, pmFieldKey)
			if err != nil {
				return err
			}
			p.pinned[id] = true
		}
	}
	return nil
}

func (p *ruleParser) rule(conf *service.ParsedConfig) (r rule, err error) {
	if r.path, err = conf.FieldString(pmFieldPath); err != nil {
		return r, err
	}
	for _, action := range p.actions {
		if !conf.Contains(action) {
			continue
		}
		if r.action != "" {
			return r, fmt.Errorf("path %s has both %s and %s: give each rule one action", r.path, r.action, action)
		}
		r.action = action
		if err := p.parsers[action](conf.Namespace(action), &r); err != nil {
			return r, fmt.Errorf("%s: %w", action, err)
		}
	}
	if r.action == "" {
		last := len(p.actions) - 1
		return r, fmt.Errorf("path %s has no action: give it %s or %s", r.path, strings.Join(p.actions[:last], ", "), p.actions[last])
	}
	return r, nil
}

// isPinned tells that a rule names a key.
func (p *ruleParser) isPinned(id string) bool { return p.pinned[id] }

// key is the key that a rule names, or else the one that writes.
func (p *ruleParser) key(conf *service.ParsedConfig, encrypts bool) (transform.Key, error) {
	if !conf.Contains(pmFieldKey) {
		return p.keys.Writing(p.isPinned, encrypts)
	}
	id, err := conf.FieldString(pmFieldKey)
	if err != nil {
		return transform.Key{}, err
	}
	return p.keys.Find(id)
}

// intOr is a field that has no default in the schema.
func intOr(conf *service.ParsedConfig, field string, otherwise int) (int, error) {
	if !conf.Contains(field) {
		return otherwise, nil
	}
	return conf.FieldInt(field)
}

func stringOr(conf *service.ParsedConfig, field, otherwise string) (string, error) {
	if !conf.Contains(field) {
		return otherwise, nil
	}
	return conf.FieldString(field)
}

// noRegion is the region of who wants none, where there would be one.
const noRegion = "none"

// regionOf is the country of phone numbers without a country code, empty if there is none.
// The case of letters does not count.
func regionOf(conf *service.ParsedConfig, otherwise string) (string, error) {
	region, err := stringOr(conf, pmFieldRegion, otherwise)
	if strings.EqualFold(region, noRegion) {
		region = ""
	}
	return strings.ToUpper(region), err
}

func boolOr(conf *service.ParsedConfig, field string, otherwise bool) (bool, error) {
	if !conf.Contains(field) {
		return otherwise, nil
	}
	return conf.FieldBool(field)
}
