package privacy

import (
	"encoding/json"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

// walk treats the messages of one batch, one after the other.
type walk struct {
	*policy
	tally    tally
	subjects []any // whose dates it has, by rule
	values   int   // of this message
	previous any   // the earlier pseudonym of the value that was just treated, nil if none
	trail    trail // of the value that is treated
	labels   labels
	spans    []detect.Span
	texts    texts
	scratch  []byte
}

func newWalk(p *policy) *walk {
	return &walk{policy: p, tally: newTally(len(p.rules)), subjects: make([]any, len(p.rules))}
}

// ask finds out what rules have to know of a message before anything in it is changed.
func (w *walk) ask(content any, m *service.Message) {
	for _, i := range w.shifts {
		w.subjects[i], _ = normal(w.rules[i].shift.by.of(content, m))
	}
}

// document masks a document in place, and returns what is left of it: keep is false
// when that is nothing.
func (w *walk) document(content any) (masked any, keep bool, d *doubt) {
	w.values, w.previous, w.trail = 0, nil, trail{} // a message that failed may have left some
	masked, keep, d = w.value(content, w.policy.document, w.keys, 0)
	if d == nil && w.takePrevious() != nil {
		d = errPrevious
	}
	return masked, keep, d
}

// value masks a value at the place of a node. Keys is the place for the keys of objects.
func (w *walk) value(v any, at, keys *node, depth int) (masked any, keep bool, d *doubt) {
	w.values++
	switch {
	case depth > maxDepth:
		return nil, false, errTooDeep
	case w.values > maxValues:
		return nil, false, errTooLarge
	}
	if !at.open && w.drops(at) {
		w.tally.apply(at.rule)
		return nil, false, nil
	}
	v, ok := normal(v)
	if !ok && !w.drops(at) {
		return nil, false, errStrange
	}
	switch content := v.(type) {
	case map[string]any:
		return w.object(content, at, keys, depth)
	case []any:
		return w.array(content, at, keys, depth)
	default:
		return w.leaf(v, at, depth)
	}
}

// drops tells that what no rule names further down is dropped at this place.
func (w *walk) drops(at *node) bool {
	if at.rule == none {
		return w.dropUnlisted
	}
	return w.rules[at.rule].fate == dropped
}

func (w *walk) object(content map[string]any, at, keys *node, depth int) (any, bool, *doubt) {
	var changed beside
	outer := w.trail
	for name, v := range content {
		next, spelled := at.at(name)
		nextKeys := keys.below(name)
		w.trail = outer.below(name)
		masked, keep, d := w.value(v, next, nextKeys, depth+1)
		w.trail = outer
		switch {
		case d != nil:
			return nil, false, d
		case !keep:
			delete(content, name)
			continue
		}
		if !same(v, masked) {
			content[name] = masked
		}
		if token := w.takePrevious(); token != nil {
			changed.previous(name, token)
		}
		if !spelled && (nextKeys != nil || w.unlistedKeys != nil) {
			renamed, d := w.key(name, next, nextKeys)
			if d != nil {
				return nil, false, d
			}
			if renamed != name {
				changed.rename(name, renamed)
			}
		}
	}
	if d := changed.apply(content); d != nil {
		return nil, false, d
	}
	return content, len(content) > 0 || !w.drops(at), nil
}

// same tells that a value is known to be what it was: writing it again to a map costs more
// than the comparison.
func same(v, masked any) bool {
	switch v := v.(type) {
	case string, json.Number, nil, bool, float64:
		return v == masked
	case map[string]any: // is changed in place, or goes
		return true
	default:
		return false
	}
}

func (w *walk) array(content []any, at, keys *node, depth int) (any, bool, *doubt) {
	left := content[:0]
	for i, v := range content {
		masked, keep, d := w.value(v, at.index(i), keys.element(i), depth+1)
		if d == nil && w.takePrevious() != nil {
			d = errPrevious
		}
		if d != nil {
			return nil, false, d
		}
		if keep {
			left = append(left, masked)
		}
	}
	clear(content[len(left):])
	return left, len(left) > 0 || !w.drops(at), nil
}

// leaf masks a scalar. Null and the empty string tell nothing, and pass where they are
// not dropped.
func (w *walk) leaf(v any, at *node, depth int) (any, bool, *doubt) {
	if w.drops(at) {
		w.tally.apply(at.rule)
		return nil, false, nil
	}
	if at.rule == none || v == nil || v == "" {
		return v, true, nil
	}
	masked, err := w.change(v, at.rule, depth)
	if err != nil {
		return nil, false, w.doubtful(at.rule, err)
	}
	return masked, true, nil
}

// change does to a value what its rule says.
func (w *walk) change(v any, i, depth int) (masked any, err error) {
	r := &w.rules[i]
	if r.scan != nil {
		return w.scan(v, i, depth) // which counts where it finds something
	}
	w.tally.apply(i)
	switch {
	case r.fate == kept:
		return v, nil
	case r.shift != nil:
		return r.shift.apply(v, w.subjects[i])
	case r.previous != nil:
		token, err := r.previous.Apply(v)
		if err != nil {
			return nil, err
		}
		w.previous = token
	}
	if r.appender == nil {
		masked, err = r.change.Apply(v)
		if n, ok := masked.(json.Number); ok && err == nil && !json.Valid([]byte(n)) {
			return nil, transform.ErrValue
		}
		return masked, err
	}
	var number bool
	if w.scratch, number, err = r.appender.Append(w.scratch[:0], v); err != nil {
		return nil, err
	}
	if number && !json.Valid(w.scratch) {
		return nil, transform.ErrValue // would be encoded to nothing, without an error
	}
	text := w.texts.of(w.scratch)
	if number {
		return json.Number(text), nil
	}
	return text, nil
}

// texts makes strings that share memory, as a message has many short ones.
type texts struct{ chunk strings.Builder }

// chunkBytes is the memory of some messages.
const chunkBytes = 2048

func (t *texts) of(text []byte) string {
	if t.chunk.Cap()-t.chunk.Len() < len(text) {
		t.chunk.Reset()
		t.chunk.Grow(max(chunkBytes, len(text)))
	}
	begin := t.chunk.Len()
	t.chunk.Write(text)
	return t.chunk.String()[begin:]
}

func (w *walk) takePrevious() any {
	token := w.previous
	w.previous = nil
	return token
}
