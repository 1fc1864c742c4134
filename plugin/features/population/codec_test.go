package population

import (
	"encoding/hex"
	"maps"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A change of these bytes is a change of the formats: raise their versions; for a ballot,
// that of the record that it is part of.
func TestFormats(t *testing.T) {
	t.Parallel()
	w := newTown(t, 3, "a", "bc")
	assert.Equal(t, "0102"+"0161"+"026263", hex.EncodeToString(Slate{[]string{"a", "bc"}}.Append(nil)))
	w.vote(map[int][]float64{0: {1, 0}, 1: {1, 0}, 2: {math.NaN(), 1}})
	b := w.ballot(0)
	assert.Equal(t, "02"+"bf80"+"80", hex.EncodeToString(b.Append(nil)))
	b = w.ballot(2)
	assert.Equal(t, "02"+"00"+"bf80", hex.EncodeToString(b.Append(nil)))
	assert.Equal(t, "01"+ // version
		"82fc0b"+"02"+ // slot 0, bucket bf80: some come, 2
		"82840c"+"02"+ // slot 1, bucket 8000: some come, 2
		"80fc03", // slot 1, bucket bf80: one comes
		hex.EncodeToString([]byte(w.stored["j\x00\x00\x00\x00"])))
	w.fold()
	assert.Equal(t, shelf{
		"c\x00\x02\xfe": "\x01" + "\x01\x00\x00\x00\x00\x00\x00\x00" + "\x02",
		"c\x00\x06\x00": "\x01" + "\x01\x00\x00\x00\x00\x00\x00\x00" + "\x02",
		"c\x00\x06\xfe": "\x01" + "\x01\x00\x00\x00\x00\x00\x00\x00" + "\x01",
	}, w.stored)
}

func TestBallotsThatCannotBe(t *testing.T) {
	t.Parallel()
	for stored, remark := range map[string]string{
		"":              "empty",
		"01":            "cut short",
		"01bf":          "cut short in a vote",
		"01bf8000":      "too long",
		"0100":          "the last vote is an abstention",
		"01ff80":        "no value votes so",
		"8100bf80":      "the number of slots is longer than it needs to be",
		"ffffffffff7f":  "more slots than there are bytes",
		"0180" + "0000": "too long after a zero",
	} {
		b := Ballot{votes: []Bucket{zero}}
		data, err := hex.DecodeString(stored)
		require.NoError(t, err)
		require.ErrorIs(t, b.Decode(data), ErrDamaged, remark)
		assert.True(t, b.Empty(), remark)
	}
}

func TestSlatesThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, stored := range []string{"\x02\x00", "\x01", "\x01\x02\x01a", "\x01\x01\x00", "\x01\x02\x01a\x01a", "\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a", "\x01\x00x"} {
		_, err := DecodeSlate([]byte(stored))
		require.ErrorIs(t, err, ErrDamaged, "%q", stored)
	}
	s, err := DecodeSlate(nil)
	require.NoError(t, err)
	assert.Empty(t, s.IDs())
	ids := make([]string, maxSlots)
	for i := range ids {
		ids[i] = strings.Repeat("x", i+1)
	}
	s, _, err = s.With(ids...)
	require.NoError(t, err)
	_, grew, err := s.With("one more")
	assert.False(t, grew)
	assert.ErrorContains(t, err, "more than 4096 definitions of features: begin a new one")
}

func TestStoredPopulationsThatCannotBe(t *testing.T) {
	t.Parallel()
	vote := "\x01" + "\x01\x00\x00\x00\x00\x00\x00\x00" + "\x02"
	for name, stored := range map[string]shelf{
		"key of a page":        {"c\x00\x06": vote},
		"slot of a page":       {"c\x40\x02\x00": vote},
		"version of a page":    {"c\x00\x02\x00": "\x02" + vote[1:]},
		"page":                 {"c\x00\x02\x00": vote + "x"},
		"empty page":           {"c\x00\x02\x00": ""},
		"key of a record":      {"j\x00": "\x01"},
		"version of a record":  {"j\x00\x00\x00\x00": "\x02"},
		"empty record":         {"j\x00\x00\x00\x00": ""},
		"vote not cast":        {"j\x00\x00\x00\x00": "\x01\x81\x80\x08"},
		"vote not cast, later": {"c\x00\x02\x00": vote, "j\x00\x00\x00\x00": "\x01\x83\x80\x08\x03"},
	} {
		_, err := Load(stored)
		require.ErrorIs(t, err, ErrDamaged, name)
	}
	for name, stored := range map[string]shelf{
		"page":                 {"c\x00\x02\x00": vote + "x", "j\x00\x00\x00\x00": "\x01\x80\x80\x08"},
		"vote not cast":        {"j\x00\x00\x00\x00": "\x01\x81\x80\x08"},
		"vote not cast, later": {"c\x00\x02\x00": vote, "j\x00\x00\x00\x00": "\x01\x83\x80\x08\x03"},
	} {
		_, err := (&Population{}).Fold(stored, writes{})
		require.ErrorIs(t, err, ErrDamaged, name)
	}
}

func FuzzBallot(f *testing.F) {
	random := rand.New(rand.NewPCG(11, 12))
	for n := range 5 {
		var b Ballot
		for range n {
			b.votes = append(b.votes, BucketOf(float64(random.IntN(3))*random.NormFloat64()))
		}
		f.Add(b.Append(nil))
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		var b Ballot
		if b.Decode(stored) == nil {
			require.Equal(t, stored, b.Append(nil), "equal votes have equal bytes")
		}
	})
}

func FuzzSlate(f *testing.F) {
	f.Add(Slate{[]string{"a", "bc"}}.Append(nil))
	f.Fuzz(func(t *testing.T, stored []byte) {
		if s, err := DecodeSlate(stored); err == nil && len(stored) > 0 {
			require.Equal(t, stored, s.Append(nil))
		}
	})
}

func FuzzChanges(f *testing.F) {
	f.Add([]byte("\x01\x82\xfc\x0b\x02\x82\x82\x10\x02\x80\xfc\x03"))
	f.Fuzz(func(t *testing.T, stored []byte) {
		if changes, err := decodeChanges(nil, stored); err == nil {
			require.Equal(t, stored, appendChanges(nil, net(changes)), "equal changes have equal bytes")
		}
	})
}

func FuzzLoad(f *testing.F) {
	w := newTown(f, 3, "a", "b")
	w.vote(map[int][]float64{0: {1, 0}, 1: {1, 0}, 2: {-1e9, 1}})
	w.fold()
	w.vote(map[int][]float64{0: {3, 0}})
	for key, value := range w.stored {
		f.Add([]byte(key), []byte(value))
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		stored := maps.Clone(w.stored)
		stored[string(key)] = string(value)
		p, err := Load(stored)
		tx := writes{}
		if _, foldErr := p.Fold(stored, tx); err != nil || foldErr != nil {
			return // a fold reads the pages only that it writes
		}
		tx.commit(stored)
		folded, err := Load(stored)
		require.NoError(t, err)
		for slot := range p.sketches {
			require.Equal(t, p.Sketch(slot).Append(nil), folded.Sketch(slot).Append(nil))
		}
	})
}
