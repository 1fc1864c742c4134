package predict

import (
	"fmt"
	"math"
)

// Model is a model of when customers order.
type Model string

// The models.
const (
	MBGNBD Model = "mbg_nbd" // a customer may leave after each purchase
	BGNBD  Model = "bg_nbd"  // a customer may leave after each repeat purchase
)

// History is what the models know of when a customer ordered. Times are in the unit that
// the parameters are in, days by custom.
type History struct {
	Repeats float64 // purchases after the first
	Recency float64 // time from the first purchase to the last; 0 without repeats
	Age     float64 // time from the first purchase to now
}

// enough is more than there is of anything, and its products are finite.
const enough = 1e30

// sound is the nearest history that there can be.
func (h History) sound() History {
	h.Repeats = min(max(0, math.Floor(h.Repeats)), enough)
	h.Age = min(max(0, h.Age), enough)
	h.Recency = min(max(0, h.Recency), h.Age)
	if h.Repeats == 0 {
		h.Recency = 0
	}
	return h
}

// Orders is a model of a population: the rates of orders have a gamma distribution of shape R
// and rate Alpha, in units of time; the probabilities to leave after one have a beta
// distribution of A and B. All are above 0.
type Orders struct {
	Model          Model
	R, Alpha, A, B float64
}

// PriorOrders is what was found for the customers of a CD shop, CDNOW, in days: what to
// begin with where nothing is known. They are the parameters of the papers, and of their
// kind for the MBG/NBD, with Alpha times seven as these are in weeks.
func PriorOrders(model Model) Orders {
	if model == BGNBD {
		return Orders{Model: BGNBD, R: 0.243, Alpha: 7 * 4.414, A: 0.793, B: 2.426}
	}
	return Orders{Model: MBGNBD, R: 0.525, Alpha: 7 * 6.183, A: 0.891, B: 1.614}
}

// Check errs unless the parameters are those of a population.
func (o Orders) Check() error {
	if o.Model != MBGNBD && o.Model != BGNBD {
		return fmt.Errorf("model %q: use %s or %s", o.Model, MBGNBD, BGNBD)
	}
	return checkParameters(ordersNames, o.parameters())
}

// Parameters names the parameters and gives their values.
func (o Orders) Parameters() (names []string, values []float64) { return ordersNames, o.parameters() }

var ordersNames = []string{"r", "alpha", "a", "b"}

func (o Orders) parameters() []float64 { return []float64{o.R, o.Alpha, o.A, o.B} }

func ordersOf(model Model, p []float64) Orders {
	return Orders{Model: model, R: p[0], Alpha: p[1], A: p[2], B: p[3]}
}

// stays is the number of times that a customer did not leave, if they are there: after each
// purchase or, in the BG/NBD, each repeat purchase.
func (o Orders) stays(repeats float64) float64 {
	if o.Model == BGNBD {
		return repeats
	}
	return repeats + 1
}

// Alive is the probability that the customer has not left, from 0 to 1.
func (o Orders) Alive(h History) float64 {
	h = h.sound()
	if o.Model == BGNBD && h.Repeats == 0 {
		return 1
	}
	return 1 / (1 + math.Exp(o.logOdds(h)))
}

// logOdds is the logarithm of the odds that the customer left after the last purchase.
func (o Orders) logOdds(h History) float64 {
	silence := math.Log1p((h.Age - h.Recency) / (o.Alpha + h.Recency))
	return math.Log(o.A) - math.Log(o.B+(o.stays(h.Repeats)-1)) + (o.R+h.Repeats)*silence
}

// Expected is the number of orders to expect from now on until the horizon, a time. It takes
// a sum of some tens of terms: more for a horizon much longer than the age of the customer.
func (o Orders) Expected(h History, horizon float64) float64 {
	h = h.sound()
	return o.Alive(h) * o.future(h).until(horizon)
}

// future is that of a customer who is there: after each order they leave with a probability
// of the beta distribution, now that they have stayed so often.
func (o Orders) future(h History) future {
	return future{r: o.R + h.Repeats, alpha: o.Alpha + h.Age, a: o.A, b: o.B + o.stays(h.Repeats)}
}

// checkParameters errs unless all are above 0 and finite, and so are their products.
func checkParameters(names []string, values []float64) error {
	for i, v := range values {
		if !(v >= 1/enough && v <= enough) {
			return fmt.Errorf("parameter %s %v: use a number from %v to %v", names[i], v, 1/enough, enough)
		}
	}
	return nil
}
