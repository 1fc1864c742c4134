package privacy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

// previousSuffix ends the name beside a value that its earlier pseudonym gets.
const previousSuffix = "_previous"

// metadataMark begins the path of a rule that treats metadata: @name.
const metadataMark = "@"

// rule says what becomes of the values at a path.
type rule struct {
	path    string // as written
	action  string // its name
	fate    fate
	warning string // for who starts the processor

	// What changes a value: one of these.
	change   transform.Action
	appender transform.Appender // the same, if it is one
	shift    *shift
	scan     *scan

	previous transform.Action // makes the pseudonym of the key before; nil: none
}

// fate is what a rule does to a value as a whole.
type fate byte

const (
	changed fate = iota // by the action
	kept
	dropped
)

// policy is a set of rules, compiled.
type policy struct {
	rules        []rule
	document     *node
	metadata     *node
	keys         *node // of the rules that look at keys of objects, too; nil: there are none
	shifts       []int // rules that move dates
	dropUnlisted bool
	unlistedKeys *scan // of keys of objects that no rule names, where others go; nil: they stay
	hidden       []int // rules that never apply, as earlier ones name all that they name
}

func newPolicy(rules []rule, dropUnlisted bool) (*policy, error) {
	p := &policy{rules: slices.Clone(rules), dropUnlisted: dropUnlisted}
	for i := range p.rules {
		p.rules[i].appender, _ = p.rules[i].change.(transform.Appender)
	}
	document, metadata, keys := make([]path, len(rules)), make([]path, len(rules)), make([]path, len(rules))
	for i, r := range rules {
		if name, found := cutMetadataMark(r.path); found {
			if name == "" {
				return nil, fmt.Errorf("rules[%d].path %q: give the name of the metadata after the @, or * for all", i, r.path)
			}
			metadata[i] = path{{name: name}}
			if name == "*" {
				metadata[i] = path{{wild: one}}
			}
			continue
		}
		var err error
		if document[i], err = parsePath(r.path); err != nil {
			return nil, fmt.Errorf("rules[%d].%w", i, err)
		}
		if r.scan != nil {
			keys[i] = document[i]
		}
	}
	var inDocument, inMetadata []bool
	var err error
	if p.document, inDocument, err = compile(document); err != nil {
		return nil, err
	}
	if p.metadata, inMetadata, err = compile(metadata); err != nil {
		return nil, err
	}
	if p.keys, _, err = compile(keys); err != nil {
		return nil, err
	}
	if p.keys.rule == none && !p.keys.open {
		p.keys = nil
	}
	for i, r := range rules {
		if r.shift != nil {
			p.shifts = append(p.shifts, i)
		}
		if !inDocument[i] && !inMetadata[i] {
			p.hidden = append(p.hidden, i)
		}
	}
	return p, nil
}

func cutMetadataMark(path string) (name string, found bool) {
	if len(path) > 0 && path[:1] == metadataMark {
		return path[1:], true
	}
	return "", false
}

// Bounds of a message.
const (
	maxDepth  = 128      // levels
	maxBytes  = 16 << 20 // of JSON
	maxValues = 1 << 20  // objects, arrays and what is in them
)

// doubt is why a message could not be masked. It says nothing of the values in it.
type doubt struct {
	code  string // for metrics
	cause error
}

func (d *doubt) Error() string { return d.cause.Error() }
func (d *doubt) Unwrap() error { return d.cause }

var (
	errNotJSON  = &doubt{"parse", errors.New("the message is not JSON: parse it before this processor")}
	errTooDeep  = &doubt{"depth", fmt.Errorf("the message has more than %d levels: flatten it before this processor", maxDepth)}
	errTooLarge = &doubt{"size", fmt.Errorf("the message has more than %d MiB, or more than %d values: split it before this processor", maxBytes>>20, maxValues)}
	errStrange  = &doubt{"type", errors.New("the message holds a value that JSON does not have: convert it before this processor")}
	errPrevious = &doubt{"previous", fmt.Errorf("there is no place beside a value for its earlier pseudonym, %s: it has no name, or that is taken: rename what has it, or leave out emit_previous", previousSuffix)}
	errPanicked = &doubt{"panic", errors.New("an action came to an end that was not foreseen: report this as a bug of the processor")}
)

// causes are the errors of actions that a doubt tells: they are known to hold no value.
// With each goes a code for metrics and a remedy.
var causes = []struct {
	err          error
	code, remedy string
}{
	{transform.ErrType, "type", "give it what the action takes, or drop the value"},
	{transform.ErrValue, "value", "give it what the action takes, or drop the value"},
	{transform.ErrSubject, "subject", "send it with each message, or drop the date"},
	{transform.ErrToken, "token", "add the key that made it to keys, and name the domain that it was made for"},
	{transform.ErrDomain, "domain", "pseudonymize or encrypt such values instead"},
	{transform.ErrDigit, "value", "write it in ASCII, or pseudonymize or encrypt such values instead"},
}

// doubtful makes the doubt that a rule could not treat a value.
func (p *policy) doubtful(i int, err error) *doubt {
	if d := (*doubt)(nil); errors.As(err, &d) {
		return d
	}
	if i == none {
		return &doubt{"action", errors.New("looking for personal data in keys of objects: report this as a bug of the processor")}
	}
	where := fmt.Sprintf("rules[%d] (path %s, %s)", i, p.rules[i].path, p.rules[i].action)
	for _, c := range causes {
		if errors.Is(err, c.err) {
			return &doubt{c.code, fmt.Errorf("%s: %w: %s", where, c.err, c.remedy)}
		}
	}
	// Any other error may quote the value.
	return &doubt{"action", fmt.Errorf("%s: the action failed: report this as a bug of the processor, or drop the value", where)}
}
