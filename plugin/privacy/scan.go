package privacy

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

// truncatedTag stands for what is left of a text past the bytes that are scanned.
const truncatedTag = "<TRUNCATED>"

// overlap is how many bytes past the bound are looked at, so that what lies across it is
// found as a whole.
const overlap = 256

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
	masked, found, err := w.scanned(w.rules[i].scan, v, depth)
	if found {
		w.tally.apply(i)
	}
	return masked, err
}

// key is what becomes of the key of an object. Keys that a rule spells out are none of a
// person's, and those below `keep` pass.
func (w *walk) key(name string, at, keys *node) (string, error) {
	if keys.rule == none || at.rule != none && w.rules[at.rule].fate == kept {
		return name, nil
	}
	renamed, found, err := w.keyText(w.rules[keys.rule].scan, name)
	if found {
		w.tally.apply(keys.rule)
	}
	return renamed, err
}

// keyText is a key without the personal data in it, which is never empty if it was not: a
// value needs a key.
func (w *walk) keyText(s *scan, name string) (renamed string, found bool, err error) {
	renamed, found, err = w.text(s, name)
	if found && err == nil && renamed == "" {
		renamed = detect.Tag(w.spans[0].Detector)
	}
	return renamed, found, err
}

// scanned is a value without the personal data in it.
func (w *walk) scanned(s *scan, v any, depth int) (masked any, found bool, err error) {
	var text string
	switch value := v.(type) {
	case string:
		text = value
	case []byte:
		text = string(value)
	case json.Number, float64, int64, int, uint64:
		if !s.numbers {
			return v, false, nil
		}
		if text, err = transform.Plain(v); err != nil {
			return nil, false, err
		}
	default: // null, a boolean, a time
		return v, false, nil
	}
	if s.json {
		if masked, found, err := w.embedded(s, text, depth); found || err != nil {
			return masked, found, err
		}
	}
	changed, found, err := w.text(s, text)
	if !found || err != nil {
		return v, found, err
	}
	return changed, true, nil
}

// text is a text without the personal data in it.
func (w *walk) text(s *scan, text string) (masked string, found bool, err error) {
	looked, end := text, len(text)
	if len(text) > s.most {
		end = runeStart(text, s.most)
		looked = text[:runeStart(text, min(len(text), s.most+overlap))]
	}
	w.spans = s.finder.Append(w.spans[:0], looked)
	if len(w.spans) == 0 && end == len(text) {
		return text, false, nil
	}
	var out strings.Builder
	at := 0
	for _, span := range w.spans {
		if span.Start >= end {
			break
		}
		w.tally.find(span.Detector)
		out.WriteString(text[at:span.Start])
		if err := s.write(&out, text[span.Start:span.End], span.Detector); err != nil {
			return "", true, err
		}
		at = span.End
	}
	if at < end {
		out.WriteString(text[at:end])
	}
	if end < len(text) {
		out.WriteString(truncatedTag)
	}
	return out.String(), true, nil
}

// write puts in what stands for personal data.
func (s *scan) write(out *strings.Builder, found, detector string) error {
	switch s.replace {
	case replaceTag:
		out.WriteString(detect.Tag(detector))
	case replaceMask:
		for range utf8.RuneCountInString(found) {
			out.WriteByte('*')
		}
	case replacePseudonym:
		action, ok := s.pseudonyms[detector]
		if !ok {
			action = s.pseudonyms[""]
		}
		if detector == "credit_card" || detector == "us_ssn" {
			found = onlyDigits(found) // separators are written or not
		}
		token, err := action.Apply(found)
		if err != nil {
			return err
		}
		out.WriteString(token.(string))
	}
	return nil
}

func onlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// runeStart is the last place up to a byte at which a character begins.
func runeStart(text string, at int) int {
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// embedded scans what is in a text that is a JSON object or array, and encodes it again if
// anything was found. Otherwise the text itself is scanned, too: of keys that are there
// twice, a parser sees only the last.
func (w *walk) embedded(s *scan, text string, depth int) (masked any, found bool, err error) {
	trimmed := strings.TrimLeft(text, " \t\r\n")
	if trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' {
		return nil, false, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var content any
	if decoder.Decode(&content) != nil {
		return nil, false, nil
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, false, nil // more than one document
	}
	content, found, d := w.inner(s, content, depth+1)
	if d != nil {
		return nil, false, d
	}
	if !found {
		return nil, false, nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(content); err != nil {
		return nil, false, transform.ErrValue // the error of the encoder may have the value in it
	}
	return strings.TrimSuffix(out.String(), "\n"), true, nil
}

// inner scans all that is in a document, keys too.
func (w *walk) inner(s *scan, v any, depth int) (masked any, found bool, err error) {
	w.values++
	switch {
	case depth > maxDepth:
		return nil, false, errTooDeep
	case w.values > maxValues:
		return nil, false, errTooLarge
	}
	switch content := v.(type) {
	case map[string]any:
		var changed beside
		for name, v := range content {
			masked, inside, err := w.inner(s, v, depth+1)
			if err != nil {
				return nil, false, err
			}
			content[name] = masked
			renamed, inName, err := w.keyText(s, name)
			if err != nil {
				return nil, false, err
			}
			if inName {
				changed.rename(name, renamed)
			}
			found = found || inside || inName
		}
		if d := changed.apply(content); d != nil {
			return nil, false, d
		}
		return content, found, nil
	case []any:
		for i, v := range content {
			masked, inside, err := w.inner(s, v, depth+1)
			if err != nil {
				return nil, false, err
			}
			content[i] = masked
			found = found || inside
		}
		return content, found, nil
	default:
		return w.scanned(s, v, depth)
	}
}
