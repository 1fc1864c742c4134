package plugin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shoal-stream/shoal/plugin/features"
	"github.com/shoal-stream/shoal/plugin/segments"
	"github.com/shoal-stream/shoal/plugin/store"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// Report says what a verified store holds.
type Report struct {
	Profiles map[string]int // customers, by feature set
	Models   map[string]int // customers, by model
	Erased   int            // customers who are remembered as such
}

// String is for people: a line for each feature set and model.
func (r Report) String() string {
	var b strings.Builder
	for _, set := range slices.Sorted(maps.Keys(r.Profiles)) {
		fmt.Fprintf(&b, "feature set %q: %d profiles\n", set, r.Profiles[set])
	}
	for _, model := range slices.Sorted(maps.Keys(r.Models)) {
		fmt.Fprintf(&b, "model %q: %d customers\n", model, r.Models[model])
	}
	if r.Erased > 0 {
		fmt.Fprintf(&b, "erased: %d customers\n", r.Erased)
	}
	b.WriteString("all invariants hold\n")
	return b.String()
}

// Verify walks the whole store, as it is at one instant, and proves its invariants:
// every record can be read; the ledger is consistent; each model's cluster features
// are the sums of its contributions; segment sizes add up; every contribution points
// at a live micro-cluster; nobody is there who was erased. It errs at the first that does not hold.
func Verify(ctx context.Context, s *store.Store) (report Report, err error) {
	err = s.View(ctx, func(r store.Reader) error {
		if err := ledger.Check(r); err != nil {
			return err
		}
		if report.Profiles, err = features.Check(r); err != nil {
			return err
		}
		if report.Models, err = segments.Check(r); err != nil {
			return err
		}
		report.Erased, err = store.CheckTombstones(r)
		return err
	})
	return report, err
}
