package population_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// records is a store of what is saved.
type records map[string]string

func (r records) Put(key, value []byte) { r[string(key)] = string(value) }
func (r records) Delete(key []byte)     { delete(r, string(key)) }

const kindOwn = 'o'

// save saves a population as an engine does that has one record of its own.
func save(p *population.Population, to records) {
	w := p.Begin(to)
	w.Uvarint(uint64(p.Last))
	w.Float(p.Weight)
	w.Put()
	p.SaveMetric(w)
	p.Save(w)
	w.Begin(kindOwn, 5)
	w.Bool(true)
	w.Varint(-3)
	w.Floats([]float64{1, 2})
	w.Put()
}

func (r records) load(p *population.Population, complete, check func() error) error {
	for key, value := range r {
		err := p.Load([]byte(key), []byte(value), func(kind byte, number uint64, r *population.Reader) {
			switch {
			case kind == population.KindHeader:
				p.Last, p.Weight = clustering.MicroID(r.Uvarint()), r.Float()
			case kind != kindOwn || number != 5 || !r.Bool() || r.Varint() != -3 || len(r.Floats()) != 2:
				r.Refuse()
			}
		})
		if err != nil {
			return err
		}
	}
	return p.Ready(complete, check)
}

func nothing() error { return nil }

// lived is a population in which something has happened.
func lived() *population.Population {
	p := newPopulation()
	a, b, c := found(p, nil, 1, 2, 3), found(p, nil, 10, 11), found(p, nil, 12)
	recluster(p, 5, 0, []*population.Micro{a}, []*population.Micro{b, c})
	p.Merge(c, b)
	return p
}

// A population that was loaded is the one that was saved: it saves the same from then on.
func TestSavedAndLoaded(t *testing.T) {
	t.Parallel()
	p, saved := lived(), records{}
	save(p, saved)
	loaded := newPopulation()
	require.NoError(t, saved.load(loaded, nothing, loaded.Check))
	again := records{}
	save(loaded, again)
	assert.Len(t, again, 2, "nothing has changed but what is always saved")

	after := maps.Clone(saved)
	for _, each := range []struct {
		p  *population.Population
		to records
	}{{p, saved}, {loaded, after}} {
		_, err := each.p.Retract(3, []float64{12})
		require.NoError(t, err)
		save(each.p, each.to)
	}
	assert.Equal(t, saved, after)
	assert.NotContains(t, saved, "a\x00\x00\x00\x00\x00\x00\x00\x03", "nobody holds it any more")
}

// A segment of one micro-cluster is saved with that, and is for the engine to add.
func TestSoleSegments(t *testing.T) {
	t.Parallel()
	p, saved := newPopulation(), records{}
	add := func() *population.Micro {
		m := p.Found(nil, 1)
		p.AddSole(p.Lineage.Begin(1, nil), m, []float64{8})
		return m
	}
	a, b := add(), add()
	p.SetMetric(p.Metric)
	p.Insert(a, 1, []float64{1})
	require.NoError(t, p.Check())
	assert.Same(t, &a.Members, p.Segments[0].Members)
	p.Sum()
	assert.Same(t, &a.Members, p.Segments[0].Members)
	p.RemoveSegment(b.Segment)
	p.Remove(b)
	save(p, saved)
	for key := range saved {
		assert.NotEqual(t, byte('s'), key[0])
	}
	loaded := newPopulation()
	require.ErrorContains(t, saved.load(loaded, nothing, loaded.Check), "segment 1, which is not there")
	loaded = newPopulation()
	require.NoError(t, saved.load(loaded, func() error {
		m := loaded.Micro(a.ID)
		loaded.AddSole(m.Segment.ID, m, nil)
		return nil
	}, loaded.Check))
	assert.Equal(t, clustering.SegmentID(1), loaded.Base().Home(a.ID).Segment)
}

func TestLoadingWhatIsDamaged(t *testing.T) {
	t.Parallel()
	saved := records{}
	save(lived(), saved)
	load := func(r records) error {
		p := newPopulation()
		return r.load(p, nothing, p.Check)
	}
	require.NoError(t, load(saved))
	for key, value := range saved {
		damaged := maps.Clone(saved)
		damaged[key] = value[:len(value)-1]
		require.Error(t, load(damaged), "%q cut", key)
		if key[0] == 'h' || key[0] == 'l' || key[0] == 'm' || key[0] == 's' {
			delete(damaged, key)
			require.Error(t, load(damaged), "%q missing", key)
		}
	}
	for want, r := range map[string]records{
		"there is no header":               {"o\x00\x00\x00\x00\x00\x00\x00\x05": saved["o\x00\x00\x00\x00\x00\x00\x00\x05"]},
		"of version 8, this program reads": {"h": "\x08"},
		`record "z" 0`:                     {"z": ""},
		"loading a test":                   {"": ""},
	} {
		require.ErrorContains(t, load(r), want)
	}
	require.ErrorIs(t, saved.load(newPopulation(), func() error { return errTest }, nothing), errTest)
	require.NoError(t, newPopulation().Ready(func() error { return errTest }, nothing), "a new one")
}

var errTest = errors.New("test")

// Segments go on under their numbers where another engine takes over.
func TestInherit(t *testing.T) {
	t.Parallel()
	heir := newPopulation()
	living, err := heir.Inherit(lived().Base().Lineage(), 9)
	require.NoError(t, err)
	assert.Equal(t, []clustering.SegmentID{1, 2}, living)
	for _, id := range living {
		heir.AddSegment(id)
	}
	assert.Equal(t, uint64(9), heir.Base().Refinements())
	found(heir, heir.Segment(2), 7)
	require.NoError(t, heir.Check())
	assert.Equal(t, clustering.SegmentID(2), heir.NearestSegment([]float64{7}).ID, "the others are nowhere yet")
	_, err = heir.Inherit([]byte{0}, 9)
	require.Error(t, err)
}
