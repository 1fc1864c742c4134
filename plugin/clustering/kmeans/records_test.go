package kmeans_test

import (
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
)

// records is a store of what an engine saves.
type records map[string]string

func (r records) Put(key, value []byte) { r[string(key)] = string(value) }
func (r records) Delete(key []byte)     { delete(r, string(key)) }

func (r records) load(t testing.TB, engine clustering.Engine) clustering.Engine {
	t.Helper()
	for key, value := range r {
		require.NoError(t, engine.Load([]byte(key), []byte(value)))
	}
	require.NoError(t, engine.Ready())
	return engine
}

// An engine that is saved, dropped and loaded at any moment goes on as one that never
// was: all that influences the future is saved, to the bit.
func TestSavedAndLoadedAtAnyMoment(t *testing.T) {
	t.Parallel()
	for name, make := range engines(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := func(reload bool) (records, []clustering.SegmentID) {
				saved := records{}
				p := population{engine: make(), held: map[int]held{}}
				random, when := rand.New(rand.NewPCG(3, 0)), rand.New(rand.NewPCG(4, 0))
				list := points(5, 2000, 3, 6)
				var told []clustering.SegmentID
				for range 4000 {
					p.live(t, random, list)
					if when.IntN(20) == 0 {
						p.save(saved)
						if reload {
							p.engine = saved.load(t, make())
						}
						told = append(told, p.engine.Home(p.engine.Nearest(list[0])).Segment)
					}
				}
				p.save(saved)
				p.check(t)
				return saved, told
			}
			calm, calmTold := run(false)
			rough, roughTold := run(true)
			assert.Equal(t, calmTold, roughTold)
			assert.True(t, maps.Equal(calm, rough), "%d records, and %d of an engine that was loaded again", len(calm), len(rough))
		})
	}
}

// A record that is missing or cut is noticed, not lived with.
func TestDamagedRecords(t *testing.T) {
	t.Parallel()
	for name, make := range engines(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			saved := records{}
			p := population{engine: make(), held: map[int]held{}}
			random, list := rand.New(rand.NewPCG(6, 0)), points(7, 500, 3, 6)
			for range 1500 {
				p.live(t, random, list)
			}
			p.engine.Save(saved)
			load := func(r records) error {
				engine := make()
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
				if key[0] == 'm' || key[0] == 'h' || key[0] == 'n' {
					delete(damaged, key)
					require.Error(t, load(damaged), "%q missing", key)
				}
			}
			require.Error(t, load(records{"": "", "h": saved["h"]}))
			require.Error(t, load(records{"z": ""}))
		})
	}
}
