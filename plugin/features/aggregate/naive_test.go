package aggregate_test

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/predict"
)

// purchase is an event as a test writes it.
type purchase struct {
	at       time.Time
	kind     string
	amount   float64 // NaN: null
	category string  // "": null
	deal     deal
}

// deal is a boolean that may be null.
type deal int

const (
	unknown deal = iota
	yes
	no
)

func (e purchase) event(p *aggregate.Plan) *aggregate.Event {
	out := &aggregate.Event{At: e.at.UnixNano(), Kind: e.kind}
	for _, column := range p.Columns() {
		var value aggregate.Value
		switch {
		case column.Name == "amount" && !math.IsNaN(e.amount) && column.As == aggregate.AsAnything:
			value = aggregate.Anything()
		case column.Name == "amount":
			value = aggregate.Number(e.amount)
		case column.Name == "category" && e.category != "":
			value = aggregate.Text(e.category)
		case column.Name == "deal" && e.deal != unknown:
			value = aggregate.Flag(e.deal == yes)
		}
		out.Columns = append(out.Columns, value)
	}
	return out
}

// life is all events of a customer, looked at as of an instant.
type life struct {
	events []purchase
	asOf   time.Time
}

// matching are the events that a spec looks at, by time.
func (l life) matching(spec aggregate.Spec, on []string, when string) (out []purchase) {
	for _, e := range l.events {
		switch {
		case len(on) > 0 && !slices.Contains(on, e.kind),
			spec.Of == "amount" && math.IsNaN(e.amount),
			spec.Of == "category" && e.category == "",
			when == "deal" && e.deal != yes,
			spec.Window > 0 && spec.Agg != aggregate.ActiveDays && !e.at.After(l.asOf.Add(-spec.Window)):
			continue
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b purchase) int { return a.at.Compare(b.at) })
	return out
}

// naive computes a feature by plain loops over all events of a customer, from the
// definitions and without state. One of several outputs is asked for by its name.
func naive(spec aggregate.Spec, output string, events []purchase, asOf time.Time) float64 {
	l := life{events, asOf}
	on := l.matching(spec, spec.On, spec.When)
	fade := func(e purchase) float64 {
		if spec.HalfLife == 0 {
			return 1
		}
		return math.Pow(0.5, float64(asOf.Sub(e.at))/float64(spec.HalfLife))
	}
	weigh := func(events []purchase, value func(purchase) float64) (total float64) {
		for _, e := range events {
			total += fade(e) * value(e)
		}
		return total
	}
	one := func(purchase) float64 { return 1 }
	amount := func(e purchase) float64 { return e.amount }
	mean := func() float64 { return weigh(on, amount) / weigh(on, one) }
	variance := func() float64 {
		m := mean()
		return weigh(on, func(e purchase) float64 { return (e.amount - m) * (e.amount - m) }) / weigh(on, one)
	}
	amounts := func() (all []float64) {
		for _, e := range on {
			all = append(all, e.amount)
		}
		return all
	}
	times := func(d time.Duration) float64 { return float64(d) / float64(unit(spec.Unit, time.Second)) }

	switch spec.Agg {
	case aggregate.Count:
		return weigh(on, one)
	case aggregate.Sum:
		return weigh(on, amount)
	case aggregate.Ratio:
		return weigh(on, one) / weigh(l.matching(spec, spec.To, spec.When), one)
	case aggregate.Share:
		return weigh(on, one) / weigh(l.matching(spec, spec.On, ""), one)
	case aggregate.Rate:
		per := unit(spec.Per, 24*time.Hour)
		oldest := slices.MinFunc(events, func(a, b purchase) int { return a.at.Compare(b.at) })
		age := max(asOf.Sub(oldest.at), per)
		exposure := float64(age)
		if spec.HalfLife > 0 {
			tau := float64(spec.HalfLife) / math.Ln2
			exposure = tau * (1 - math.Exp(-float64(age)/tau))
		}
		if spec.Window > 0 {
			exposure = min(exposure, float64(spec.Window))
		}
		return weigh(on, one) / exposure * float64(per)
	}
	if len(on) == 0 {
		return math.NaN()
	}
	oldest, newest, n := on[0].at, on[len(on)-1].at, float64(len(on))
	switch spec.Agg {
	case aggregate.Mean, aggregate.Sentiment:
		return mean()
	case aggregate.Variance:
		return variance()
	case aggregate.StdDev:
		return math.Sqrt(variance())
	case aggregate.Min:
		return slices.Min(amounts())
	case aggregate.Max:
		return slices.Max(amounts())
	case aggregate.First:
		return greatestAt(on, oldest)
	case aggregate.Last:
		return greatestAt(on, newest)
	case aggregate.SinceFirst:
		return times(asOf.Sub(oldest))
	case aggregate.SinceLast:
		return times(asOf.Sub(newest))
	case aggregate.Interval:
		if n < 2 {
			return math.NaN()
		}
		return times(newest.Sub(oldest)) / (n - 1)
	case aggregate.Overdue:
		if n < 2 || newest.Equal(oldest) {
			return math.NaN()
		}
		return float64(asOf.Sub(newest)) / (float64(newest.Sub(oldest)) / (n - 1))
	case aggregate.Regularity:
		return naiveRegularity(on[max(0, len(on)-8):])
	case aggregate.ActiveDays:
		seen := map[string]bool{}
		for _, e := range on {
			day := e.at.UTC().Truncate(24 * time.Hour)
			if spec.Window == 0 || day.After(asOf.UTC().Truncate(24*time.Hour).Add(-spec.Window)) {
				seen[day.Format(time.DateOnly)] = true
			}
		}
		if len(seen) == 0 {
			return math.NaN()
		}
		return float64(len(seen))
	case aggregate.Distinct:
		seen := map[string]bool{}
		for _, e := range on {
			seen[e.category] = true
		}
		return float64(len(seen))
	case aggregate.Quantile:
		slices.SortFunc(on, func(a, b purchase) int {
			return int(math.Copysign(1, a.amount-b.amount))
		})
		below := 0.0
		for _, e := range on {
			if below += fade(e); below >= *spec.Q*weigh(on, one)*(1-1e-12) {
				return e.amount
			}
		}
		return math.NaN()
	case aggregate.Mix:
		return weigh(on, func(e purchase) float64 {
			listed := slices.Contains(spec.Values, e.category)
			if e.category == output || output == "other" && !listed {
				return 1
			}
			return 0
		}) / weigh(on, one)
	case aggregate.Entropy, aggregate.Top:
		weights, classes := map[string]float64{}, 8.0
		for _, e := range on {
			class := e.category
			if len(spec.Values) > 0 {
				classes = float64(len(spec.Values) + 1)
				if !slices.Contains(spec.Values, class) {
					class = "other"
				}
			}
			weights[class] += fade(e)
		}
		bits, most := 0.0, 0.0
		for _, w := range weights {
			p := w / weigh(on, one)
			bits -= p * math.Log2(p)
			most = max(most, p)
		}
		if spec.Agg == aggregate.Top {
			return most
		}
		return bits / math.Log2(classes)
	case aggregate.Circular:
		angle := func(e purchase) float64 { return 2 * math.Pi * naivePhase(spec.Period, e.at.UTC()) }
		if output == "sin" {
			return weigh(on, func(e purchase) float64 { return math.Sin(angle(e)) }) / weigh(on, one)
		}
		return weigh(on, func(e purchase) float64 { return math.Cos(angle(e)) }) / weigh(on, one)
	case aggregate.Sessions:
		return naiveSessions(on, spec.Gap, output, times)
	case aggregate.PAlive, aggregate.ExpectedOrders, aggregate.LifetimeValue:
		return naivePrediction(spec, on, asOf)
	case aggregate.ZScore:
		switch deviation := math.Sqrt(variance()); {
		case n < 2:
			return math.NaN()
		case slices.Min(amounts()) == slices.Max(amounts()):
			return 0
		default:
			return (greatestAt(on, newest) - mean()) / deviation
		}
	}
	panic(spec.Agg)
}

func greatestAt(events []purchase, at time.Time) float64 {
	greatest := math.Inf(-1)
	for _, e := range events {
		if e.at.Equal(at) {
			greatest = max(greatest, e.amount)
		}
	}
	return greatest
}

func naiveRegularity(on []purchase) float64 {
	if len(on) < 3 || on[0].at.Equal(on[len(on)-1].at) {
		return math.NaN()
	}
	mean := float64(on[len(on)-1].at.Sub(on[0].at)) / float64(len(on)-1)
	squares := 0.0
	for i := 1; i < len(on); i++ {
		deviation := float64(on[i].at.Sub(on[i-1].at)) - mean
		squares += deviation * deviation
	}
	return 1 / (1 + math.Sqrt(squares/float64(len(on)-1))/mean)
}

func naivePhase(period string, at time.Time) float64 {
	midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	day := at.Sub(midnight).Hours() / 24
	switch period {
	case "week":
		return (float64((at.Weekday()+6)%7) + day) / 7
	case "year":
		length := 365.0
		if time.Date(at.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay() == 366 {
			length = 366
		}
		return (float64(at.YearDay()-1) + day) / length
	default:
		return day
	}
}

func naiveSessions(on []purchase, gap time.Duration, output string, times func(time.Duration) float64) float64 {
	if gap == 0 {
		gap = aggregate.DefaultGap
	}
	n, length, pauses := 1.0, time.Duration(0), time.Duration(0)
	for i := 1; i < len(on); i++ {
		if silence := on[i].at.Sub(on[i-1].at); silence > gap {
			n++
			pauses += silence
		} else {
			length += silence
		}
	}
	switch {
	case output == "count":
		return n
	case output == "length":
		return times(length) / n
	case n < 2:
		return math.NaN()
	default:
		return times(pauses) / (n - 1)
	}
}

func unit(name string, standard time.Duration) time.Duration {
	switch strings.TrimSuffix(name, "s") {
	case "second":
		return time.Second
	case "minute":
		return time.Minute
	case "hour":
		return time.Hour
	case "day":
		return 24 * time.Hour
	case "week":
		return 7 * 24 * time.Hour
	}
	return standard
}

// near tells that events lie where a window that ends now may cut a tile, so that what is
// in it is an estimate. The newest 32 events are never in tiles.
func near(spec aggregate.Spec, events []purchase, asOf time.Time) (n float64) {
	if len(events) <= 32 || spec.Window == 0 || spec.Agg == aggregate.ActiveDays {
		return 0
	}
	cut := asOf.Add(-spec.Window)
	base := 5 * time.Minute
	if spec.Window >= 7*24*time.Hour {
		base = 24 * time.Hour
	}
	width := max(base, spec.Window/6)
	for _, e := range events {
		if away := e.at.Sub(cut).Abs(); away < width {
			n++
		}
	}
	return n
}

// naivePrediction is that of the published parameters, by the days of the events.
func naivePrediction(spec aggregate.Spec, on []purchase, asOf time.Time) float64 {
	date := func(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }
	days := map[time.Time]float64{}
	for _, e := range on {
		days[date(e.at)] += e.amount
	}
	first, last := date(on[0].at), date(on[len(on)-1].at)
	h := predict.History{Repeats: float64(len(days) - 1), Recency: last.Sub(first).Hours() / 24, Age: date(asOf).Sub(first).Hours() / 24}
	model := predict.MBGNBD
	if spec.Model != "" {
		model = predict.Model(spec.Model)
	}
	o, v := predict.PriorOrders(model), predict.PriorValues()
	horizon := func(standard time.Duration) float64 {
		if spec.Horizon > 0 {
			standard = spec.Horizon
		}
		return standard.Hours() / 24
	}
	switch spec.Agg {
	case aggregate.PAlive:
		return o.Alive(h)
	case aggregate.ExpectedOrders:
		return o.Expected(h, horizon(90*24*time.Hour))
	}
	s := predict.Spending{Orders: h.Repeats}
	for day, value := range days {
		if day.After(first) {
			s.Mean += value / s.Orders
		}
	}
	discount := 0.1
	if spec.Discount != nil {
		discount = *spec.Discount
	}
	return predict.LifetimeValue(o, v, h, s, horizon(365*24*time.Hour), math.Log1p(discount)/365)
}
