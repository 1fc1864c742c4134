package privacy

import (
	"encoding/json"
	"time"
)

// walk treats one message.
type walk struct {
	*policy
	applied []int // how often each rule was
}

// document masks a document in place, and returns what is left of it: keep is false
// when that is nothing.
func (w *walk) document(content any) (masked any, keep bool, d *doubt) {
	return w.value(content, w.policy.document, 0)
}

// value masks a value at the place of a node.
func (w *walk) value(v any, at *node, depth int) (masked any, keep bool, d *doubt) {
	if depth > maxDepth {
		return nil, false, errTooDeep
	}
	if !at.open && w.drops(at) {
		if at.rule != none {
			w.applied[at.rule]++
		}
		return nil, false, nil
	}
	switch content := v.(type) {
	case map[string]any:
		return w.object(content, at, depth)
	case []any:
		return w.array(content, at, depth)
	default:
		return w.leaf(v, at)
	}
}

// drops tells that what no rule names further down is dropped at this place.
func (w *walk) drops(at *node) bool {
	if at.rule == none {
		return w.dropUnlisted
	}
	return w.rules[at.rule].fate == dropped
}

func (w *walk) object(content map[string]any, at *node, depth int) (any, bool, *doubt) {
	for name, v := range content {
		masked, keep, d := w.value(v, at.at(name), depth+1)
		switch {
		case d != nil:
			return nil, false, d
		case keep:
			content[name] = masked
		default:
			delete(content, name)
		}
	}
	return content, len(content) > 0 || !w.drops(at), nil
}

func (w *walk) array(content []any, at *node, depth int) (any, bool, *doubt) {
	left := content[:0]
	for i, v := range content {
		masked, keep, d := w.value(v, at.index(i), depth+1)
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
func (w *walk) leaf(v any, at *node) (any, bool, *doubt) {
	if w.drops(at) {
		if at.rule != none {
			w.applied[at.rule]++
		}
		return nil, false, nil
	}
	switch v.(type) {
	case nil:
		return v, true, nil
	case string, json.Number, float64, int64, bool, []byte, time.Time, int, uint64:
	default:
		return nil, false, errStrange
	}
	if at.rule == none || v == "" {
		return v, true, nil
	}
	w.applied[at.rule]++
	r := w.rules[at.rule]
	if r.fate == kept {
		return v, true, nil
	}
	masked, err := r.change.Apply(v)
	if err != nil {
		return nil, false, w.doubtful(at.rule, err)
	}
	return masked, true, nil
}
