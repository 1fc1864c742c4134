package aggregate

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// VoteIDs says, for each of [Plan.Names], what is voted on: a text that is the same for
// features that have the same value for each customer, whatever their names, their places
// and how they are cleaned. It is empty for a feature whose distribution over the population
// is not needed. It is shared: do not modify it.
func (p *Plan) VoteIDs() []string { return p.voteIDs }

// GoesByPopulation tells that features depend on those of other customers.
func (p *Plan) GoesByPopulation() bool {
	return len(p.models) > 0 || slices.ContainsFunc(p.voteIDs, func(id string) bool { return id != "" })
}

// voteID is that of the next feature.
func (p *Plan) voteID(f *feature, name string) string {
	switch {
	case f.spec.Fill != FillMedian && (f.spec.Clip == nil || f.spec.Clip.Quantiles == nil):
		return ""
	case f.definition == nil:
		return p.expressionID(f.spec.Expression)
	}
	return f.spec.identity() + strings.TrimPrefix(name, f.spec.Name)
}

// expressionID stands for an expression and all features that it may see, as it sees them:
// where one of them changes, who knows what the expression gives.
func (p *Plan) expressionID(text string) string {
	var before []Spec
	for _, f := range p.features {
		if f.output == 0 {
			f.spec.Transform = None
			before = append(before, f.spec)
		}
	}
	seen, err := json.Marshal(before)
	if err != nil {
		panic(err) // strings and finite numbers always encode
	}
	hash := sha256.Sum256(append(seen, text...))
	return "expression " + base64.RawURLEncoding.EncodeToString(hash[:16])
}

// identity is what the aggregate is of, in one way of writing it.
func (s *Spec) identity() string {
	var b strings.Builder
	b.WriteString(string(s.Agg))
	list := func(field string, names []string) {
		if len(names) > 0 {
			fmt.Fprintf(&b, " %s=%q", field, slices.Sorted(slices.Values(names)))
		}
	}
	set := func(field string, value any, there bool) {
		if there {
			fmt.Fprintf(&b, " %s=%v", field, value)
		}
	}
	list("on", s.On)
	list("to", s.To)
	set("of", fmt.Sprintf("%q", s.Of), s.Of != "")
	set("when", fmt.Sprintf("%q", s.When), s.When != "")
	set("half_life", s.HalfLife, s.HalfLife != 0)
	set("window", s.Window, s.Window != 0)
	set("unit", s.Unit, s.Unit != "")
	set("per", s.Per, s.Per != "")
	list("values", s.Values)
	if s.Q != nil {
		set("q", *s.Q, true)
	}
	set("period", s.Period, s.Period != "")
	set("gap", s.Gap, s.Gap != 0)
	set("model", s.Model, s.Model != "")
	set("horizon", s.Horizon, s.Horizon != 0)
	if s.Discount != nil {
		set("discount", *s.Discount, true)
	}
	return b.String()
}
