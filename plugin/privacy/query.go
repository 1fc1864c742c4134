package privacy

import (
	"regexp"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
)

// query asks a message as it came, before anything of it is changed.
type query struct {
	field   string
	mapping *bloblang.Executor

	names  []string // of a mapping that is no more than a path, which costs a tenth
	isTrue bool     // of one that compares it with true
}

var plainPath = regexp.MustCompile(`^\s*this((?:\.[A-Za-z_]\w*)+)(\s*==\s*true)?\s*$`)

func parseQuery(conf *service.ParsedConfig, field string) (*query, error) {
	q := &query{field: field}
	var err error
	if q.mapping, err = conf.FieldBloblang(field); err != nil {
		return nil, err
	}
	text, err := conf.FieldString(field)
	if err != nil {
		return nil, err
	}
	if parts := plainPath.FindStringSubmatch(text); parts != nil {
		q.names = strings.Split(parts[1], ".")[1:]
		q.isTrue = parts[2] != ""
	}
	return q, nil
}

// of is what the mapping gives, nil when it gives nothing or errs.
func (q *query) of(content any, m *service.Message) any {
	if v, ok := q.lookup(content); ok {
		return v
	}
	v, deleted, err := message.Query(q.field, q.mapping, m)
	if err != nil || deleted {
		return nil
	}
	return v
}

// lookup follows a path through objects. Anything else on the way is left to the mapping.
func (q *query) lookup(content any) (v any, ok bool) {
	if q.names == nil {
		return nil, false
	}
	for _, name := range q.names {
		switch object := content.(type) {
		case map[string]any:
			content = object[name]
		case nil:
		default:
			return nil, false
		}
	}
	if q.isTrue {
		return content == true, true
	}
	return content, true
}
