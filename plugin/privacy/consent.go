package privacy

import (
	"errors"
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const (
	pmFieldConsent   = "consent"
	pmFieldCheck     = "check"
	pmFieldOtherwise = "otherwise"
	pmFieldStrip     = "strip"

	otherwiseDrop  = "drop"
	otherwiseStrip = "strip"
)

// consent decides whether a message may be used. What is not clearly a yes is a no.
type consent struct {
	check *query
	strip *policy // removes what a no forbids; nil: the whole message goes
}

// outcome of a consent, as metrics name it.
type outcome byte

const (
	given outcome = iota
	stripped
	withheld // the message goes
)

var outcomes = [...]string{given: "given", stripped: "stripped", withheld: "dropped"}

func consentField() *service.ConfigField {
	return service.NewObjectField(pmFieldConsent,
		service.NewBloblangField(pmFieldCheck).
			Description("A mapping of the message as it came. Anything but true is a no: false, null, a string, an error.").
			Example("this.consent.analytics == true"),
		service.NewAnyField(pmFieldOtherwise).
			Description("What becomes of a message without consent: `drop`, with which it is acknowledged and goes no further, or `{ strip: [ paths ] }`, with which these paths are removed before the rules apply. `drop` unless set.").
			Example(otherwiseDrop).Example(map[string]any{"strip": []any{"customer", "@kafka_key"}}).Optional(),
		service.NewAnyField(pmFieldStrip).
			Description("The paths to remove, for those who write `otherwise: strip`.").Optional(),
	).Description("Lets messages pass as a whole only with consent. Each is counted in `privacy_consent`, by what became of it: given, stripped or dropped.").LintRule(lintConsent).Optional()
}

func parseConsent(conf *service.ParsedConfig) (*consent, error) {
	if !conf.Contains(pmFieldConsent) {
		return nil, nil
	}
	conf = conf.Namespace(pmFieldConsent)
	check, err := parseQuery(conf, pmFieldCheck)
	if err != nil {
		return nil, fmt.Errorf("consent.%w", err)
	}
	c := &consent{check: check}
	paths, strips, err := parseOtherwise(conf)
	if err != nil || !strips {
		return c, err
	}
	rules := make([]rule, len(paths))
	for i, path := range paths {
		rules[i] = rule{path: path, action: pmFieldStrip, fate: dropped}
	}
	if c.strip, err = newPolicy(rules, false); err != nil {
		return nil, fmt.Errorf("consent.strip: %w", err)
	}
	return c, nil
}

var errOtherwise = errors.New("consent.otherwise: use drop, or { strip: [ paths ] } with at least one path")

// parseOtherwise reads drop, { strip: [ paths ] }, and strip with the paths beside it.
func parseOtherwise(conf *service.ParsedConfig) (paths []string, strips bool, err error) {
	if paths, err = listOf(conf, pmFieldStrip); err != nil {
		return nil, false, fmt.Errorf("consent.%w", err)
	}
	strips = paths != nil
	if !conf.Contains(pmFieldOtherwise) {
		return paths, strips, nil
	}
	otherwise, err := conf.FieldAny(pmFieldOtherwise)
	if err != nil {
		return nil, false, err
	}
	switch v := otherwise.(type) {
	case string:
		if v == otherwiseDrop && !strips || v == otherwiseStrip && len(paths) > 0 {
			return paths, strips, nil
		}
	case map[string]any:
		paths, isList := stringsOf(v[pmFieldStrip])
		if !strips && len(v) == 1 && isList && len(paths) > 0 {
			return paths, true, nil
		}
	}
	return nil, false, errOtherwise
}

// decisions are those about the messages of one batch.
type decisions struct {
	*consent  // nil: there is nothing to decide
	stripping *walk
	counts    [len(outcomes)]int64
	last      outcome
	decided   bool // about this message
}

func newDecisions(c *consent) *decisions {
	d := &decisions{consent: c}
	if c != nil && c.strip != nil {
		d.stripping = newWalk(c.strip)
	}
	return d
}

// begin is told where a message begins.
func (d *decisions) begin() {
	d.decided = false
	if d.stripping != nil {
		d.stripping.tally.begin()
	}
}

// undo forgets a message that failed.
func (d *decisions) undo() {
	if d.decided {
		d.counts[d.last]--
	}
	if d.stripping != nil {
		d.stripping.tally.undo()
	}
}

// take decides about a message as it came, and removes what it may not have without
// consent. It tells whether the message goes on.
func (d *decisions) take(content any, m *service.Message) (left any, goes bool, doubt *doubt) {
	if d.consent == nil {
		return content, true, nil
	}
	switch {
	case d.check.of(content, m) == true:
		d.last = given
	case d.stripping != nil:
		d.last = stripped
		content, doubt = d.stripping.treat(content, m, func(string) bool { return true })
	default:
		d.last = withheld
	}
	d.counts[d.last]++
	d.decided = true
	return content, d.last != withheld, doubt
}

// count tells of a batch.
func (d *decisions) count(m *metrics) {
	if d.stripping != nil {
		m.count(&d.stripping.tally, d.stripping.rules)
	}
	for o, n := range d.counts {
		if n > 0 {
			m.consent.Incr(n, outcomes[o])
		}
	}
}
