package aggregate

import (
	"encoding/binary"
	"math"
)

// opening is the first day, in UTC, on which there were events, and the sum of a column on
// that day.
type opening struct {
	unfading
	day int64
	sum sum
}

func (o *opening) reset() { *o = opening{} }

func (o *opening) add(e entry, before tally) {
	day, _ := bucketOf(e.at, dayNanoseconds)
	if before.n == 0 || day < o.day {
		*o = opening{day: day}
	}
	if day == o.day {
		o.sum.add(e, before)
	}
}

func (o *opening) merge(from state, g float64, own, other tally) {
	second := from.(*opening)
	switch {
	case own.n == 0 || second.day < o.day:
		*o = *second
	case second.day == o.day:
		o.sum.merge(&second.sum, g, own, other)
	}
}

// append writes how many days before the newest the first was, and the sum.
func (o *opening) append(dst []byte, f frame) []byte {
	newest, _ := bucketOf(f.tally.newest, dayNanoseconds)
	return o.sum.append(binary.AppendUvarint(dst, uint64(newest-o.day)), f)
}

func (o *opening) decode(r *reader, f frame) {
	newest, _ := bucketOf(f.tally.newest, dayNanoseconds)
	before := r.Uvarint()
	if before > math.MaxUint64/uint64(dayNanoseconds) { // there is no more time
		r.Refuse()
		return
	}
	o.day = newest - int64(before)
	o.sum.decode(r, f)
}

func (o *opening) check(t tally) string {
	if newest, _ := bucketOf(t.newest, dayNanoseconds); t.n == 1 && o.day != newest {
		return wrongTime
	}
	return ""
}
