package detect

import "unicode"

// isDigit, isLower, isAlpha and isAlnum speak of ASCII.
func isDigit(c byte) bool { return c-'0' <= 9 }
func isAlpha(c byte) bool { return (c|0x20)-'a' <= 'z'-'a' }
func isAlnum(c byte) bool { return isDigit(c) || isAlpha(c) }
func isUpper(c byte) bool { return c-'A' <= 'Z'-'A' }

// binds says that a rune makes a longer token of the number or name beside it: a letter, a
// mark or a digit, but no letter of a script that is written without spaces.
func binds(r rune) bool {
	if r < 0x80 {
		return isAlnum(byte(r))
	}
	return (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)) && !unspaced(r)
}

// unspaced says that a rune is of a script that puts no space between a word and a number.
func unspaced(r rune) bool {
	switch {
	case r < 0x0E00:
		return false
	case r < 0x0F00, r >= 0x1000 && r < 0x10A0, r >= 0x1780 && r < 0x1800: // Thai and Lao, Burmese, Khmer
		return true
	default:
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r == 'ー' || r == '々'
	}
}

// free says that text[start:end] is no part of a longer run of letters and digits.
func free(text string, start, end int) bool {
	return !binds(before(text, start)) && !binds(after(text, end))
}

// joined says that what begins at start goes on from a token with digits, over a mark
// such as a hyphen: the last part of a UUID, of a version or of a product code.
func joined(text string, start int) bool {
	i := start - 1
	if i < 1 {
		return false
	}
	switch text[i] {
	case '-', '_', '.', '/':
	default:
		return false
	}
	for n := 0; i > 0 && n < 24 && isAlnum(text[i-1]); i, n = i-1, n+1 {
		if isDigit(text[i-1]) {
			return true
		}
	}
	return false
}

// joins says that what ends at end goes on over a mark into a token with digits.
func joins(text string, end int) bool {
	if end+1 >= len(text) {
		return false
	}
	switch text[end] {
	case '-', '_', '.', '/':
	default:
		return false
	}
	for i, n := end+1, 0; i < len(text) && n < 24 && isAlnum(text[i]); i, n = i+1, n+1 {
		if isDigit(text[i]) {
			return true
		}
	}
	return false
}
