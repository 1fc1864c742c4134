package privacy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

const (
	pmFieldDetectors    = "detectors"
	pmFieldReplace      = "replace"
	pmFieldNumbers      = "numbers"
	pmFieldJSON         = "json"
	pmFieldCustom       = "custom"
	pmFieldName         = "name"
	pmFieldPattern      = "pattern"
	pmFieldChecksum     = "checksum"
	pmFieldContext      = "context"
	pmFieldMaxScanBytes = "max_scan_bytes"

	replaceTag       = "tag"
	replaceMask      = "mask"
	replacePseudonym = "pseudonym"
	replaceRemove    = "remove"

	defaultMaxScanBytes = 65536
	defaultRegion       = "US"
)

// Lists are fields of any type: one of a type has the empty list as its default, and then
// there is no telling a rule with scan from one without.

// lintCustom says what a schema would.
const lintCustom = `let fields = [ "name", "pattern", "checksum", "context" ]
root = if this.type() != "array" {
  "custom is no list: use a list of detectors, each with a name and a pattern"
} else {
  this.enumerated().map_each(d -> match {
    d.value.type() != "object" || d.value.name.type() != "string" || d.value.pattern.type() != "string" => "custom[%v]: give it a name and a pattern".format(d.index),
    d.value.keys().any(k -> !$fields.contains(k)) => "custom[%v] has an unknown field: use some of %v".format(d.index, $fields.join(", ")),
    !d.value.name.re_match("^[a-z][a-z0-9_]*$") => "custom[%v].name: use small letters, digits and _".format(d.index),
    !["", "luhn", "mod97", "mod11", "verhoeff", "cpf", "nif"].contains(d.value.checksum.or("")) => "custom[%v].checksum is not known: use luhn, mod97, mod11, verhoeff, cpf or nif".format(d.index),
    "".re_match(d.value.pattern).catch(null) == null => "custom[%v].pattern is no regular expression of RE2".format(d.index),
    _ => deleted()
  })
}`

func scanField() *service.ConfigField {
	return service.NewObjectField(pmFieldScan,
		service.NewAnyField(pmFieldDetectors).
			Description(fmt.Sprintf("What to look for: some of %v. Unless set: %v.", detect.Names(), detect.Default())).Optional().LintRule(lintDetectors()),
		service.NewStringField(pmFieldRegion).
			Description("The country, as in ISO 3166, of phone numbers that are written without a country code: `US` unless set. With `none`, only those with one are found.").Optional().Example("DE").LintRule(lintRegion()),
		service.NewStringEnumField(pmFieldReplace, replaceTag, replaceMask, replacePseudonym, replaceRemove).
			Description("What stands for what is found: a `tag`, such as `<EMAIL>`, as unless set; a `mask` of as many asterisks; a `pseudonym`, as of `pseudonymize`; or nothing, with `remove`.").Optional(),
		service.NewBoolField(pmFieldNumbers).
			Description("Looks at numbers, too. One that is found becomes a string. false unless set.").Optional(),
		service.NewBoolField(pmFieldJSON).
			Description("Looks into strings that are JSON objects or arrays, at the numbers in them, too, and encodes them again where something was found; `max_scan_bytes` is then for each of the strings in them. false unless set.").Optional(),
		service.NewAnyField(pmFieldCustom).
			Description("Detectors of your own, a list: each has a `name`, for its tag and for metrics; a `pattern`, a regular expression (RE2); and may have a `checksum` of the digits of a match (luhn, mod97, mod11, verhoeff, cpf or nif) and `context`, a list of words of which one must be near.").
			Example([]any{map[string]any{"name": "order_number", "pattern": `\bORD-\d{8}\b`, "context": []any{"order"}}}).
			LintRule(lintCustom).Optional(),
		domainField("Of pseudonyms: values of one domain join."),
		keyField(),
	).Description("Finds personal data in text, by pattern, checksum and context, and replaces it. Words of context are those near it in the text, and the keys of the nearest two objects around it: `{\"phone\":\"2125550123\"}`. Below a path with wildcards, and below objects, it looks at the keys of objects, too, but for those that a rule spells out. Names of people and street addresses are not found: give their paths rules of their own.").Optional().
		Example(map[string]any{"detectors": []any{"email", "phone"}, "region": "US"})
}

func (p *ruleParser) scan(conf *service.ParsedConfig, r *rule) error {
	options, err := parseDetectors(conf)
	if err != nil {
		return err
	}
	s := &scan{most: p.maxScanBytes}
	if s.finder, err = detect.New(options); err != nil {
		return err
	}
	if s.replace, err = stringOr(conf, pmFieldReplace, replaceTag); err != nil {
		return err
	}
	if s.numbers, err = boolOr(conf, pmFieldNumbers, false); err != nil {
		return err
	}
	if s.json, err = boolOr(conf, pmFieldJSON, false); err != nil {
		return err
	}
	r.scan = s
	switch {
	case s.replace == replacePseudonym:
		return p.pseudonyms(conf, r, options.Region)
	case conf.Contains(pmFieldKey), conf.Contains(pmFieldDomain):
		return errors.New("key and domain are for replace: pseudonym: leave them out")
	}
	return nil
}

// scanOfKeys looks at the keys of objects that no rule names, where other values go.
func scanOfKeys(most int) (*scan, error) {
	finder, err := detect.New(detect.Options{Region: defaultRegion})
	return &scan{finder: finder, replace: replaceTag, most: most}, err
}

func parseDetectors(conf *service.ParsedConfig) (options detect.Options, err error) {
	if options.Detectors, err = listOf(conf, pmFieldDetectors); err != nil {
		return options, err
	}
	if options.Region, err = regionOf(conf, defaultRegion); err != nil || !conf.Contains(pmFieldCustom) {
		return options, err
	}
	custom, err := conf.FieldAny(pmFieldCustom)
	if err != nil {
		return options, err
	}
	list, isList := custom.([]any)
	if !isList {
		return options, errors.New("custom is no list: use a list of detectors, each with a name and a pattern")
	}
	for i, entry := range list {
		c, err := parseCustom(entry)
		if err != nil {
			return options, fmt.Errorf("custom[%d]: %w", i, err)
		}
		options.Custom = append(options.Custom, c)
	}
	return options, nil
}

func parseCustom(entry any) (c detect.Custom, err error) {
	fields, _ := entry.(map[string]any)
	for field, v := range fields {
		text, isText := v.(string)
		switch field {
		case pmFieldName:
			c.Name = text
		case pmFieldPattern:
			c.Pattern = text
		case pmFieldChecksum:
			c.Checksum = text
		case pmFieldContext:
			if c.Context, isText = stringsOf(v); isText {
				continue
			}
			return c, errors.New("context is no list of words: use one")
		default:
			return c, fmt.Errorf("field %s is unknown: use name, pattern, checksum and context", field)
		}
		if !isText {
			return c, fmt.Errorf("%s is no string: use one", field)
		}
	}
	if c.Name == "" || c.Pattern == "" {
		return c, errors.New("give it a name and a pattern")
	}
	return c, nil
}

// listOf is a list of strings in a field of any type, nil if it is absent.
func listOf(conf *service.ParsedConfig, field string) ([]string, error) {
	if !conf.Contains(field) {
		return nil, nil
	}
	v, err := conf.FieldAny(field)
	if err != nil {
		return nil, err
	}
	list, ok := stringsOf(v)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("%s: use a list of at least one string, or leave it out", field)
	}
	return list, nil
}

func stringsOf(v any) (list []string, ok bool) {
	entries, ok := v.([]any)
	for _, entry := range entries {
		text, isText := entry.(string)
		if !isText {
			return nil, false
		}
		list = append(list, text)
	}
	return list, ok
}

// pseudonyms are those that replace what is found, of one key and domain.
func (p *ruleParser) pseudonyms(conf *service.ParsedConfig, r *rule, region string) error {
	domain, err := domain(conf, r)
	if err != nil {
		return err
	}
	key, err := p.key(conf, false)
	if err != nil {
		return err
	}
	r.scan.pseudonyms = map[string]transform.Action{}
	for _, valueType := range append([]string{""}, transform.Types...) {
		in := ""
		if valueType == "phone" {
			in = region
		}
		if r.scan.pseudonyms[valueType], err = transform.NewPseudonymize(key, domain, valueType, in); err != nil {
			return err
		}
	}
	return nil
}

// maskFields are those of the actions of privacy_mask.
func maskFields() []*service.ConfigField {
	return slices.Concat(
		[]*service.ConfigField{pathField()}, plainFields(), keyedFields(), reversibleFields(), []*service.ConfigField{scanField()},
	)
}
