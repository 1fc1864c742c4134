package detect

import "strings"

const (
	maxPhoneGroups = 8
	maxPhoneDigits = 17 // two of a prefix and 15 of E.164
	mexico         = 52
	minBeforeSlash = 9 // digits of a number that another may follow after a slash
	minNational    = 7 // digits of a number without a country code
)

// phones looks for phone numbers: digits that a numbering plan gives out, in groups as people write
// them. A number in international form stands for itself. One without a country code is
// looked for in the plan of the region; it needs a trunk prefix, groups or a word nearby.
func (p *pass) phones() {
	s := &p.seq
	for a, last := 0, -1; a < s.starts; {
		// A slash stands between two numbers as well as within one.
		if !s.opens(a) && (a == 0 || a != last+1 || s.groups[a].gap != slash) && !p.plus(a) {
			a++
			continue
		}
		if b := p.phone(a); b >= a {
			a, last = b+1, b
		} else {
			a++
		}
	}
}

// phone adds the number that begins with group a and returns its last group; -1 if there is none.
func (p *pass) phone(a int) int {
	s, text := &p.seq, p.text
	start := s.groups[a].start
	if p.plus(a) {
		if binds(before(text, start-1)) {
			return -1
		}
		return p.international(a, 0, start-1, 0.9)
	}
	if skip := p.exitCode(s.digits[s.groups[a].first:]); skip > 0 {
		if b := p.international(a, skip, start, 0.75); b >= a {
			return b
		}
	}
	if p.plan == nil {
		return -1
	}
	return p.domestic(a)
}

// plus says that a plus sign is before group a.
func (p *pass) plus(a int) bool {
	start := p.seq.groups[a].start
	return a == 0 && start > 0 && p.text[start-1] == '+'
}

// exitCode returns how many digits are dialled before a country code: 00, or 011 from North America; 0
// if digits begin otherwise.
func (p *pass) exitCode(digits []byte) int {
	switch {
	case digits[0] != '0' || len(digits) < 3:
		return 0
	case digits[1] == '0':
		return 2
	case p.countryCode == 1 && digits[1] == '1' && digits[2] == '1':
		return 3
	}
	return 0
}

// international adds a number with a country code after the first skip digits of group a.
func (p *pass) international(a, skip, start int, confidence float64) int {
	s := &p.seq
	first := s.groups[a].first + skip
	if first >= len(s.digits) {
		return -1
	}
	code, size := codeOf(s.digits[first:])
	plan := planOf(code)
	if plan == nil {
		return -1
	}
	from := first + size
	b := p.walk(plan, a, from)
	if b < 0 && from < len(s.digits) && (s.digits[from] == '0' || code == mexico && s.digits[from] == '1') {
		b = p.walk(plan, a, from+1) // +44 (0)20: a trunk prefix, which is not dialled from abroad, or not any more
	}
	if b < 0 || s.end(b)-first < minNational+1 {
		return -1
	}
	end := s.groups[b].end
	if opened(p.text, start, end) {
		start--
	}
	if skip > 0 && s.inRow(a, b) {
		confidence -= 0.3
	}
	if skip > 0 && a == b { // digits alone, as on goods
		if confidence -= 0.15; p.reference(phone, start, end) {
			confidence -= 0.4
		}
	}
	p.addNear(phone, start, p.extension(end), confidence, 0.09)
	return b
}

// domestic adds a number of the plan of the region that begins with group a.
func (p *pass) domestic(a int) int {
	s, text := &p.seq, p.text
	plan := p.plan
	first := s.groups[a].first
	if len(s.digits)-first < minNational {
		return -1
	}
	trunk, b := false, -1
	if plan.trunk != "" && strings.HasPrefix(string(s.digits[first:min(first+len(plan.trunk), len(s.digits))]), plan.trunk) {
		b = p.walk(plan, a, first+len(plan.trunk))
		trunk = b >= 0
	}
	if b < 0 {
		b = p.walk(plan, a, first)
	}
	if b < 0 && s.size(a) > 1 {
		if code, size := codeOf(s.digits[first:]); code == p.countryCode { // without the plus sign
			b = p.walk(plan, a, first+size)
		}
	}
	shape := 0.0
	switch {
	case b < 0 && p.countryCode == 1:
		b, shape = s.northAmerican(a)
	case b >= 0:
		shape = s.phoneShape(a, b, trunk, plan)
	}
	if b < 0 || s.count(a, b) < minNational || p.otherNumber(a) {
		return -1
	}
	start, end := s.groups[a].start, s.groups[b].end
	if p.amount(start, end, b) {
		return -1
	}
	if opened(text, start, end) {
		start--
		shape += 0.1
	}
	if s.inRow(a, b) {
		shape -= 0.3
	}
	if p.reference(phone, start, end) {
		shape -= 0.4
	}
	if start < p.urlEnd {
		shape -= 0.3
	}
	p.addNear(phone, start, p.extension(end), shape, 0.25)
	return b
}

// opened says that a parenthesis that is closed within text[start:end] opens right before it.
func opened(text string, start, end int) bool {
	return start > 0 && text[start-1] == '(' && strings.Count(text[start:end], ")") > strings.Count(text[start:end], "(")
}

// inRow says that groups a to b are a part of a row of numbers with the same space between them. A card
// beside a number is none of the row.
func (s *sequence) inRow(a, b int) bool {
	kind, _ := s.gaps(a, b)
	return (kind == space || kind == wideGap) && (a > 0 && s.groups[a].gap == kind && s.cards>>(a-1)&1 == 0 ||
		b+1 < len(s.groups) && s.groups[b+1].gap == kind && s.cards>>(b+1)&1 == 0)
}

// walk takes the digits from first on through a plan, group by group, and returns the last group at which
// they are a number; -1 if they never are.
func (p *pass) walk(plan *numberingPlan, a, first int) int {
	s := &p.seq
	state, digits, found := uint16(firstState), 0, -1
	at := first
	for b := a; b < len(s.groups) && b < a+maxPhoneGroups; b++ {
		if b > a && !s.phoneGap(a, b) {
			break
		}
		for end := s.end(b); at < end; at++ {
			if state = plan.numbers.next[state][s.digits[at]-'0']; state == deadState || digits == maxPhoneDigits {
				p.work += digits + 1
				return found
			}
			digits++
		}
		if at == s.end(b) && digits > 0 && plan.numbers.accept[state] && plan.lengths>>digits&1 == 1 &&
			(s.closes(b) || b+1 < len(s.groups) && s.groups[b+1].gap == slash && digits >= minBeforeSlash) {
			found = b
		}
	}
	p.work += digits
	return found
}

// phoneGap says that a phone number that begins with group a may go on with group b. One digit by
// itself stands at the beginning only, or after a hyphen at the end.
func (s *sequence) phoneGap(a, b int) bool {
	if s.groups[b].gap == dotSpace {
		return false
	}
	if s.size(b) > 1 || b <= a+1 {
		return true
	}
	return s.groups[b].gap == hyphen && s.closes(b) || s.groups[b].gap == paren
}

// phoneShape returns the confidence in a number of the region by the way it is written.
func (s *sequence) phoneShape(a, b int, trunk bool, plan *numberingPlan) float64 {
	kind, uniform := s.gaps(a, b)
	switch {
	case !trunk && plan.needsTrunk(s.of(a, b)):
		return 0.3
	case a == b && trunk && plan.trunk == "0":
		return 0.6
	case a == b:
		return 0.35
	case kind == dot && b-a < 2:
		return 0.3 // or a decimal fraction
	case trunk && plan.trunk == "0":
		return 0.75
	}
	first := a
	if trunk && s.size(a) == 1 {
		first++
	}
	if !s.bareGroups(first, b) {
		return 0.3
	}
	if plan.trunk == "1" && (!uniform || kind != space) { // North America
		return 0.8
	}
	return 0.65
}

// bareGroups says that groups a to b are cut as numbers are that begin with no trunk prefix.
func (s *sequence) bareGroups(a, b int) bool {
	var sizes [maxPhoneGroups]int
	for i := a; i <= b; i++ {
		sizes[i-a] = s.size(i)
	}
	switch sizes {
	case [maxPhoneGroups]int{3, 3, 4}, [maxPhoneGroups]int{3, 3, 3}, [maxPhoneGroups]int{3, 2, 2, 2}, [maxPhoneGroups]int{3, 2, 2, 3}, [maxPhoneGroups]int{2, 4, 4},
		[maxPhoneGroups]int{2, 5, 4}, [maxPhoneGroups]int{5, 5}, [maxPhoneGroups]int{4, 4}, [maxPhoneGroups]int{2, 3, 4}, [maxPhoneGroups]int{3, 4, 4},
		[maxPhoneGroups]int{3, 3, 2, 2}, [maxPhoneGroups]int{2, 3, 2, 2}, [maxPhoneGroups]int{3, 7}, [maxPhoneGroups]int{3, 6}, [maxPhoneGroups]int{2, 8},
		[maxPhoneGroups]int{2, 9}, [maxPhoneGroups]int{2, 1, 4, 4}, [maxPhoneGroups]int{2, 2, 2, 2}, [maxPhoneGroups]int{3, 4, 3}, [maxPhoneGroups]int{4, 3, 3}, [maxPhoneGroups]int{2, 7}:
		return true
	}
	return false
}

// northAmerican returns the last group of a number written as in North America that the plan does not
// give out, or of seven digits as dialled within an area. Both need a word nearby.
func (s *sequence) northAmerican(a int) (b int, confidence float64) {
	if b = a + 2; b < len(s.groups) && s.size(a) == 3 && s.size(a+1) == 3 && s.size(b) == 4 && s.closes(b) {
		return b, 0.3
	}
	if b = a + 1; b < len(s.groups) && s.size(a) == 3 && s.size(b) == 4 && s.closes(b) && s.groups[b].gap == hyphen && s.of(a, a)[0] >= '2' {
		return b, 0.3
	}
	return -1, 0
}

// otherNumber says that the groups from a on are a date, or numbers between dots as in an address or a version.
func (p *pass) otherNumber(a int) bool {
	s := &p.seq
	if b, isDate := s.date(a); isDate && b > a && s.groups[b].gap != space {
		return true
	}
	if a+3 < len(s.groups) {
		if kind, uniform := s.gaps(a, a+3); uniform && kind == dot && s.octets(a, a+3) && (a+4 == len(s.groups) || s.groups[a+4].gap != dot) {
			return true
		}
	}
	return false
}

// amount says that a number is a price, a time, a part of a decimal fraction or of a date.
func (p *pass) amount(start, end, last int) bool {
	text := p.text
	if last == len(p.seq.groups)-1 && end+1 < len(text) && isDigit(text[end+1]) {
		switch text[end] {
		case ':':
			return true
		case ',':
			n := 1
			for end+n < len(text) && isDigit(text[end+n]) {
				n++
			}
			if n <= 4 {
				return true
			}
		}
	}
	if start > 1 && (text[start-1] == ':' || text[start-1] == ',') && isDigit(text[start-2]) {
		return true
	}
	left := strings.TrimRight(text[max(start-2, 0):start], " ")
	right := strings.TrimLeft(text[end:min(end+4, len(text))], " ")
	return left != "" && isCurrency(before(left, len(left))) || right != "" && (isCurrency(after(right, 0)) || right[0] == '%')
}

func isCurrency(r rune) bool { return r == '$' || r == '£' || r == '¥' || r >= 0x20A0 && r <= 0x20CF }

// extension returns the end of the extension that follows a number that ends at end; end if there is none.
func (p *pass) extension(end int) int {
	text, i := p.text, end
	for i < len(text) && i-end < 2 && (text[i] == ' ' || text[i] == ',') {
		i++
	}
	found := false
	for _, word := range []string{"extension", "ext.", "ext", "x"} {
		if i+len(word) < len(text) && strings.EqualFold(text[i:i+len(word)], word) {
			i, found = i+len(word), true
			break
		}
	}
	if !found {
		return end
	}
	for n := 0; n < 2 && i < len(text) && (text[i] == ' ' || text[i] == ':'); n++ {
		i++
	}
	first := i
	for i < len(text) && isDigit(text[i]) {
		i++
		if i-first > 6 {
			return end
		}
	}
	if i == first || binds(after(text, i)) {
		return end
	}
	return i
}
