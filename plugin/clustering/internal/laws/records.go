package laws

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// Records is a store of what an engine saves.
type Records map[string]string

// Put implements [clustering.Records].
func (r Records) Put(key, value []byte) { r[string(key)] = string(value) }

// Delete implements [clustering.Records].
func (r Records) Delete(key []byte) { delete(r, string(key)) }

// Load makes an engine of what was saved.
func (r Records) Load(t testing.TB, engine clustering.Engine) clustering.Engine {
	t.Helper()
	for key, value := range r {
		require.NoError(t, engine.Load([]byte(key), []byte(value)))
	}
	require.NoError(t, engine.Ready())
	return engine
}

// An engine that is saved, dropped and loaded at any moment goes on as one that never
// was: all that influences the future is saved, to the bit.
func savedAndLoadedAtAnyMoment(t *testing.T, make func() *Customers) {
	run := func(reload bool) (Records, []clustering.SegmentID) {
		saved := Records{}
		p := make()
		random, when := rand.New(rand.NewPCG(3, 0)), rand.New(rand.NewPCG(4, 0))
		list := Points(5, 2000, 3, 6)
		var told []clustering.SegmentID
		for range 4000 {
			p.live(t, random, list)
			if when.IntN(20) == 0 {
				p.Save(saved)
				if reload {
					p.Engine = saved.Load(t, make().Engine)
				}
				told = append(told, p.Engine.Home(p.Engine.Nearest(list[0])).Segment)
			}
		}
		p.Save(saved)
		p.Check(t)
		return saved, told
	}
	calm, calmTold := run(false)
	rough, roughTold := run(true)
	assert.Equal(t, calmTold, roughTold)
	assert.True(t, maps.Equal(calm, rough), "%d Records, and %d of an engine that was loaded again", len(calm), len(rough))
}

// A record that is missing or cut is noticed, not lived with.
func damagedRecords(t *testing.T, make func() *Customers) {
	saved := Records{}
	p := make()
	random, list := rand.New(rand.NewPCG(6, 0)), Points(7, 500, 3, 6)
	for range 1500 {
		p.live(t, random, list)
	}
	p.Engine.Save(saved)
	load := func(r Records) error {
		engine := make().Engine
		for key, value := range r {
			if err := engine.Load([]byte(key), []byte(value)); err != nil {
				return err
			}
		}
		return engine.Ready()
	}
	require.NoError(t, load(saved))
	for key, value := range saved {
		damaged := maps.Clone(saved)
		damaged[key] = value[:len(value)-1]
		require.Error(t, load(damaged), "%q cut", key)
		if slices.Contains([]byte("mhnc"), key[0]) {
			delete(damaged, key)
			require.Error(t, load(damaged), "%q missing", key)
		}
	}
	require.Error(t, load(Records{"": "", "h": saved["h"]}))
	require.Error(t, load(Records{"z": ""}))
}
