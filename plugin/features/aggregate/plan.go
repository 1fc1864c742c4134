package aggregate

import (
	"fmt"
	"slices"
	"time"
)

// Plan computes a set of features. It is immutable, and safe for concurrent use.
type Plan struct {
	specs     []Spec
	features  []feature
	names     []string
	measures  []measure
	registers int // of all measures
	columns   []Column

	byKind  map[string][]int // measures that an event of the kind belongs to
	anyKind []int            // measures that an event of any other kind belongs to
}

// feature is one number to read: which measures it is made of, and how.
type feature struct {
	spec    Spec
	measure int
	to      int           // the divisor of a ratio
	share   int           // of a mix: place among the weights
	unit    time.Duration // of since_last and rate
}

// Compile checks the specs and finds the least that has to be kept for them. The
// error names the field of the spec, such as features[3].half_life.
func Compile(specs []Spec) (*Plan, error) {
	p := &Plan{specs: slices.Clone(specs)}
	for i, spec := range specs {
		if err := spec.check(); err != nil {
			return nil, fmt.Errorf("features[%d].%w", i, err)
		}
		if err := p.add(spec); err != nil {
			return nil, fmt.Errorf("features[%d].%w", i, err)
		}
	}
	for i, name := range p.names {
		if slices.Contains(p.names[:i], name) {
			return nil, fmt.Errorf("features: %q is the name of two features: rename one", name)
		}
	}
	p.indexKinds()
	return p, nil
}

// Specs are those that the plan was compiled from.
func (p *Plan) Specs() []Spec { return slices.Clone(p.specs) }

func (p *Plan) add(spec Spec) (err error) {
	f := feature{spec: spec}
	switch spec.Agg {
	case SinceLast:
		f.unit, err = unitOf(spec.Unit, "seconds")
		if err != nil {
			return fmt.Errorf("unit %w", err)
		}
		f.measure = p.measure(formEvents, spec.On, spec)
	case Rate:
		f.unit, err = unitOf(spec.Per, "day")
		if err != nil {
			return fmt.Errorf("per %w", err)
		}
		f.measure = p.measure(formEvents, spec.On, spec)
	case Count:
		f.measure = p.measure(formEvents, spec.On, spec)
	case Ratio:
		f.measure = p.measure(formEvents, spec.On, spec)
		f.to = p.measure(formEvents, spec.To, spec)
	case Sum, Mean:
		f.measure = p.measure(formSum, spec.On, spec)
	case Mix:
		f.measure = p.measure(formMix, spec.On, spec)
		values := p.measures[f.measure].Values
		for _, value := range append(slices.Clone(spec.Values), other) {
			f.share = len(values)
			if value != other {
				f.share = slices.Index(values, value)
			}
			p.features = append(p.features, f)
			p.names = append(p.names, spec.Name+"."+value)
		}
		return nil
	}
	p.features = append(p.features, f)
	p.names = append(p.names, spec.Name)
	return nil
}

// measure finds or adds the measure that a feature needs.
func (p *Plan) measure(form form, on []string, spec Spec) int {
	m := measure{Form: form, On: sorted(on), Of: spec.Of, HalfLife: spec.HalfLife, column: -1, first: p.registers}
	as := AsAnything
	switch form {
	case formSum:
		as = AsNumber
	case formMix:
		as = AsText
		m.Values = sorted(spec.Values)
	}
	if found := slices.IndexFunc(p.measures, func(o measure) bool { return o.same(&m) }); found >= 0 {
		return found
	}
	if m.Of != "" {
		m.column = p.column(Column{m.Of, as})
	}
	p.registers += m.registers()
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

// Columns are the columns that [Event.Columns] must have, in this order. It is
// shared: do not modify it.
func (p *Plan) Columns() []Column { return p.columns }
