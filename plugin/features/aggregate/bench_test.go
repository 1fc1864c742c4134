package aggregate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// shop are features of a shop, the first eight of them those that most begin with.
var shop = []aggregate.Spec{
	{Name: "recency", Agg: aggregate.SinceLast, On: purchases, Unit: "days"},
	{Name: "orders", Agg: aggregate.Count, On: purchases},
	{Name: "spend", Agg: aggregate.Sum, On: purchases, Of: "amount", HalfLife: 60 * day},
	{Name: "basket", Agg: aggregate.Mean, On: purchases, Of: "amount"},
	{Name: "contacts", Agg: aggregate.Rate, On: []string{"support", "chat"}, HalfLife: 30 * day, Per: "day"},
	{Name: "returns", Agg: aggregate.Ratio, On: []string{"return"}, To: purchases, HalfLife: 365 * day},
	{Name: "taste", Agg: aggregate.Mix, On: purchases, Of: "category", Values: []string{"shoes", "bags"}},
	{Name: "activity", Agg: aggregate.Rate, HalfLife: 30 * day},

	{Name: "orders_90d", Agg: aggregate.Count, On: purchases, Window: 90 * day},
	{Name: "spend_90d", Agg: aggregate.Sum, On: purchases, Of: "amount", Window: 90 * day},
	{Name: "spend_365d", Agg: aggregate.Sum, On: purchases, Of: "amount", Window: 365 * day},
	{Name: "tenure", Agg: aggregate.SinceFirst, On: purchases, Unit: "days"},
	{Name: "interval", Agg: aggregate.Interval, On: purchases, Unit: "days"},
	{Name: "overdue", Agg: aggregate.Overdue, On: purchases},
	{Name: "regularity", Agg: aggregate.Regularity, On: purchases},
	{Name: "spread", Agg: aggregate.StdDev, On: purchases, Of: "amount"},
	{Name: "greatest", Agg: aggregate.Max, On: purchases, Of: "amount"},
	{Name: "last_basket", Agg: aggregate.Last, On: purchases, Of: "amount"},
	{Name: "days", Agg: aggregate.ActiveDays, On: purchases},
	{Name: "variety", Agg: aggregate.Distinct, On: purchases, Of: "category"},

	{Name: "p90", Agg: aggregate.Quantile, On: purchases, Of: "amount", Q: new(0.9)},
	{Name: "deals", Agg: aggregate.Share, On: purchases, When: "deal"},
	{Name: "breadth", Agg: aggregate.Entropy, On: purchases, Of: "category"},
	{Name: "hour", Agg: aggregate.Circular, On: purchases, Period: "day"},
	{Name: "visits", Agg: aggregate.Sessions, On: purchases, Unit: "minutes"},
}

var purchases = []string{"purchase"}

// BenchmarkEvent is all that an event costs here: decode, apply, encode, read, for a
// customer with an event every seven hours.
func BenchmarkEvent(b *testing.B) {
	for _, n := range []int{4, 8, 20, 25} {
		b.Run(fmt.Sprintf("features=%d", n), func(b *testing.B) { benchmarkEvent(b, shop[:n]) })
	}
}

func benchmarkEvent(b *testing.B, specs []aggregate.Spec) {
	plan := compile(b, specs...)
	codec, _ := codecFor(b, plan)
	var events []*aggregate.Event
	for i, kind := range []string{"purchase", "support", "purchase", "return"} {
		events = append(events, purchase{at: start.Add(day * 30 * 4), kind: kind, amount: 12.34 * float64(i+1), category: "shoes", deal: yes}.event(plan))
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
		i++
		e.At = start.Add(day*120 + time.Duration(i)*7*time.Hour).UnixNano()
		plan.Apply(&c, e)
		record = codec.Append(record[:0], &c)
		features = plan.Features(features[:0], &c, c.Newest, nil)
	}
	b.ReportMetric(float64(len(record)), "bytes/record")
}
