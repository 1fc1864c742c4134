package aggregate

import "errors"

// Expression computes a feature from the values of those before it in [Plan.Names],
// filled and clipped but not transformed, NaN where there is none. What is not finite is
// no value. It must depend on them alone, be safe for concurrent use, and not keep them.
type Expression func(before []float64) float64

// CompileExpression makes an expression of its text; names are those of the values that
// it will get, which are those that it has in it by [Named], and others.
type CompileExpression func(text string, names []string) (Expression, error)

// Option is an option of [Compile].
type Option func(*Plan)

// WithExpressions says in which language expressions are written. Specs hold their text,
// so that they can be stored and compiled again.
func WithExpressions(compile CompileExpression) Option {
	return func(p *Plan) { p.compileExpression = compile }
}

var errNoExpressions = errors.New("there is no language for expressions: pass WithExpressions to Compile")
