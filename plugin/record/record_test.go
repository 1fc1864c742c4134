package record_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/shoal-stream/shoal/plugin/record"
)

func TestReader(t *testing.T) {
	t.Parallel()
	stored := binary.AppendUvarint([]byte{7}, 300)
	stored = binary.AppendVarint(stored, -5)
	stored = binary.LittleEndian.AppendUint64(stored, 1<<40)
	stored = binary.LittleEndian.AppendUint64(stored, math.Float64bits(2.5))
	stored = append(stored, "end"...)

	r := record.Read(stored)
	assert.Equal(t, byte(7), r.Byte())
	assert.Equal(t, uint64(300), r.Uvarint())
	assert.Equal(t, int64(-5), r.Varint())
	assert.Equal(t, uint64(1<<40), r.Uint64())
	assert.InDelta(t, 2.5, r.Float(), 0)
	assert.False(t, r.Complete())
	assert.Equal(t, "end", string(r.Bytes(3)))
	assert.True(t, r.Complete())

	assert.Zero(t, r.Uvarint(), "there is no more")
	assert.True(t, r.Damaged())
	assert.False(t, r.Complete())
}

// A record that is cut short is damaged from there on, whatever was to come.
func TestCutShort(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(r *record.Reader){
		"byte":    func(r *record.Reader) { r.Bytes(3); r.Byte() },
		"bytes":   func(r *record.Reader) { r.Bytes(4) },
		"less":    func(r *record.Reader) { r.Bytes(-1) },
		"uvarint": func(r *record.Reader) { r.Uvarint() },
		"varint":  func(r *record.Reader) { r.Varint() },
		"uint64":  func(r *record.Reader) { r.Uint64() },
		"float":   func(r *record.Reader) { r.Float() },
		"refused": func(r *record.Reader) { r.Refuse() },
	} {
		r := record.Read([]byte{255, 255, 255})
		take(&r)
		assert.True(t, r.Damaged(), name)
		assert.Empty(t, r.Rest(), name)
		assert.Zero(t, r.Byte(), name)
	}
}
