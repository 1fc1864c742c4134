package privacy

import (
	"encoding/json"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

// finder finds personal data in text: a [detect.Scanner].
type finder interface {
	Append(dst []detect.Span, text string) []detect.Span
}

// scan is the action that finds personal data in text, and replaces it.
type scan struct {
	finder  finder
	replace string
	numbers bool
	json    bool
	most    int // bytes of a text that are scanned
	// pseudonyms are made by detector, as each has its own ways to write the same thing;
	// "" is for all others.
	pseudonyms map[string]transform.Action
}

// scan treats a value. It counts a value in which it finds something.
func (w *walk) scan(v any, i, depth int) (any, error) {
	s := w.rules[i].scan
	masked, found, err := w.scanned(s, v, s.numbers, depth)
	if found {
		w.tally.apply(i)
	}
	return masked, err
}

// key is what becomes of the key of an object that no rule spells out, at the place of its
// value. Keys below `keep` pass.
func (w *walk) key(name string, at, keys *node) (string, *doubt) {
	if at.rule != none && w.rules[at.rule].fate == kept {
		return name, nil
	}
	rule, s := none, w.unlistedKeys
	if keys != nil && keys.rule != none {
		rule, s = keys.rule, w.rules[keys.rule].scan
	}
	if s == nil {
		return name, nil
	}
	renamed, found, err := w.keyText(s, name)
	if err != nil {
		return "", w.doubtful(rule, err)
	}
	if found {
		w.tally.apply(rule)
	}
	return renamed, nil
}

// keyText is a key without the personal data in it, which is never empty if it was not: a
// value needs a key.
func (w *walk) keyText(s *scan, name string) (renamed string, found bool, err error) {
	renamed, found, err = w.text(s, name, s.most)
	if found && err == nil && renamed == "" {
		renamed = truncatedTag
		if len(w.spans) > 0 {
			renamed = detect.Tag(w.spans[0].Detector)
		}
	}
	return renamed, found, err
}

// scanned is a value without the personal data in it.
func (w *walk) scanned(s *scan, v any, numbers bool, depth int) (masked any, found bool, err error) {
	var text string
	switch value := v.(type) {
	case string:
		text = value
	case []byte:
		text = string(value)
	case json.Number, float64, int64, uint64:
		if !numbers {
			return v, false, nil
		}
		if text, err = transform.Plain(v); err != nil {
			return nil, false, err
		}
	default: // null, a boolean, a time
		return v, false, nil
	}
	var changed string
	if s.json && isContainer(text) {
		changed, found, err = w.embedded(s, text, depth)
	} else {
		changed, found, err = w.text(s, text, s.most)
	}
	if !found || err != nil {
		return v, found, err
	}
	return changed, true, nil
}
