package streams

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// each runs a test on some streams of every kind.
func each(t *testing.T, noisy bool, test func(t *testing.T, s *Stream)) {
	for _, kind := range Kinds {
		for seed := range uint64(6) {
			c := Config{Kind: kind, Noisy: noisy, Seed: seed}
			if seed < 2 {
				c.Dims = 2
			}
			t.Run(c.String(), func(t *testing.T) { test(t, New(c)) })
		}
	}
}

// digest hashes points by six digits, which are the same on every processor.
func digest(points []Point) string {
	h := fnv.New64a()
	for _, p := range points {
		_, _ = fmt.Fprintf(h, "%.6g %d %d\n", p.X, p.At, p.Label)
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

func TestPointsAreThoseOfTheSeed(t *testing.T) {
	golden := map[Kind]string{
		Stable:     "bbfd6f26e48e600a",
		Moving:     "bf23f8da86875af3",
		Changing:   "ccbd8761066884d1",
		Sequential: "34443f0c0ac8c19b",
		MultiDrift: "ed54fee0880f6e0c",
	}
	for _, kind := range Kinds {
		c := Config{Kind: kind, Noisy: true, Seed: 1}
		points := Generate(c)
		require.Equal(t, golden[kind], digest(points[:500]), kind)
		require.Equal(t, digest(points), digest(Generate(c)), kind)
		c.Seed = 2
		require.NotEqual(t, digest(points), digest(Generate(c)), kind)
	}
}

func TestNoisyStreamHasTheClustersOfTheCleanOne(t *testing.T) {
	for _, kind := range Kinds {
		clean, noisy := New(Config{Kind: kind, Seed: 3}), New(Config{Kind: kind, Seed: 3, Noisy: true})
		require.Equal(t, clean.clusters, noisy.clusters)
	}
}

func TestDefaults(t *testing.T) {
	for seed := range uint64(50) {
		s := New(Config{Seed: seed})
		require.Equal(t, 20_000, s.Config.Points)
		require.True(t, s.Config.Dims >= 2 && s.Config.Dims <= 10)
		require.True(t, s.Config.Clusters >= 3 && s.Config.Clusters <= 8)
		require.Equal(t, []float64{1000, 0.01}, s.Units[:2])
	}
}

func TestAskedForSizesAreKept(t *testing.T) {
	for _, kind := range Kinds {
		for _, dims := range []int{1, 2, 3, 40} {
			s := New(Config{Kind: kind, Dims: dims, Clusters: 7, Points: 300})
			points := s.Points()
			require.Len(t, points, 300)
			require.Len(t, points[0].X, dims)
			require.Len(t, s.clusters, 7)
		}
	}
}

func TestTimeRises(t *testing.T) {
	points := Generate(Config{Points: 5000})
	for i := 1; i < len(points); i++ {
		step := points[i].At - points[i-1].At
		require.True(t, step >= 5e8 && step < 15e8)
	}
	mean := float64(points[len(points)-1].At-points[0].At) / float64(len(points)-1)
	require.InEpsilon(t, 1e9, mean, 0.02)
}

func TestLabelsAreRight(t *testing.T) {
	each(t, true, func(t *testing.T, s *Stream) {
		noise := 0
		points := s.Points()
		for i, p := range points {
			x, inside := s.Box(p.X), 0
			for _, st := range s.Alive(i) {
				if st.Depth(x) <= 1+1e-9 {
					inside = st.Label
				}
			}
			if p.Label != inside {
				require.Equal(t, p.Label, inside, i)
			}
			if p.Label == 0 {
				noise++
			}
			if slices.Min(x) < -margin || slices.Max(x) > Side+margin {
				require.Fail(t, "out of the box", x)
			}
		}
		require.InDelta(t, NoiseShare, float64(noise)/float64(len(points)), 0.01)
	})
}

// A clusterer that knows the centres and radii finds the clusters.
func TestNearestCentreFindsTheClusters(t *testing.T) {
	each(t, false, func(t *testing.T, s *Stream) {
		points := s.Points()
		found := make([]int, len(points))
		for i, p := range points {
			x, least := s.Box(p.X), math.Inf(1)
			for _, st := range s.Alive(i) {
				if d := distance(x, st.Center) - st.Radius; d < least {
					least, found[i] = d, st.Label
				}
			}
		}
		require.NotContains(t, Labels(points), 0)
		_, mean := WindowARI(Labels(points), found, 1000)
		require.GreaterOrEqual(t, mean, 0.99)
		require.GreaterOrEqual(t, ARI(Labels(points), found), 0.99)
	})
}

func TestGapIsKeptAtEachInstant(t *testing.T) {
	each(t, false, func(t *testing.T, s *Stream) {
		behind := s.Config.Points / 20
		for i := 0; i < s.Config.Points; i += 7 {
			alive := s.Alive(i)
			for k, a := range alive {
				for _, b := range alive[:k] {
					requireGap(t, a, b)
				}
				for _, b := range s.Alive(max(0, i-behind)) {
					if a.Label != b.Label {
						requireGap(t, a, b)
					}
				}
			}
		}
	})
}

func requireGap(t *testing.T, a, b State) {
	gap := distance(a.Center, b.Center) - a.Radius - b.Radius
	if least := Gap * max(a.Radius, b.Radius); gap < least {
		require.GreaterOrEqual(t, gap, least)
	}
}

func distance(a, b []float64) float64 {
	sum := 0.0
	for k := range a {
		sum += (a[k] - b[k]) * (a[k] - b[k])
	}
	return math.Sqrt(sum)
}

func TestStableClustersStay(t *testing.T) {
	s := New(Config{Kind: Stable, Seed: 1})
	require.Equal(t, s.Alive(0), s.Alive(s.Config.Points-1))
}

func TestMovingClustersTravel(t *testing.T) {
	for seed := range uint64(10) {
		s := New(Config{Kind: Moving, Seed: seed})
		path, last := make([]float64, s.Config.Clusters), s.Alive(0)
		for i := 20; i < s.Config.Points; i += 20 {
			for k, st := range s.Alive(i) {
				step := distance(st.Center, last[k].Center)
				require.Less(t, step, st.Radius/20) // slowly
				path[k] += step
				last[k] = st
			}
		}
		for k, st := range last {
			require.Greater(t, path[k], 3.9*2*st.Radius)
		}
	}
}

func TestChangingClustersChangeInPlace(t *testing.T) {
	for seed := range uint64(10) {
		s := New(Config{Kind: Changing, Seed: seed})
		first, last := s.Alive(0), s.Alive(s.Config.Points-1)
		for k := range first {
			require.Equal(t, first[k].Center, last[k].Center)
			require.NotEqual(t, first[k].axes, last[k].axes)
			require.NotEqual(t, first[k].Weight, last[k].Weight)
			require.NotEqual(t, first[k].sin, last[k].sin)
		}
	}
}

func TestSequentialClustersAreBornAndVanish(t *testing.T) {
	for seed := range uint64(30) {
		s := New(Config{Kind: Sequential, Seed: seed})
		seen, was := map[int]bool{}, map[int]bool{}
		for i := 0; i < s.Config.Points; i += 5 {
			now := map[int]bool{}
			for _, st := range s.Alive(i) {
				now[st.Label] = true
				require.True(t, was[st.Label] || !seen[st.Label], "a cluster came back")
				seen[st.Label] = true
			}
			require.True(t, len(now) >= 2 && len(now) <= 5, len(now))
			was = now
		}
		require.Len(t, seen, s.Config.Clusters)
		require.Less(t, len(was), s.Config.Clusters)
	}
}

func TestMultiDriftHasEveryDrift(t *testing.T) {
	for seed := range uint64(10) {
		s := New(Config{Kind: MultiDrift, Seed: seed})
		var large, small, moves, births, deaths, weights int
		for _, c := range s.clusters {
			if c.radius() > s.clusters[0].radius()/2 {
				large++
			} else {
				small++
			}
			if len(c.path) > 1 {
				moves++
			}
			if c.from > 0 {
				births++
			}
			if c.to < 1 {
				deaths++
			}
			if len(c.frames) > 1 {
				weights++
			}
		}
		require.True(t, large == 1 || large == 2)
		require.GreaterOrEqual(t, small, 4)
		for _, n := range []int{moves, births, deaths, weights} {
			require.Positive(t, n)
		}
	}
}
