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
	for at := authority; at < len(rest); { // from one mark to the next; the path before the first is none
		end := at + 1
		for end < len(rest) && !separatesParameters(rest[end]) {
			end++
		}
		if separatesParameters(rest[at]) {
			if equals := strings.IndexByte(rest[at:end], '='); equals >= 0 && at+equals+1 < end {
				p.add(url, start+at+equals+1, start+end, 0.8, false)
			}
		}
		at = end
	}
}

func separatesParameters(c byte) bool { return c == '?' || c == '&' || c == ';' || c == '#' }

// endsURL says that a byte is in no URL: a space, a quote, a bracket of the text around.
func endsURL(c byte) bool {
	return c <= ' ' || c == '"' || c == '<' || c == '>' || c == '`' || c == '\\' || c == '|' || c == '^' || c == 0x7F
}
