package features

import (
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const (
	feFieldPredictions = "predictions"

	fePredictionsEvery  = "fit_every"
	fePredictionsSample = "sample"
	fePredictionsWarmup = "warmup"

	mostSample = 100_000 // customers: a fit of more takes seconds, and is no better
)

// leastEvery is that of events between fits, leastSample that of customers.
const (
	leastEvery  = 100
	mostEvery   = 1 << 40
	leastSample = 10
)

// lintNumber refuses what parsePredictions does.
func lintNumber(field string, least, most int) string {
	return fmt.Sprintf(`root = if this < %[2]d || this > %[3]d {
  [ "%[1]s %%v: use a number from %[2]d to %[3]d".format(this) ]
}`, feFieldPredictions+"."+field, least, most)
}

const lintWarmup = `
let sample = this.sample | 10000
root = if (this.warmup | 200) > $sample / 2 && $sample >= 10 {
  [ "predictions.warmup %v: use half of sample (%v) at most, or there may never be so many".format(this.warmup | 200, $sample) ]
}`

func predictionsField() *service.ConfigField {
	return service.NewObjectField(feFieldPredictions,
		service.NewIntField(fePredictionsEvery).
			Description("The models are fitted at every n-th event that is applied, from 100 on. The fit goes on beside the stream, and takes effect half as many events later. The event that it begins at takes longer, as the sample is sorted and stored: 5 to 20 ms for one of 10,000 customers and four models, more where most of them are gone and others are read in their place. Choose it so that there are some fits in the time in which customers come and go.").
			Default(10_000).LintRule(lintNumber(fePredictionsEvery, leastEvery, mostEvery)),
		service.NewIntField(fePredictionsSample).
			Description(fmt.Sprintf("They are fitted to at most so many customers, those whose keys have the smallest hashes: all who have purchases, or had some before they were forgotten as idle, while there are no more, and between half as many and so many from there on; down to a quarter where many are erased. Up to %d.", mostSample)).
			Default(10_000).LintRule(lintNumber(fePredictionsSample, leastSample, mostSample)),
		service.NewIntField(fePredictionsWarmup).
			Description("How many customers with purchases there have to be in the sample before the first fit.").
			Default(200).LintRule(lintNumber(fePredictionsWarmup, leastSample, mostSample)),
	).LintRule(lintWarmup).Description("How the models that p_alive, expected_orders and lifetime_value are computed by are fitted to the customers.").Advanced()
}

func parsePredictions(conf *service.ParsedConfig) (p predictions, err error) {
	number := func(field string, least, most int) (n int) {
		if err != nil {
			return 0
		}
		if n, err = conf.FieldInt(feFieldPredictions, field); err == nil && (n < least || n > most) {
			err = fmt.Errorf("%s.%s %d: use a number from %d to %d", feFieldPredictions, field, n, least, most)
		}
		return n
	}
	p.every = uint64(number(fePredictionsEvery, leastEvery, mostEvery))
	p.most = number(fePredictionsSample, leastSample, mostSample)
	p.fewest = number(fePredictionsWarmup, leastSample, mostSample)
	if err == nil && p.fewest > p.most/2 {
		err = fmt.Errorf("%s.%s %d: use half of %s (%d) at most, or there may never be so many", feFieldPredictions, fePredictionsWarmup, p.fewest, fePredictionsSample, p.most)
	}
	return p, err
}

// hasModels tells that features are computed by models of the population.
func (x *extract) hasModels() bool { return len(x.plan.Models()) > 0 }
