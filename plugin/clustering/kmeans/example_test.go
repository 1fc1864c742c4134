package kmeans_test

import (
	"fmt"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

func ExampleTree() {
	tree, _ := kmeans.NewTree(kmeans.TreeConfig{K: 2, Warmup: 4})
	customers := map[string][]float64{"ann": {1, 20}, "bob": {2, 25}, "cyd": {30, 900}, "dan": {31, 950}}
	ids := map[string]clustering.MicroID{}
	for _, name := range []string{"ann", "bob", "cyd", "dan"} {
		ids[name] = tree.Insert(customers[name], 0)
		tree.Advance()
	}
	fmt.Println("ann and bob together:", tree.Home(ids["ann"]).Segment == tree.Home(ids["bob"]).Segment)

	// Ann becomes like Cyd: her old vector is taken out, and the new one put in.
	_ = tree.Retract(ids["ann"], customers["ann"])
	ids["ann"] = tree.Insert([]float64{29, 910}, 0)
	tree.Advance()
	fmt.Println("ann and cyd together:", tree.Home(ids["ann"]).Segment == tree.Home(ids["cyd"]).Segment)
	for _, s := range tree.Segments() {
		fmt.Printf("%d customers around %.0f\n", int(s.Members.N()), s.Centre)
	}
	// Output:
	// ann and bob together: true
	// ann and cyd together: true
	// 3 customers around [30 920]
	// 1 customers around [2 25]
}

func ExampleOnline() {
	online, _ := kmeans.NewOnline(kmeans.OnlineConfig{K: 2, Centers: [][]float64{{0}, {10}}, Scaling: cf.None})
	for _, x := range []float64{1, 2, 9} {
		id := online.Insert([]float64{x}, 0)
		online.Advance()
		fmt.Printf("%v goes to segment %d\n", x, online.Home(id).Segment)
	}
	// Output:
	// 1 goes to segment 1
	// 2 goes to segment 1
	// 9 goes to segment 2
}
