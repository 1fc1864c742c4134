package predict

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// fewest is how many customers, and how many of them with a repeat purchase, a fit takes: with
// fewer, the parameters would be those of chance.
const fewest = 10

var ordersParameters = []parameter{shape("r"), scale("alpha"), share("a"), share("b")}

// FitOrders finds the parameters of the greatest likelihood for the customers of a sample,
// beginning at the model start. It errs, with ErrSample or ErrFit, where there are none to
// go by. Where the sample does not tell how customers leave, a is next to 0 if nobody
// seems to, and a and b are large if all seem to alike. Customers with the same history are one of more weight: a million take about
// as long as there are different ones of them.
//
// Time is that of some tens of looks at the sample, of about 0.1 µs for each different
// history.
func FitOrders(sample []History, start Orders) (Fitted[Orders], error) {
	var none Fitted[Orders]
	if err := start.Check(); err != nil {
		return none, fmt.Errorf("where to begin: %w", err)
	}
	l := &ordersLikelihood{model: start.Model}
	repeating := 0
	for _, h := range slices.SortedFunc(slices.Values(sample), History.Compare) {
		if !(h.Repeats >= 0 && h.Recency >= 0 && h.Recency <= h.Age && h.Age <= math.MaxFloat64 && h.Repeats <= math.MaxFloat64) {
			return none, fmt.Errorf("%w: a history in the sample is not from 0 <= recency <= age, or has a number of repeats below 0", ErrSample)
		}
		l.add(h.sound())
		if h.Repeats > 0 {
			repeating++
		}
	}
	if len(sample) < fewest || repeating < fewest {
		return none, fmt.Errorf("%w: %d customers, %d of them with repeat purchases: it takes %d of both", ErrSample, len(sample), repeating, fewest)
	}
	found, log, err := climb(l, ordersParameters, start.parameters())
	if err != nil {
		return none, err
	}
	return Fitted[Orders]{ordersOf(start.Model, found), log, len(sample)}, nil
}

// Compare orders histories: by repeats, recency and age.
func (h History) Compare(o History) int {
	return cmp.Or(cmp.Compare(h.Repeats, o.Repeats), cmp.Compare(h.Recency, o.Recency), cmp.Compare(h.Age, o.Age))
}

// ordersLikelihood is that of a sample.
type ordersLikelihood struct {
	model  Model
	groups []ordersGroup // by number of repeats
	total  float64
}

// ordersGroup are the customers with a number of repeats: most terms are the same for all of
// them.
type ordersGroup struct {
	repeats   float64
	customers float64
	histories []weighted
}

// weighted is so many customers with one history.
type weighted struct{ recency, age, customers float64 }

// add takes customers in order.
func (l *ordersLikelihood) add(h History) {
	l.total++
	if n := len(l.groups); n == 0 || l.groups[n-1].repeats != h.Repeats {
		l.groups = append(l.groups, ordersGroup{repeats: h.Repeats})
	}
	g := &l.groups[len(l.groups)-1]
	g.customers++
	if n := len(g.histories); n > 0 && g.histories[n-1].recency == h.Recency && g.histories[n-1].age == h.Age {
		g.histories[n-1].customers++
		return
	}
	g.histories = append(g.histories, weighted{h.Recency, h.Age, 1})
}

func (l *ordersLikelihood) customers() float64 { return l.total }

// at adds up, for each customer with x repeats, s of them after which they may have left,
//
//	ln G(r+x)/G(r) + r ln alpha + ln B(a, b+s)/B(a, b) +
//	ln((alpha+age)^-(r+x) + a/(b+s-1) * (alpha+recency)^-(r+x))
//
// where G is the gamma and B the beta function. The last term is of those who are still
// there, and of those who left; a customer of the BG/NBD without repeats has not. (Fader,
// Hardie and Lee 2005, equation 6; Batislam et al. 2007, equation 8.)
func (l *ordersLikelihood) at(parameters, gradient []float64) (log float64) {
	r, alpha, a, b := parameters[0], parameters[1], parameters[2], parameters[3]
	o := ordersOf(l.model, parameters)
	lnAlpha := math.Log(alpha)
	gammaR, gammaB, gammaAB := lgamma(r), lgamma(b), lgamma(a+b)
	psiR, psiB, psiAB := mathext.Digamma(r), mathext.Digamma(b), mathext.Digamma(a+b)
	var byR, byAlpha, byA, byB float64
	for _, g := range l.groups {
		x, s, n := g.repeats, o.stays(g.repeats), g.customers
		log += n * (lgamma(r+x) - gammaR + r*lnAlpha + lgamma(b+s) - lgamma(a+b+s) + gammaAB - gammaB)
		byR += n * (mathext.Digamma(r+x) - psiR + lnAlpha)
		byAlpha += n * r / alpha
		psiABS := mathext.Digamma(a + b + s)
		byA += n * (psiAB - psiABS)
		byB += n * (mathext.Digamma(b+s) - psiABS + psiAB - psiB)

		certain := l.model == BGNBD && x == 0
		lnLeft := math.Log(a) - math.Log(b+(s-1))
		for _, h := range g.histories {
			lnAge, lnRecency := math.Log(alpha+h.age), math.Log(alpha+h.recency)
			there := 1.0
			if !certain {
				odds := lnLeft + (r+x)*(lnAge-lnRecency)
				there = 1 / (1 + math.Exp(odds))
				log += h.customers * softplus(odds)
			}
			gone := 1 - there
			log -= h.customers * (r + x) * lnAge
			byR -= h.customers * (there*lnAge + gone*lnRecency)
			byAlpha -= h.customers * (r + x) * (there/(alpha+h.age) + gone/(alpha+h.recency))
			byA += h.customers * gone / a
			if !certain {
				byB -= h.customers * gone / (b + (s - 1))
			}
		}
	}
	copy(gradient, []float64{byR, byAlpha, byA, byB})
	return log
}

// softplus is ln(1+e^x).
func softplus(x float64) float64 {
	if x > 0 {
		return x + math.Log1p(math.Exp(-x))
	}
	return math.Log1p(math.Exp(x))
}

func lgamma(x float64) float64 {
	l, _ := math.Lgamma(x)
	return l
}
