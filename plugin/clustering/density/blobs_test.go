package density_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/density"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/laws"
	"github.com/shoal-stream/shoal/tests/streams"
)

// The ladder finds the number of normal clouds, in two dimensions and in eight, whether the
// points are of customers or of nobody, with a twentieth of noise and without. Nearly always:
// where clouds are seven standard deviations apart, two of them are taken for one now and then.
func TestClouds(t *testing.T) {
	t.Parallel()
	for _, apart := range []float64{7, 10, 16} {
		t.Run(fmt.Sprint(apart), func(t *testing.T) {
			t.Parallel()
			right, all, sum := 0, 0, 0.0
			for _, d := range []int{2, 3, 5, 8} {
				for _, k := range []int{1, 2, 3, 5, 8} {
					for variant := range uint64(4) {
						c := newClouds(300+variant, d, k, apart)
						keyed := variant%2 == 0
						c.noise = 0.05 * float64(variant/2)
						found, ari := c.cluster(t, keyed)
						if found == k {
							right++
						} else {
							t.Logf("d %d, keyed %v, noise %v: %d of %d, ARI %.3f", d, keyed, c.noise, found, k, ari)
						}
						all++
						sum += ari
					}
				}
			}
			t.Logf("%v apart: %d of %d numbers are right, mean ARI %.4f", apart, right, all, sum/float64(all))
			least := map[float64]float64{7: 0.85, 10: 0.97, 16: 0.97}[apart]
			assert.GreaterOrEqual(t, float64(right)/float64(all), least)
			assert.GreaterOrEqual(t, sum/float64(all), least)
		})
	}
}

// clouds are places around which points are normal.
type clouds struct {
	random *rand.Rand
	at     [][]float64
	apart  float64
	noise  float64 // share of points that are anywhere
}

// newClouds draws k places in d dimensions that are no nearer to each other than apart: some
// in a box, some on the axes.
func newClouds(seed uint64, d, k int, apart float64) *clouds {
	c := &clouds{random: rand.New(rand.NewPCG(seed, 1)), apart: apart}
	for tries := 0; len(c.at) < k; tries++ {
		place := make([]float64, d)
		if n := len(c.at); seed%4 == 3 {
			place[n%d] = apart * float64(1+n/d)
		} else {
			for j := range place {
				place[j] = c.random.Float64() * apart * 1.3 * math.Pow(float64(k), 1/float64(d))
			}
		}
		free := true
		for _, other := range c.at {
			squared := 0.0
			for j := range place {
				squared += (place[j] - other[j]) * (place[j] - other[j])
			}
			free = free && squared >= apart*apart
		}
		if free {
			c.at = append(c.at, place)
		} else if tries%50 == 49 {
			c.at = nil
		}
	}
	return c
}

func (c *clouds) draw(cloud int) (x []float64, stray bool) {
	stray = c.random.Float64() < c.noise
	x = make([]float64, len(c.at[cloud]))
	for j := range x {
		if stray {
			x[j] = 3*c.apart*c.random.Float64() - c.apart/2
		} else {
			x[j] = c.at[cloud][j] + c.random.NormFloat64()
		}
	}
	return x, stray
}

// cluster tells how many clusters are there in the end, and how well the ids that were given
// on arrival agree with the clouds, noise apart: for one cloud, the share of the largest.
func (c *clouds) cluster(t *testing.T, keyed bool) (found int, ari float64) {
	t.Helper()
	config := density.Config{Parameters: parameters(), Keyed: keyed}
	if keyed {
		config.Parameters = lasting()
	}
	engine := made(t, config)()
	customers := &laws.Customers{Engine: engine}
	var truth, given []int
	for i := range 9000 {
		who := c.random.IntN(1200)
		x, stray := c.draw(who % len(c.at))
		var home clustering.SegmentID
		if keyed {
			customers.Move(t, who, x)
			home = engine.Home(customers.Held[who].ID).Segment
		} else {
			id := engine.Insert(x, int64(i))
			engine.Advance()
			home = engine.Home(id).Segment
			engine.Release(id)
		}
		if i >= 3000 && !stray {
			truth, given = append(truth, who%len(c.at)), append(given, int(home))
		}
	}
	require.NoError(t, engine.Check())
	if len(c.at) > 1 {
		return len(engine.Segments()), streams.ARI(truth, given)
	}
	sizes, most := map[int]int{}, 0
	for _, id := range given {
		sizes[id]++
		most = max(most, sizes[id])
	}
	return len(engine.Segments()), float64(most) / float64(len(given))
}
