package predict

// Spending is what the gamma-gamma model knows of what a customer's orders are worth.
type Spending struct {
	Orders float64 // by custom those after the first, as it may be of another kind
	Mean   float64 // what one of them is worth
}

// Values is a model of what the orders of a population are worth, all above 0: those of one
// customer have a gamma distribution of shape P, whose rate has, over the population,
// a gamma distribution of shape Q and rate Gamma, in the unit of the values. Customers who
// order often and seldom are taken to spend the same on an order.
type Values struct{ P, Q, Gamma float64 }

// PriorValues is what was found for CDNOW, in dollars: what to begin with where nothing is
// known.
func PriorValues() Values { return Values{P: 6.25, Q: 3.74, Gamma: 15.45} }

// Check errs unless the parameters are those of a population whose mean is finite.
func (v Values) Check() error {
	if err := checkParameters(valuesNames, v.parameters()); err != nil {
		return err
	}
	if v.Q <= 1 {
		return errMean
	}
	return nil
}

// Parameters names the parameters and gives their values.
func (v Values) Parameters() (names []string, values []float64) { return valuesNames, v.parameters() }

var valuesNames = []string{"p", "q", "gamma"}

func (v Values) parameters() []float64 { return []float64{v.P, v.Q, v.Gamma} }

// Mean is what an order of the customer is expected to be worth: the mean of the population,
// P*Gamma/(Q-1), for one without orders, and ever nearer to their own with each order.
func (v Values) Mean(s Spending) float64 {
	own := v.P * min(max(0, s.Orders), enough)
	others := v.Q - 1
	mean := v.P * v.Gamma / others
	if own == 0 {
		return mean
	}
	return others/(own+others)*mean + own/(own+others)*max(0, s.Mean)
}
