package quality_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/quality"
)

// Two thousand labelled points in three labelings, and the indices that other
// implementations give (AP6YC/cvi, MIT).
func TestKnownAnswers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ ch, xb, dbSquared, db, silhouette float64 }{
		"correct": {75006.5494, .0146923086, .0317155779, .221191462, .915093757},
		"over":    {56242.6351, 214.318836, 318.51642, 16.0739869, .699410282},
		"under":   {409.449427, 9.38996009, 12.7339145, 3.30995757, .391311533},
	} {
		points, own, segments, metric := labelled(t, name)
		assert.InEpsilon(t, want.ch, quality.CalinskiHarabasz(segments, metric), 1e-6, name)
		assert.InEpsilon(t, want.xb, quality.XieBeni(segments, metric), 1e-6, name)
		assert.InEpsilon(t, want.dbSquared, quality.DaviesBouldinSquared(segments, metric), 1e-6, name)
		assert.InEpsilon(t, want.db, quality.DaviesBouldin(segments, metric), 1e-6, name)
		all, each := quality.Silhouette(points, own, segments, metric)
		assert.InEpsilon(t, want.silhouette, all, 1e-6, name)
		sum := 0.0
		for j, s := range segments {
			sum += each[j] * s.N() / float64(len(points))
		}
		assert.InEpsilon(t, all, sum, 1e-9, name)
	}
}

func labelled(t *testing.T, name string) (points []*cf.Feature, own []int, segments []*cf.Feature, metric *cf.Metric) {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "data", "cvi", name+".csv"))
	if os.IsNotExist(err) {
		t.Skip("the labelled points of AP6YC/cvi are not here")
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	place := map[string]int{}
	var population cf.Feature
	for _, row := range rows {
		x := make([]float64, 2)
		for j := range x {
			x[j], err = strconv.ParseFloat(row[j], 64)
			require.NoError(t, err)
		}
		i, known := place[row[2]]
		if !known {
			i = len(segments)
			place[row[2]], segments = i, append(segments, &cf.Feature{})
		}
		segments[i].Insert(1, x)
		population.Insert(1, x)
		point := &cf.Feature{}
		point.Insert(1, x)
		points, own = append(points, point), append(own, i)
	}
	return points, own, segments, cf.NewMetric(cf.None, &population, nil, nil)
}

func segment(points ...float64) *cf.Feature {
	f := &cf.Feature{}
	for _, x := range points {
		f.Insert(1, []float64{x})
	}
	return f
}

func TestOneSegment(t *testing.T) {
	t.Parallel()
	one := []*cf.Feature{segment(1, 3), {}}
	metric := cf.NewMetric(cf.None, one[0], nil, nil)
	assert.InDelta(t, 1, quality.Inertia(one, metric), 1e-12)
	for _, index := range []func([]*cf.Feature, *cf.Metric) float64{quality.CalinskiHarabasz, quality.DaviesBouldin, quality.DaviesBouldinSquared, quality.XieBeni} {
		assert.True(t, math.IsNaN(index(one, metric)))
	}
	all, each := quality.Silhouette(one[:1], []int{0}, one, metric)
	assert.True(t, math.IsNaN(all))
	assert.True(t, math.IsNaN(each[0]))
}

func Example() {
	segments := []*cf.Feature{segment(0, 2), segment(10, 12)}
	population := segment(0, 2, 10, 12)
	metric := cf.NewMetric(cf.None, population, nil, nil)
	fmt.Printf("inertia %.2f, Davies-Bouldin %.2f, Xie-Beni %.2f\n",
		quality.Inertia(segments, metric), quality.DaviesBouldin(segments, metric), quality.XieBeni(segments, metric))
	// Output: inertia 1.00, Davies-Bouldin 0.20, Xie-Beni 0.01
}
