package privacy

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

// isContainer tells that a text may be a JSON object or array.
func isContainer(text string) bool {
	trimmed := strings.TrimLeft(text, " \t\r\n")
	return trimmed != "" && (trimmed[0] == '{' || trimmed[0] == '[')
}

// embedded is a text that may be a JSON object or array without the personal data in it.
// If any is found in what a parser sees, the text is encoded again. Then the text itself is
// scanned, as a parser does not see all: of keys that are there twice it sees the last, and
// nothing of a text that is broken, or goes on. What is escaped is looked at as it reads.
func (w *walk) embedded(s *scan, text string, depth int) (masked string, found bool, err error) {
	masked, parsed, inside, err := w.parsed(s, text, depth)
	if err != nil {
		return "", true, err
	}
	if !inside {
		masked = unescaped(text)
	}
	most := s.most
	if parsed {
		most = len(masked) // it is for each of the strings in it
	}
	masked, found, err = w.text(s, masked, most)
	return masked, found || inside, err
}

// parsed scans what a parser sees in a text, and encodes it again if anything was found.
func (w *walk) parsed(s *scan, text string, depth int) (masked string, parsed, found bool, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var content any
	if decoder.Decode(&content) != nil {
		return "", false, false, nil
	}
	if _, err := decoder.Token(); err != io.EOF {
		return "", false, false, nil // more than one document
	}
	outer := w.trail
	content, found, err = w.inner(s, content, depth+1)
	w.trail = outer
	if err != nil || !found {
		return "", true, false, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(content) != nil {
		return "", true, true, transform.ErrValue // the error of the encoder may have the value in it
	}
	return strings.TrimSuffix(out.String(), "\n"), true, true, nil
}

// inner scans all that is in a document, keys and numbers too: what is not looked at here
// is found in the text, which would be no JSON any more.
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
		outer := w.trail
		for name, v := range content {
			w.trail = outer.below(name)
			masked, inside, err := w.inner(s, v, depth+1)
			w.trail = outer
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
		return w.scanned(s, v, true, depth)
	}
}

// unescaped is JSON in which characters that are written as \u0040 or \/ are written as
// they are, but for those that would end a string, begin an escape or are not to be seen.
// It means the same, but for what is embedded in it twice, where the backslashes before
// an escape are left out, too.
func unescaped(text string) string {
	if !strings.Contains(text, `\u`) && !strings.Contains(text, `\/`) {
		return text
	}
	var b strings.Builder
	for rest := text; rest != ""; {
		i := strings.IndexByte(rest, '\\')
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		rest = rest[i:]
		escape := strings.TrimLeft(rest, `\`)
		if r, size := escapedRune(escape); size > 0 {
			b.WriteRune(r)
			rest = escape[size:]
			continue
		}
		b.WriteString(rest[:len(rest)-len(escape)])
		rest = escape
	}
	return b.String()
}

// escapedRune is the character of an escape behind its backslash, and the bytes that it is
// written in: 0 if there is none that can stand for itself.
func escapedRune(escape string) (r rune, size int) {
	if strings.HasPrefix(escape, "/") {
		return '/', 1
	}
	if r, size = codeUnit(escape), 5; r >= 0 && utf16.IsSurrogate(r) && len(escape) > 6 && escape[5] == '\\' {
		second := strings.TrimLeft(escape[5:], `\`)
		r = utf16.DecodeRune(r, codeUnit(second))
		size = len(escape) - len(second) + 5
	}
	if r < ' ' || r == '"' || r == '\\' || r == utf8.RuneError || utf16.IsSurrogate(r) {
		return 0, 0
	}
	return r, size
}

// codeUnit reads u and four hexadecimal digits; -1 if that is not there.
func codeUnit(escape string) rune {
	if len(escape) < 5 || escape[0] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(escape[1:5], 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}
