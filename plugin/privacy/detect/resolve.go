package detect

import (
	"cmp"
	"slices"
)

// better says which of two candidates stays where they overlap: the one with the higher
// confidence, then the longer, then the earlier.
func better(a, b candidate) int {
	return cmp.Or(
		cmp.Compare(b.confidence, a.confidence),
		cmp.Compare(b.end-b.start, a.end-a.start),
		cmp.Compare(a.start, b.start),
		cmp.Compare(a.detector, b.detector),
	)
}

// resolve returns the candidates that stay, in the order of the text, and what remains of numbers that
// a better candidate cuts. It takes n log n for n of them.
func (p *pass) resolve() []candidate {
	all := p.found
	if p.unsorted {
		slices.SortFunc(all, byStart)
	}
	for i := 0; i < len(all); {
		end, j := all[i].end, i+1
		for ; j < len(all) && all[j].start < end; j++ {
			end = max(end, all[j].end)
		}
		p.resolveGroup(all[i:j], end)
		i = j
	}
	return p.kept
}

func byStart(a, b candidate) int { return cmp.Compare(a.start, b.start) }

// resolveGroup keeps the best of candidates that hang together, then the best of those that it
// leaves room for, and so on. It marks the bytes that are taken, 64 in a word, so that many
// small candidates within a large one cost no more than its length.
func (p *pass) resolveGroup(group []candidate, end int) {
	if len(group) == 2 {
		if better(group[0], group[1]) > 0 {
			group[0], group[1] = group[1], group[0]
		}
		if best, other := group[0], group[1]; !other.detector.isNumber() || best.start <= other.start && other.end <= best.end {
			group = group[:1]
		}
	}
	if len(group) == 1 {
		p.kept = append(p.kept, group[0])
		return
	}
	first := group[0].start
	for _, c := range group[1:] {
		first = min(first, c.start)
	}
	slices.SortFunc(group, better)
	size := (end-first)/64 + 1
	p.taken = slices.Grow(p.taken[:0], size)[:size]
	clear(p.taken)
	from, lost := len(p.kept), group[:0]
	for _, c := range group {
		if take(p.taken, c.start-first, c.end-first) {
			p.kept = append(p.kept, c)
		} else if c.detector.isNumber() {
			lost = append(lost, c)
		}
	}
	for _, c := range lost {
		p.keepRest(c, first)
	}
	slices.SortFunc(p.kept[from:], byStart)
	if len(lost) > 0 {
		p.kept = append(p.kept[:from], p.joinRests(p.kept[from:])...)
	}
}

// take marks the bits from start to end and says so, unless one is marked.
func take(words []uint64, start, end int) bool {
	for _, mark := range []bool{false, true} {
		for at := start; at < end; {
			n := min(64-at%64, end-at)
			bits := (^uint64(0) >> (64 - n)) << (at % 64)
			if mark {
				words[at/64] |= bits
			} else if words[at/64]&bits != 0 {
				return false
			}
			at += n
		}
	}
	return true
}
