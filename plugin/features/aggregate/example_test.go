package aggregate_test

import (
	"fmt"
	"time"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// Three features of one customer, who buys twice and then asks a question.
func Example() {
	plan, err := aggregate.Compile([]aggregate.Spec{
		{Name: "orders", Agg: aggregate.Count, On: []string{"purchase"}},
		{Name: "spend", Agg: aggregate.Sum, On: []string{"purchase"}, Of: "amount", HalfLife: 24 * time.Hour},
		{Name: "recency", Agg: aggregate.SinceLast, On: []string{"purchase"}, Unit: "hours"},
	})
	if err != nil {
		panic(err)
	}
	start := time.Date(2011, 6, 1, 10, 0, 0, 0, time.UTC)
	amount := func(x float64) []aggregate.Value { return []aggregate.Value{aggregate.Number(x)} }

	var customer aggregate.Profile
	plan.Reset(&customer)
	plan.Apply(&customer, &aggregate.Event{At: start.UnixNano(), Kind: "purchase", Columns: amount(100)})
	plan.Apply(&customer, &aggregate.Event{At: start.Add(24 * time.Hour).UnixNano(), Kind: "purchase", Columns: amount(30)})
	plan.Apply(&customer, &aggregate.Event{At: start.Add(48 * time.Hour).UnixNano(), Kind: "question", Columns: make([]aggregate.Value, 1)})

	features := plan.Features(nil, &customer, customer.Newest, nil)
	for i, name := range plan.Names() {
		fmt.Println(name, features[i])
	}
	// Output:
	// orders 2
	// spend 40
	// recency 24
}

// A feature is added between two starts of a program. The layout, kept beside the
// records, lets the new program read what the old one wrote.
func ExampleLayout() {
	orders := aggregate.Spec{Name: "orders", Agg: aggregate.Count}
	old, _ := aggregate.Compile([]aggregate.Spec{orders})
	layout, _ := aggregate.Layout{}.With(old)
	codec, _ := layout.Codec(old)

	var customer aggregate.Profile
	old.Reset(&customer)
	old.Apply(&customer, &aggregate.Event{At: 1})
	record, stored := codec.Append(nil, &customer), layout.Append(nil)

	plan, _ := aggregate.Compile([]aggregate.Spec{{Name: "spend", Agg: aggregate.Sum, Of: "amount"}, orders})
	layout, _ = aggregate.DecodeLayout(stored)
	layout, grew := layout.With(plan)
	codec, _ = layout.Codec(plan)
	_ = codec.Decode(record, &customer)
	fmt.Println(grew, plan.Names(), plan.Features(nil, &customer, customer.Newest, nil))
	// Output:
	// true [spend orders] [0 1]
}

// What happened is known in two places, and put together in a third.
func ExamplePlan_Merge() {
	plan, _ := aggregate.Compile([]aggregate.Spec{
		{Name: "orders_30d", Agg: aggregate.Count, Window: 30 * 24 * time.Hour},
		{Name: "largest", Agg: aggregate.Max, Of: "amount"},
	})
	start := time.Date(2011, 6, 1, 10, 0, 0, 0, time.UTC)
	buy := func(c *aggregate.Profile, day int, amount float64) {
		at := start.Add(time.Duration(day) * 24 * time.Hour)
		plan.Apply(c, &aggregate.Event{At: at.UnixNano(), Columns: []aggregate.Value{aggregate.Number(amount)}})
	}
	var shop, web aggregate.Profile
	plan.Reset(&shop)
	plan.Reset(&web)
	buy(&shop, 0, 80)
	buy(&shop, 50, 20)
	buy(&web, 40, 35)

	plan.Merge(&shop, &web)
	fmt.Println(plan.Names(), plan.Features(nil, &shop, shop.Newest, nil))
	// Output:
	// [orders_30d largest] [2 80]
}
