package predict

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/optimize"
)

// Fitted is what a fit of a model found.
type Fitted[M any] struct {
	Model         M
	LogLikelihood float64 // of the sample
	Customers     int     // in the sample
}

// Errors of fits.
var (
	ErrSample = errors.New("there is too little to fit a model to")
	ErrFit    = errors.New("the fit did not end at the parameters of a population")

	errMean = fmt.Errorf("parameter q is not above 1, so that the mean value of orders is infinite: %w", ErrFit)
)

// likelihood is a model with parameters to look for, by their logarithms: these are free.
type likelihood interface {
	// at is the logarithm of the likelihood at parameters, and its derivative by each of
	// them.
	at(parameters, gradient []float64) float64
	customers() float64
}

// parameter is one to look for, and the walls that it is between: where a fit runs away to if
// there is no maximum, such as when all customers order at the same rate.
type parameter struct {
	name        string
	least, most float64
	held        float64 // weight of the square of its logarithm against the log-likelihood
}

// Shapes are numbers of orders, or of times to stay: those of the papers are around 1.
func shape(name string) parameter { return parameter{name: name, least: 1e-3, most: 1e4} }

// The parameters of a beta distribution may have no maximum where those of the orders have one:
// while nobody leaves, a goes to 0, and where all leave alike, a and b grow without end and only
// their ratio can be told. So they are held near 1, where all shares are as likely, by next
// to nothing: a normal distribution of their logarithms of a deviation of thirty. What a sample
// tells, it tells much louder: the parameters of the papers keep their published digits.
func share(name string) parameter {
	const deviation = 30
	return parameter{name: name, least: 1e-9, most: 1e9, held: 0.5 / (deviation * deviation)}
}

// Scales are in some unit of time or money.
func scale(name string) parameter { return parameter{name: name, least: 1e-9, most: 1e15} }

// steepest is how far a customer's mean log-likelihood may be from flat at a maximum.
const steepest = 1e-5

// climb finds the parameters of the greatest likelihood, by the method of Broyden, Fletcher,
// Goldfarb and Shanno. It is deterministic.
func climb(l likelihood, of []parameter, start []float64) (parameters []float64, log float64, err error) {
	n := len(start)
	parameters = make([]float64, n)
	by := make([]float64, n)
	// Beyond the walls the surface goes up, so that no step goes far beyond.
	wall := func(i int, x float64) (over, inside float64) {
		inside = min(max(x, math.Log(of[i].least)), math.Log(of[i].most))
		return x - inside, inside
	}
	evaluate := func(x, gradient []float64) float64 {
		over := 0.0
		for i := range x {
			beyond, inside := wall(i, x[i])
			over += beyond * beyond
			over += of[i].held * inside * inside / l.customers()
			parameters[i] = math.Exp(inside)
		}
		f := over - l.at(parameters, by)/l.customers()
		for i := range gradient {
			beyond, inside := wall(i, x[i])
			gradient[i] = 2 * beyond
			if beyond == 0 {
				gradient[i] = (2*of[i].held*inside - by[i]*parameters[i]) / l.customers()
			}
		}
		return f
	}
	from := make([]float64, n)
	for i, p := range start {
		_, from[i] = wall(i, math.Log(p))
	}
	gradient := make([]float64, n)
	problem := optimize.Problem{
		Func: func(x []float64) float64 { return evaluate(x, nil) },
		Grad: func(to, x []float64) { evaluate(x, to) },
	}
	result, err := optimize.Minimize(problem, from, &optimize.Settings{
		GradientThreshold: 1e-9,
		Converger:         &optimize.FunctionConverge{Absolute: 1e-13, Iterations: 5},
		MajorIterations:   200,
	}, &optimize.BFGS{})
	if result == nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrFit, err)
	}
	// Close to a maximum a line may have no better point than rounding allows, which is an
	// error of the method and none of ours: what counts is that it is flat there.
	evaluate(result.X, gradient)
	for i, p := range parameters {
		if !(math.Abs(gradient[i]) <= steepest) || !(p > 1.1*of[i].least && p < of[i].most/1.1) {
			return nil, 0, fmt.Errorf("%w, but at%s: there is no greatest likelihood, as where customers order alike, or too few tell how they differ", ErrFit, written(of, parameters))
		}
	}
	return parameters, l.at(parameters, by), nil
}

func written(of []parameter, values []float64) string {
	var text strings.Builder
	for i, p := range of {
		fmt.Fprintf(&text, " %s %.3g", p.name, values[i])
	}
	return text.String()
}
