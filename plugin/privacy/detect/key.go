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

// key adds the secret that is the run of letters, digits, hyphens and underscores from start to end.
func (p *pass) key(start, end int) {
	text := p.text
	for start < end && (text[start] == '-' || text[start] == '_') && before(text, start) != '.' {
		start++
	}
	for end > start && (text[end-1] == '-' || text[end-1] == '_') {
		if end--; start > 0 && text[start-1] == '.' { // a part between full stops may end so
			end++
			break
		}
	}
	if end-start < minKeyBytes || start > 0 && binds(before(text, start)) || binds(after(text, end)) {
		return
	}
	run := text[start:end]
	if strings.HasPrefix(run, "eyJ") {
		p.jwt(start, end)
		return
	}
	for _, f := range keysByFirst[run[0]] {
		if strings.HasPrefix(run, f.prefix) && f.matches(run[len(f.prefix):]) {
			p.add(apiKey, start, end, 0.97, false)
			return
		}
	}
	if start > 2 && text[start-1] == '.' {
		p.dottedKey(start, end)
	}
	if start > 8 && text[start-1] == ':' {
		p.botToken(start, end)
	}
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

// dottedKey adds a key whose last part is the run from start to end.
func (p *pass) dottedKey(start, end int) {
	text := p.text
	for i := range dottedKeys {
		f := &dottedKeys[i]
		if first := start - len(f.prefix); strings.HasSuffix(text[:start], f.prefix) && !binds(before(text, first)) && f.matches(text[start:end]) {
			p.add(apiKey, first, end, 0.97, false)
			return
		}
	}
	if last := end + 44; strings.HasSuffix(text[:start], "SG.") && end-start == 22 && last <= len(text) && text[end] == '.' &&
		!binds(before(text, start-3)) && runOf(text, end+1) == last {
		p.add(apiKey, start-len("SG."), last, 0.97, false)
	}
}

// runOf returns where the run of token bytes ends that begins at i, but no further than a key of 250 bytes.
func runOf(text string, i int) int {
	limit := min(i+250, len(text))
	for i < limit && isTokenByte(text[i]) {
		i++
	}
	return i
}

// botToken adds the token of a Telegram bot: its number, a colon, and 35 characters from start on.
func (p *pass) botToken(start, end int) {
	first := start - 1
	for first > 0 && start-first < 12 && isDigit(p.text[first-1]) {
		first--
	}
	if n := start - 1 - first; end-start == 35 && p.text[start] == 'A' && n >= 8 && n <= 10 && !binds(before(p.text, first)) {
		p.add(apiKey, first, end, 0.9, false)
	}
}

// jwt adds the JSON web token whose header is the run from start to end: base 64 of an object that
// names an algorithm, then a payload and a signature after full stops (RFC 7515, section 7.1).
func (p *pass) jwt(start, end int) {
	text := p.text
	if end >= len(text) || text[end] != '.' || end-start > maxJWTHeader {
		return
	}
	payload := tokenEnd(text, end+1)
	if payload-end < 3 || payload >= len(text) || text[payload] != '.' {
		return
	}
	last := tokenEnd(text, payload+1)
	p.work += last - end
	var buffer [maxJWTHeader]byte
	raw, err := base64.RawURLEncoding.AppendDecode(buffer[:0], []byte(text[start:end]))
	if err != nil || !bytes.Contains(raw, []byte(`"alg"`)) || !json.Valid(raw) {
		return
	}
	p.tokenDone = max(p.tokenDone, last)
	p.add(apiKey, start, last, certain, false)
}

func tokenEnd(text string, i int) int {
	for i < len(text) && isTokenByte(text[i]) {
		i++
	}
	return i
}
