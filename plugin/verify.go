package plugin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

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
		fmt.Fprintf(&b, "feature set %q: %s\n", set, english.Plural(r.Profiles[set], "profile", ""))
	}
	for _, model := range slices.Sorted(maps.Keys(r.Models)) {
		fmt.Fprintf(&b, "model %q: %s\n", model, english.Plural(r.Models[model], "customer", ""))
	}
	if r.Erased > 0 {
		fmt.Fprintf(&b, "erased: %s\n", english.Plural(r.Erased, "customer", ""))
	}
	b.WriteString("all invariants hold\n")
	return b.String()
}

// Verify walks the whole store, as it is at one instant, and proves its invariants:
// every record can be read; the ledger is consistent; each model's cluster features
// are the sums of its contributions; segment sizes add up; every contribution points
// at a live micro-cluster; nobody is there who was erased. It errs at the first that does not hold, which is
// [store.ErrDamaged].
func Verify(ctx context.Context, s *store.Store) (report Report, err error) {
	err = s.View(ctx, func(r store.Reader) error { return store.Damaged(report.fill(r)) })
	return report, err
}

func (r *Report) fill(state store.Reader) (err error) {
	if err := ledger.Check(state); err != nil {
		return err
	}
	if r.Profiles, err = features.Check(state); err != nil {
		return err
	}
	if r.Models, err = segments.Check(state); err != nil {
		return err
	}
	r.Erased, err = store.CheckTombstones(state)
	return err
}
