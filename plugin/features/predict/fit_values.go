package predict

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

var valuesParameters = []parameter{shape("p"), shape("q"), scale("gamma")}

// FitValues finds the parameters of the greatest likelihood for the customers of a sample,
// beginning at the model start. Customers without orders, or whose mean is not above 0, tell
// nothing and are left out. It errs, with ErrSample or ErrFit, where there are none to go by.
func FitValues(sample []Spending, start Values) (Fitted[Values], error) {
	var none Fitted[Values]
	if err := start.Check(); err != nil {
		return none, fmt.Errorf("where to begin: %w", err)
	}
	l := &valuesLikelihood{}
	for _, s := range slices.SortedFunc(slices.Values(sample), Spending.Compare) {
		if s.Orders > 0 && s.Mean > 0 && s.Orders <= math.MaxFloat64 && s.Mean <= math.MaxFloat64/max(1, s.Orders) {
			l.add(s)
		}
	}
	if l.total < fewest {
		return none, fmt.Errorf("%w: %v customers with values of repeat purchases: it takes %d", ErrSample, l.total, fewest)
	}
	found, log, err := climb(l, valuesParameters, start.parameters())
	if err != nil {
		return none, err
	}
	v := Values{found[0], found[1], found[2]}
	return Fitted[Values]{v, log, int(l.total)}, v.Check()
}

// Compare orders what was spent: by orders and mean.
func (s Spending) Compare(o Spending) int {
	return cmp.Or(cmp.Compare(s.Orders, o.Orders), cmp.Compare(s.Mean, o.Mean))
}

// valuesLikelihood is that of a sample.
type valuesLikelihood struct {
	groups []valuesGroup // by number of orders
	total  float64
}

// valuesGroup are the customers with a number of orders.
type valuesGroup struct {
	orders float64
	means  []float64
}

// add takes customers in order.
func (l *valuesLikelihood) add(s Spending) {
	l.total++
	if n := len(l.groups); n == 0 || l.groups[n-1].orders != s.Orders {
		l.groups = append(l.groups, valuesGroup{orders: s.Orders})
	}
	g := &l.groups[len(l.groups)-1]
	g.means = append(g.means, s.Mean)
}

func (l *valuesLikelihood) customers() float64 { return l.total }

// at adds up, for each customer with x orders of mean m,
//
//	ln G(p*x+q)/G(p*x)/G(q) + q ln gamma - ln m + p*x ln(x*m) - (p*x+q) ln(gamma+x*m)
//
// where G is the gamma function (Fader and Hardie 2013, equation 1a).
func (l *valuesLikelihood) at(parameters, gradient []float64) (log float64) {
	p, q, gamma := parameters[0], parameters[1], parameters[2]
	lnGamma, gammaQ, psiQ := math.Log(gamma), lgamma(q), mathext.Digamma(q)
	var byP, byQ, byGamma float64
	for _, g := range l.groups {
		x, n := g.orders, float64(len(g.means))
		psi := mathext.Digamma(p*x + q)
		log += n * (lgamma(p*x+q) - lgamma(p*x) - gammaQ + q*lnGamma)
		byP += n * x * (psi - mathext.Digamma(p*x))
		byQ += n * (psi - psiQ + lnGamma)
		byGamma += n * q / gamma
		for _, m := range g.means {
			own, all := math.Log(x*m), math.Log(gamma+x*m)
			log += p*x*own - (p*x+q)*all - math.Log(m)
			byP += x * (own - all)
			byQ -= all
			byGamma -= (p*x + q) / (gamma + x*m)
		}
	}
	copy(gradient, []float64{byP, byQ, byGamma})
	return log
}
