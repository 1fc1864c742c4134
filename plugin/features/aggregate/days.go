package aggregate

import (
	"encoding/binary"
	"math"
	"math/bits"
)

const (
	dayNanoseconds = int64(coarseBase)
	daysReach      = 1024
	dayWords       = daysReach / 64
	mostDays       = math.MaxUint64 / uint64(dayNanoseconds) // between two instants
)

// days are the days, in UTC, on which there were events: a bit for each of the 1,024 up
// to the newest, and the number of those before. A day that comes when it is beyond the
// reach is new for certain if it is before all others; else it can no longer be told from one
// that was counted, and is not counted.
type days struct {
	unfading
	newest, oldest int64
	gone           uint64
	recent         [dayWords]uint64 // bit i: there were events i days before the newest
}

func (d *days) reset() { *d = days{} }

func (d *days) add(e entry, before tally) {
	day, _ := bucketOf(e.at, dayNanoseconds)
	if before.n == 0 {
		d.newest, d.oldest = day, day
	}
	d.advance(day)
	switch age := d.newest - day; {
	case age < daysReach:
		d.recent[age/64] |= 1 << (age % 64)
	case day < d.oldest:
		d.gone++
	}
	d.oldest = min(d.oldest, day)
}

// advance makes a day the newest, unless there is a later one.
func (d *days) advance(day int64) {
	by := day - d.newest
	if by <= 0 {
		return
	}
	active := d.count()
	words, shift := int(min(by, daysReach)/64), uint(by%64)
	for i := dayWords - 1; i >= 0; i-- {
		var word uint64
		if i >= words {
			word = d.recent[i-words] << shift
		}
		if i > words {
			word |= d.recent[i-words-1] >> (64 - shift) // by 64: 0
		}
		d.recent[i] = word
	}
	d.gone += active - d.count()
	d.newest = day
}

// count is the number of recent days.
func (d *days) count() (n uint64) {
	for _, word := range d.recent {
		n += uint64(bits.OnesCount64(word))
	}
	return n
}

// since is the number of active days from a day on.
func (d *days) since(day int64) (n uint64) {
	for i, word := range d.recent {
		switch oldest := d.newest - day - int64(64*i); {
		case oldest < 0:
			return n
		case oldest < 63:
			word &= 1<<(oldest+1) - 1
		}
		n += uint64(bits.OnesCount64(word))
	}
	return n
}

// merge takes days that are gone from both to be the same days, as far as they can be.
func (d *days) merge(from state, _ float64, own, _ tally) {
	other := *from.(*days)
	if own.n == 0 {
		*d = other
		return
	}
	d.advance(other.newest)
	other.advance(d.newest)
	for i := range d.recent {
		d.recent[i] |= other.recent[i]
	}
	d.gone = max(d.gone, other.gone)
	d.oldest = min(d.oldest, other.oldest)
}

// append writes the number of days beyond the reach and, if there are any, how far the first
// is; then bits, or the gaps between those that are set, whichever is shorter.
func (d *days) append(dst []byte, _ frame) []byte {
	length, active := 0, 0
	for i, word := range d.recent {
		active += bits.OnesCount64(word)
		if word != 0 {
			length = 8*i + (bits.Len64(word)+7)/8
		}
	}
	dst = binary.AppendUvarint(dst, d.gone)
	if d.gone > 0 {
		dst = binary.AppendUvarint(dst, uint64(d.newest-d.oldest-daysReach))
	}
	if length <= active {
		dst = binary.AppendUvarint(dst, uint64(length)<<1|1)
		for i := range length {
			dst = append(dst, byte(d.recent[i/8]>>(8*(i%8))))
		}
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(active)<<1)
	previous := -1
	for i, word := range d.recent {
		for ; word != 0; word &= word - 1 {
			at := 64*i + bits.TrailingZeros64(word)
			dst = binary.AppendUvarint(dst, uint64(at-previous-1))
			previous = at
		}
	}
	return dst
}

func (d *days) decode(r *reader, f frame) {
	d.newest, _ = bucketOf(f.tally.newest, dayNanoseconds)
	beyond := int64(-1)
	if d.gone = r.Uvarint(); d.gone > 0 {
		n := r.Uvarint()
		if n > mostDays {
			r.Refuse()
			return
		}
		beyond = int64(n)
	}
	d.decodeRecent(r)
	d.oldest = d.newest
	for i, word := range d.recent {
		if word != 0 {
			d.oldest = d.newest - int64(64*i+bits.Len64(word)-1)
		}
	}
	if beyond >= 0 {
		d.oldest = d.newest - daysReach - beyond
	}
}

func (d *days) decodeRecent(r *reader) {
	head := r.Uvarint()
	if head>>1 > daysReach || head&1 != 0 && head>>1 > daysReach/8 {
		r.Refuse()
		return
	}
	if head&1 != 0 {
		for i, b := range r.Bytes(int(head >> 1)) {
			d.recent[i/8] |= uint64(b) << (8 * (i % 8))
		}
		return
	}
	at := uint64(0)
	for range head >> 1 {
		gap := r.Uvarint()
		if at+gap >= daysReach || gap >= daysReach {
			r.Refuse()
			return
		}
		at += gap
		d.recent[at/64] |= 1 << (at % 64)
		at++
	}
}

func (d *days) check(t tally) string {
	recent := d.count()
	if recent == 0 || d.gone > math.MaxUint64-recent || d.gone+recent > t.n {
		return wrongNumbers
	}
	return ""
}
