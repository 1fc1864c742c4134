package detect

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
)

const (
	minKeyBytes  = 16
	maxJWTHeader = 1024 // bytes of base 64
)

// key adds the secret that is the run of letters, digits, hyphens and underscores from start to end. A mark
// at its end may be of the key or of the text around it, which has one before the key as well.
func (p *pass) key(start, end int) {
	text := p.text
	if start > 0 && text[start-1] == '.' && p.dottedKey(start, end) {
		return
	}
	first, last := start, end
	for first < end && !isAlnum(text[first]) {
		first++
	}
	for last > first && !isAlnum(text[last-1]) {
		last--
	}
	if first > start {
		end, last = last, end
	}
	if !p.keyOf(first, end) && last != end {
		p.keyOf(first, last)
	}
}

// keyOf adds text[start:end] if it is a key in one of the forms, and says so.
func (p *pass) keyOf(start, end int) bool {
	text := p.text
	if end-start < minKeyBytes || !free(text, start, end) {
		return false
	}
	run := text[start:end]
	if strings.HasPrefix(run, "eyJ") {
		return p.jwt(start, end)
	}
	for i := range keysByFirst[run[0]] {
		if f := &keysByFirst[run[0]][i]; strings.HasPrefix(run, f.prefix) && f.matches(run[len(f.prefix):]) {
			p.add(apiKey, start, end, 0.97, false)
			return true
		}
	}
	return start > 8 && text[start-1] == ':' && p.botToken(start, end)
}

// matches says that the characters after the prefix are of the form's kind and number, and no words: there is
// a digit among them, or letters of both cases.
func (f *keyForm) matches(rest string) bool {
	if len(rest) < f.least || len(rest) > f.most ||
		!f.whatever && !containsDigit(rest) && (strings.ToLower(rest) == rest || strings.ToUpper(rest) == rest) {
		return false
	}
	for i := range len(rest) {
		if !f.fits(rest[i]) {
			return false
		}
	}
	return true
}

// dottedKey adds a key that has the run from start to end after a full stop, and says so.
func (p *pass) dottedKey(start, end int) bool {
	text := p.text
	for i := range dottedKeys {
		f := &dottedKeys[i]
		if first := start - len(f.prefix); strings.HasSuffix(text[:start], f.prefix) && !binds(before(text, first)) && f.matches(text[start:end]) {
			p.add(apiKey, first, end, 0.97, false)
			return true
		}
	}
	last := end + 44
	if !strings.HasSuffix(text[:start], "SG.") || end-start != 22 || last > len(text) || text[end] != '.' ||
		binds(before(text, start-3)) || runOf(text, end+1) != last {
		return false
	}
	p.add(apiKey, start-len("SG."), last, 0.97, false)
	return true
}

// runOf returns where the run of token bytes ends that begins at i, but no further than a key of 250 bytes.
func runOf(text string, i int) int {
	limit := min(i+250, len(text))
	for i < limit && isTokenByte(text[i]) {
		i++
	}
	return i
}

// botToken adds the token of a Telegram bot: its number, a colon, and 35 characters from start on. It says
// whether there is one.
func (p *pass) botToken(start, end int) bool {
	first := start - 1
	for first > 0 && start-first < 12 && isDigit(p.text[first-1]) {
		first--
	}
	if n := start - 1 - first; end-start != 35 || p.text[start] != 'A' || n < 8 || n > 10 || binds(before(p.text, first)) {
		return false
	}
	p.add(apiKey, first, end, 0.9, false)
	return true
}

// jwt adds the JSON web token whose header is the run from start to end: base 64 of an object that
// names an algorithm, then a payload and a signature after full stops (RFC 7515, section 7.1). It says
// whether there is one.
func (p *pass) jwt(start, end int) bool {
	text := p.text
	if end >= len(text) || text[end] != '.' || end-start > maxJWTHeader {
		return false
	}
	payload := tokenEnd(text, end+1)
	if payload-end < 3 || payload >= len(text) || text[payload] != '.' {
		return false
	}
	last := tokenEnd(text, payload+1)
	p.work += last - end
	var buffer [maxJWTHeader]byte
	raw, err := base64.RawURLEncoding.AppendDecode(buffer[:0], []byte(text[start:end]))
	if err != nil || !bytes.Contains(raw, []byte(`"alg"`)) || !json.Valid(raw) {
		return false
	}
	p.tokenDone = max(p.tokenDone, last)
	p.add(apiKey, start, last, certain, false)
	return true
}

func tokenEnd(text string, i int) int {
	for i < len(text) && isTokenByte(text[i]) {
		i++
	}
	return i
}
