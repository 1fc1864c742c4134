package sentiment

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// not is how a word ends, or the first of two that were not kept apart, that negates.
var not = []byte("n't")

// token is a word or emoticon of a text.
type token struct {
	*word
	upper   bool // written in upper case
	negates bool
}

// reading is what one text takes. It is reused.
type reading struct {
	spelled []byte // the text with emojis in words
	lower   []byte // a word in lower case
	tokens  []token

	sounding []sound // of the tokens, those that are not neutral
}

// spell puts emojis into words, where there are any. A word that begins right after an
// emoji goes on its last word, as the authors have it.
func (r *reading) spell(l *lexicon, text string) string {
	r.spelled = r.spelled[:0]
	copied, space := 0, true // up to where; whether a space was last
	for i, c := range text {
		if c < utf8.RuneSelf {
			space = c == ' '
			continue
		}
		description, known := l.emojis[c]
		if !known {
			space = false
			continue
		}
		r.spelled = append(r.spelled, text[copied:i]...)
		if !space {
			r.spelled = append(r.spelled, ' ')
		}
		r.spelled = append(r.spelled, description...)
		copied, space = i+utf8.RuneLen(c), false
	}
	if copied == 0 {
		return text
	}
	r.spelled = append(r.spelled, text[copied:]...)
	return string(r.spelled)
}

// split finds the tokens between white space.
func (r *reading) split(l *lexicon, text string) {
	r.tokens = r.tokens[:0]
	for text = strings.TrimLeftFunc(text, unicode.IsSpace); text != ""; text = strings.TrimLeftFunc(text, unicode.IsSpace) {
		end := strings.IndexFunc(text, unicode.IsSpace)
		if end < 0 {
			end = len(text)
		}
		written := text[:end]
		// What has two characters without punctuation may be an emoticon.
		if stripped := strings.TrimFunc(written, isPunctuation); utf8.RuneCountInString(stripped) > 2 {
			written = stripped
		}
		r.tokens = append(r.tokens, r.read(l, written))
		text = text[end:]
	}
}

func (r *reading) read(l *lexicon, written string) (t token) {
	lower, upper := false, false
	r.lower = r.lower[:0]
	for _, c := range written {
		switch {
		case unicode.IsUpper(c):
			upper = true
		case unicode.IsLower(c) || unicode.IsTitle(c):
			lower = true
		}
		r.lower = utf8.AppendRune(r.lower, unicode.ToLower(c))
	}
	if len(r.lower) <= l.longest {
		t.word = l.words[string(r.lower)]
	}
	if t.word == nil {
		t.word = &unknown
	}
	t.upper = upper && !lower
	t.negates = t.word.negates || bytes.Contains(r.lower, not)
	return t
}

// isPunctuation tells what is neither a letter nor a digit of ASCII, as the authors have it.
func isPunctuation(c rune) bool {
	return '!' <= c && c <= '/' || ':' <= c && c <= '@' || '[' <= c && c <= '`' || '{' <= c && c <= '~'
}
