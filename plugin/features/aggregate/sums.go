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
// point so far.
type sum struct {
	unfading
	units  wide
	digits uint8
}

func (s *sum) reset() { *s = sum{} }

func (s *sum) add(e entry, _ tally) {
	units, digits := decimal(e.number, s.digits)
	s.plus(units, digits)
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
}

func (s *sum) append(dst []byte, _ frame) []byte {
	return appendWide(append(dst, s.digits), s.units)
}

func (s *sum) decode(r *reader, _ frame) {
	s.digits = r.digits()
	s.units = r.wide()
}

func (s *sum) check(tally) string { return "" }

// digits reads how many digits after the point there are.
func (r *reader) digits() uint8 {
	digits := r.Byte()
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
