package drift

import (
	"encoding/binary"
	"errors"

	"github.com/shoal-stream/shoal/plugin/record"
)

const recordVersion = 3

// ErrDamaged is the error of decoding what Append, or Save, cannot have written.
var ErrDamaged = errors.New("decoding the state of a drift detector: the record is damaged: restore the newest backup")

// begin takes the version that each record begins with.
func begin(stored []byte) record.Reader {
	r := record.Read(stored)
	if r.Byte() != recordVersion {
		r.Refuse()
	}
	return r
}

// Append writes the detector without its configuration: up to 120 bytes.
func (p *PageHinkley) Append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = binary.AppendUvarint(dst, p.n)
	dst = record.AppendCompact(dst, p.mean)
	for _, e := range []excess{p.up, p.down} {
		dst = record.AppendCompact(dst, e.sum)
		dst = record.AppendCompact(dst, e.least)
		dst = binary.AppendUvarint(dst, e.n)
		dst = record.AppendCompact(dst, e.before)
		dst = record.AppendCompact(dst, e.since)
	}
	return dst
}

// Decode reads a detector that Append wrote at the start of src, and returns the rest. The
// configuration stays.
func (p *PageHinkley) Decode(src []byte) (rest []byte, err error) {
	r := begin(src)
	decoded := PageHinkley{config: p.config, n: r.Uvarint(), mean: r.Compact()}
	for _, e := range []*excess{&decoded.up, &decoded.down} {
		*e = excess{sum: r.Compact(), least: r.Compact(), n: r.Uvarint(), before: r.Compact(), since: r.Compact()}
		if e.n > decoded.n {
			r.Refuse()
		}
	}
	if r.Damaged() {
		return nil, ErrDamaged
	}
	*p = decoded
	return r.Rest(), nil
}

// Append writes the detector without its configuration: up to 20 bytes for each of its
// buckets, of which there are no more than 5·log₂(n).
func (a *ADWIN) Append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = binary.AppendUvarint(dst, a.tick)
	dst = binary.AppendUvarint(dst, uint64(len(a.rows)))
	for i, r := range a.rows {
		dst = append(dst, byte(r.count))
		for _, b := range r.buckets[:r.count] {
			dst = record.AppendCompact(dst, b.mean)
			if i > 0 { // else it is one value
				dst = record.AppendCompact(dst, b.s)
			}
		}
	}
	return dst
}

// Decode reads a detector that Append wrote at the start of src, and returns the rest. The
// configuration stays.
func (a *ADWIN) Decode(src []byte) (rest []byte, err error) {
	r := begin(src)
	decoded := ADWIN{config: a.config, tick: r.Uvarint()}
	count := r.Count(2)
	if count > maxRows {
		r.Refuse()
		count = 0
	}
	decoded.rows = make([]row, count)
	for i := range decoded.rows {
		into := &decoded.rows[i]
		into.count = int(r.Byte())
		if into.count == 0 || into.count > perRow {
			return nil, ErrDamaged
		}
		for j := range into.count {
			into.buckets[j].mean = r.Compact()
			if i > 0 {
				into.buckets[j].s = r.Compact()
			}
			if into.buckets[j].s < 0 {
				r.Refuse()
			}
		}
		decoded.n += uint64(into.count) << i
	}
	if r.Damaged() {
		return nil, ErrDamaged
	}
	*a = decoded
	return r.Rest(), nil
}
