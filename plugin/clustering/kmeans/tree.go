package kmeans

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// TreeConfig configures a [Tree].
type TreeConfig struct {
	K             int           // segments, from 1; 0: chosen from KMin to KMax, again and again
	KMin, KMax    int           // bounds of the choice; 0: 2 and 12
	MicroClusters int           // that summarise the population at most, at least 2·K; 0: 1000
	Warmup        int           // vectors that are in before there are segments, from 1; 0: 200
	RefreshPoints int           // applied points between refinements, from 1; 0: 1000; fewer while there are fewer than twenty times as many vectors
	HalfLife      time.Duration // in which the weight of a vector fades to a half, in event time; 0: none fades
	Weight        cf.Weight     // of a dimension in the distance; nil: 1
	Scaling       cf.Scaling    // of the distance
}

// Tree is the engine of k-means over a tree of cluster features.
//
// A vector descends to the nearest micro-cluster. That absorbs it if this adds at most
// the square of the threshold to the sum of squared distances (Ward's increase), so the
// radius of a micro-cluster stays below the threshold; else the vector founds one of
// its own. At a threshold of 0, only identical vectors share one. When there are too
// many, the threshold rises and neighbours of one segment merge: the tree is BIRCH's
// (Zhang et al. 1996) with the cluster features of BETULA.
//
// A refinement starts after every RefreshPoints points and runs beside the stream, on a
// summary as it is then; it takes effect half the way to the next, so that the same
// points always have the same effect. Between refinements a new micro-cluster belongs to
// the nearest segment.
//
// An operation costs O(√M·d) for M micro-clusters, a refinement O(M·k·d) for each of a
// few rounds. With a half-life, vectors cannot be retracted: the weight of what is in
// the tree grows instead of fading (forward decay, Cormode et al. 2009).
type Tree struct {
	config TreeConfig
	membership
	segments segmentation
	metric   *cf.Metric
	clock    clock
	choice   Choice
	weight   float64 // of all vectors

	root         *node
	lastNode     uint64  // number given out
	threshold    float64 // squared
	stride       int     // numbers in a row of a node: the dimensions seen so far
	changedNodes []*node
	newMetric    bool  // since it was saved
	task         *task // the refinement under way; nil: none
	newTask      bool  // task is another than was saved

	loading  *treeLoading // until Ready
	cleaned  []float64    // scratch, as is centroid
	centroid []float64
}

// NewTree makes an empty engine, or one to load records into. It errs when the
// configuration contradicts itself.
func NewTree(config TreeConfig) (*Tree, error) {
	config.MicroClusters = cmp.Or(config.MicroClusters, 1000)
	config.Warmup = cmp.Or(config.Warmup, 200)
	config.RefreshPoints = cmp.Or(config.RefreshPoints, 1000)
	if config.K != 0 {
		config.KMin, config.KMax = config.K, config.K
	}
	config.KMin = cmp.Or(config.KMin, 2)
	config.KMax = cmp.Or(config.KMax, max(12, config.KMin))
	fault := func(field string, value any, remedy string) error {
		return fmt.Errorf("making a k-means tree: %s %v: %s", field, value, remedy)
	}
	switch {
	case config.K < 0:
		return nil, fault("K", config.K, "use 1 or more, or 0 to have it chosen")
	case config.KMin < 1 || config.K == 0 && config.KMin < 2:
		return nil, fault("KMin", config.KMin, "use 2 or more")
	case config.KMax < config.KMin:
		return nil, fault("KMax", config.KMax, "use KMin or more")
	case config.MicroClusters < 2*config.KMax:
		return nil, fault("MicroClusters", config.MicroClusters, fmt.Sprintf("use at least %d, twice the number of segments", 2*config.KMax))
	case config.Warmup < 1:
		return nil, fault("Warmup", config.Warmup, "use 1 or more")
	case config.RefreshPoints < 1:
		return nil, fault("RefreshPoints", config.RefreshPoints, "use 1 or more")
	case config.HalfLife < 0:
		return nil, fault("HalfLife", config.HalfLife, "use a duration, or 0 for none")
	}
	t := &Tree{
		config: config, membership: newMembership(), segments: newSegmentation(), metric: &cf.Metric{},
		clock: newClock(), stride: 1,
	}
	t.fading = config.HalfLife > 0
	t.choice = Choice{Min: config.KMin, Max: config.KMax}
	t.root = t.newNode()
	return t, nil
}

// Insert implements [clustering.Engine].
func (t *Tree) Insert(x []float64, at int64) clustering.MicroID { return t.put(x, at, 0, nil) }

// put inserts a vector that comes from a segment, or from outside of the population. With
// a home, only micro-clusters of that segment take it.
func (t *Tree) put(x []float64, at int64, from clustering.SegmentID, home *segment) clustering.MicroID {
	x = t.observe(x)
	w := t.weigh(at)
	t.weight += w
	if len(x) > t.stride {
		t.widen(len(x))
	}
	m, squared := t.nearest(x)
	founded := m == nil || !t.absorbs(m, w, x, squared) || home != nil && m.segment != home
	if founded {
		neighbour := m
		m = t.found()
		m.segment, m.since = home, t.clock.asOf
		if home == nil {
			m.segment = t.segments.nearest(x, t.metric)
		}
		t.plant(m, neighbour)
	}
	t.insert(m, w, x)
	m.origins.add(from, w)
	t.refresh(m.place)
	if founded {
		t.climb(m.place, func(above *mean) { above.insert(w, x) })
	}
	if m.segment != nil {
		m.segment.members.Insert(w, x)
		t.segments.touch(m.segment)
	}
	t.splitIfFull(m.place.parent)
	return m.id
}

// absorbs tells whether m, squared away from x, takes it.
func (t *Tree) absorbs(m *micro, w float64, x []float64, squared float64) bool {
	if t.threshold == 0 {
		return m.members.Is(x)
	}
	return cf.Ward(m.members.N(), w, squared) <= w*t.threshold
}

var errFading = errors.New("retracting a vector: it fades, and leaves by itself: use no HalfLife where vectors are retracted")

// Retract implements [clustering.Engine].
func (t *Tree) Retract(id clustering.MicroID, x []float64) error {
	_, err := t.take(id, x)
	return err
}

// Move implements [clustering.Engine].
func (t *Tree) Move(id clustering.MicroID, from, to []float64, at int64) (clustering.MicroID, error) {
	origin, err := t.take(id, from)
	if err != nil {
		return 0, err
	}
	return t.put(to, at, origin, nil), nil
}

// take retracts a vector, and returns the segment that it comes from.
func (t *Tree) take(id clustering.MicroID, x []float64) (from clustering.SegmentID, err error) {
	if t.fading {
		return 0, errFading
	}
	x = t.observe(x)
	m, err := t.retract(id, x)
	if err != nil {
		return 0, err
	}
	t.weight--
	from = m.origins.take()
	if m.segment != nil {
		err = m.segment.members.Retract(1, x)
		t.segments.touch(m.segment)
	}
	t.refresh(m.place)
	if m.members.N() == 0 {
		t.remove(m)
		t.uproot(m.place)
	}
	return from, err
}

// Release implements [clustering.Engine].
func (t *Tree) Release(id clustering.MicroID) { t.release(id) }

// observe makes what is missing NaN, in a copy if need be.
func (t *Tree) observe(x []float64) []float64 {
	x, t.cleaned = observed(x, t.cleaned)
	return x
}

func observed(x, scratch []float64) (clean, kept []float64) {
	for j, v := range x {
		if v != v || !cf.Missing(v) {
			continue
		}
		scratch = append(scratch[:0], x...)
		for i := j; i < len(x); i++ {
			if cf.Missing(x[i]) {
				scratch[i] = nan
			}
		}
		return scratch, scratch
	}
	return x, scratch
}

// Nearest implements [clustering.Engine].
func (t *Tree) Nearest(x []float64) clustering.MicroID {
	if m, _ := t.nearest(t.observe(x)); m != nil {
		return m.id
	}
	return 0
}

// Home implements [clustering.Engine].
func (t *Tree) Home(id clustering.MicroID) clustering.Home { return t.home(id) }

// Segments implements [clustering.Engine].
func (t *Tree) Segments() []clustering.Segment { return t.segments.view(t.stride) }

// Current implements [clustering.Engine].
func (t *Tree) Current(id clustering.SegmentID) clustering.SegmentID {
	return t.segments.lineage.Current(id)
}

// Aliases implements [clustering.Engine].
func (t *Tree) Aliases() map[clustering.SegmentID]clustering.SegmentID {
	return t.segments.lineage.Aliases()
}

// Events implements [clustering.Engine].
func (t *Tree) Events() []clustering.Event { return t.segments.lineage.Events() }

// Near implements [clustering.Engine].
func (t *Tree) Near(x []float64, own clustering.SegmentID) clustering.Proximity {
	return t.segments.near(t.observe(x), own, t.metric)
}

// Differences implements [clustering.Engine].
func (t *Tree) Differences(dst, x []float64, own, other clustering.SegmentID) {
	t.segments.differences(dst, t.observe(x), own, other, t.metric)
}

// Metric implements [clustering.Engine].
func (t *Tree) Metric() *cf.Metric { return t.metric }

// Size implements [clustering.Engine].
func (t *Tree) Size() float64 { return t.weight * t.Fade() }

// Mean implements [clustering.Engine].
func (t *Tree) Mean(dimension int) float64 {
	if len(t.segments.list) == 0 {
		return t.Population().Mean(dimension)
	}
	return t.segments.mean(dimension)
}

// Population implements [clustering.Engine].
func (t *Tree) Population() *cf.Feature {
	if len(t.segments.list) > 0 {
		return t.segments.sum()
	}
	all := &cf.Feature{}
	t.root.each(func(m *micro) bool {
		all.Merge(&m.members)
		return true
	})
	return all
}

// Refinements implements [clustering.Engine].
func (t *Tree) Refinements() uint64 { return t.clock.refinements }

// MicroClusters implements [clustering.Engine]: in the order of the tree, neighbours
// beside each other.
func (t *Tree) MicroClusters(visit func(clustering.MicroID, *cf.Feature, clustering.SegmentID) bool) {
	t.root.each(func(m *micro) bool { return visit(m.id, &m.members, m.segment.number()) })
}
