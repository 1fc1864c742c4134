package privacy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// trail is the key of the nearest object around a value and that of the object around it,
// the outer one first: these say what it is, as phone and number do in
// {"phone":{"number":"2125550123"}}.
type trail [2]string

func (t trail) below(name string) trail { return trail{t[1], name} }

// labels makes words of the names in trails, to be put before values. It remembers some, as messages of
// a batch are alike.
type labels struct {
	known map[trail]string
	texts texts
}

const (
	maxLabels     = 512
	maxLabelBytes = 96  // of a name; longer ones are no label
	labelReach    = 256 // bytes of a text that a label counts for
	labelDigits   = 7   // that a number has at least, which is told by words
	groupedDigits = 4   // that it has if they are in groups, as in 1.2.3.4 and 5 June 1987
)

// before is the label of a trail, a line that ends in a colon, and the part of a text that it
// is context for: the first line, or the beginning of it. That is empty where there is no
// label, or nothing in the text that it could matter to.
func (l *labels) before(t trail, text string) (label, head string) {
	if t == (trail{}) {
		return "", ""
	}
	head, _, _ = strings.Cut(text, "\n")
	if len(head) > labelReach {
		head = head[:cutLine(head)]
	}
	if !hasDigits(head) {
		return "", ""
	}
	if label = l.of(t); label == "" {
		return "", ""
	}
	return label, head
}

// cutLine ends a long line before a word.
func cutLine(line string) int { return max(strings.LastIndexAny(line[:labelReach], whiteSpace), 0) }

// hasDigits tells that there are enough digits for a number. Characters behind the Latin,
// Greek, Cyrillic and Hebrew ones may be digits, too.
func hasDigits(text string) bool {
	digits, grouped := 0, false
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9', c >= 0xD9:
			digits++
		case c < 'A' || c > 'z': // white space and punctuation, or a character of several bytes
			grouped = true
		}
		if digits >= labelDigits || grouped && digits >= groupedDigits {
			return true
		}
	}
	return false
}

func (l *labels) of(t trail) string {
	if label, ok := l.known[t]; ok {
		return label
	}
	var b strings.Builder
	for _, name := range t {
		appendWords(&b, name)
	}
	label := ""
	if b.Len() > 0 {
		label = b.String() + ":\n" // no number goes on over the end of a line
	}
	if l.known == nil || len(l.known) == maxLabels {
		l.known = map[trail]string{}
	}
	l.known[t] = label
	return label
}

// appendWords writes the words of a name: customer_phoneNumbers as customer phone number.
// Words begin with a capital after a small letter, and where a capital that a small letter
// follows comes after others, as in IPAddress. Digits are left out, and the s of a plural.
func appendWords(b *strings.Builder, name string) {
	if len(name) > maxLabelBytes {
		return
	}
	for begin := 0; begin < len(name); {
		r, size := utf8.DecodeRuneInString(name[begin:])
		if !isWordRune(r) {
			begin += size
			continue
		}
		end := begin + size
		for last := r; end < len(name); {
			r, size := utf8.DecodeRuneInString(name[end:])
			if !isWordRune(r) || unicode.IsUpper(r) && (!unicode.IsUpper(last) || startsLower(name[end+size:])) {
				break
			}
			last, end = r, end+size
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(singular(strings.ToLower(name[begin:end])))
		begin = end
	}
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

func startsLower(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLower(r)
}

// singular leaves the s of a plural out: phones, cards, teléfonos.
func singular(word string) string {
	if len(word) > 3 && strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss") {
		return word[:len(word)-1]
	}
	return word
}
