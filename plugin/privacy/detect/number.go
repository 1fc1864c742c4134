package detect

// sequence is a row of groups of digits with little between them, as people write numbers that
// are longer than they can read: "+44 (0)20 7946 0958", "4111-1111-1111-1111", "12.03.1980".
type sequence struct {
	groups []group
	starts int    // numbers are looked for that begin with one of so many groups
	digits []byte // of all groups
	cards  uint32 // a bit for each group that is likely to be of a card
	store  struct {
		groups [maxGroups]group
		digits [maxGroups * maxGroupDigits]byte
	}
	bindsLeft, bindsRight   bool // a letter touches the first or the last group
	joinedLeft, joinedRight bool // a mark joins it with a token that has digits
}

// group is a run of digits, and what is between it and the group before.
type group struct {
	start, end int // in the text
	first      int // its first digit in the digits of the sequence
	gap        gap // before it; none for the first
}

type gap uint8

const (
	noGap    gap = iota
	space        // one
	hyphen       // one, or an underscore
	dot          // one
	slash        // one
	dotSpace     // a full stop and a space
	paren        // with one or two parentheses in it, and spaces or a hyphen
	wideGap      // two spaces, or spaces around a hyphen or slash
	noNumber     // anything else: the sequence ends
)

// parts says that what is on both sides may be two numbers.
func (g gap) parts() bool { return g == space || g == wideGap || g == paren || g == dotSpace }

const (
	maxGroups       = 24
	maxNumberGroups = 9  // of an international number; the rest is for the next sequence
	maxGroupDigits  = 20 // a longer run is no number of anybody
	maxGapBytes     = 3
)

// count is the number of digits of groups a to b.
func (s *sequence) count(a, b int) int { return s.end(b) - s.groups[a].first }

// end is where the digits of group b end in the digits of the sequence.
func (s *sequence) end(b int) int {
	if b+1 < len(s.groups) {
		return s.groups[b+1].first
	}
	return len(s.digits)
}

// of returns the digits of groups a to b.
func (s *sequence) of(a, b int) []byte { return s.digits[s.groups[a].first:s.end(b)] }

// size is the number of digits of a group.
func (s *sequence) size(a int) int { return s.groups[a].end - s.groups[a].start }

// opens says that a number may begin with group a: no letter and no joint before it.
func (s *sequence) opens(a int) bool {
	if a == 0 {
		return !s.bindsLeft && !s.joinedLeft
	}
	return s.groups[a].gap.parts()
}

// closes says that a number may end with group b.
func (s *sequence) closes(b int) bool {
	if b == len(s.groups)-1 {
		return !s.bindsRight && !s.joinedRight
	}
	return s.groups[b+1].gap.parts()
}

// gaps says that all gaps between groups a and b are of one kind, and which; noGap for one group.
func (s *sequence) gaps(a, b int) (gap, bool) {
	if a == b {
		return noGap, true
	}
	kind := s.groups[a+1].gap
	for i := a + 2; i <= b; i++ {
		if s.groups[i].gap != kind {
			return kind, false
		}
	}
	return kind, true
}

// read reads the sequence whose first digit is at i, and returns where to look for the next one:
// after it, or within it if it is longer than a sequence can be.
func (s *sequence) read(text string, i int) (next int) {
	s.groups, s.digits, s.starts, s.cards = s.store.groups[:0], s.store.digits[:0], 0, 0
	s.bindsLeft, s.joinedLeft = binds(before(text, i)), joined(text, i)
	kind := noGap
	for {
		start := i
		for i < len(text) && isDigit(text[i]) && i-start <= maxGroupDigits {
			i++
		}
		if i-start > maxGroupDigits {
			for i < len(text) && isDigit(text[i]) {
				i++
			}
			s.joinedRight = kind == hyphen || kind == dot || kind == slash
			return i
		}
		s.groups = append(s.groups, group{start, i, len(s.digits), kind})
		s.digits = append(s.digits, text[start:i]...)
		if s.starts = len(s.groups); s.starts == maxGroups {
			s.starts = maxGroups - maxNumberGroups
			s.joinedRight = true
			return s.groups[s.starts].start
		}
		var width int
		if kind, width = gapAt(text, i); kind == noNumber {
			s.bindsRight, s.joinedRight = binds(after(text, i)), joins(text, i)
			return i
		}
		i += width
	}
}

// gapAt returns what is between the digits that end at i and those that follow.
func gapAt(text string, i int) (kind gap, width int) {
	j, spaces, others, parens := i, 0, 0, 0
	mark := byte(0)
	for ; j < len(text) && j-i < maxGapBytes && !isDigit(text[j]); j++ {
		switch c := text[j]; c {
		case ' ':
			spaces++
		case '-', '.', '/', '_':
			others++
			mark = c
		case '(', ')':
			parens++
		default:
			return noNumber, 0
		}
	}
	switch width = j - i; {
	case j == len(text) || !isDigit(text[j]) || others > 1:
		return noNumber, 0
	case parens > 0 && mark != '/' && mark != '.':
		return paren, width
	case parens > 0:
		return noNumber, 0
	case others == 0 && spaces == 1:
		return space, width
	case others == 0 && spaces == 2:
		return wideGap, width
	case others == 0:
		return noNumber, 0
	case spaces == 0 && (mark == '-' || mark == '_'):
		return hyphen, width
	case spaces == 0 && mark == '.':
		return dot, width
	case spaces == 0:
		return slash, width
	case spaces == 2 && text[i] == ' ' && text[j-1] == ' ' && mark != '.':
		return wideGap, width
	case spaces == 1 && text[i] == '.':
		return dotSpace, width
	default:
		return noNumber, 0
	}
}
