package population_test

import (
	"fmt"
	"math"

	"github.com/shoal-stream/shoal/plugin/features/population"
)

// Three customers vote for two features; then one of them is erased.
func Example() {
	slate, _, err := population.Slate{}.With("count of purchases", "mean amount")
	if err != nil {
		panic(err)
	}
	var people population.Population
	poll := people.Poll(slate, "mean amount", "count of purchases") // in the order of the configuration

	var ada, ben, cleo population.Ballot
	batch := people.Begin()
	for ballot, values := range map[*population.Ballot][]float64{
		&ada: {20, 1}, &ben: {30, 3}, &cleo: {math.NaN(), 0},
	} {
		if err := batch.Cast(poll, ballot, values); err != nil {
			panic(err)
		}
	}
	purchases, _ := poll.Quantile(1, 0.5)
	amount, _ := poll.Mean(0)
	fmt.Println("median of purchases", purchases, "mean amount", amount, "of", poll.Count(0))

	if err := batch.Withdraw(&ben); err != nil {
		panic(err)
	}
	purchases, _ = poll.Quantile(1, 0.5)
	amount, _ = poll.Mean(0)
	fmt.Println("median of purchases", purchases, "mean amount", amount, "of", poll.Count(0))

	batch.Done(nil) // nothing was written, so all of it is taken back
	_, ok := poll.Quantile(1, 0.5)
	fmt.Println(ok)
	// Output:
	// median of purchases 1 mean amount 25 of 2
	// median of purchases 0.5 mean amount 20 of 1
	// false
}
