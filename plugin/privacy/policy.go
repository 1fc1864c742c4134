package privacy

import (
	"errors"
	"fmt"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

// metadataMark begins the path of a rule that treats metadata: @name.
const metadataMark = "@"

// rule says what becomes of the values at a path.
type rule struct {
	path   string // as written
	action string // its name
	change transform.Action
	fate   fate
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
	dropUnlisted bool
	hidden       []int // rules that never apply, as earlier ones name all that they name
}

func newPolicy(rules []rule, dropUnlisted bool) (*policy, error) {
	p := &policy{rules: rules, dropUnlisted: dropUnlisted}
	document, metadata := make([]path, len(rules)), make([]path, len(rules))
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
	}
	var inDocument, inMetadata []bool
	var err error
	if p.document, inDocument, err = compile(document); err != nil {
		return nil, err
	}
	if p.metadata, inMetadata, err = compile(metadata); err != nil {
		return nil, err
	}
	for i := range rules {
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

// maxDepth bounds the levels of a document.
const maxDepth = 128

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
	errStrange  = &doubt{"type", errors.New("the message holds a value of a type that JSON does not have: convert it before this processor")}
	errPanicked = &doubt{"panic", errors.New("an action came to an end that was not foreseen: report this as a bug of privacy_mask")}
)

// doubtful makes the doubt that a rule could not treat a value.
func (p *policy) doubtful(i int, err error) *doubt {
	code, remedy := "value", "give it what the action takes, or drop the value"
	if errors.Is(err, transform.ErrType) {
		code = "type"
	}
	return &doubt{code, fmt.Errorf("rules[%d] (path %s, %s): %w: %s", i, p.rules[i].path, p.rules[i].action, err, remedy)}
}
