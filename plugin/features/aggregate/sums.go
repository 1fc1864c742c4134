package aggregate

import "github.com/shoal-stream/shoal/plugin/record"

// weight is the number of events, each faded to the time of the newest.
type weight struct{ total float64 }

func (w *weight) reset()               { *w = weight{} }
func (w *weight) add(e entry, _ tally) { w.total += e.weight }
func (w *weight) fade(g float64)       { w.total *= g }

func (w *weight) merge(from state, g float64, _, _ tally) {
	w.total += g * from.(*weight).total
}

func (w *weight) append(dst []byte, _ frame) []byte { return record.AppendCompact(dst, w.total) }
func (w *weight) decode(r *reader, _ frame)         { w.total = r.Compact() }

func (w *weight) check(t tally) string {
	if !plausible(w.total, t.n) {
		return wrongWeight
	}
	return ""
}

// sum adds up a column exactly: in units of the last digit that a value had after the
// point so far, and in a rest what cannot be told in such.
type sum struct {
	unfading
	units  wide
	digits uint8
	rest   rest
}

func (s *sum) reset() { *s = sum{} }

func (s *sum) add(e entry, _ tally) {
	units, digits, left := split(e.number, s.digits)
	s.plus(units, digits)
	if left != 0 {
		s.rest.plus(left)
	}
}

func (s *sum) value() float64 {
	return saturate(value(s.units, s.digits) + s.rest.high + s.rest.low)
}

// plus adds units of at least as many digits.
func (s *sum) plus(units wide, digits uint8) {
	s.units = s.units.times(more(s.digits, digits)).plus(units)
	s.digits = digits
}

func (s *sum) merge(from state, _ float64, _, _ tally) {
	other := *from.(*sum)
	if other.digits < s.digits {
		other.plus(wide{}, s.digits)
	}
	s.plus(other.units, other.digits)
	s.rest.merge(other.rest)
}

func (s *sum) append(dst []byte, _ frame) []byte {
	if s.rest != (rest{}) {
		return s.rest.append(appendWide(append(dst, s.digits|resting), s.units))
	}
	return appendWide(append(dst, s.digits), s.units)
}

func (s *sum) decode(r *reader, _ frame) {
	head := r.Byte()
	s.digits = r.digits(head &^ resting)
	s.units = r.wide()
	if head&resting != 0 {
		s.rest = r.rest()
	}
}

func (s *sum) check(tally) string { return "" }

// digits refuses more digits after the point than there may be.
func (r *reader) digits(digits uint8) uint8 {
	if digits > maxDigits {
		r.Refuse()
		return 0
	}
	return digits
}

// fadingSum adds up a column, each value faded to the time of the newest.
type fadingSum struct{ weight, sum float64 }

func (s *fadingSum) reset() { *s = fadingSum{} }

func (s *fadingSum) add(e entry, _ tally) {
	s.weight += e.weight
	s.sum = saturate(s.sum + e.weight*e.number)
}

func (s *fadingSum) fade(g float64) {
	s.weight *= g
	s.sum *= g
}

func (s *fadingSum) merge(from state, g float64, _, _ tally) {
	other := from.(*fadingSum)
	s.weight += g * other.weight
	s.sum = saturate(s.sum + g*other.sum)
}

func (s *fadingSum) append(dst []byte, _ frame) []byte {
	return record.AppendCompact(record.AppendCompact(dst, s.weight), s.sum)
}

func (s *fadingSum) decode(r *reader, _ frame) { s.weight, s.sum = r.Compact(), r.Compact() }

func (s *fadingSum) check(t tally) string {
	if !plausible(s.weight, t.n) {
		return wrongWeight
	}
	return ""
}
