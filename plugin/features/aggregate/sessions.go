package aggregate

import (
	"encoding/binary"
	"math"
	"slices"
)

// mostSessions is how many sessions are kept with their times.
const mostSessions = 4

// sessions are stretches of events that follow one another within a gap. The last four
// are kept with their times, so an event that is late joins, splits off or bridges those
// as it would have in time; of earlier ones only the number and the whole length are
// left, and a late event among them is taken to lie within one.
type sessions struct {
	unfading
	gap uint64 // nanoseconds

	oldest int64   // event
	closed uint64  // sessions before the recent ones
	length uint64  // of those, nanoseconds
	recent []visit // by time
}

// visit is one session.
type visit struct{ begin, end int64 }

func (v visit) length() uint64 { return uint64(v.end) - uint64(v.begin) }

func (s *sessions) reset() { *s = sessions{gap: s.gap, recent: s.recent[:0]} }

func (s *sessions) add(e entry, before tally) {
	v := visit{e.at, e.at}
	if s.closed > 0 && s.apart(v, s.recent[0]) {
		if s.oldest > e.at {
			s.precede(e.at)
		}
		return
	}
	if before.n == 0 || e.at < s.oldest {
		s.oldest = e.at
	}
	s.insert(v)
	s.close()
}

// apart tells that the first session ended more than a gap before the second began.
func (s *sessions) apart(a, b visit) bool {
	return a.end < b.begin && uint64(b.begin)-uint64(a.end) > s.gap
}

// precede adds an event that is older than all: it makes the first session longer, or
// one of its own.
func (s *sessions) precede(at int64) {
	if before := uint64(s.oldest) - uint64(at); before > s.gap {
		s.closed++
	} else {
		s.lengthen(before)
	}
	s.oldest = at
}

func (s *sessions) lengthen(by uint64) { s.length = min(s.length, math.MaxUint64-by) + by }

// insert adds a session to the recent ones, joined with those that it meets.
func (s *sessions) insert(v visit) {
	kept := s.recent[:0]
	at := 0
	for _, r := range s.recent {
		switch {
		case s.apart(r, v):
			kept = append(kept, r)
			at++
		case s.apart(v, r):
			kept = append(kept, r)
		default:
			v.begin, v.end = min(v.begin, r.begin), max(v.end, r.end)
		}
	}
	kept = append(kept, visit{})
	copy(kept[at+1:], kept[at:])
	kept[at] = v
	s.recent = kept
}

// close leaves of the oldest of too many sessions what is kept for ever.
func (s *sessions) close() {
	for len(s.recent) > mostSessions {
		s.closed++
		s.lengthen(s.recent[0].length())
		s.recent = append(s.recent[:0], s.recent[1:]...)
	}
}

func (s *sessions) merge(from state, _ float64, own, _ tally) {
	other := from.(*sessions)
	if own.n == 0 {
		s.oldest = other.oldest
	}
	s.oldest = min(s.oldest, other.oldest)
	s.closed += other.closed
	s.lengthen(other.length)
	for _, v := range other.recent {
		s.insert(v)
	}
	s.close()
}

// count is the number of sessions, and their whole length in nanoseconds.
func (s *sessions) count() (n, length float64) {
	length = float64(s.length)
	for _, v := range s.recent {
		length += float64(v.length())
	}
	return float64(s.closed) + float64(len(s.recent)), length
}

// pause is the mean time between the end of a session and the beginning of the next, in
// nanoseconds: NaN for fewer than two sessions.
func (s *sessions) pause() float64 {
	n, length := s.count()
	if n < 2 {
		return math.NaN()
	}
	return (lasting(s.oldest, s.recent[len(s.recent)-1].end) - length) / (n - 1)
}

func (s *sessions) append(dst []byte, f frame) []byte {
	dst = appendBefore(dst, f.tally.newest, s.oldest, f.unit)
	dst = binary.AppendUvarint(dst, s.closed)
	if s.closed > 0 {
		dst = binary.AppendUvarint(dst, s.length/uint64(f.unit))
	}
	dst = append(dst, byte(len(s.recent)))
	later := f.tally.newest
	for _, v := range slices.Backward(s.recent) {

		dst = appendBefore(dst, later, v.end, f.unit)
		dst = appendBefore(dst, v.end, v.begin, f.unit)
		later = v.begin
	}
	return dst
}

func (s *sessions) decode(r *reader, f frame) {
	s.oldest = r.before(f.tally.newest, f.unit)
	if s.closed = r.Uvarint(); s.closed > 0 {
		units := r.Uvarint()
		if units > math.MaxUint64/uint64(f.unit) {
			r.Refuse()
			return
		}
		s.length = units * uint64(f.unit)
	}
	n := int(r.Byte())
	if n > mostSessions || n == 0 {
		r.Refuse()
		return
	}
	s.recent = append(s.recent, make([]visit, n)...)
	later := f.tally.newest
	for i := n - 1; i >= 0; i-- {
		end := r.before(later, f.unit)
		later = r.before(end, f.unit)
		s.recent[i] = visit{later, end}
	}
}

func (s *sessions) coarsest(number int) int {
	number = coarsest(s.oldest, number)
	for _, v := range s.recent {
		number = coarsest(v.begin, coarsest(v.end, number))
	}
	for s.length%uint64(timeUnits[number]) != 0 {
		number--
	}
	return number
}

func (s *sessions) check(t tally) string {
	n, _ := s.count()
	switch {
	case n > float64(t.n):
		return wrongNumbers
	case s.oldest > s.recent[0].begin || s.recent[len(s.recent)-1].end != t.newest:
		return wrongTime
	}
	return ""
}
