package transform

import "unicode/utf8"

// Mask replaces the characters of a value, but for some at its ends. A value that is no
// longer than what would be kept is masked as a whole, and so is a boolean. The result
// is a string of as many characters.
type Mask struct {
	KeepFirst, KeepLast int  // characters, from 0
	Char                rune // in place of the others; 0: *
}

// Apply implements [Action].
func (m Mask) Apply(value any) (any, error) { return applied(m, value) }

// Append implements [Appender].
func (m Mask) Append(dst []byte, value any) (out []byte, number bool, err error) {
	written, err := text(value)
	if err != nil {
		return nil, false, err
	}
	n := utf8.RuneCountInString(written)
	first, last := m.KeepFirst, m.KeepLast
	if _, boolean := value.(bool); boolean || first+last >= n {
		first, last = 0, 0
	}
	char := m.Char
	if char == 0 {
		char = '*'
	}
	i := 0
	for _, r := range written {
		if i >= first && i < n-last {
			r = char
		}
		dst = utf8.AppendRune(dst, r)
		i++
	}
	return dst, false, nil
}
