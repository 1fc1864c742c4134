package drift

import (
	"bytes"
	"encoding/binary"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/record"
)

// The records of a monitor: what has arrived since the last block, which changes with each
// arrival; the reference; each of its signals; and what outliers are told apart by.
const (
	keyPending   = 'b'
	keyReference = 'r'
	keyErrors    = 'e'
	keyFar       = 'f'
	keyOutliers  = 'o'
	keyMeasure   = 'm'
	keyShare     = 's' // then the place of the segment in the reference, 4 bytes
)

func shareKey(place int) []byte {
	return binary.BigEndian.AppendUint32([]byte{keyShare}, uint32(place))
}

// Save puts what changed since the last Save, or since Load: mostly some 20 bytes, and a few
// for each segment.
func (m *Monitor) Save(to clustering.Records) {
	if !m.changed {
		return
	}
	m.changed = false
	to.Put([]byte{keyPending}, m.appendPending(nil))
	if m.renewed {
		m.renewed = false
		if m.reference != nil {
			to.Put([]byte{keyReference}, m.reference.append(nil))
		} else {
			for _, key := range []byte{keyReference, keyErrors, keyFar, keyOutliers} {
				to.Delete([]byte{key})
			}
		}
		if m.measure.metric == nil {
			to.Delete([]byte{keyMeasure})
		}
	}
	for place := len(m.shares); place < m.stored; place++ {
		to.Delete(shareKey(place))
	}
	m.stored = len(m.shares)
	if m.reference == nil {
		return
	}
	save(to, []byte{keyErrors}, m.distances, &m.distances.body.changed)
	m.distances.far.save(to, []byte{keyFar})
	m.outliers.save(to, []byte{keyOutliers})
	save(to, []byte{keyMeasure}, &m.measure, &m.measure.changed)
	for place, s := range m.shares {
		s.save(to, shareKey(place))
	}
}

func (s *signal) save(to clustering.Records, key []byte) { save(to, key, s, &s.changed) }

func save(to clustering.Records, key []byte, from interface{ append(dst []byte) []byte }, changed *bool) {
	if *changed {
		*changed = false
		to.Put(key, from.append(nil))
	}
}

func (m *Monitor) appendPending(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = binary.AppendUvarint(dst, m.wait)
	dst = binary.AppendUvarint(dst, m.age)
	dst = binary.AppendUvarint(dst, m.news)
	dst = binary.AppendUvarint(dst, m.block.n)
	dst = binary.AppendUvarint(dst, m.block.outliers)
	dst = binary.AppendUvarint(dst, m.block.far)
	dst = record.AppendCompact(dst, m.block.error)
	dst = binary.AppendUvarint(dst, uint64(len(m.counts)))
	for _, n := range m.counts {
		dst = binary.AppendUvarint(dst, n)
	}
	return dst
}

// Load takes one saved record, of any order, into a new monitor.
func (m *Monitor) Load(key, value []byte) {
	if m.loading == nil {
		m.loading = map[string][]byte{}
	}
	m.loading[string(key)] = bytes.Clone(value)
}

// Ready completes loading, when all records are in. It errs when one is damaged, missing, or
// unknown.
func (m *Monitor) Ready() error {
	records := m.loading
	m.loading = nil
	if len(records) == 0 {
		return nil
	}
	pending := begin(records[string(keyPending)])
	delete(records, string(keyPending))
	m.wait = pending.Uvarint()
	if stored, found := records[string(keyReference)]; found {
		r, err := decodeReference(stored)
		if err != nil {
			return err
		}
		m.refer(r)
		delete(records, string(keyReference))
	}
	if err := m.decodePending(&pending); err != nil || m.reference == nil {
		if len(records) > 0 {
			return ErrDamaged
		}
		return err
	}
	m.stored = len(m.shares)
	take := func(s *signal, decode func([]byte) error, key []byte) (damaged bool) {
		stored := records[string(key)]
		delete(records, string(key))
		s.changed = false
		return decode(stored) != nil
	}
	if stored, found := records[string(keyMeasure)]; found {
		if err := m.measure.decode(stored); err != nil {
			return err
		}
		delete(records, string(keyMeasure))
	}
	d := m.distances
	damaged := take(d.body, d.decode, []byte{keyErrors}) || take(d.far, d.far.decode, []byte{keyFar}) ||
		take(m.outliers, m.outliers.decode, []byte{keyOutliers}) || (d.sample != nil) != (d.far.unit == 0)
	for place := 0; place < len(m.shares) && !damaged; place++ {
		damaged = take(m.shares[place], m.shares[place].decode, shareKey(place))
	}
	if damaged || len(records) > 0 {
		return ErrDamaged
	}
	return nil
}

func (m *Monitor) decodePending(r *record.Reader) error {
	m.age, m.news = r.Uvarint(), r.Uvarint()
	m.block = block{n: r.Uvarint(), outliers: r.Uvarint(), far: r.Uvarint(), error: r.Compact()}
	if r.Count(1) != len(m.counts) {
		return ErrDamaged
	}
	m.counted = 0
	for i := range m.counts {
		m.counts[i] = r.Uvarint()
		m.counted += m.counts[i]
	}
	if !r.Complete() || m.block.n >= blockSize || m.block.outliers > m.block.n || m.block.far > m.block.n || m.news > m.age {
		return ErrDamaged
	}
	return nil
}
