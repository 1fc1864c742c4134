package aggregate_test

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// purchase is an event as a test writes it.
type purchase struct {
	at       time.Time
	kind     string
	amount   float64 // NaN: null
	category string  // "": null
}

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
		}
		out.Columns = append(out.Columns, value)
	}
	return out
}

// naive computes a feature by plain loops over all events of a customer, from the
// definitions and without state. A mix is asked for by the name of one share.
func naive(spec aggregate.Spec, share string, events []purchase, asOf time.Time) float64 {
	fade := func(at time.Time) float64 {
		if spec.HalfLife == 0 {
			return 1
		}
		return math.Pow(0.5, float64(asOf.Sub(at))/float64(spec.HalfLife))
	}
	matching := func(on []string) (out []purchase) {
		for _, e := range events {
			null := spec.Of == "amount" && math.IsNaN(e.amount) || spec.Of == "category" && e.category == ""
			if !null && (len(on) == 0 || slices.Contains(on, e.kind)) {
				out = append(out, e)
			}
		}
		return out
	}
	weigh := func(events []purchase, value func(purchase) float64) (total float64) {
		for _, e := range events {
			total += fade(e.at) * value(e)
		}
		return total
	}
	one := func(purchase) float64 { return 1 }
	amount := func(e purchase) float64 { return e.amount }

	on := matching(spec.On)
	switch spec.Agg {
	case aggregate.Count:
		return weigh(on, one)
	case aggregate.Sum:
		return weigh(on, amount)
	case aggregate.Mean:
		return weigh(on, amount) / weigh(on, one)
	case aggregate.Ratio:
		return weigh(on, one) / weigh(matching(spec.To), one)
	case aggregate.Mix:
		return weigh(on, func(e purchase) float64 {
			listed := slices.Contains(spec.Values, e.category)
			if e.category == share || share == "other" && !listed {
				return 1
			}
			return 0
		}) / weigh(on, one)
	case aggregate.SinceLast:
		if len(on) == 0 {
			return math.NaN()
		}
		newest := slices.MaxFunc(on, func(a, b purchase) int { return a.at.Compare(b.at) })
		return float64(asOf.Sub(newest.at)) / float64(unit(spec.Unit, time.Second))
	case aggregate.Rate:
		per := unit(spec.Per, 24*time.Hour)
		oldest := slices.MinFunc(events, func(a, b purchase) int { return a.at.Compare(b.at) })
		age := max(asOf.Sub(oldest.at), per)
		exposure := float64(age)
		if spec.HalfLife > 0 {
			tau := float64(spec.HalfLife) / math.Ln2
			exposure = tau * (1 - math.Exp(-float64(age)/tau))
		}
		return weigh(on, one) / exposure * float64(per)
	}
	panic(spec.Agg)
}

func unit(name string, standard time.Duration) time.Duration {
	switch strings.TrimSuffix(name, "s") {
	case "second":
		return time.Second
	case "hour":
		return time.Hour
	case "day":
		return 24 * time.Hour
	}
	return standard
}
