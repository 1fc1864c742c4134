package aggregate

import (
	"fmt"
	"slices"
	"time"
)

// Plan computes a set of features. It is immutable, and safe for concurrent use.
type Plan struct {
	specs    []Spec
	features []feature
	names    []string
	measures []measure
	columns  []Column
	models   []Model
	voteIDs  []string // by feature

	byKind  map[string][]int // measures that an event of the kind belongs to
	anyKind []int            // measures that an event of any other kind belongs to

	votedExpressions  bool // an expression is voted on
	compileExpression CompileExpression
}

// feature is one number to read: which measures it is made of, and how.
type feature struct {
	spec       Spec
	definition *definition // nil: an expression
	expression Expression

	measure int
	to      int           // the divisor of a ratio or share, or the last value of a zscore
	orders  int           // model of a prediction
	values  int           // model of a lifetime value
	output  int           // which of several
	unit    time.Duration // of times and rates
}

// Compile checks the specs and finds the least that has to be kept for them. Expressions
// come after the features that they name, the others are in the order of the specs. The
// error names the field of the spec, such as features[3].half_life.
func Compile(specs []Spec, options ...Option) (*Plan, error) {
	p := &Plan{}
	for _, option := range options {
		option(p)
	}
	first := len(p.specs)
	p.specs = slices.Concat(p.specs, specs)
	named := func(i int, err error) error {
		if i < first {
			return fmt.Errorf("feature %q: %w", p.specs[i].Name, err)
		}
		return fmt.Errorf("features[%d].%w", i-first, err)
	}
	order, place, err := inOrder(p.specs)
	if err != nil {
		return nil, named(place, err)
	}
	for _, i := range order {
		if err := p.add(p.specs[i]); err != nil {
			return nil, named(i, err)
		}
	}
	for i, name := range p.names {
		if slices.Contains(p.names[:i], name) {
			return nil, fmt.Errorf("features: %q is the name of two features: rename one", name)
		}
	}
	if n := len(p.names); n > MaxFeatures {
		return nil, fmt.Errorf("features: there are %d with all that have several: use at most %d", n, MaxFeatures)
	}
	p.indexKinds()
	return p, nil
}

// WithFirst puts features before those that are compiled, as a list that is ready to use
// does; errors number the others without them.
func WithFirst(specs []Spec) Option {
	return func(p *Plan) { p.specs = specs }
}

// Specs are those that the plan was compiled from.
func (p *Plan) Specs() []Spec { return slices.Clone(p.specs) }

func (p *Plan) add(spec Spec) error {
	if err := spec.check(); err != nil {
		return err
	}
	f := feature{spec: spec, definition: define(spec.Agg)}
	if f.definition == nil {
		return p.addExpression(f)
	}
	if err := f.definition.keep(p, &f); err != nil {
		field := "unit"
		if spec.Per != "" {
			field = "per"
		}
		return fmt.Errorf("%s %w", field, err)
	}
	if f.definition.outputs == nil {
		p.name(f, spec.Name)
		return nil
	}
	for i, output := range f.definition.outputs(&spec) {
		f.output = i
		p.name(f, spec.Name+"."+output)
	}
	return nil
}

func (p *Plan) addExpression(f feature) (err error) {
	if p.compileExpression == nil {
		return fmt.Errorf("expression: %w", errNoExpressions)
	}
	if f.expression, err = p.compileExpression(f.spec.Expression, slices.Clone(p.names)); err != nil {
		return fmt.Errorf("expression: %w", err)
	}
	p.name(f, f.spec.Name)
	return nil
}

// name makes the feature the next.
func (p *Plan) name(f feature, name string) {
	id := p.voteID(&f, name)
	p.voteIDs = append(p.voteIDs, id)
	p.votedExpressions = p.votedExpressions || f.definition == nil && id != ""
	p.features = append(p.features, f)
	p.names = append(p.names, name)
}

// measure finds or adds a measure that a feature needs.
func (p *Plan) measure(of form, spec Spec) int {
	m := measure{Form: of, On: sorted(spec.On), Of: spec.Of, When: spec.When, HalfLife: spec.HalfLife, Scored: spec.Agg == Sentiment, column: -1, flag: -1}
	switch of {
	case formMix:
		m.Values = sorted(spec.Values)
	case formCircular:
		m.Period = spec.Period
	case formSessions:
		m.Gap = spec.Gap
		if m.Gap == 0 {
			m.Gap = DefaultGap
		}
	case formTiles, formTileSums, formTileMins, formTileMaxs, formTileMoments:
		m.Base = baseOf(spec.Window)
	}
	if found := slices.IndexFunc(p.measures, func(o measure) bool { return o.same(&m) }); found >= 0 {
		return found
	}
	if m.Of != "" {
		m.column = p.column(Column{m.Of, m.columnType()})
	}
	if m.When != "" {
		m.flag = p.column(Column{m.When, AsFlag})
	}
	p.measures = append(p.measures, m)
	return len(p.measures) - 1
}

func (p *Plan) column(c Column) int {
	if found := slices.Index(p.columns, c); found >= 0 {
		return found
	}
	p.columns = append(p.columns, c)
	return len(p.columns) - 1
}

func (p *Plan) indexKinds() {
	p.byKind = map[string][]int{}
	for _, m := range p.measures {
		for _, kind := range m.On {
			p.byKind[kind] = nil
		}
	}
	for i, m := range p.measures {
		if len(m.On) == 0 {
			p.anyKind = append(p.anyKind, i)
		}
		for kind := range p.byKind {
			if len(m.On) == 0 || slices.Contains(m.On, kind) {
				p.byKind[kind] = append(p.byKind[kind], i)
			}
		}
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// Names are the names of the features, in the order of the specs. It is shared:
// do not modify it.
func (p *Plan) Names() []string { return p.names }

// SpecOf is the spec of the feature at a place of [Plan.Names].
func (p *Plan) SpecOf(feature int) Spec { return p.features[feature].spec }

// Columns are the columns that [Event.Columns] must have, in this order. It is
// shared: do not modify it.
func (p *Plan) Columns() []Column { return p.columns }
