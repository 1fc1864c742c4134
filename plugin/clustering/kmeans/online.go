package kmeans

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
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
	base
	population *population.Population
	config     OnlineConfig
	state      Sequential
	centres    []*population.Micro // that the places in state belong to; none while warming up; while loading, only their numbers
	batch      []cf.Feature
	applied    uint64 // points
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
	o := &Online{config: config}
	o.empty()
	o.start()
	return o, nil
}

// empty forgets everything but the configuration.
func (o *Online) empty() {
	p := population.New(population.Config{
		Name: "sequential k-means", Version: recordVersion, Weight: o.config.Weight, Scaling: o.config.Scaling,
	})
	*o = Online{base: p.Base(), population: p, config: o.config}
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
	o.population.SetMetric(cf.NewMetric(o.config.Scaling, start, nil, o.config.Weight).Provisional())
}

// born gives a new segment its number.
func (o *Online) born(at int64, parents []clustering.SegmentID) clustering.SegmentID {
	id := o.population.Lineage.Begin(at, parents)
	kind := clustering.Birth
	if len(parents) > 0 {
		kind = clustering.Split
	}
	o.population.Lineage.Tell(clustering.Event{Kind: kind, At: at, Segment: id, Parents: parents})
	return id
}

// place adds a centre, with a micro-cluster of its own.
func (o *Online) place(id clustering.SegmentID, at []float64, weight float64) {
	o.state.Centers = append(o.state.Centers, at)
	o.state.Weights = append(o.state.Weights, weight)
	o.centres = append(o.centres, o.settle(id, at))
}

// settle founds a micro-cluster for a centre, and its segment.
func (o *Online) settle(id clustering.SegmentID, at []float64) *population.Micro {
	m := o.population.Found(nil, o.population.AsOf)
	o.population.AddSole(id, m, at)
	return m
}

// Insert implements [clustering.Engine].
func (o *Online) Insert(x []float64, at int64) clustering.MicroID {
	x = o.population.Clean(x)
	discount, weight := o.fading(at)
	o.population.AsOf = max(o.population.AsOf, at)
	var m *population.Micro
	switch {
	case len(o.centres) == 0:
		m = o.population.Found(nil, 0)
	case o.config.Batches:
		m = o.gather(x, weight, discount)
	default:
		i := o.state.Step(x, discount*o.config.Factor, weight, o.population.Metric)
		m = o.centres[i]
		m.Segment.Centre = o.state.Centers[i]
	}
	o.population.Insert(m, 1, x)
	return m.ID
}

// fading is what all weights are to be multiplied by as the time of a point comes, and
// the weight of the point: less than 1 when it is late.
func (o *Online) fading(at int64) (discount, weight float64) {
	if o.config.HalfLife == 0 || o.population.AsOf == math.MinInt64 {
		return 1, 1
	}
	faded := math.Exp2(-math.Abs(float64(at)-float64(o.population.AsOf)) / float64(o.config.HalfLife))
	if at < o.population.AsOf {
		return 1, faded
	}
	return faded, 1
}

// gather notes a point for the end of the batch. The centres stay until then.
func (o *Online) gather(x []float64, weight, discount float64) *population.Micro {
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
	i := o.state.Nearest(x, o.population.Metric)
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
		m.Segment.Centre = o.state.Centers[i]
	}
	o.batch = o.batch[:0]
	o.replaceDying()
}

// Retract implements [clustering.Engine]. The centre keeps what it learned, and forgets
// it with time.
func (o *Online) Retract(id clustering.MicroID, x []float64) error {
	m, err := o.population.Retract(id, o.population.Clean(x))
	if err == nil && m.Members.N() == 0 && m.Segment == nil {
		o.population.Remove(m)
	}
	return err
}

// Erase implements [clustering.Engine]. A centre that was where the vector is, in any dimension,
// goes to where its other members are; one without any makes room for a new one beside the
// largest, or if there is none, waits for the next point to say where it is.
func (o *Online) Erase(id clustering.MicroID, x []float64) error {
	if err := o.Retract(id, x); err != nil {
		return err
	}
	o.population.Unlearn(x)
	for i, m := range o.centres {
		centre := o.state.Centers[i]
		for j := range min(len(x), len(centre)) {
			if !cf.SameNumber(centre[j], x[j]) {
				continue
			}
			centre[j] = m.Members.Mean(j)
			if m.Members.N() == 0 {
				o.state.Weights[i] = 0
			}
		}
	}
	if len(o.batch) == 0 && o.replaceDying() {
		o.population.Refinements++
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

// Advance implements [clustering.Engine]. Centres move with each point; what takes
// effect here is the end of the warm-up, a new metric, and the death of a centre.
func (o *Online) Advance() bool {
	o.applied++
	switch {
	case len(o.centres) == 0 && o.population.Weight < float64(o.config.Warmup):
		if powerOfTwo(o.applied) {
			o.population.Measure(true)
		}
		return false
	case len(o.centres) == 0:
		o.population.Measure(false)
		o.endWarmUp()
	case o.applied%uint64(o.config.RefreshPoints) == 0:
		o.population.Measure(false)
		if len(o.batch) == 0 {
			o.replaceDying()
		}
	default:
		if len(o.batch) > 0 || !o.replaceDying() {
			return false
		}
	}
	o.population.Refinements++
	return true
}

// Refine implements [clustering.Engine]: the metric is renewed, and the number of centres
// brought to K, by merging those that are closest and splitting those that are widest.
func (o *Online) Refine(cause clustering.Cause) {
	if len(o.centres) == 0 {
		return
	}
	o.EndBatch()
	o.population.Measure(false)
	for len(o.centres) > o.config.K {
		o.mergeClosest(cause)
	}
	for len(o.centres) < o.config.K {
		o.splitWidest()
	}
	o.population.Refinements++
}

// endWarmUp lets the vectors of the warm-up choose the centres, which take them over.
func (o *Online) endWarmUp() {
	warming := slices.Collect(o.population.All())
	task := Refinement{Metric: o.population.Metric, Choice: Choice{Min: o.config.K, Max: o.config.K}, Restarts: restarts}
	for _, m := range warming {
		task.Summary = append(task.Summary, entryOf(&m.Members, 0, o.population.Metric))
	}
	for _, c := range task.Run().Centres {
		o.place(o.born(o.population.AsOf, nil), c.Position, 0)
	}
	for _, m := range warming {
		o.population.Merge(m, o.nearestBut(m))
	}
	for i, m := range o.centres {
		o.state.Weights[i] = m.Members.N()
	}
}

// Nearest implements [clustering.Engine].
func (o *Online) Nearest(x []float64) clustering.MicroID {
	if len(o.centres) == 0 {
		return 0
	}
	return o.centres[o.state.Nearest(o.population.Clean(x), o.population.Metric)].ID
}
