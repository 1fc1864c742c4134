package aggregate

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shoal-stream/shoal/plugin/features/predict"
)

// definition is what there is to know of an aggregate.
type definition struct {
	name Aggregate
	// needs and takes are fields of the spec beside on and when, which all take, and what
	// cleans the feature.
	needs, takes string
	// outputs are the names of several features, after that of the spec and a dot.
	outputs func(s *Spec) []string
	// keep finds the measures.
	keep func(p *Plan, f *feature) error
	// read computes the feature, or one of the outputs, as of an instant.
	read func(p *Plan, f *feature, c *Profile, asOf int64) float64
	// predict computes it, instead, from models of the population.
	predict func(p *Plan, f *feature, c *Profile, population Population, asOf int64) float64
}

var definitions = []definition{
	{name: Count, takes: "of window half_life", keep: keepEvents, read: readCount},
	{name: Sum, needs: "of", takes: "window half_life", keep: keepScoped(formSum, formTileSums), read: readSum},
	{name: Mean, needs: "of", takes: "window half_life", keep: keepScoped(formSum, formTileSums), read: readMean},
	{name: Sentiment, needs: "of", takes: "window half_life", keep: keepScoped(formSum, formTileSums), read: readMean},
	{name: Variance, needs: "of", takes: "window half_life", keep: keepScoped(formMoments, formTileMoments), read: readVariance},
	{name: StdDev, needs: "of", takes: "window half_life", keep: keepScoped(formMoments, formTileMoments), read: readDeviation},
	{name: Min, needs: "of", takes: "window", keep: keepScoped(formMin, formTileMins), read: readExtreme},
	{name: Max, needs: "of", takes: "window", keep: keepScoped(formMax, formTileMaxs), read: readExtreme},
	{name: First, needs: "of", keep: keepForm(formFirst), read: reads(func(s *first, _ *feature, _ tally, _ int64) float64 { return s.value })},
	{name: Last, needs: "of", keep: keepForm(formLast), read: reads(func(s *last, _ *feature, _ tally, _ int64) float64 { return s.value })},
	{name: SinceFirst, takes: "of unit", keep: keepForm(formSpan), read: reads(func(s *span, f *feature, _ tally, asOf int64) float64 {
		return lasting(s.oldest, asOf) / float64(f.unit)
	})},
	{name: SinceLast, takes: "of unit", keep: keepForm(formEvents), read: reads(func(_ nothing, f *feature, t tally, asOf int64) float64 {
		return lasting(t.newest, asOf) / float64(f.unit)
	})},
	{name: Rate, takes: "of per window half_life", keep: keepEvents, read: readRate},
	{name: Interval, takes: "of unit", keep: keepForm(formSpan), read: reads(func(s *span, f *feature, t tally, _ int64) float64 {
		return s.interval(t) / float64(f.unit)
	})},
	{name: Regularity, takes: "of", keep: keepForm(formRing), read: reads(func(s *ring, _ *feature, _ tally, _ int64) float64 { return s.regularity() })},
	{name: Overdue, takes: "of", keep: keepForm(formSpan), read: reads(func(s *span, _ *feature, t tally, asOf int64) float64 {
		return lasting(t.newest, asOf) / s.interval(t)
	})},
	{name: ActiveDays, takes: "of window", keep: keepForm(formDays), read: reads(readDays)},
	{name: Distinct, needs: "of", keep: keepForm(formDistinct), read: reads(func(s *distinct, _ *feature, _ tally, _ int64) float64 { return s.count() })},
	{name: Quantile, needs: "of q", takes: "half_life", keep: keepForm(formBuckets), read: reads(func(s *buckets, f *feature, _ tally, _ int64) float64 {
		return s.quantile(*f.spec.Q)
	})},
	{name: Share, needs: "when", takes: "of window half_life", keep: keepShare, read: readRatio},
	{name: Ratio, needs: "to", takes: "window half_life", keep: keepRatio, read: readRatio},
	{name: Mix, needs: "of values", takes: "half_life", outputs: mixOutputs, keep: keepForm(formMix), read: readMix},
	{name: Entropy, needs: "of", takes: "values half_life", keep: keepEntropy, read: readEntropy},
	{name: Top, needs: "of", takes: "half_life", keep: keepForm(formCategories), read: reads(func(s *categories, _ *feature, _ tally, _ int64) float64 { return s.top() })},
	{name: Circular, needs: "period", takes: "of half_life", outputs: outputs("sin", "cos"), keep: keepForm(formCircular), read: reads(readCircular)},
	{name: Sessions, takes: "of gap unit", outputs: outputs("count", "length", "gap"), keep: keepForm(formSessions), read: reads(readSessions)},
	{name: ZScore, needs: "of", takes: "half_life", keep: keepZScore, read: readZScore},
	{name: PAlive, takes: "of model", keep: keepPurchases, predict: predicted(func(o predict.Orders, h predict.History, _ *feature) float64 {
		return o.Alive(h)
	})},
	{name: ExpectedOrders, takes: "of model horizon", keep: keepPurchases, predict: predicted(func(o predict.Orders, h predict.History, f *feature) float64 {
		return o.Expected(h, inDays(f.spec.Horizon, DefaultHorizon))
	})},
	{name: LifetimeValue, needs: "of", takes: "model horizon discount", keep: keepValues, predict: readLifetimeValue},
}

// Aggregates lists all aggregates.
func Aggregates() (all []Aggregate) {
	for _, d := range definitions {
		all = append(all, d.name)
	}
	return all
}

func define(name Aggregate) *definition {
	for i := range definitions {
		if definitions[i].name == name {
			return &definitions[i]
		}
	}
	return nil
}

// need tells that the aggregate does not mean anything without a field.
func (d *definition) need(field string) bool { return slices.Contains(strings.Fields(d.needs), field) }

// take tells that the aggregate knows a field.
func (d *definition) take(field string) bool {
	return d.need(field) || field == "when" || slices.Contains(strings.Fields(d.takes), field)
}

// takers are the aggregates that know a field.
func takers(field string) (all []Aggregate) {
	for i := range definitions {
		if definitions[i].take(field) {
			all = append(all, definitions[i].name)
		}
	}
	return all
}

func outputs(names ...string) func(*Spec) []string {
	return func(*Spec) []string { return names }
}

func mixOutputs(s *Spec) []string { return append(slices.Clone(s.Values), other) }

// keepForm keeps one form, in which units of time are seconds unless set.
func keepForm(of form) func(*Plan, *feature) error {
	return func(p *Plan, f *feature) (err error) {
		f.measure = p.measure(of, f.spec)
		f.unit, err = unitOf(f.spec.Unit, "seconds")
		return err
	}
}

// keepScoped keeps one form for ever or with a half-life, and another for windows.
func keepScoped(ever, tiles form) func(*Plan, *feature) error {
	return func(p *Plan, f *feature) error {
		f.measure = p.measure(scoped(f.spec, ever, tiles), f.spec)
		return nil
	}
}

func scoped(s Spec, ever, tiles form) form {
	if s.Window > 0 {
		return tiles
	}
	return ever
}

// keepEvents keeps the number of events, to be told for each day unless set.
func keepEvents(p *Plan, f *feature) (err error) {
	f.measure = p.measure(scoped(f.spec, formEvents, formTiles), f.spec)
	f.unit, err = unitOf(f.spec.Per, "day")
	return err
}

func keepShare(p *Plan, f *feature) error {
	all := f.spec
	all.When = ""
	f.to = p.measure(scoped(all, formEvents, formTiles), all)
	return keepEvents(p, f)
}

func keepRatio(p *Plan, f *feature) error {
	divisor := f.spec
	divisor.On = f.spec.To
	f.to = p.measure(scoped(divisor, formEvents, formTiles), divisor)
	return keepEvents(p, f)
}

func keepEntropy(p *Plan, f *feature) error {
	if len(f.spec.Values) > 0 {
		return keepForm(formMix)(p, f)
	}
	return keepForm(formCategories)(p, f)
}

func keepZScore(p *Plan, f *feature) error {
	f.measure = p.measure(formMoments, f.spec)
	ever := f.spec
	ever.HalfLife = 0 // the last value is as it is
	f.to = p.measure(formLast, ever)
	return nil
}

// reads gives a function that reads the state of a measure, and no value without events.
func reads[S state](read func(s S, f *feature, t tally, asOf int64) float64) func(*Plan, *feature, *Profile, int64) float64 {
	return func(_ *Plan, f *feature, c *Profile, asOf int64) float64 {
		t := c.tallies[f.measure]
		if t.n == 0 {
			return math.NaN()
		}
		return read(c.states[f.measure].(S), f, t, asOf)
	}
}

// readDays has no value once a window is empty.
func readDays(s *days, f *feature, _ tally, asOf int64) float64 {
	n := s.gone + s.count()
	if f.spec.Window > 0 {
		today, _ := bucketOf(asOf, dayNanoseconds)
		n = s.since(today - int64(f.spec.Window/coarseBase) + 1)
		if n == 0 {
			return math.NaN()
		}
	}
	return float64(n)
}

func readMix(p *Plan, f *feature, c *Profile, _ int64) float64 {
	if c.tallies[f.measure].n == 0 {
		return math.NaN()
	}
	values := p.measures[f.measure].Values
	place := len(values)
	if f.output < len(f.spec.Values) {
		place, _ = slices.BinarySearch(values, f.spec.Values[f.output])
	}
	return c.states[f.measure].(*mix).share(place)
}

func readEntropy(_ *Plan, f *feature, c *Profile, _ int64) float64 {
	if c.tallies[f.measure].n == 0 {
		return math.NaN()
	}
	switch s := c.states[f.measure].(type) {
	case *mix:
		return entropy(s.weights)
	case *categories:
		return s.entropy()
	}
	return math.NaN()
}

func readCircular(s *circular, f *feature, _ tally, _ int64) float64 {
	if f.output == 0 {
		return s.sin / s.weight
	}
	return s.cos / s.weight
}

func readSessions(s *sessions, f *feature, _ tally, _ int64) float64 {
	n, length := s.count()
	switch f.output {
	case 0:
		return n
	case 1:
		return length / n / float64(f.unit)
	default:
		return s.pause() / float64(f.unit)
	}
}

func readZScore(_ *Plan, f *feature, c *Profile, _ int64) float64 {
	if c.tallies[f.measure].n < 2 || c.tallies[f.to].n == 0 {
		return math.NaN()
	}
	m, l := c.states[f.measure].(*moments), c.states[f.to].(*last)
	deviation := math.Sqrt(m.variance())
	if deviation == 0 {
		return 0
	}
	return (l.value - m.mean) / deviation
}

// DefaultGap is the silence that ends a session unless a spec says otherwise.
const DefaultGap = 30 * time.Minute
