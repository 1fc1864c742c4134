package features

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store"
)

const fsFieldMinCustomers = "min_customers"

func snapshotSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Replaces a message by a feature set as it stands: how many customers it has, how their features are distributed where that is known, and the models that they are predicted by.").
		Description(`
The message only says when: send one from a `+"`generate`"+` input, for example.

`+"```json"+`
{"feature_set":"default","customers":23570,"as_of":"1997-09-30T00:00:00Z",
 "features":[{"name":"spend","agg":"sum","customers":23570,"quantiles":{"0.05":7.5,"0.25":17.5,"0.5":35.1,"0.75":78.2,"0.95":291.4}},
   {"name":"alive","agg":"p_alive"}],
 "models":[{"model":"mbg_nbd","feature":"alive","features":["alive","orders_90d"],"fitted":true,
   "parameters":{"r":0.52,"alpha":42.9,"a":0.87,"b":1.58},"log_likelihood":-90216.4,"customers":9712,"as_of":"1997-09-28","fits":4,"failed":0,"too_few":1,"dropped":0,"reason":null}]}
`+"```"+`

`+"`as_of`"+` is the newest event time. Features that `+"`missing: median` or `clip: { quantiles: ... }`"+` look at have quantiles, of the `+"`customers`"+` who have a value, each as of their newest event; of the others, none are kept. A quantile is what one of the customers has, to 1 part in 256: of few customers it tells what somebody has, so `+"`quantiles`"+` is null below `+"`min_customers`"+`. A model that is not `+"`fitted`"+` yet has the parameters that all begin with, and neither a log-likelihood nor customers; else these are those of the sample that it was last fitted to, as of a day. Parameters that are times are in days. `+"`failed`"+` counts the fits that left the parameters as they were, `+"`too_few`"+` those for which there were too few customers, `+"`dropped`"+` those that began again as a customer in them was erased; `+"`reason`"+` says why the last one did not succeed, and is null where it did. A feature set that nobody has begun has no customers, features and models.`).
		Fields(
			service.NewStringField(feFieldStore).Description("Label of the `segment_store` that keeps the customers."),
			service.NewStringField(feFieldFeatureSet).Description("Name of the feature set in the store.").Default("default"),
			service.NewIntField(fsFieldMinCustomers).
				Description("How many customers have to have a value of a feature before its quantiles are shown, from 1 on: with 20, the default, those at 0.05 and 0.95 are not the least and the greatest.").
				Default(20).LintRule("root = if this < 1 { [ \"use a number from 1 on\" ] }"),
		).
		Example("The models, every hour", "", `
input:
  generate:
    interval: 1h
    mapping: root = {}
  processors:
    - feature_snapshot: { store: customers }
    - mapping: root = this.models

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`).
		Example("The feature set as a web service", "", `
input:
  http_server:
    path: /features
    allowed_verbs: [ GET ]

pipeline:
  processors:
    - feature_snapshot: { store: customers }

output:
  sync_response: {}

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`)
}

// snapshot is the processor feature_snapshot.
type snapshot struct {
	store    *store.Label
	set      string
	profiles *Profiles
	fewest   uint64 // customers, to show quantiles of
}

func newSnapshotFromConfig(conf *service.ParsedConfig, res *service.Resources) (_ *snapshot, err error) {
	p := &snapshot{}
	if p.set, err = conf.FieldString(feFieldFeatureSet); err != nil {
		return nil, err
	}
	p.profiles = ProfilesOf(p.set)
	fewest, err := conf.FieldInt(fsFieldMinCustomers)
	if err != nil {
		return nil, err
	}
	if fewest < 1 {
		return nil, fmt.Errorf("%s %d: use a number from 1 on", fsFieldMinCustomers, fewest)
	}
	p.fewest = uint64(fewest)
	label, err := conf.FieldString(feFieldStore)
	if err != nil {
		return nil, err
	}
	if p.store, err = store.Use(res, label); err != nil {
		return nil, err
	}
	ctx := context.Background()
	return p, p.store.Do(ctx, func(s *store.Store) error {
		_, err := censusOf(ctx, s, p.set)
		return err
	})
}

// ProcessBatch replaces each message by the feature set.
func (p *snapshot) ProcessBatch(ctx context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	var shown map[string]any
	err := p.store.Do(ctx, func(s *store.Store) error {
		return s.View(ctx, func(r store.Reader) (err error) {
			shown, err = p.describe(ctx, s, r)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	out := make(service.MessageBatch, len(batch))
	for i, trigger := range batch {
		out[i] = trigger.Copy()
		out[i].SetStructured(shown)
	}
	return []service.MessageBatch{out}, nil
}

// describe shows the feature set as it is committed.
func (p *snapshot) describe(ctx context.Context, s *store.Store, r store.Reader) (map[string]any, error) {
	census, err := censusOf(ctx, s, p.set)
	if err != nil {
		return nil, err
	}
	customers, newest := census.look()
	shown := map[string]any{
		"feature_set": p.set, "customers": int64(customers), "as_of": nil, "features": []any{}, "models": []any{},
	}
	if newest != never {
		shown["as_of"] = instant(newest)
	}
	b, err := p.profiles.bind(ctx, s, r)
	if err != nil || b == nil {
		return shown, err
	}
	shown["features"], shown["models"] = b.describeFeatures(p.fewest), b.describeModels()
	return shown, nil
}

// shownQuantiles of the population.
var shownQuantiles = [...]float64{0.05, 0.25, 0.5, 0.75, 0.95}

func (b *reading) describeFeatures(fewest uint64) []any {
	list := []any{}
	for i, name := range b.plan.Names() {
		spec := b.plan.SpecOf(i)
		feature := map[string]any{"name": name}
		if spec.Agg != "" {
			feature["agg"] = string(spec.Agg)
		}
		if b.plan.VoteIDs()[i] != "" {
			customers := b.everyone.Count(i)
			feature["quantiles"], feature["customers"] = nil, int64(customers)
			if customers >= fewest {
				feature["quantiles"] = b.quantiles(i)
			}
		}
		list = append(list, feature)
	}
	return list
}

// quantiles are those of the customers who have a value of a feature.
func (b *reading) quantiles(feature int) map[string]any {
	quantiles := map[string]any{}
	for _, q := range shownQuantiles {
		value, known := b.everyone.Quantile(feature, q)
		if !known {
			value = math.NaN()
		}
		quantiles[strconv.FormatFloat(q, 'g', -1, 64)] = orNull(value)
	}
	return quantiles
}

func (b *reading) describeModels() []any {
	list := []any{}
	for i, m := range b.plan.Models() {
		f := &b.everyone.models[i]
		parameters := map[string]any{}
		names, values := f.parameters()
		for p, name := range names {
			parameters[name] = values[p]
		}
		model := map[string]any{
			"model": string(m.Kind), "feature": m.Feature, "features": b.predictedBy(i), "fitted": f.known, "parameters": parameters,
			"log_likelihood": nil, "customers": int64(f.customers), "as_of": nil, "fits": int64(f.fits), "failed": int64(f.failed),
			"too_few": int64(f.tooFew), "dropped": int64(f.dropped), "reason": nil,
		}
		if f.reason != "" {
			model["reason"] = f.reason
		}
		if f.known {
			model["log_likelihood"] = f.logLikelihood
			model["as_of"] = time.Unix(0, 0).UTC().AddDate(0, 0, int(f.day)).Format(time.DateOnly)
		}
		list = append(list, model)
	}
	return list
}

// predictedBy are the names of the features that need a model.
func (b *reading) predictedBy(model int) []any {
	list := []any{}
	for i, name := range b.plan.Names() {
		if slices.Contains(b.plan.ModelsOf(i), model) {
			list = append(list, name)
		}
	}
	return list
}

// Close has nothing to do.
func (p *snapshot) Close(context.Context) error { return nil }
