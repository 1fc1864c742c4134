package detect

import "strings"

// token looks at the run of letters, digits, hyphens and underscores around i: it may be a key,
// an address of a chain, an account number, a national number with a letter. Each run is looked at once.
func (p *pass) token(i int) {
	if i < p.tokenDone {
		return
	}
	text, start, end := p.text, i, i
	for start > p.tokenDone && isTokenByte(text[start-1]) {
		start--
	}
	for end < len(text) && isTokenByte(text[end]) {
		end++
	}
	p.work += end - start
	p.tokenDone = max(end, i+1)
	if p.enabled[apiKey] && end-start >= minKeyBytes {
		p.key(start, end)
	}
	for at := start; at < end; at++ { // runs without the marks
		first := at
		for at < end && isAlnum(text[at]) {
			at++
		}
		if at-first >= 3 {
			p.alnum(first, at)
		}
	}
}

func isTokenByte(c byte) bool { return isAlnum(c) || c == '-' || c == '_' }

// alnum looks at the run of letters and digits from start to end.
func (p *pass) alnum(start, end int) {
	text := p.text
	if p.enabled[iban] && isAlpha(text[start]) && isAlpha(text[start+1]) && isDigit(text[start+2]) {
		p.iban(start)
	}
	if p.enabled[cryptoAddress] && end-start >= minChainAddress {
		p.chainAddress(start, end)
	}
	if p.enabled[esNIF] {
		p.nif(start, end)
	}
	if p.enabled[macAddress] && end-start == 12 {
		p.bareMAC(start)
	}
}

// startsKey says that a letter at i is the end of the start of a key that may have no digit.
func startsKey(text string, i int) bool {
	return i > 0 && text[i-1] == 'A' && strings.HasPrefix(text[i+1:], "IA") ||
		strings.HasSuffix(text[max(i-2, 0):i+1], "eyJ") || strings.HasSuffix(text[max(i-2, 0):i+1], "AIz")
}
