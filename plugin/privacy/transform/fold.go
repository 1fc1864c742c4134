package transform

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold writes a text in one way for all that look alike: in compatibility form (NFKC), with
// the decimal digits of all scripts as those of ASCII, and without what cannot be seen.
func Fold(text string) string {
	if isASCII(text) {
		return text
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
			return -1
		case unicode.Is(unicode.Nd, r):
			return '0' + digitOf(r)
		default:
			return r
		}
	}, text)
	return norm.NFKC.String(text)
}

// digitOf is the value of a decimal digit: those of each script come in tens, in order
// (Unicode, chapter 4.6).
func digitOf(r rune) rune {
	for _, table := range unicode.Nd.R16 {
		if rune(table.Lo) <= r && r <= rune(table.Hi) {
			return (r - rune(table.Lo)) % 10
		}
	}
	for _, table := range unicode.Nd.R32 {
		if rune(table.Lo) <= r && r <= rune(table.Hi) {
			return (r - rune(table.Lo)) % 10
		}
	}
	return 0
}
