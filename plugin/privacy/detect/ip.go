package detect

// ipv4 looks for IPv4 addresses: four numbers up to 255, with dots between and none around. With
// leading zeros they are one only if all are of three digits. Right after a word for a version or a
// chapter, or after the name of a program and a slash, they are that.
func (p *pass) ipv4() {
	s, text := &p.seq, p.text
	for a := 0; a < s.starts && a+3 < len(s.groups); a++ {
		if s.groups[a+1].gap != dot || s.groups[a].gap == dot {
			continue
		}
		b := a + 1
		for b+1 < len(s.groups) && s.groups[b+1].gap == dot {
			b++
		}
		start, end := s.groups[a].start, s.groups[b].end
		if b-a != 3 || !s.octets(a, b) && !s.paddedOctets(a) ||
			a == 0 && (s.bindsLeft || before(text, start) == '.') ||
			b == len(s.groups)-1 && (s.bindsRight || continues(text, end)) {
			a = b
			continue
		}
		base := sure
		if s.count(a, b) == 4 {
			base = 0.7 // 1.2.3.4 is a version as often
		}
		if p.titled(start, aboutVersion) && !p.near(start, end, aboutHost) || p.afterProgram(a) {
			base = 0.2
		}
		p.add(ipAddress, start, end, base, false)
		a = b
	}
}

// octets says that groups a to b are numbers of a byte as people write them.
func (s *sequence) octets(a, b int) bool {
	for i := a; i <= b; i++ {
		d := s.of(i, i)
		if len(d) > 3 || len(d) > 1 && d[0] == '0' || len(d) == 3 && string(d) > "255" {
			return false
		}
	}
	return true
}

// paddedOctets says that four groups from a on are numbers of a byte of three digits each, as in 203.000.113.007, but
// none of thousands: 100.000.000.000.
func (s *sequence) paddedOctets(a int) bool {
	for i := a; i < a+4; i++ {
		if d := s.of(i, i); len(d) != 3 || string(d) > "255" {
			return false
		}
	}
	return string(s.of(a+2, a+3)) != "000000"
}

// maxProgram is the longest name of a program in letters and digits that is looked for before a slash.
const maxProgram = 32

// afterProgram says that the four numbers from group a on are the version of a program: after its name and a slash, as in
// Chrome/120.0.0.0. Such a name has a capital letter and follows no slash, or the last two numbers
// are 0; names of what has addresses (client/203.0.113.7) are none.
func (p *pass) afterProgram(a int) bool {
	s, text := &p.seq, p.text
	end := s.groups[a].start - 1
	if end < 1 || text[end] != '/' {
		return false
	}
	start, capital := end, false
	for start > 0 && end-start < maxProgram && isTokenByte(text[start-1]) {
		start--
		capital = capital || isUpper(text[start])
	}
	if start == end || p.titled(end, aboutHost) {
		return false
	}
	zeros := string(s.of(a+2, a+3)) == "00"
	return zeros || capital && before(text, start) != '/'
}

// continues says that four numbers go on as a version would: 1.2.3.4-beta, 1.2.3.4_1.
func continues(text string, end int) bool {
	return end+1 < len(text) && (text[end] == '-' && isAlpha(text[end+1]) || text[end] == '_' || text[end] == '.' && isDigit(text[end+1]))
}

// maxIPv6 is the longest text of an IPv6 address, that of one with an IPv4 address in it.
const maxIPv6 = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")

// colon looks at what a colon can be in: a URL, a MAC address, an IPv6 address.
func (p *pass) colon(i int) {
	text := p.text
	if i+2 < len(text) && text[i+1] == '/' && text[i+2] == '/' {
		p.url(i)
		return
	}
	if i < p.colonDone || !p.enabled[ipAddress] && !p.enabled[macAddress] {
		return
	}
	start := i
	for start > p.colonDone && i-start < 4 && isHex(text[start-1]) {
		start--
	}
	end, colons := i, 0
	for end < len(text) && (isHex(text[end]) || text[end] == ':' || text[end] == '.') {
		if text[end] == ':' {
			colons++
		}
		end++
	}
	p.work += end - start
	p.colonDone = end
	for end > start && (text[end-1] == '.' || text[end-1] == ':' && (end-2 < start || text[end-2] != ':')) {
		end-- // the end of a sentence
	}
	if end-start > maxIPv6 || colons < 2 || !free(text, start, end) {
		return
	}
	if p.enabled[macAddress] && colons >= 5 && p.mac(start, ':') {
		return
	}
	groups, ok := ipv6(text[start:end])
	if !p.enabled[ipAddress] || !ok || groups < 4 && !containsDigit(text[start:end]) {
		return
	}
	end = p.zone(end)
	p.add(ipAddress, start, end, 0.9, false)
	p.done(end)
}

// zone returns the end of the zone that follows an address, after a percent sign (RFC 4007,
// section 11); end if there is none.
func (p *pass) zone(end int) int {
	text, i := p.text, end+1
	if end >= len(text) || text[end] != '%' {
		return end
	}
	for i < len(text) && i-end <= 16 && (isAlnum(text[i]) || text[i] == '-' || text[i] == '_' || text[i] == '.') {
		i++
	}
	for text[i-1] == '.' || text[i-1] == '-' || text[i-1] == '%' {
		if i--; i == end {
			return end
		}
	}
	return i
}

// ipv6 says that text is an IPv6 address (RFC 4291, section 2.2), and how many groups it has. An
// address whose groups are all of two digits is taken for a MAC address.
func ipv6(text string) (groups int, ok bool) {
	compressed, pairs := false, true
	for i := 0; ; {
		size := 0
		for i+size < len(text) && isHex(text[i+size]) {
			size++
		}
		switch {
		case i+size < len(text) && text[i+size] == '.': // an IPv4 address is the last two groups
			groups += 2
			return groups, isIPv4(text[i:]) && (groups == 8 || compressed && groups < 8)
		case size > 4:
			return 0, false
		case size > 0:
			groups++
			pairs = pairs && size == 2
		case i == len(text): // after ::
			return groups, compressed && groups > 0 && groups < 8
		case i > 0 || len(text) < 2 || text[1] != ':':
			return 0, false // a colon at the start, or a third
		}
		i += size
		switch {
		case i == len(text):
			return groups, groups == 8 && !compressed && !pairs || compressed && groups < 8
		case len(text) > i+1 && text[i+1] == ':':
			if compressed {
				return 0, false
			}
			compressed = true
			i += 2
		case i+1 == len(text):
			return 0, false
		default:
			i++
		}
	}
}

// isIPv4 says that text is four numbers of a byte.
func isIPv4(text string) bool {
	for part := range 4 {
		n := 0
		for n < len(text) && n < 3 && isDigit(text[n]) {
			n++
		}
		if n == 0 || n > 1 && text[0] == '0' || n == 3 && text[:3] > "255" {
			return false
		}
		if text = text[n:]; part < 3 {
			if text == "" || text[0] != '.' {
				return false
			}
			text = text[1:]
		}
	}
	return text == ""
}

func isHex(c byte) bool { return isDigit(c) || (c|0x20)-'a' <= 'f'-'a' }

func containsDigit(text string) bool {
	for i := range len(text) {
		if isDigit(text[i]) {
			return true
		}
	}
	return false
}
