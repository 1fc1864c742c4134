package detect

import "strings"

// isNumber says that a detector finds numbers in rows of digits, of which two may share a group.
func (d detector) isNumber() bool {
	switch d {
	case phone, creditCard, iban, usSSN, dateOfBirth, ukNHS, esNIF, brCPF, inAadhaar:
		return true
	}
	return false
}

// keepRest keeps the digits of a number that none of the better candidates has: which of two numbers that share
// a group is the true one is a guess, and half a number would be left if it were wrong.
// The marks of taken bytes begin at first.
func (p *pass) keepRest(c candidate, first int) {
	free := func(i int) bool { return p.taken[(i-first)/64]>>((i-first)%64)&1 == 0 }
	p.work += c.end - c.start
	for at := c.start; at < c.end; {
		if !free(at) {
			at++
			continue
		}
		start := at
		for at < c.end && free(at) {
			at++
		}
		end := at
		if start > c.start {
			start = end - len(strings.TrimLeftFunc(p.text[start:end], isMark))
		}
		if end < c.end {
			end = start + len(strings.TrimRightFunc(p.text[start:end], isMark))
		}
		if start < end && take(p.taken, start-first, end-first) {
			p.kept = append(p.kept, candidate{start, end, c.confidence, c.detector, true, true})
		}
	}
}

func isMark(r rune) bool { return !binds(r) }

// joinRests makes one of candidates of one detector that have only marks between them, where one of them is
// there by what is around it: a card, and the end of what might have been another.
func (p *pass) joinRests(kept []candidate) []candidate {
	joined := kept[:0]
	for _, c := range kept {
		if n := len(joined) - 1; n >= 0 && joined[n].detector == c.detector && (joined[n].rest || c.rest) &&
			strings.TrimFunc(p.text[joined[n].end:c.start], isMark) == "" {
			joined[n].end, joined[n].rest, joined[n].byContext = c.end, true, true
			joined[n].confidence = max(joined[n].confidence, c.confidence)
		} else {
			joined = append(joined, c)
		}
	}
	return joined
}
