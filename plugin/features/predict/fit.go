package predict

import (
	"errors"
	"fmt"
	"math"

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

// The parameters of a population are between these, and most are well between: the walls are
// where a fit runs away to.
const (
	least = 1e-5
	most  = 1e7
)

// steepest is how far a customer's mean log-likelihood may be from flat at a maximum.
const steepest = 1e-5

// climb finds the parameters of the greatest likelihood, by the method of Broyden, Fletcher,
// Goldfarb and Shanno. It is deterministic.
func climb(l likelihood, names []string, start []float64) (parameters []float64, log float64, err error) {
	n := len(start)
	parameters = make([]float64, n)
	by := make([]float64, n)
	// Beyond the walls the surface goes up, so that no step goes far beyond.
	wall := func(x float64) (over, inside float64) {
		inside = min(max(x, math.Log(least)), math.Log(most))
		return x - inside, inside
	}
	evaluate := func(x, gradient []float64) float64 {
		over := 0.0
		for i := range x {
			beyond, inside := wall(x[i])
			over += beyond * beyond
			parameters[i] = math.Exp(inside)
		}
		f := over - l.at(parameters, by)/l.customers()
		for i := range gradient {
			beyond, _ := wall(x[i])
			gradient[i] = 2 * beyond
			if beyond == 0 {
				gradient[i] = -by[i] * parameters[i] / l.customers()
			}
		}
		return f
	}
	from := make([]float64, n)
	for i, p := range start {
		_, from[i] = wall(math.Log(p))
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
	log = -evaluate(result.X, gradient) * l.customers()
	for i, p := range parameters {
		if !(math.Abs(gradient[i]) <= steepest) {
			return nil, 0, fmt.Errorf("%w: it has not converged", ErrFit)
		}
		if !(p > 2*least && p < most/2) {
			return nil, 0, fmt.Errorf("%w: parameter %s is %g", ErrFit, names[i], p)
		}
	}
	return parameters, log, nil
}
