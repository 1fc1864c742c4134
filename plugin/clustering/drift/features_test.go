package drift_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// half the customers move by six standard deviations.
func (p *customers) move() {
	for i := range p.groups {
		p.groups = append(p.groups, p.groups[i])
		last := &p.groups[len(p.groups)-1]
		last.at = append([]float64{last.at[0] + 6}, last.at[1:]...)
	}
	for i := range p.list {
		if p.random.IntN(2) == 0 {
			p.list[i].group += 3
		}
	}
}

// A rare feature comes and goes with the few who have it at the moment, and new ones come that
// stay rare. What all others do is watched all the same.
func TestRareFeaturesHideNothing(t *testing.T) {
	t.Parallel()
	for name, extend := range map[string]func(p *customers, x []float64) []float64{
		"a flag": func(p *customers, x []float64) []float64 {
			if p.random.IntN(400) == 0 {
				return append(x, 1)
			}
			return append(x, 0)
		},
		"ever new ones": func(p *customers, x []float64) []float64 {
			for range int(p.at) / 500 {
				value := 0.0
				if p.random.IntN(800) == 0 {
					value = p.random.Float64()
				}
				x = append(x, value)
			}
			return x
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for engine, build := range made(t) {
				p := newCustomers(1, build(), 500, 3, 1)
				p.extend = func(x []float64) []float64 { return extend(p, x) }
				p.live(t, 6000)
				p.move()
				alarms, after := p.live(t, 3000)
				require.Len(t, alarms, 1, engine)
				t.Logf("%s: %v of %v after %d", engine, alarms[0].Detector, alarms[0].Signal, after[0])
				assert.Less(t, after[0], 300, engine)
			}
		})
	}
}

// A feature that becomes usual is no drift, and neither is one that was the same for all and
// begins to vary; from then on, a drift of it is one.
func TestNewFeaturesAreWatched(t *testing.T) {
	t.Parallel()
	for name, before := range map[string][]float64{"unknown": nil, "the same for all": {3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for engine, build := range made(t) {
				p := newCustomers(2, build(), 500, 3, 2)
				p.extend = func(x []float64) []float64 { return append(x, before...) }
				alarms, _ := p.live(t, 3000)
				require.Empty(t, alarms, engine)
				shift := 0.0
				p.extend = func(x []float64) []float64 {
					if p.random.IntN(2) == 0 {
						return append(x, before...)
					}
					return append(x, 3+shift+p.random.NormFloat64())
				}
				alarms, _ = p.live(t, 6000)
				require.Empty(t, alarms, engine)
				shift = 8
				alarms, after := p.live(t, 3000)
				require.Len(t, alarms, 1, engine)
				t.Logf("%s: %v of %v after %d", engine, alarms[0].Detector, alarms[0].Signal, after[0])
				assert.Less(t, after[0], 300, engine)
			}
		})
	}
}
