package aggregate_test

import (
	"testing"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// BenchmarkEvent is all that an event costs here: decode, apply, encode, read, with
// eight features of a shop.
func BenchmarkEvent(b *testing.B) {
	purchases := []string{"purchase"}
	plan := compile(b,
		aggregate.Spec{Name: "recency", Agg: aggregate.SinceLast, On: purchases, Unit: "days"},
		aggregate.Spec{Name: "orders", Agg: aggregate.Count, On: purchases},
		aggregate.Spec{Name: "spend", Agg: aggregate.Sum, On: purchases, Of: "amount", HalfLife: 60 * day},
		aggregate.Spec{Name: "basket", Agg: aggregate.Mean, On: purchases, Of: "amount"},
		aggregate.Spec{Name: "contacts", Agg: aggregate.Rate, On: []string{"support", "chat"}, HalfLife: 30 * day, Per: "day"},
		aggregate.Spec{Name: "returns", Agg: aggregate.Ratio, On: []string{"return"}, To: purchases, HalfLife: 365 * day},
		aggregate.Spec{Name: "taste", Agg: aggregate.Mix, On: purchases, Of: "category", Values: []string{"shoes", "bags"}},
		aggregate.Spec{Name: "activity", Agg: aggregate.Rate, HalfLife: 30 * day},
	)
	codec, _ := codecFor(b, plan)
	var events []*aggregate.Event
	for i, kind := range []string{"purchase", "support", "purchase", "return"} {
		events = append(events, purchase{at: start.Add(day * 30 * 4), kind: kind, amount: 12.34 * float64(i+1), category: "shoes"}.event(plan))
	}
	record := codec.Append(nil, apply(plan, []purchase{{at: start, kind: "purchase", amount: 99.95, category: "bags"}, {at: start, kind: "chat"}}))
	var c aggregate.Profile
	var features []float64
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := codec.Decode(record, &c); err != nil {
			b.Fatal(err)
		}
		e := events[i%len(events)]
		e.At += int64(day) / 100
		i++
		plan.Apply(&c, e)
		record = codec.Append(record[:0], &c)
		features = plan.Features(features[:0], &c, c.Newest)
	}
	b.ReportMetric(float64(len(record)), "bytes/record")
}
