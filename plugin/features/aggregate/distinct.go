package aggregate

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// distinct counts the different values of a column. Up to 16 it keeps their hashes and
// is exact; from then on it is a HyperLogLog of 128 registers, with a standard error of
// 9 % (Flajolet et al. 2007; the estimate is that of Ertl, "New cardinality estimation
// algorithms for HyperLogLog sketches", 2017, section 2: it depends on the registers
// alone, while estimates that are updated with each value depend on their order).
type distinct struct {
	unfading
	hashes    []uint32 // sorted; nil or empty once there are registers
	dense     bool
	registers [hllRegisters]uint8
}

const (
	exactHashes  = 16
	hllPrecision = 7
	hllRegisters = 1 << hllPrecision
	hllMost      = 32 - hllPrecision + 1 // the greatest register
	registerBits = 5
)

// hashOf hashes a category, the same in every process: FNV-1a, with its bits mixed
// (the finaliser of MurmurHash3).
func hashOf(text string) uint32 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return uint32(h >> 32)
}

func (d *distinct) reset() { *d = distinct{hashes: d.hashes[:0]} }

func (d *distinct) add(e entry, _ tally) { d.insert(hashOf(e.text)) }

func (d *distinct) insert(hash uint32) {
	if !d.dense {
		place, found := slices.BinarySearch(d.hashes, hash)
		if found {
			return
		}
		if len(d.hashes) < exactHashes {
			d.hashes = slices.Insert(d.hashes, place, hash)
			return
		}
		d.dense = true
		for _, h := range d.hashes {
			d.insert(h)
		}
		d.hashes = d.hashes[:0]
	}
	register := &d.registers[hash>>(32-hllPrecision)]
	rank := uint8(min(bits.LeadingZeros32(hash<<hllPrecision), 32-hllPrecision) + 1)
	*register = max(*register, rank)
}

func (d *distinct) merge(from state, _ float64, _, _ tally) {
	other := from.(*distinct)
	if other.dense && !d.dense {
		d.dense = true
		for _, h := range d.hashes {
			d.insert(h)
		}
		d.hashes = d.hashes[:0]
	}
	for _, h := range other.hashes {
		d.insert(h)
	}
	if other.dense {
		for i, register := range other.registers {
			d.registers[i] = max(d.registers[i], register)
		}
	}
}

// count is the number of different values, or an estimate of it.
func (d *distinct) count() float64 {
	if !d.dense {
		return float64(len(d.hashes))
	}
	const m = float64(hllRegisters)
	var counts [hllMost + 1]float64
	for _, register := range d.registers {
		counts[register]++
	}
	z := m * tau(1-counts[hllMost]/m)
	for k := hllMost - 1; k >= 1; k-- {
		z = (z + counts[k]) / 2
	}
	z += m * sigma(counts[0]/m)
	return math.Round(m * m / (2 * math.Ln2 * z))
}

// sigma and tau correct for registers that are 0 and those that are full (Ertl,
// algorithm 6).
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	z := x
	for y, before := 1.0, -1.0; z != before; y += y {
		before = z
		x *= x
		z += x * y
	}
	return z
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	z := 1 - x
	for y, before := 1.0, -1.0; z != before; {
		before = z
		x = math.Sqrt(x)
		y /= 2
		z -= (1 - x) * (1 - x) * y
	}
	return z / 3
}

// append writes the number of hashes and the hashes, or one more than there can be and
// the registers, in 5 bits each.
func (d *distinct) append(dst []byte, _ frame) []byte {
	if !d.dense {
		dst = append(dst, byte(len(d.hashes)))
		for _, h := range d.hashes {
			dst = binary.LittleEndian.AppendUint32(dst, h)
		}
		return dst
	}
	dst = append(dst, exactHashes+1)
	var pending, have uint
	for _, register := range d.registers {
		pending |= uint(register) << have
		for have += registerBits; have >= 8; have -= 8 {
			dst = append(dst, byte(pending))
			pending >>= 8
		}
	}
	return dst
}

func (d *distinct) decode(r *reader, _ frame) {
	n := int(r.Byte())
	if n <= exactHashes {
		for i := range n {
			b := r.Bytes(4)
			if b == nil {
				return
			}
			hash := binary.LittleEndian.Uint32(b)
			if i > 0 && hash <= d.hashes[i-1] {
				r.Refuse()
				return
			}
			d.hashes = append(d.hashes, hash)
		}
		return
	}
	if n > exactHashes+1 {
		r.Refuse()
		return
	}
	d.dense = true
	packed := r.Bytes(hllRegisters * registerBits / 8)
	var pending, have uint
	at := 0
	for _, b := range packed {
		pending |= uint(b) << have
		for have += 8; have >= registerBits; have -= registerBits {
			d.registers[at] = uint8(pending & (1<<registerBits - 1))
			if d.registers[at] > hllMost {
				r.Refuse()
				return
			}
			pending >>= registerBits
			at++
		}
	}
}

func (d *distinct) check(t tally) string {
	known := uint64(len(d.hashes))
	if d.dense {
		known = exactHashes + 1
	}
	if known == 0 || known > t.n {
		return wrongNumbers
	}
	return ""
}
