package features

import (
	"strings"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// logChange tells an operator, once, what another list of features means for the state that
// is there: which begin with the events that come, and which are no longer kept. What is
// read in another way from the same state, such as under another name, is neither.
func (x *extract) logChange(stored []byte) {
	old, err := decodeSpecs(stored)
	if err != nil {
		return // of another version, and written anew
	}
	begun, gone := compareSpecs(old, x.plan.Specs())
	if len(begun)+len(gone) == 0 {
		return
	}
	x.logger.Infof("feature_extract: feature set %q is defined anew (%s); all others go on", x.set, strings.Join(append(
		listed(begun, "new, begun with the events that come"),
		listed(gone, "no longer kept")...), "; "))
}

// listed are names and what is to say of them; nothing without names.
func listed(names []string, what string) []string {
	if len(names) == 0 {
		return nil
	}
	return []string{what + ": " + strings.Join(names, ", ")}
}

// compareSpecs names the features that need what was not kept before, and those that there
// are no more.
func compareSpecs(old, now []aggregate.Spec) (begun, gone []string) {
	var kept aggregate.Layout
	if plan, err := aggregate.Compile(old, aggregate.WithExpressions(compileExpression)); err == nil {
		kept, _ = kept.With(plan)
	}
	names := map[string]struct{}{}
	for _, spec := range now {
		names[spec.Name] = struct{}{}
		plan, err := aggregate.Compile([]aggregate.Spec{spec})
		if err != nil {
			continue // it is made of others, and keeps nothing of its own
		}
		if _, grew := kept.With(plan); grew {
			begun = append(begun, spec.Name)
		}
	}
	for _, spec := range old {
		if _, there := names[spec.Name]; !there {
			gone = append(gone, spec.Name)
		}
	}
	return begun, gone
}
