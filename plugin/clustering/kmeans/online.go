package kmeans

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// OnlineConfig configures an [Online].
type OnlineConfig struct {
	K             int         // segments, from 1
	Centers       [][]float64 // K centres to start from; nil: the warm-up chooses
	CenterWeights []float64   // how many points each of them counts for; nil: 1
	Factor        float64     // that all weights are multiplied by with each point, above 0, up to 1; 0: 1
	Warmup        int         // vectors that are in before there are segments, from 1; 0: 200
	RefreshPoints int         // applied points between renewals of the metric, from 1; 0: 1000
	Weight        cf.Weight   // of a dimension in the distance; nil: 1
	Scaling       bool        // distance in standard deviations of the population
}

// Online is the engine of sequential k-means with forgetting. Each vector moves its
// nearest centre by its share of the centre's weight, and belongs to it from then on.
// Beside the centre and its weight, which only fade, each has the cluster feature of
// exactly its members: sizes, centroids and quality speak of that.
//
// Without centres to start from, the vectors of the warm-up are kept one by one until
// k-means++ and Lloyd's algorithm choose the centres from them. An insertion costs
// O(k·d).
type Online struct {
	config OnlineConfig
	membership
	segments   segmentation
	population cf.Feature
	metric     *cf.Metric
	state      Sequential
	centres    []*micro // that the places in state belong to; none while warming up
	applied    uint64   // points
	renewals   uint64

	newMetric bool           // since it was saved
	loading   *onlineLoading // until Ready
	cleaned   []float64      // scratch
}

// NewOnline makes an empty engine, or one to load records into. It errs when the
// configuration contradicts itself.
func NewOnline(config OnlineConfig) (*Online, error) {
	config.Factor = cmp.Or(config.Factor, 1)
	config.Warmup = cmp.Or(config.Warmup, 200)
	config.RefreshPoints = cmp.Or(config.RefreshPoints, 1000)
	if config.Centers != nil && config.CenterWeights == nil {
		config.CenterWeights = slices.Repeat([]float64{1}, len(config.Centers))
	}
	fault := func(field string, value any, remedy string) error {
		return fmt.Errorf("making sequential k-means: %s %v: %s", field, value, remedy)
	}
	switch {
	case config.K < 1:
		return nil, fault("K", config.K, "use 1 or more")
	case !(config.Factor > 0 && config.Factor <= 1):
		return nil, fault("Factor", config.Factor, "use a number above 0, up to 1")
	case config.Warmup < 1:
		return nil, fault("Warmup", config.Warmup, "use 1 or more")
	case config.RefreshPoints < 1:
		return nil, fault("RefreshPoints", config.RefreshPoints, "use 1 or more")
	case config.Centers != nil && len(config.Centers) != config.K:
		return nil, fault("number of Centers", len(config.Centers), "give K of them")
	case len(config.CenterWeights) != len(config.Centers):
		return nil, fault("number of CenterWeights", len(config.CenterWeights), "give one for each centre")
	}
	for _, w := range config.CenterWeights {
		if !(w >= 0 && w < cf.Limit) {
			return nil, fault("CenterWeights has", w, "use 0 or more")
		}
	}
	o := &Online{config: config, membership: newMembership(), metric: &cf.Metric{}}
	o.begin()
	return o, nil
}

// begin places the centres to start from. Until the population is known, they are what
// the metric is measured from.
func (o *Online) begin() {
	var start cf.Feature
	for i, at := range o.config.Centers {
		start.Insert(1, at)
		o.place(slices.Clone(at), o.config.CenterWeights[i])
	}
	if start.N() > 0 {
		o.metric = newMetric(&start, o.config.Weight, o.config.Scaling).Provisional()
		o.newMetric = true
	}
}

// place adds a centre, with a micro-cluster and a segment of its own.
func (o *Online) place(at []float64, weight float64) *micro {
	m := o.found()
	m.segment = o.segments.add(&m.members, at)
	o.state.Centers = append(o.state.Centers, at)
	o.state.Weights = append(o.state.Weights, weight)
	o.centres = append(o.centres, m)
	return m
}

// Insert implements [clustering.Engine].
func (o *Online) Insert(x []float64) clustering.MicroID {
	x = o.observe(x)
	o.population.Insert(1, x)
	var m *micro
	if len(o.centres) == 0 {
		m = o.found()
	} else {
		i := o.state.Step(x, o.config.Factor, o.metric)
		m = o.centres[i]
		m.segment.centre = o.state.Centers[i]
	}
	o.insert(m, x)
	return m.id
}

func (o *Online) observe(x []float64) []float64 {
	x, o.cleaned = observed(x, o.cleaned)
	return x
}

// Retract implements [clustering.Engine]. The centre keeps what it learned, and forgets
// it with time.
func (o *Online) Retract(id clustering.MicroID, x []float64) error {
	x = o.observe(x)
	m, err := o.retract(id, x)
	if err != nil {
		return err
	}
	if m.members.N() == 0 && m.segment == nil {
		o.remove(m)
	}
	return o.population.Retract(1, x)
}

// Release implements [clustering.Engine].
func (o *Online) Release(id clustering.MicroID) { o.release(id) }

// Advance implements [clustering.Engine]. Centres move with each point; what takes
// effect here is the end of the warm-up, a new metric, and the death of a centre.
func (o *Online) Advance() bool {
	o.applied++
	switch {
	case len(o.centres) == 0 && o.population.N() < float64(o.config.Warmup):
		if powerOfTwo(o.applied) {
			o.measure(true)
		}
		return false
	case len(o.centres) == 0:
		o.measure(false)
		o.start()
	case o.applied%uint64(o.config.RefreshPoints) == 0:
		o.measure(false)
		o.replaceDying()
	default:
		if !o.replaceDying() {
			return false
		}
	}
	o.renewals++
	return true
}

func (o *Online) measure(provisional bool) {
	o.metric = newMetric(&o.population, o.config.Weight, o.config.Scaling)
	if provisional {
		o.metric = o.metric.Provisional()
	}
	o.newMetric = true
}

// start ends the warm-up: its vectors choose the centres, which take them over.
func (o *Online) start() {
	warming := o.warming()
	task := Refinement{Metric: o.metric, K: o.config.K, Restarts: restarts}
	for _, m := range warming {
		task.Summary = append(task.Summary, Entry{Members: &m.members})
	}
	for _, c := range task.Centres() {
		o.place(c.Position, 0)
	}
	for _, m := range warming {
		o.mergeIntoNearest(m, nil)
	}
	for i, m := range o.centres {
		o.state.Weights[i] = m.members.N()
	}
}

// warming are the micro-clusters that belong to no centre yet, in the order of their ids.
func (o *Online) warming() []*micro {
	var list []*micro
	for _, id := range slices.Sorted(maps.Keys(o.micros)) {
		if m := o.micros[id]; m.segment == nil {
			list = append(list, m)
		}
	}
	return list
}

// mergeIntoNearest gives the members of a micro-cluster to the centre nearest to them,
// but for one.
func (o *Online) mergeIntoNearest(m, except *micro) {
	centroid := make([]float64, o.population.Dims())
	m.members.Centroid(centroid)
	nearest, least := (*micro)(nil), math.Inf(1)
	for i, c := range o.centres {
		if c == except {
			continue
		}
		if d := o.metric.Squared(centroid, o.state.Centers[i]); d < least || nearest == nil {
			nearest, least = c, d
		}
	}
	o.merge(m, nearest)
}

// replaceDying puts the place of a centre that is dying beside the largest, as a new
// segment. The customers that it still has go to the segment nearest to them.
func (o *Online) replaceDying() bool {
	smallest, largest, found := o.state.Dying()
	if !found {
		return false
	}
	old := o.centres[smallest]
	dimension, sigma := o.widest(largest)
	o.state.Split(smallest, largest, dimension, sigma)
	o.mergeIntoNearest(old, old)
	o.segments.remove(old.segment)
	m := o.found()
	m.segment = o.segments.add(&m.members, o.state.Centers[smallest])
	o.centres[smallest] = m
	return true
}

// widest is the dimension in which the members of a centre are furthest apart, in the
// metric, and their standard deviation.
func (o *Online) widest(i int) (dimension int, sigma float64) {
	members, most := &o.centres[i].members, 0.0
	for j := range members.Dims() {
		if v := members.Variance(j); v*o.metric.Weight(j) > most {
			dimension, sigma, most = j, math.Sqrt(v), v*o.metric.Weight(j)
		}
	}
	return dimension, sigma
}

// Nearest implements [clustering.Engine].
func (o *Online) Nearest(x []float64) clustering.MicroID {
	if len(o.centres) == 0 {
		return 0
	}
	return o.centres[o.state.Nearest(o.observe(x), o.metric)].id
}

// Segment implements [clustering.Engine].
func (o *Online) Segment(id clustering.MicroID) clustering.SegmentID { return o.segment(id) }

// Segments implements [clustering.Engine].
func (o *Online) Segments() []clustering.Segment { return o.segments.view(o.population.Dims()) }

// Near implements [clustering.Engine].
func (o *Online) Near(x []float64, own clustering.SegmentID) (toOwn, toOther float64) {
	return o.segments.near(o.observe(x), own, o.metric)
}

// Metric implements [clustering.Engine].
func (o *Online) Metric() *cf.Metric { return o.metric }

// Population implements [clustering.Engine].
func (o *Online) Population() *cf.Feature { return &o.population }

// Refinements implements [clustering.Engine]: it counts what took effect in Advance.
func (o *Online) Refinements() uint64 { return o.renewals }

// MicroClusters implements [clustering.Engine]: in the order of their ids.
func (o *Online) MicroClusters(visit func(clustering.MicroID, *cf.Feature, clustering.SegmentID) bool) {
	for _, id := range slices.Sorted(maps.Keys(o.micros)) {
		if m := o.micros[id]; m.members.N() > 0 && !visit(id, &m.members, m.segment.number()) {
			return
		}
	}
}
