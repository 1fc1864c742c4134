package segments

import (
	"context"
	"errors"
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/duration"
	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

const (
	saFieldKey           = "key"
	saFieldFeatures      = "features"
	saFieldTimestamp     = "timestamp"
	saFieldEventID       = "event_id"
	saFieldEventIDWindow = "event_id_window"
	saFieldSource        = "source"
	saFieldLearn         = "learn"
	saFieldResult        = "result"
)

func assignSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Keeps every customer in a segment that updates with each event, by clustering that never retrains from scratch.").
		Description(`
With `+"`key`"+`, a model describes the current population: each customer counts once, at their latest features. A new vector first takes the old one out, exactly, so segment sizes add up to the number of customers. Without `+"`key`"+`, every message is a point of its own.

The result is an object at the path `+"`result`"+`:

`+"```json"+`
{"id":"s3","label":"high spend, recent","status":"assigned","distance":0.83,"confidence":0.71,"outlier":false,
 "previous":"s1","changed":true,"cause":"behaviour","since":"2011-06-02T10:00:00Z","model_version":17,
 "reasons":[{"feature":"spend","value":812.5,"typical":230.1,"deviation":2.4}]}
`+"```"+`

`+"`distance`"+` is the scaled distance to the centroid of the own segment, `+"`confidence`"+` is 1 minus its share of the distance to the nearest other. `+"`previous`, `since` and `cause`"+` tell of the customer's last move, `+"`changed`"+` whether this message made it; `+"`cause`"+` is behaviour (their own events), silence (time passed), remodel (the segments moved) or definition (the configuration changed). `+"`status`"+` is assigned, outlier (with `+"`density`"+`: in no segment, so `+"`id`"+` is null and `+"`outlier`"+` true), stale (the model has a newer vector of this customer, or has let them go for being inactive, or they were forgotten: nothing is changed), warming_up or rejected (a feature is missing, and `+"`missing`"+` is reject).

Messages of the input `+"`feature_refresh`"+` let time pass: they are of the instant that they were read at, whatever `+"`timestamp`"+` says, and a customer whom they move does so by silence. One that was read before the customer's last event is stale. It may be the first that a new model hears of a customer, but brings back nobody who was erased, and nobody who has left for being inactive. An event may be older than a refresh: it counts all the same. Points without `+"`key`"+` learn nothing from it.

`+"`reasons`"+` are the features that most separate the customer's segment from the next nearest one for this customer: their value, the mean of the population, and how far apart these are in standard deviations. Those of an outlier are the features in which it is furthest from the nearest segment.

Every model watches itself. Each point is measured against the segments before it is learned: how far it is from them and how clearly it belongs to one, who is told another segment than before. The metric `+"`segment_quality`"+` and `+"`segment_snapshot`"+` tell of it, by the same names. Gauges are at most a second behind the model, also when the stream pauses. One whose number is not defined, such as an index that needs two segments, is not there; when it no longer is defined, it shows -1. When the points are no longer what they were (ADWIN and Page-Hinkley, on their distances, on the share of outliers and on that of each segment), the log has an event of the kind drift, and `+"`segment_drift_alarms`"+` counts it: once, and then for two thousand points no more.

Segments keep their ids across refinements, restarts and changes of this configuration. When `+"`select`, `transforms`, `missing`"+` or the engine change, the customers of the model are put into a new engine at the start, in their segments.

What was known of a customer who was erased by `+"`segment_forget`"+` is refused, be it an event or a refresh: its message is flagged, and changes nothing. Newer events start afresh.

A batch is one transaction. When state cannot be written, the whole batch is flagged with the error and nothing has changed; delivery again mends it.`).
		Fields(targetFields()...).
		Fields(
			service.NewBloblangField(saFieldKey).
				Description("The customer: a mapping to a string that is not empty, or to an integer. Without it, every message is a point of its own.").
				Optional().Example("this.customer_id"),
			service.NewBloblangField(saFieldFeatures).
				Description("The features: a mapping to an object of numbers, or to an array (the names are then `0`, `1`, ...). Null is missing.").
				Default("this.features"),
			service.NewStringField(saFieldTimestamp).
				Description("Event time of the features: a mapping to RFC 3339 or an epoch number. Empty, the default: metadata `feature_as_of`, else now.").
				Default(""),
			service.NewStringField(saFieldEventID).
				Description("Without `key` only: a mapping to an id that makes a point count once, however often it is delivered. Kafka positions do so by themselves, also for the parts of a message that was split, as by `unarchive`, if they come in one batch, in the same order each time, and no two are equal. In different batches, as inside of `try` and `for_each`, or of two processors in cases of a `switch`, they look alike: only the first counts, unless each has an id. Empty, the default: no id.").
				Default(""),
			service.NewStringField(saFieldEventIDWindow).
				Description("For how long in event time an id is remembered; 0s: for ever.").
				Default("7d"),
			service.NewStringField(saFieldSource).
				Description("Without `key` only: names the cluster that Kafka positions come from, where topics of several clusters meet in one model.").
				Default(""),
		).
		Fields(modelFields()...).
		Fields(
			service.NewBoolField(saFieldLearn).
				Description("`false`: say where a message belongs and learn nothing from it. By default each message teaches the model.").
				Default(true),
			service.NewStringField(saFieldResult).
				Description("Dot path in the message that receives the result.").Default("segment"),
		).
		LintRule(modelLint).
		Example("Customers by what they do", "Features come from `feature_extract`; spend is seen on a logarithmic scale.", `
cache_resources:
  - label: customers
    segment_store:
      path: ./state

pipeline:
  processors:
    - segment_assign:
        store: customers
        key: this.customer_id
        transforms: { spend: log1p }
        kmeans: { k: 5 }
`).
		Example("Points without a customer", "Textbook sequential k-means over readings, each counted once by its id.", `
cache_resources:
  - label: models
    segment_store:
      path: ./state

pipeline:
  processors:
    - segment_assign:
        store: models
        model: readings
        features: '[ this.temperature, this.pressure ]'
        event_id: this.id
        online_kmeans: { k: 3 }
`)
}

func newAssignFromConfig(conf *service.ParsedConfig, res *service.Resources) (_ *assign, err error) {
	a := &assign{failures: message.NewFailures(res.Logger()), logger: res.Logger()}
	if a.settings, err = parseSettings(conf, conf.Contains(saFieldKey)); err != nil {
		return nil, err
	}
	if err = a.parseMappings(conf); err != nil {
		return nil, err
	}
	if a.learn, err = conf.FieldBool(saFieldLearn); err != nil {
		return nil, err
	}
	result, err := conf.FieldString(saFieldResult)
	if err != nil {
		return nil, err
	}
	if a.result, err = message.ParsePath(result); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	if a.target, err = parseTarget(conf, res); err != nil {
		return nil, err
	}
	if err = a.parseOnce(conf); err != nil {
		return nil, err
	}
	if !a.learn {
		return a, nil // the model is that of those who teach it
	}
	ctx := context.Background()
	err = a.store.Do(ctx, func(s *store.Store) error {
		if a.metrics, err = newModelMetrics(res.Metrics(), s, a.model); err != nil {
			return err
		}
		m, err := attachModel(s, a.model)
		if err != nil {
			return err
		}
		a.reporters = &m.reporters
		locks := []store.Lock{m.lock()}
		if err := s.Update(ctx, locks, m.resume); err != nil {
			return err
		}
		return s.Update(ctx, locks, func(tx *store.Tx) error {
			return m.adopt(tx, a.settings, res.Logger().Warnf)
		})
	})
	if err == nil {
		a.reporter = newReporter(a.report)
		a.reporters.join(a.reporter)
	}
	return a, err
}

func (a *assign) parseMappings(conf *service.ParsedConfig) (err error) {
	if conf.Contains(saFieldKey) {
		if a.key, err = conf.FieldBloblang(saFieldKey); err != nil {
			return err
		}
	}
	if a.features, err = conf.FieldBloblang(saFieldFeatures); err != nil {
		return err
	}
	if a.timestamp, err = optionalMapping(conf, saFieldTimestamp); err != nil {
		return err
	}
	if a.eventID, err = optionalMapping(conf, saFieldEventID); err != nil {
		return err
	}
	return nil
}

// parseOnce makes the ledger of points without a key.
func (a *assign) parseOnce(conf *service.ParsedConfig) (err error) {
	options := ledger.Options{}
	if options.Source, err = conf.FieldString(saFieldSource); err != nil {
		return err
	}
	if a.key != nil {
		switch {
		case a.eventID != nil:
			return errors.New("event_id is for points without a key: customers are counted once by their key; remove event_id")
		case options.Source != "":
			return errors.New("source is for points without a key: customers are counted once by their key; remove source")
		}
		return nil
	}
	window, err := conf.FieldString(saFieldEventIDWindow)
	if err != nil {
		return err
	}
	if options.Window, err = duration.Parse(window); err != nil {
		return fmt.Errorf("event_id_window: %w", err)
	}
	a.once = ledger.New(LedgerOf(a.model), options)
	return nil
}

// optionalMapping parses a mapping, nil when it is empty: an empty mapping would
// pass lint and err at each message.
func optionalMapping(conf *service.ParsedConfig, field string) (*bloblang.Executor, error) {
	text, err := conf.FieldString(field)
	if err != nil || text == "" {
		return nil, err
	}
	mapping, err := bloblang.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return mapping, nil
}
