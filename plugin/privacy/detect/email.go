package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxLocalBytes  = 128 // twice what RFC 5321 allows (section 4.5.3.1), as machines answer from longer ones
	maxDomainBytes = 255
)

// email looks for the address around the at sign of width bytes at i (RFC 5321 and, for letters beyond
// ASCII, RFC 6531): a local part, quoted or not, and a domain with a top level, or an IPv4 address
// in brackets. Of the marks that a local part may have, those that more often stand before an
// address (=, /, ?, *, |, braces) end it. In a URL or a form the at sign is %40, and %2540 in a URL within one.
func (p *pass) email(i, width int) {
	if !p.enabled[email] || i+width+2 >= len(p.text) {
		return
	}
	from := 0
	if width > 1 { // a percent sign ends no local part, so that each sign would look back over those before
		from, p.atDone = p.atDone, i+width
	}
	start := from + localStart(p.text[from:], i-from)
	p.work += i - start + 1
	if width > 1 {
		start = afterEscape(p.text, start, i)
	}
	if start == i {
		return
	}
	end, sure := domainEnd(p.text, i+width)
	p.work += end - i
	if end == i+width || notAnAddress(p.text[start:i], p.text[i+width:end], after(p.text, end)) {
		return
	}
	confidence := 0.9
	if sure {
		confidence = 0.98
	}
	p.add(email, start, end, confidence, false)
}

// encodedAt returns how many bytes of an at sign as URLs write it follow its percent sign; 0 if none is there.
func encodedAt(text string) int {
	for _, code := range []string{"40", "2540"} {
		if strings.HasPrefix(text, code) {
			return len(code)
		}
	}
	return 0
}

// afterEscape returns where the local part begins after the last mark in text[start:i] that none has and that is
// written as two hexadecimal digits after a percent sign, as a URL within a URL is.
func afterEscape(text string, start, i int) int {
	for at := start; at+2 < i; at++ {
		if text[at] != '%' || !isHex(text[at+1]) || !isHex(text[at+2]) {
			continue
		}
		switch text[at+1 : at+3] {
		case "20", "22", "26", "2C", "2F", "3A", "3B", "3C", "3D", "3F", "2c", "2f", "3a", "3b", "3c", "3d", "3f":
			start = at + 3
		}
	}
	return start
}

// localStart returns where the local part begins that ends at i; i if there is none.
func localStart(text string, i int) int {
	if i > 1 && text[i-1] == '"' {
		if open := strings.LastIndexByte(text[max(i-1-maxLocalBytes, 0):i-1], '"'); open >= 0 {
			open += max(i-1-maxLocalBytes, 0)
			if inside := text[open+1 : i-1]; inside != "" && !strings.ContainsAny(inside, "@<>\n") && !binds(before(text, open)) {
				return open
			}
		}
		return i
	}
	start, lead := i, i // lead: the first place from the left at which an address may begin
	for start > 0 && i-start < maxLocalBytes {
		r, n := rune(text[start-1]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeLastRuneInString(text[:start])
		}
		if r == '.' {
			if start == i || text[start] == '.' {
				break
			}
			start--
			continue
		}
		if !localRune(r) || r != utf8.RuneError && lead < i && unspaced(r) != unspaced(after(text, lead)) {
			break // a mark that ends it, or a word before it of a script without spaces
		}
		if start -= n; r >= utf8.RuneSelf && r != utf8.RuneError || r < utf8.RuneSelf && strings.IndexByte(innerMarks, byte(r)) < 0 {
			lead = start
		}
	}
	if i-start >= maxLocalBytes {
		return i
	}
	return lead
}

// innerMarks may be in a local part, but are taken for something else before it.
const innerMarks = "%+-'&!#$^~"

// localRune says that a rune may be in a local part. A letter that a wrong encoding has destroyed may: the others are still there.
func localRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isAlnum(byte(r)) || r == '_' || strings.IndexByte(innerMarks, byte(r)) >= 0
	}
	return r == utf8.RuneError || unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
}

// domainEnd returns where the domain ends that begins at i; i if there is none. It is sure of
// one with a top level that many have.
func domainEnd(text string, i int) (end int, sure bool) {
	if text[i] == '[' {
		if n := strings.IndexByte(text[i:min(i+17, len(text))], ']'); n > 0 && isIPv4(text[i+1:i+n]) {
			return i + n + 1, true
		}
		return i, false
	}
	end = i
	last := "" // the top level so far
	for at, labels := i, 0; ; labels++ {
		j := labelEnd(text, at, i+maxDomainBytes)
		if j == at {
			break
		}
		label := text[at:j]
		top := isTopLevel(label)
		if labels > 0 && top {
			if common(last) && (len(label) > 3 || isCapitalised(label) || isFileType(label)) && !strings.HasPrefix(label, "xn--") {
				break // the next sentence, after a full stop without a space, or a file that is named after somebody
			}
			end, last = j, label
		} else if labels > 0 {
			last = ""
		}
		if j+1 >= len(text) || text[j] != '.' {
			break
		}
		at = j + 1
	}
	return end, common(last)
}

// labelEnd returns the end of the label of letters, digits and inner hyphens that begins at i.
func labelEnd(text string, i, limit int) int {
	end := i
	for j := i; j < len(text) && j < limit; {
		r, n := rune(text[j]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(text[j:])
		}
		switch {
		case r < utf8.RuneSelf && isAlnum(byte(r)), r >= utf8.RuneSelf && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r)):
			end = j + n
		case r == '-' && j > i:
		default:
			return end
		}
		j += n
	}
	return end
}

// isTopLevel says that a label is one that a domain may end in: letters, or the encoding of them.
func isTopLevel(label string) bool {
	if strings.HasPrefix(label, "xn--") {
		return true
	}
	if utf8.RuneCountInString(label) < 2 || len(label) > 63 {
		return false
	}
	for _, r := range label {
		if r < utf8.RuneSelf && !isAlpha(byte(r)) {
			return false
		}
	}
	return true
}

// common says that a top level is one that most addresses end in.
func common(top string) bool {
	if len(top) > 6 {
		return false
	}
	switch strings.ToLower(top) {
	case "com", "org", "net", "edu", "gov", "info", "biz", "io", "de", "fr", "es", "it", "uk", "in", "br", "pt", "nl", "ch", "at",
		"be", "pl", "se", "no", "dk", "fi", "ie", "us", "ca", "au", "jp", "cn", "ru", "mx", "eu":
		return true
	}
	return false
}

// isCapitalised says that a label is a capital letter and small ones.
func isCapitalised(label string) bool {
	if !isUpper(label[0]) {
		return false
	}
	for i := 1; i < len(label); i++ {
		if isUpper(label[i]) {
			return false
		}
	}
	return true
}

// notAnAddress says that something only looks like an address: a picture for screens of double
// resolution, a file with a date, a unit of systemd, a repository.
func notAnAddress(local, domain string, next rune) bool {
	dot := strings.LastIndexByte(domain, '.')
	return isFileType(domain[dot+1:]) || local == "git" && (next == ':' || next == '/')
}

// isFileType says that a label is the ending of a file, and no top level.
func isFileType(label string) bool {
	if len(label) > 7 {
		return false
	}
	switch strings.ToLower(label) {
	case "png", "jpg", "jpeg", "gif", "svg", "webp", "service", "socket", "timer", "js", "css", "tgz",
		"json", "xml", "yaml", "yml", "csv", "tsv", "txt", "log", "pdf", "html", "htm", "sql", "gz", "bak", "eml":
		return true
	}
	return false
}
