package detect

import "strings"

// url notes the URL whose scheme ends at i, and adds what of it is about a person: the user and
// password before the host, and each value after the question mark or in a fragment of
// parameters. The host, the path and the names of the parameters stay.
func (p *pass) url(i int) {
	text := p.text
	if i < p.urlEnd || i == 0 || !isAlpha(text[i-1]) {
		return
	}
	start := i + len("://")
	end := start
	for end < len(text) && !endsURL(text[end]) {
		end++
	}
	p.work += end - i
	p.urlEnd = end
	if !p.enabled[url] {
		return
	}
	for end > start && strings.IndexByte(".,;:!?)]}'*", text[end-1]) >= 0 {
		end--
	}
	rest := text[start:end]
	authority := len(rest)
	if n := strings.IndexAny(rest, "/?#"); n >= 0 {
		authority = n
	}
	if at := strings.LastIndexByte(rest[:authority], '@'); at > 0 {
		p.add(url, start, start+at, certain, false)
	}
	for at := authority; at < len(rest); {
		n := strings.IndexAny(rest[at:], "?#&;")
		if n < 0 {
			return
		}
		at += n + 1
		if rest[at-1] == '&' || rest[at-1] == ';' || strings.IndexByte(rest[at:], '=') >= 0 {
			at = p.parameters(rest, start, at)
		}
	}
}

// parameters adds the value of the parameter that begins at i of rest, which is at start of the text.
func (p *pass) parameters(rest string, start, i int) (next int) {
	end := i
	for end < len(rest) && rest[end] != '&' && rest[end] != ';' && rest[end] != '#' {
		end++
	}
	if equals := strings.IndexByte(rest[i:end], '='); equals >= 0 && i+equals+1 < end {
		p.add(url, start+i+equals+1, start+end, 0.8, false)
	}
	return end
}

// endsURL says that a byte is in no URL: a space, a quote, a bracket of the text around.
func endsURL(c byte) bool {
	return c <= ' ' || c == '"' || c == '<' || c == '>' || c == '`' || c == '\\' || c == '|' || c == '^' || c == 0x7F
}
