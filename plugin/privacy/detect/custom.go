package detect

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Custom is a detector of one's own.
type Custom struct {
	Name    string // small letters, digits and underscores; none of Names
	Pattern string // RE2; the span is its first group, or the match where it has none
	// Checksum is what a match has to add up to, without what is neither a letter nor a digit: luhn, mod97 (as
	// in an IBAN), mod11 (as in an NHS number), verhoeff, cpf or nif; empty: nothing.
	Checksum string
	// Context has words of which one has to be within five tokens, whatever their case; empty: none has to.
	Context []string
}

type custom struct {
	name     string
	pattern  *regexp.Regexp
	checksum func([]byte) bool
	topic    topics
}

// checksums by the names that custom detectors give. All but mod97 take digits alone.
var checksums = map[string]func([]byte) bool{
	"luhn":     digitsOnly(luhn),
	"mod97":    mod97,
	"mod11":    digitsOnly(mod11),
	"verhoeff": digitsOnly(verhoeff),
	"cpf":      digitsOnly(cpfDigits),
	"nif": func(chars []byte) bool {
		n := len(chars) - 1
		return n >= 1 && n <= 9 && allDigits(chars[:n]) && isAlpha(chars[n]) && nifLetter(number(chars[:n]), chars[n])
	},
}

func digitsOnly(valid func([]byte) bool) func([]byte) bool {
	return func(chars []byte) bool { return allDigits(chars) && valid(chars) }
}

func allDigits(chars []byte) bool {
	for _, c := range chars {
		if !isDigit(c) {
			return false
		}
	}
	return len(chars) > 0
}

var customName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// addCustom compiles the custom detectors. The words that they want are put beside those of the others.
func (s *Scanner) addCustom(list []Custom) error {
	withContext, words := 0, maps.Clone(contextWords)
	for i, c := range list {
		known := func(other custom) bool { return other.name == c.Name }
		switch {
		case !customName.MatchString(c.Name):
			return fmt.Errorf("custom[%d].name %q: use small letters, digits and underscores, beginning with a letter", i, c.Name)
		case slices.Contains(detectorNames[:], c.Name) || slices.ContainsFunc(s.custom, known):
			return fmt.Errorf("custom[%d].name %q is there already: use another name", i, c.Name)
		}
		pattern, err := regexp.Compile(c.Pattern)
		if err != nil {
			return fmt.Errorf("custom[%d].pattern %q: use the syntax of RE2: %w", i, c.Pattern, err)
		}
		if pattern.MatchString("") {
			return fmt.Errorf("custom[%d].pattern %q matches the empty text: ask for one character at least", i, c.Pattern)
		}
		own := custom{name: c.Name, pattern: pattern}
		if c.Checksum != "" {
			if own.checksum = checksums[c.Checksum]; own.checksum == nil {
				return fmt.Errorf("custom[%d].checksum %q: use luhn, mod97, mod11, verhoeff, cpf or nif", i, c.Checksum)
			}
		}
		if len(c.Context) > 0 {
			if withContext == maxCustomTopics {
				return fmt.Errorf("custom[%d].context: use up to %d custom detectors with words", i, maxCustomTopics)
			}
			own.topic = topicOf(detectorCount + detector(withContext))
			withContext++
		}
		for k, text := range c.Context {
			word := lowerCase(text)
			if word == "" || len(word) > maxWordBytes || strings.ContainsFunc(word, func(r rune) bool { return wordClass(r) == noWord }) ||
				unicode.IsDigit([]rune(word)[0]) {
				return fmt.Errorf("custom[%d].context[%d] %q: use one word that begins with a letter, of up to %d bytes", i, k, text, maxWordBytes)
			}
			words[word] |= own.topic
		}
		s.custom = append(s.custom, own)
	}
	if withContext > 0 {
		s.lexicon = newLexicon(words)
	}
	return nil
}

const (
	customBase     = 0.85
	customChecked  = 0.95 // with a checksum
	maxCheckedSize = 64   // a longer match has no checksum
)

// scanCustom looks for the matches of the custom detectors, one after the other: a pass of a regular
// expression over the text for each.
func (p *pass) scanCustom() {
	for i := range p.custom {
		c := &p.custom[i]
		for _, match := range c.pattern.FindAllStringSubmatchIndex(p.text, -1) {
			start, end := match[0], match[1]
			if len(match) > 2 && match[2] >= 0 {
				start, end = match[2], match[3]
			}
			if start < end {
				p.customMatch(c, detectorCount+detector(i), start, end)
			}
		}
	}
}

func (p *pass) customMatch(c *custom, d detector, start, end int) {
	text := p.text
	if binds(after(text, start)) && binds(before(text, start)) || binds(before(text, end)) && binds(after(text, end)) {
		return
	}
	confidence := customBase
	if c.checksum != nil {
		var buffer [maxCheckedSize]byte
		chars := buffer[:0]
		for i := start; i < end; i++ {
			if isAlnum(text[i]) && len(chars) < len(buffer) {
				chars = append(chars, text[i])
			}
		}
		if len(chars) == len(buffer) || !c.checksum(chars) {
			return
		}
		confidence = customChecked
	}
	if c.topic != 0 && !p.near(start, end, c.topic) {
		return
	}
	p.add(d, start, end, confidence, c.topic != 0)
}
