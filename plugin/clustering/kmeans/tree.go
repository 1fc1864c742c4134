package kmeans

import (
	"cmp"
	"fmt"
	"time"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// base has the methods that both engines share.
type base = population.Base

// clock counts what refinements go by.
type clock struct {
	applied  uint64 // points
	begun    uint64 // the applied points when the last refinement began
	searched uint64 // when segments were last searched from scratch
	explored uint64 // when other numbers of segments were last looked at
}

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
	base
	population *population.Population
	config     TreeConfig
	clock      clock
	choice     Choice

	root         *node
	places       map[*population.Micro]*node
	lastNode     uint64  // number given out
	threshold    float64 // squared
	stride       int     // numbers in a row of a node: the dimensions seen so far
	changedNodes []*node
	task         *task // the refinement under way; nil: none
	newTask      bool  // task is another than was saved
	staleTask    bool  // and knows of a vector that was erased since it began

	loading  *treeLoading // until Ready
	centroid []float64    // scratch
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
		config: config, choice: Choice{Min: config.KMin, Max: config.KMax},
		places: map[*population.Micro]*node{}, stride: 1,
	}
	t.population = population.New(population.Config{
		Name: "a k-means tree", Version: recordVersion, Order: t.micros, HalfLife: float64(config.HalfLife),
		Weight: config.Weight, Scaling: config.Scaling,
	})
	t.base = t.population.Base()
	t.root = t.newNode()
	return t, nil
}

// Insert implements [clustering.Engine].
func (t *Tree) Insert(x []float64, at int64) clustering.MicroID { return t.put(x, at, 0, nil) }

// put inserts a vector that comes from a segment, or from outside of the population. With
// a home, only micro-clusters of that segment take it.
func (t *Tree) put(x []float64, at int64, from clustering.SegmentID, home *population.Segment) clustering.MicroID {
	x = t.population.Clean(x)
	w, scale := t.population.Weigh(at)
	if scale != 1 {
		t.root.scale(t, scale)
	}
	if len(x) > t.stride {
		t.widen(len(x))
	}
	place, squared := t.nearest(x)
	founded := place == nil || !t.absorbs(place.micro, w, x, squared) || home != nil && place.micro.Segment != home
	if founded {
		if home == nil {
			home = t.population.NearestSegment(x)
		}
		place = t.plant(t.population.Found(home, t.population.AsOf), place)
	}
	m := place.micro
	t.population.Insert(m, w, x)
	m.Origins.Add(from, w)
	t.refresh(place)
	if founded {
		t.climb(place, func(above *mean) { above.insert(w, x) })
	}
	t.splitIfFull(place.parent)
	return m.ID
}

// absorbs tells whether m, squared away from x, takes it.
func (t *Tree) absorbs(m *population.Micro, w float64, x []float64, squared float64) bool {
	if t.threshold == 0 {
		return m.Members.Is(x)
	}
	return cf.Ward(m.Members.N(), w, squared) <= w*t.threshold
}

// Retract implements [clustering.Engine].
func (t *Tree) Retract(id clustering.MicroID, x []float64) error {
	_, err := t.take(id, x)
	return err
}

// Erase implements [clustering.Engine]. The way there is brought up to date, and a refinement
// under way begins anew, without the vector.
func (t *Tree) Erase(id clustering.MicroID, x []float64) error {
	var above []*node
	if m := t.population.Resolve(id); m != nil {
		for n := t.places[m].parent; n != nil; n = n.parent {
			above = append(above, n)
		}
	}
	if _, err := t.take(id, x); err != nil {
		return err
	}
	for _, n := range above {
		if n.parent != nil && !n.gone {
			n.summarise()
			t.refresh(n)
			t.touchNode(n)
		}
	}
	t.population.Unlearn(x)
	t.staleTask = t.task != nil
	return nil
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
	m, err := t.population.Retract(id, t.population.Clean(x))
	if err != nil {
		return 0, err
	}
	from = m.Origins.Take()
	place := t.places[m]
	t.refresh(place)
	if m.Members.N() == 0 {
		t.remove(place)
	}
	return from, nil
}

// remove forgets a micro-cluster, and its place.
func (t *Tree) remove(place *node) {
	t.population.Remove(place.micro)
	delete(t.places, place.micro)
	t.uproot(place)
}

// dropFaded takes micro-clusters out that weigh next to nothing by now.
func (t *Tree) dropFaded() {
	dropped := t.population.Faded()
	for _, m := range dropped {
		t.remove(t.places[m])
	}
	if len(dropped) > 0 {
		t.population.Sum()
	}
}

// Nearest implements [clustering.Engine].
func (t *Tree) Nearest(x []float64) clustering.MicroID {
	if place, _ := t.nearest(t.population.Clean(x)); place != nil {
		return place.micro.ID
	}
	return 0
}

// Segments implements [clustering.Engine].
func (t *Tree) Segments() []clustering.Segment { return t.population.View(t.stride) }
