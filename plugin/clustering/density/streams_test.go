package density

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/tests/streams"
)

// untuned is what somebody gets who sets nothing.
func untuned() Config {
	return Config{Parameters: Parameters{Fading: 0.003, Cleanup: 100, Intersection: 0.1}, Scaling: cf.Standard}
}

// verdict is how an engine fared on a stream.
type verdict struct {
	ari      float64 // of the ids given on arrival, after the warm-up
	numbered float64 // the same, of clusters numbered at each look in the order of their oldest cell
	segments float64 // in the mean, at the end of each thousand points
	living   float64 // clusters that there really are then
	renamed  int     // clusters whose points mostly had another id than five hundred points before
	births   int
}

func judge(t *testing.T, config streams.Config) (v verdict) {
	t.Helper()
	const window = 500
	e, err := NewEngine(untuned())
	require.NoError(t, err)
	stream := streams.New(config)
	var truth, found, numbered []int
	counts, before := map[int]map[int]int{}, map[int]int{}
	looks := 0.0
	for i, p := range stream.Points() {
		id := e.Insert(p.X, p.At)
		e.Advance()
		given := int(e.Home(id).Segment)
		number := 0
		if c := e.cells[e.population.Resolve(id)]; c != nil {
			number = numberOf(e, c)
		}
		e.Release(id)
		for _, event := range e.Events() {
			if event.Kind == clustering.Birth {
				v.births++
			}
		}
		if i < 200 {
			continue
		}
		truth, found, numbered = append(truth, p.Label), append(found, given), append(numbered, number)
		if p.Label > 0 {
			if counts[p.Label] == nil {
				counts[p.Label] = map[int]int{}
			}
			counts[p.Label][given]++
		}
		if i%window == 0 {
			for label, ids := range counts {
				most, total := 0, 0
				for id, n := range ids {
					total += n
					if n > ids[most] || n == ids[most] && id > most {
						most = id
					}
				}
				if last, known := before[label]; total >= 20 && most != 0 {
					if known && last != most {
						v.renamed++
					}
					before[label] = most
				}
			}
			clear(counts)
		}
		if i%1000 == 0 {
			looks++
			v.segments += float64(len(e.Segments()))
			v.living += float64(len(stream.Alive(i)))
			require.NoError(t, e.Check())
		}
	}
	v.segments, v.living = v.segments/looks, v.living/looks
	v.ari, v.numbered = streams.ARI(truth, found), streams.ARI(truth, numbered)
	return v
}

// numberOf counts clusters in the order of their oldest cell, as implementations without
// identity do.
func numberOf(e *Engine, c *cell) int {
	older := map[uint64]bool{}
	for _, other := range e.ladder.used().cells {
		if other.cluster != 0 && other.cluster <= c.cluster {
			older[other.cluster] = true
		}
	}
	return len(older)
}

// Streams that drift, with other seeds than what was tuned with: nothing is configured,
// scales are learned online, and nobody looks ahead.
func TestDriftingStreams(t *testing.T) {
	t.Parallel()
	const seeds = 4
	mean := 0.0
	for _, kind := range streams.Kinds {
		sum, least := verdict{}, 1.0
		for seed := range uint64(seeds) {
			for _, noisy := range []bool{false, true} {
				v := judge(t, streams.Config{Kind: kind, Noisy: noisy, Seed: 5001 + seed})
				least = min(least, v.ari)
				sum.ari += v.ari
				sum.numbered += v.numbered
				sum.segments += v.segments
				sum.living += v.living
				sum.renamed += v.renamed
				sum.births += v.births
			}
		}
		const n = 2 * seeds
		t.Logf("%-10v ARI %.4f, least %.4f; numbered anew %.4f; segments %.1f of %.1f; renamed %d; births %d", kind, sum.ari/n, least, sum.numbered/n, sum.segments/n, sum.living/n, sum.renamed, sum.births)
		assert.Greater(t, sum.ari/n, 0.95, kind)
		mean += sum.ari / n / float64(len(streams.Kinds))
	}
	t.Logf("mean ARI %.4f", mean)
	assert.Greater(t, mean, 0.985)
}
