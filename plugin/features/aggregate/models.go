package aggregate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shoal-stream/shoal/plugin/features/predict"
)

// Predictions are made by models of the whole population (package predict). What these know of
// a customer is what measures keep; their parameters come from outside, as medians do. Whoever
// has them finds them with [Plan.Models], and fits them to the [Purchases] of customers.

// Defaults of predictions.
const (
	DefaultModel    = predict.MBGNBD
	DefaultHorizon  = 90 * 24 * time.Hour  // of ExpectedOrders
	DefaultLifetime = 365 * 24 * time.Hour // of LifetimeValue
	DefaultDiscount = 0.1                  // a year
)

// GammaGamma is the kind of a model of values: see [predict.Values].
const GammaGamma predict.Model = "gamma_gamma"

// year is what a discount is for, in days.
const year = 365

// Model is a model that features are predicted by. Features that look at the same events in
// the same way share one.
type Model struct {
	// ID says what the model is of: the same for the same model of the same events, whatever
	// the features are called.
	ID string
	// Feature is the name of the first feature that needs it.
	Feature string
	// Kind is that of [predict.Orders], or GammaGamma.
	Kind predict.Model

	days, span int // measures
	total      int // of GammaGamma, as is the next
	opening    int
}

// Models are those that the features need. It is shared: do not modify it.
func (p *Plan) Models() []Model { return p.models }

// ModelsOf are the places of the models that the feature at a place of [Plan.Names] needs.
func (p *Plan) ModelsOf(feature int) []int {
	switch f := &p.features[feature]; f.spec.Agg {
	case PAlive, ExpectedOrders:
		return []int{f.orders}
	case LifetimeValue:
		return []int{f.orders, f.values}
	default:
		return nil
	}
}

// model finds or adds a model.
func (p *Plan) model(kind predict.Model, spec Spec) int {
	seen := Spec{Agg: Aggregate(kind), On: spec.On, Of: spec.Of, When: spec.When}
	m := Model{ID: seen.identity(), Feature: spec.Name, Kind: kind}
	if found := slices.IndexFunc(p.models, func(o Model) bool { return o.ID == m.ID }); found >= 0 {
		return found
	}
	m.days, m.span = p.measure(formDays, spec), p.measure(formSpan, spec)
	if kind == GammaGamma {
		m.total, m.opening = p.measure(formSum, spec), p.measure(formOpening, spec)
	}
	p.models = append(p.models, m)
	return len(p.models) - 1
}

// keepPurchases keeps what predictions of orders are made from.
func keepPurchases(p *Plan, f *feature) error {
	if f.spec.Model == "" {
		f.spec.Model = string(DefaultModel)
	}
	f.orders = p.model(predict.Model(f.spec.Model), f.spec)
	f.measure = p.models[f.orders].days
	return nil
}

// keepValues keeps what predictions of values are made from, too.
func keepValues(p *Plan, f *feature) error {
	if err := keepPurchases(p, f); err != nil {
		return err
	}
	f.values = p.model(GammaGamma, f.spec)
	return nil
}

// Purchases is what models know of a customer: days, in UTC, with events, and what they were
// worth. A day is numbered from 1970 on.
type Purchases struct {
	First, Last int64
	Repeats     uint64  // days after the first
	Mean        float64 // of the sum of a column on such a day: 0 without one, or without any
}

// Day is the number of the day that an instant, in Unix nanoseconds, is on.
func Day(at int64) int64 {
	day, _ := bucketOf(at, dayNanoseconds)
	return day
}

// History is what it is on a day.
func (p Purchases) History(day int64) predict.History {
	return predict.History{
		Repeats: float64(p.Repeats), Recency: float64(p.Last - p.First), Age: float64(max(day, p.Last) - p.First),
	}
}

// Spending is what was spent after the first day.
func (p Purchases) Spending() predict.Spending {
	return predict.Spending{Orders: float64(p.Repeats), Mean: p.Mean}
}

// Purchases is what a model at a place of [Plan.Models] knows of a customer: false when that
// is nothing.
func (p *Plan) Purchases(model int, c *Profile) (known Purchases, ok bool) {
	m := &p.models[model]
	t := c.tallies[m.days]
	if t.n == 0 {
		return known, false
	}
	days, span := c.states[m.days].(*days), c.states[m.span].(*span)
	known = Purchases{First: Day(span.oldest), Last: Day(t.newest), Repeats: days.gone + days.count() - 1}
	if m.Kind == GammaGamma && known.Repeats > 0 {
		total, opening := c.states[m.total].(*sum), c.states[m.opening].(*opening)
		known.Mean = saturate(total.value()-opening.sum.value()) / float64(known.Repeats)
	}
	return known, true
}

// ordersOf is the model of orders of a feature, and what it knows: false when that is nothing.
func (p *Plan) ordersOf(f *feature, c *Profile, population Population, asOf int64) (o predict.Orders, h predict.History, ok bool) {
	known, ok := p.Purchases(f.orders, c)
	if !ok {
		return o, h, false
	}
	fitted := false
	if population != nil {
		o, fitted = population.Orders(f.orders)
	}
	if !fitted {
		o = predict.PriorOrders(p.models[f.orders].Kind)
	}
	return o, known.History(Day(asOf)), true
}

// predicted reads a prediction of orders.
func predicted(read func(o predict.Orders, h predict.History, f *feature) float64) func(*Plan, *feature, *Profile, Population, int64) float64 {
	return func(p *Plan, f *feature, c *Profile, population Population, asOf int64) float64 {
		o, h, ok := p.ordersOf(f, c, population, asOf)
		if !ok {
			return math.NaN()
		}
		return read(o, h, f)
	}
}

func readLifetimeValue(p *Plan, f *feature, c *Profile, population Population, asOf int64) float64 {
	o, h, ok := p.ordersOf(f, c, population, asOf)
	if !ok {
		return math.NaN()
	}
	known, _ := p.Purchases(f.values, c)
	var v predict.Values
	fitted := false
	if population != nil {
		v, fitted = population.Values(f.values)
	}
	if !fitted {
		v = predict.PriorValues()
	}
	discount := DefaultDiscount
	if f.spec.Discount != nil {
		discount = *f.spec.Discount
	}
	return predict.LifetimeValue(o, v, h, known.Spending(), inDays(f.spec.Horizon, DefaultLifetime), predict.Rate(discount, year))
}

// inDays is a duration, or the default, in days.
func inDays(d, standard time.Duration) float64 {
	if d == 0 {
		d = standard
	}
	return d.Hours() / 24
}

// checkPrediction looks at the fields of predictions.
func (s *Spec) checkPrediction() error {
	kinds := []string{string(predict.MBGNBD), string(predict.BGNBD)}
	switch {
	case s.Model != "" && !slices.Contains(kinds, s.Model):
		return fmt.Errorf("model %q: use %s", s.Model, strings.Join(kinds, " or "))
	case s.Horizon < 0 || s.Horizon > 0 && s.Horizon < time.Hour || s.Horizon > MaxHalfLife:
		return fmt.Errorf("horizon %s: use a time from 1h to %s, such as 90d", written(s.Horizon), written(MaxHalfLife))
	case s.Discount != nil && !(*s.Discount >= 0 && *s.Discount <= 10):
		return fmt.Errorf("discount %v: use a share from 0 to 10, such as 0.1 for 10 %% a year", *s.Discount)
	}
	return nil
}
