package kmeans

import (
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// TreeConfig configures a [Tree].
type TreeConfig struct {
	K             int       // segments, from 1; fewer while there are fewer distinct points
	MicroClusters int       // that summarise the population at most, at least 2·K; 0: 1000
	Warmup        int       // vectors that are in before there are segments, from 1; 0: 200
	RefreshPoints int       // applied points between refinements, from 1; 0: 1000
	Weight        cf.Weight // of a dimension in the distance; nil: 1
	Scaling       bool      // distance in standard deviations of the population
}

// Tree is the engine of k-means over a tree of cluster features.
//
// A vector descends to the nearest micro-cluster. That absorbs it if this adds at most
// the square of the threshold to the sum of squared distances (Ward's increase), so the
// radius of a micro-cluster stays below the threshold; else the vector founds one of
// its own. At a threshold of 0, only identical vectors share one. When there are too
// many, the threshold rises and neighbours merge: the tree is BIRCH's (Zhang et al.
// 1996) with the cluster features of BETULA.
//
// An operation costs O(√M·d) for M micro-clusters, a refinement O(M·k·d) for each of a
// few rounds. Between refinements a new micro-cluster belongs to the nearest segment.
type Tree struct {
	config TreeConfig
	membership
	segments   segmentation
	population cf.Feature
	metric     *cf.Metric
	clock      clock

	root         *node
	lastNode     uint64  // number given out
	threshold    float64 // squared
	stride       int     // numbers in a row of a node: the dimensions seen so far
	changedNodes []*node
	newMetric    bool // since it was saved

	loading *treeLoading // until Ready
	cleaned []float64    // scratch
}

// clock counts what refinements go by.
type clock struct {
	applied     uint64 // points
	refinements uint64
	searched    uint64 // the applied points when segments were last searched from scratch
}

// NewTree makes an empty engine, or one to load records into. It errs when the
// configuration contradicts itself.
func NewTree(config TreeConfig) (*Tree, error) {
	if config.MicroClusters == 0 {
		config.MicroClusters = 1000
	}
	if config.Warmup == 0 {
		config.Warmup = 200
	}
	if config.RefreshPoints == 0 {
		config.RefreshPoints = 1000
	}
	switch {
	case config.K < 1:
		return nil, fmt.Errorf("making a k-means tree: K %d: use 1 or more", config.K)
	case config.MicroClusters < 2*config.K:
		return nil, fmt.Errorf("making a k-means tree: MicroClusters %d: use at least %d, twice K", config.MicroClusters, 2*config.K)
	case config.Warmup < 1:
		return nil, fmt.Errorf("making a k-means tree: Warmup %d: use 1 or more", config.Warmup)
	case config.RefreshPoints < 1:
		return nil, fmt.Errorf("making a k-means tree: RefreshPoints %d: use 1 or more", config.RefreshPoints)
	}
	t := &Tree{config: config, membership: newMembership(), metric: &cf.Metric{}, stride: 1}
	t.root = t.newNode()
	return t, nil
}

// Insert implements [clustering.Engine].
func (t *Tree) Insert(x []float64) clustering.MicroID {
	x = t.observe(x)
	t.population.Insert(1, x)
	if d := t.population.Dims(); d > t.stride {
		t.widen(d)
	}
	m, squared := t.nearest(x)
	founded := m == nil || !t.absorbs(m, x, squared)
	if founded {
		m = t.found()
		if len(t.segments.list) > 0 {
			m.segment = t.segments.nearest(x, t.metric)
		}
		t.plant(m, x)
	}
	t.insert(m, x)
	t.refresh(m.place)
	if founded {
		t.climb(m.place, func(f *cf.Feature) { f.Insert(1, x) })
	}
	if m.segment != nil {
		m.segment.members.Insert(1, x)
		t.segments.touch(m.segment)
	}
	t.splitIfFull(m.place.parent)
	return m.id
}

// absorbs tells whether m, squared away from x, takes it.
func (t *Tree) absorbs(m *micro, x []float64, squared float64) bool {
	if t.threshold == 0 {
		return m.members.Is(x)
	}
	return cf.Ward(m.members.N(), 1, squared) <= t.threshold
}

// Retract implements [clustering.Engine].
func (t *Tree) Retract(id clustering.MicroID, x []float64) error {
	x = t.observe(x)
	m, err := t.retract(id, x)
	if err != nil {
		return err
	}
	err = t.population.Retract(1, x)
	if m.segment != nil {
		err = firstOf(err, m.segment.members.Retract(1, x))
		t.segments.touch(m.segment)
	}
	t.refresh(m.place)
	if m.members.N() == 0 {
		t.remove(m)
		t.uproot(m.place)
	}
	return err
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
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

// Segment implements [clustering.Engine].
func (t *Tree) Segment(id clustering.MicroID) clustering.SegmentID { return t.segment(id) }

// Segments implements [clustering.Engine].
func (t *Tree) Segments() []clustering.Segment { return t.segments.view(t.population.Dims()) }

// Near implements [clustering.Engine].
func (t *Tree) Near(x []float64, own clustering.SegmentID) (toOwn, toOther float64) {
	return t.segments.near(t.observe(x), own, t.metric)
}

// Metric implements [clustering.Engine].
func (t *Tree) Metric() *cf.Metric { return t.metric }

// Population implements [clustering.Engine].
func (t *Tree) Population() *cf.Feature { return &t.population }

// Refinements implements [clustering.Engine].
func (t *Tree) Refinements() uint64 { return t.clock.refinements }

// MicroClusters implements [clustering.Engine]: in the order of the tree, neighbours
// beside each other.
func (t *Tree) MicroClusters(visit func(clustering.MicroID, *cf.Feature, clustering.SegmentID) bool) {
	t.root.each(func(m *micro) bool { return visit(m.id, &m.members, m.segment.number()) })
}
