package aggregate

// Event is one event as the aggregates see it.
type Event struct {
	At      int64   // event time, Unix nanoseconds
	Kind    string  // "" when it has none
	Columns []Value // in the order of [Plan.Columns]
}

// Value is the value of a column. The zero Value is null.
type Value struct {
	present bool
	number  float64
	text    string
}

// Number is a value to calculate with. One that is not finite is null.
func Number(x float64) Value {
	return Value{present: finite(x), number: x + 0} // of the two zeros, +0
}

// Text is a category.
func Text(s string) Value { return Value{present: true, text: s} }

// Score is how a text sounds, such as from -1 to 1. One that is not finite is null.
func Score(x float64) Value { return Number(x) }

// Flag is a value for When.
func Flag(b bool) Value {
	if b {
		return Value{present: true, number: 1}
	}
	return Value{present: true}
}

// Anything is a value of which it only matters that it is there.
func Anything() Value { return Value{present: true} }

// Column is a column that a plan reads.
type Column struct {
	Name string
	As   Type
}

// Type is what a plan reads a column as. A column that is read in two ways is two
// columns of a plan.
type Type int

// The types of columns, each made by the function of its name.
const (
	AsAnything Type = iota
	AsNumber
	AsText
	AsScore
	AsFlag
)
