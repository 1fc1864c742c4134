package population

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/identity"
)

// Config says what is special about the population of an engine.
type Config struct {
	Name     string           // of the engine, for errors: "a k-means tree"
	Version  byte             // of its records, below 128
	Order    iter.Seq[*Micro] // that All has; nil: that of their numbers
	HalfLife float64          // in which weights fade to a half, in the units of Weigh; 0: they do not
	Outliers bool             // micro-clusters may be in no segment while there are some
	Weight   cf.Weight        // of a dimension in the distance; nil: 1
	Scaling  cf.Scaling       // of the distance
}

// Population is micro-clusters and the segments that they belong to.
type Population struct {
	Metric      *cf.Metric // in force; see SetMetric
	Segments    []*Segment // in the order of their numbers
	Lineage     *identity.Tracker
	Weight      float64            // of all vectors, before Fade
	Last        clustering.MicroID // given out
	Refinements uint64             // in effect
	AsOf        int64              // newest time so far; math.MinInt64: none
	Landmark    int64              // time at which a vector weighs 1

	config  Config
	micros  map[clustering.MicroID]*Micro
	aliases map[clustering.MicroID]*alias
	cleaned []float64 // scratch

	changed         []*Micro // since they were saved, as are those below
	changedAliases  []clustering.MicroID
	changedSegments []*Segment
	newMetric       bool

	loading bool // until Ready
	began   bool // a header was loaded
}

// New makes an empty population.
func New(config Config) *Population {
	p := &Population{
		Metric: &cf.Metric{}, Lineage: identity.NewTracker(), AsOf: math.MinInt64, config: config,
		micros: map[clustering.MicroID]*Micro{}, aliases: map[clustering.MicroID]*alias{},
	}
	if p.config.Order == nil {
		p.config.Order = p.ByID()
	}
	return p
}

// All are the micro-clusters, in the order of the engine. None may come or go meanwhile.
func (p *Population) All() iter.Seq[*Micro] { return p.config.Order }

// ByID is All in the order of their numbers. O(n·log n).
func (p *Population) ByID() iter.Seq[*Micro] {
	return func(yield func(*Micro) bool) {
		for _, id := range slices.Sorted(maps.Keys(p.micros)) {
			if !yield(p.micros[id]) {
				return
			}
		}
	}
}

// Len is the number of micro-clusters.
func (p *Population) Len() int { return len(p.micros) }

// Clean makes what is missing NaN, in a copy if need be: valid until it is called next.
func (p *Population) Clean(x []float64) []float64 {
	for j, v := range x {
		if v != v || !cf.Missing(v) {
			continue
		}
		p.cleaned = append(p.cleaned[:0], x...)
		for i := j; i < len(x); i++ {
			if cf.Missing(x[i]) {
				p.cleaned[i] = math.NaN()
			}
		}
		return p.cleaned
	}
	return x
}

// SetMetric puts a metric in force.
func (p *Population) SetMetric(m *cf.Metric) { p.Metric, p.newMetric = m, true }

// Measure renews the metric from the population. While that warms up, it is provisional.
// O(segments·d); O(micro-clusters·d) where scaling is robust, or there are no segments.
func (p *Population) Measure(provisional bool) {
	var parts []*cf.Feature
	if p.config.Scaling == cf.Robust {
		for m := range p.All() {
			parts = append(parts, &m.Members)
		}
	}
	metric := cf.NewMetric(p.config.Scaling, p.whole(), parts, p.config.Weight)
	if provisional {
		metric = metric.Provisional()
	}
	p.SetMetric(metric)
}

// parts are the cluster features of the segments and of what is in none.
func (p *Population) parts() iter.Seq[*cf.Feature] {
	return func(yield func(*cf.Feature) bool) {
		for _, s := range p.Segments {
			if !yield(s.Members) {
				return
			}
		}
		if len(p.Segments) > 0 && !p.config.Outliers {
			return
		}
		for m := range p.All() {
			if m.Segment == nil && !yield(&m.Members) {
				return
			}
		}
	}
}

// whole is the cluster feature of all vectors.
func (p *Population) whole() *cf.Feature {
	all := &cf.Feature{}
	for f := range p.parts() {
		all.Merge(f)
	}
	return all
}

// mean is that of all vectors in one dimension.
func (p *Population) mean(j int) float64 {
	if len(p.Segments) == 0 {
		return p.whole().Mean(j)
	}
	sum, weight := 0.0, 0.0
	for f := range p.parts() {
		if n := f.Observed(j); n > 0 {
			weight += n
			sum += n / weight * (f.Mean(j) - sum) // a running mean: it does not overflow
		}
	}
	if weight == 0 {
		return math.NaN()
	}
	return sum
}

// Sum adds up the weight, and the members of all segments, anew from the micro-clusters.
// O(micro-clusters·d).
func (p *Population) Sum() {
	members := p.newSums()
	p.Weight = 0
	for m := range p.All() {
		p.Weight += m.Members.N()
		if m.Segment != nil {
			members[m.Segment].Merge(&m.Members)
		}
	}
	for _, s := range p.Segments {
		if !s.sole {
			s.Members = members[s]
			p.touchSegment(s)
		}
	}
}

// newSums has an empty cluster feature for each segment.
func (p *Population) newSums() map[*Segment]*cf.Feature {
	members := map[*Segment]*cf.Feature{}
	for _, s := range p.Segments {
		members[s] = &cf.Feature{}
	}
	return members
}

// Inherit makes an empty population go on from the lineage of another one. It returns the
// segments that live, which are still to be added.
func (p *Population) Inherit(lineage []byte, refinements uint64) ([]clustering.SegmentID, error) {
	tracker, err := identity.Decode(lineage)
	if err != nil {
		return nil, fmt.Errorf("inheriting segments: %w", err)
	}
	tracker.Touch()
	p.Lineage, p.Refinements = tracker, refinements
	return tracker.Living(), nil
}

var (
	errNotHeld = errors.New("nobody holds this number: each that Insert returned may be used once, by Retract or Release")
	errFading  = errors.New("retracting a vector: it fades, and leaves by itself: use no HalfLife where vectors are retracted")
)
