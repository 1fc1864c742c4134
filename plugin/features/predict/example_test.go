package predict_test

import (
	"fmt"

	"github.com/shoal-stream/shoal/plugin/features/predict"
)

// Two customers came 270 days ago. One bought once; the other five times more, the last time
// 50 days ago, for 40 each time.
func Example() {
	orders, values := predict.PriorOrders(predict.MBGNBD), predict.PriorValues()
	once := predict.History{Age: 270}
	often := predict.History{Repeats: 5, Recency: 220, Age: 270}

	fmt.Printf("still there: %.2f, %.2f\n", orders.Alive(once), orders.Alive(often))
	fmt.Printf("orders in the next 90 days: %.2f, %.2f\n", orders.Expected(once, 90), orders.Expected(often, 90))
	year := predict.Rate(0.1, 365)
	fmt.Printf("worth in the next year, at 10 %%: %.2f, %.2f\n",
		predict.LifetimeValue(orders, values, once, predict.Spending{}, 365, year),
		predict.LifetimeValue(orders, values, often, predict.Spending{Orders: 5, Mean: 40}, 365, year))

	// Output:
	// still there: 0.39, 0.74
	// orders in the next 90 days: 0.06, 1.07
	// worth in the next year, at 10 %: 6.73, 134.04
}
