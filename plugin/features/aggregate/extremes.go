package aggregate

import "math"

// extreme is the greatest value of a column or, with a sign of -1, the least.
type extreme struct {
	unfading
	sign  float64
	value float64
}

func (x *extreme) reset() { x.value = 0 }

func (x *extreme) add(e entry, before tally) {
	if before.n == 0 || e.number*x.sign > x.value*x.sign {
		x.value = e.number
	}
}

func (x *extreme) merge(from state, _ float64, own, _ tally) {
	x.add(entry{number: from.(*extreme).value}, own)
}

func (x *extreme) append(dst []byte, _ frame) []byte { return appendNumber(dst, x.value) }
func (x *extreme) decode(r *reader, _ frame)         { x.value = r.number() }
func (x *extreme) check(tally) string                { return "" }

// last is the value of the newest event. Of several at one time it is the greatest: the
// order in which they come does not matter.
type last struct {
	unfading
	value float64
}

func (l *last) reset() { l.value = 0 }

func (l *last) add(e entry, before tally) {
	switch {
	case before.n == 0 || e.at > before.newest:
		l.value = e.number
	case e.at == before.newest:
		l.value = max(l.value, e.number)
	}
}

func (l *last) merge(from state, _ float64, own, other tally) {
	l.add(entry{at: other.newest, number: from.(*last).value}, own)
}

func (l *last) append(dst []byte, _ frame) []byte { return appendNumber(dst, l.value) }
func (l *last) decode(r *reader, _ frame)         { l.value = r.number() }
func (l *last) check(tally) string                { return "" }

// first is the value of the oldest event; of several at one time the greatest.
type first struct {
	span
	value float64
}

func (f *first) reset() { *f = first{} }

func (f *first) add(e entry, before tally) {
	switch {
	case before.n == 0 || e.at < f.oldest:
		f.value = e.number
	case e.at == f.oldest:
		f.value = max(f.value, e.number)
	}
	f.span.add(e, before)
}

func (f *first) merge(from state, _ float64, own, _ tally) {
	other := from.(*first)
	f.add(entry{at: other.oldest, number: other.value}, own)
}

func (f *first) append(dst []byte, in frame) []byte {
	return appendNumber(f.span.append(dst, in), f.value)
}

func (f *first) decode(r *reader, in frame) {
	f.span.decode(r, in)
	f.value = r.number()
}

// span is the time of the oldest event. With the tally it gives the mean time between
// events, exactly and in any order, as the times between them add up to the whole.
type span struct {
	unfading
	oldest int64
}

func (s *span) reset() { *s = span{} }

func (s *span) add(e entry, before tally) {
	if before.n == 0 || e.at < s.oldest {
		s.oldest = e.at
	}
}

func (s *span) merge(from state, _ float64, own, _ tally) {
	s.add(entry{at: from.(*span).oldest}, own)
}

func (s *span) append(dst []byte, f frame) []byte {
	return appendBefore(dst, f.tally.newest, s.oldest, f.unit)
}

func (s *span) decode(r *reader, f frame) { s.oldest = r.before(f.tally.newest, f.unit) }
func (s *span) coarsest(number int) int   { return coarsest(s.oldest, number) }

func (s *span) check(t tally) string {
	if s.oldest > t.newest || t.n == 1 && s.oldest != t.newest {
		return wrongTime
	}
	return ""
}

// interval is the mean time between events in nanoseconds: NaN for fewer than two.
func (s *span) interval(t tally) float64 {
	if t.n < 2 {
		return math.NaN()
	}
	return lasting(s.oldest, t.newest) / float64(t.n-1)
}
