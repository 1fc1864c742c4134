package kmeans

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// OnlineConfig configures an [Online].
type OnlineConfig struct {
	K             int           // segments, from 1
	Centers       [][]float64   // K centres to start from; nil: the warm-up chooses
	CenterWeights []float64     // how many points each of them counts for; nil: 1
	Factor        float64       // that all weights are multiplied by with each point, above 0, up to 1; 0: 1
	Batches       bool          // Factor is for each batch instead: see EndBatch
	HalfLife      time.Duration // in which the weight of a point fades to a half, in event time; 0: it does not
	Warmup        int           // vectors that are in before there are segments, from 1; 0: 200
	RefreshPoints int           // applied points between renewals of the metric, from 1; 0: 1000
	Weight        cf.Weight     // of a dimension in the distance; nil: 1
	Scaling       cf.Scaling    // of the distance
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
	segments segmentation
	metric   *cf.Metric
	state    Sequential
	centres  []*micro // that the places in state belong to; none while warming up
	batch    []cf.Feature
	size     float64 // vectors that are in
	applied  uint64  // points
	renewals uint64
	asOf     int64 // newest event time

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
	case config.HalfLife < 0:
		return nil, fault("HalfLife", config.HalfLife, "use a duration, or 0 for none")
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
	o := emptyOnline(config)
	o.start()
	return o, nil
}

func emptyOnline(config OnlineConfig) *Online {
	return &Online{config: config, membership: newMembership(), segments: newSegmentation(), metric: &cf.Metric{}, asOf: math.MinInt64}
}

// start places the centres to start from, if there are any. Until the population is
// known, they are what the metric is measured from.
func (o *Online) start() {
	if len(o.config.Centers) == 0 {
		return
	}
	start := &cf.Feature{}
	for i, at := range o.config.Centers {
		start.Insert(1, at)
		o.place(o.born(0, nil), slices.Clone(at), o.config.CenterWeights[i])
	}
	o.metric = cf.NewMetric(o.config.Scaling, start, nil, o.config.Weight).Provisional()
	o.newMetric = true
}

// born gives a new segment its number.
func (o *Online) born(at int64, parents []clustering.SegmentID) clustering.SegmentID {
	id := o.segments.lineage.Begin(at, parents)
	kind := clustering.Birth
	if len(parents) > 0 {
		kind = clustering.Split
	}
	o.segments.lineage.Tell(clustering.Event{Kind: kind, At: at, Segment: id, Parents: parents})
	return id
}

// place adds a centre, with a micro-cluster of its own.
func (o *Online) place(id clustering.SegmentID, at []float64, weight float64) *micro {
	m := o.found()
	o.rehome(m, o.segments.add(id, &m.members, at), o.asOf, clustering.Remodel)
	o.state.Centers = append(o.state.Centers, at)
	o.state.Weights = append(o.state.Weights, weight)
	o.centres = append(o.centres, m)
	return m
}

// Insert implements [clustering.Engine].
func (o *Online) Insert(x []float64, at int64) clustering.MicroID {
	x = o.observe(x)
	o.size++
	discount, weight := o.fading(at)
	o.asOf = max(o.asOf, at)
	var m *micro
	switch {
	case len(o.centres) == 0:
		m = o.found()
	case o.config.Batches:
		m = o.gather(x, weight, discount)
	default:
		i := o.state.Step(x, discount*o.config.Factor, weight, o.metric)
		m = o.centres[i]
		m.segment.centre = o.state.Centers[i]
	}
	o.insert(m, 1, x)
	return m.id
}

// fading is what all weights are to be multiplied by as the time of a point comes, and
// the weight of the point: less than 1 when it is late.
func (o *Online) fading(at int64) (discount, weight float64) {
	if o.config.HalfLife == 0 || o.asOf == math.MinInt64 {
		return 1, 1
	}
	faded := math.Exp2(-math.Abs(float64(at)-float64(o.asOf)) / float64(o.config.HalfLife))
	if at < o.asOf {
		return 1, faded
	}
	return faded, 1
}

// gather notes a point for the end of the batch. The centres stay until then.
func (o *Online) gather(x []float64, weight, discount float64) *micro {
	for i := range o.state.Weights {
		o.state.Weights[i] *= discount
	}
	if discount < 1 {
		for i := range o.batch {
			o.batch[i].Decay(discount)
		}
	}
	for len(o.batch) < len(o.centres) {
		o.batch = append(o.batch, cf.Feature{})
	}
	i := o.state.Nearest(x, o.metric)
	o.batch[i].Insert(weight, x)
	return o.centres[i]
}

// EndBatch implements [clustering.Batched].
func (o *Online) EndBatch() {
	if len(o.batch) == 0 {
		return
	}
	o.state.Take(o.batch, o.config.Factor)
	for i, m := range o.centres {
		m.segment.centre = o.state.Centers[i]
	}
	o.batch = o.batch[:0]
	o.replaceDying()
}

func (o *Online) observe(x []float64) []float64 {
	x, o.cleaned = observed(x, o.cleaned)
	return x
}

// Retract implements [clustering.Engine]. The centre keeps what it learned, and forgets
// it with time.
func (o *Online) Retract(id clustering.MicroID, x []float64) error {
	m, err := o.retract(id, o.observe(x))
	if err != nil {
		return err
	}
	o.size--
	if m.members.N() == 0 && m.segment == nil {
		o.remove(m)
	}
	return nil
}

// Move implements [clustering.Engine].
func (o *Online) Move(id clustering.MicroID, from, to []float64, at int64) (clustering.MicroID, error) {
	if err := o.Retract(id, from); err != nil {
		return 0, err
	}
	return o.Insert(to, at), nil
}

// Release implements [clustering.Engine].
func (o *Online) Release(id clustering.MicroID) { o.release(id) }

// Advance implements [clustering.Engine]. Centres move with each point; what takes
// effect here is the end of the warm-up, a new metric, and the death of a centre.
func (o *Online) Advance() bool {
	o.applied++
	switch {
	case len(o.centres) == 0 && o.size < float64(o.config.Warmup):
		if powerOfTwo(o.applied) {
			o.measure(true)
		}
		return false
	case len(o.centres) == 0:
		o.measure(false)
		o.endWarmUp()
	case o.applied%uint64(o.config.RefreshPoints) == 0:
		o.measure(false)
		if len(o.batch) == 0 {
			o.replaceDying()
		}
	default:
		if len(o.batch) > 0 || !o.replaceDying() {
			return false
		}
	}
	o.renewals++
	return true
}

// Refine implements [clustering.Engine]: the metric is renewed, and the number of centres
// brought to K, by merging those that are closest and splitting those that are widest.
func (o *Online) Refine(cause clustering.Cause) {
	if len(o.centres) == 0 {
		return
	}
	o.EndBatch()
	o.measure(false)
	for len(o.centres) > o.config.K {
		o.mergeClosest(cause)
	}
	for len(o.centres) < o.config.K {
		o.splitWidest()
	}
	o.renewals++
}

func (o *Online) measure(provisional bool) {
	parts := make([]*cf.Feature, 0, len(o.micros))
	for _, id := range slices.Sorted(maps.Keys(o.micros)) {
		parts = append(parts, &o.micros[id].members)
	}
	o.metric = cf.NewMetric(o.config.Scaling, o.Population(), parts, o.config.Weight)
	if provisional {
		o.metric = o.metric.Provisional()
	}
	o.newMetric = true
}

// endWarmUp lets the vectors of the warm-up choose the centres, which take them over.
func (o *Online) endWarmUp() {
	warming := o.warming()
	task := Refinement{Metric: o.metric, Choice: Choice{Min: o.config.K, Max: o.config.K}, Restarts: restarts}
	for _, m := range warming {
		task.Summary = append(task.Summary, entryOf(&m.members, 0, o.metric))
	}
	for _, c := range task.Run().Centres {
		o.place(o.born(o.asOf, nil), c.Position, 0)
	}
	for _, m := range warming {
		o.merge(m, o.nearestBut(m))
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

// Nearest implements [clustering.Engine].
func (o *Online) Nearest(x []float64) clustering.MicroID {
	if len(o.centres) == 0 {
		return 0
	}
	return o.centres[o.state.Nearest(o.observe(x), o.metric)].id
}

// Home implements [clustering.Engine].
func (o *Online) Home(id clustering.MicroID) clustering.Home { return o.home(id) }

// Segments implements [clustering.Engine].
func (o *Online) Segments() []clustering.Segment { return o.segments.view(o.metric.Dims()) }

// Current implements [clustering.Engine].
func (o *Online) Current(id clustering.SegmentID) clustering.SegmentID {
	return o.segments.lineage.Current(id)
}

// Aliases implements [clustering.Engine].
func (o *Online) Aliases() map[clustering.SegmentID]clustering.SegmentID {
	return o.segments.lineage.Aliases()
}

// Events implements [clustering.Engine].
func (o *Online) Events() []clustering.Event { return o.segments.lineage.Events() }

// Near implements [clustering.Engine].
func (o *Online) Near(x []float64, own clustering.SegmentID) clustering.Proximity {
	return o.segments.near(o.observe(x), own, o.metric)
}

// Differences implements [clustering.Engine].
func (o *Online) Differences(dst, x []float64, own, other clustering.SegmentID) {
	o.segments.differences(dst, o.observe(x), own, other, o.metric)
}

// Metric implements [clustering.Engine].
func (o *Online) Metric() *cf.Metric { return o.metric }

// Size implements [clustering.Engine].
func (o *Online) Size() float64 { return o.size }

// Fade implements [clustering.Engine]: members never fade here, only what the centres
// learned from them.
func (o *Online) Fade() float64 { return 1 }

// Mean implements [clustering.Engine].
func (o *Online) Mean(dimension int) float64 {
	if len(o.centres) == 0 {
		return o.Population().Mean(dimension)
	}
	return o.segments.mean(dimension)
}

// Population implements [clustering.Engine].
func (o *Online) Population() *cf.Feature {
	if len(o.centres) > 0 {
		return o.segments.sum()
	}
	all := &cf.Feature{}
	for _, m := range o.warming() {
		all.Merge(&m.members)
	}
	return all
}

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
