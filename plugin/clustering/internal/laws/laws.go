// Package laws are the tests of what every engine guarantees, whatever it clusters by.
package laws

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// Hold proves that the laws hold for engines, which are made anew by their names. Outliers
// tells that customers may be in no segment.
func Hold(t *testing.T, engines map[string]func() clustering.Engine, outliers bool) {
	t.Helper()
	laws := map[string]func(*testing.T, func() *Customers){
		"sizes add up":                   sizesAddUp,
		"what is not held stays":         retractOfWhatIsNotHeld,
		"released points are bounded":    releasedPointsAreBounded,
		"missing and equal points":       missingAndEqualPoints,
		"saved and loaded at any moment": savedAndLoadedAtAnyMoment,
		"damaged records":                damagedRecords,
		"who is erased leaves no trace":  whoIsErasedLeavesNoTrace,
	}
	for name, make := range engines {
		for law, holds := range laws {
			t.Run(name+"/"+law, func(t *testing.T) {
				t.Parallel()
				holds(t, func() *Customers { return &Customers{Engine: make(), Outliers: outliers} })
			})
		}
	}
}

func sizesAddUp(t *testing.T, make func() *Customers) {
	p := make()
	random, list := rand.New(rand.NewPCG(1, 0)), Points(2, 3000, 3, 6)
	for i := range 20_000 {
		p.live(t, random, list)
		if i%97 == 0 {
			p.Check(t)
		}
	}
	for customer := range 400 {
		p.Leave(t, customer)
	}
	p.Check(t)
	count := 0
	p.Engine.MicroClusters(func(clustering.MicroID, *cf.Feature, clustering.SegmentID) bool { count++; return true })
	assert.Zero(t, count, "nothing is left of anybody")
}

func retractOfWhatIsNotHeld(t *testing.T, make func() *Customers) {
	engine := make().Engine
	x := []float64{1, 2, 3}
	require.Error(t, engine.Retract(1_000_000, x))
	id := engine.Insert(x, 0)
	require.NoError(t, engine.Retract(id, x))
	require.Error(t, engine.Retract(id, x), "it was taken out")
	released := engine.Insert(x, 0)
	engine.Release(released)
	require.Error(t, engine.Retract(released, x), "it stays for good")
	assert.InDelta(t, 1, engine.Size(), 0)
	require.NoError(t, engine.Check())
}

// Streams of points that belong to nobody leave no trace of each.
func releasedPointsAreBounded(t *testing.T, make func() *Customers) {
	engine, saved, early := make().Engine, Records{}, 0
	for i, x := range Points(10, 20_000, 3, 6) {
		engine.Release(engine.Insert(x, 0))
		engine.Advance()
		if i == 5000 {
			engine.Save(saved)
			early = len(saved)
		}
	}
	engine.Save(saved)
	require.NoError(t, engine.Check())
	assert.Less(t, len(saved), 2*early, "after four times as many points")
	assert.InDelta(t, 20_000, engine.Size(), 0)
}

func missingAndEqualPoints(t *testing.T, make func() *Customers) {
	p := make()
	nan := math.NaN()
	for i := range 500 {
		p.Move(t, i, [][]float64{{nan, nan, nan}, {}, {1, 1, 1}, {math.Inf(1), 1e300, nan}}[i%4])
	}
	p.Check(t)
	near := p.Engine.Near([]float64{1, 1, 1}, p.Engine.Home(p.Held[2].ID).Segment)
	assert.GreaterOrEqual(t, near.Own, 0.0)
	assert.GreaterOrEqual(t, near.Other, 0.0)
}
