package features

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/duration"
	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

const (
	feFieldStore         = "store"
	feFieldFeatureSet    = "feature_set"
	feFieldKey           = "key"
	feFieldEvent         = "event"
	feFieldEventIDWindow = "event_id_window"
	feFieldSource        = "source"
	feFieldMaxFuture     = "max_future"
	feFieldEarliest      = "earliest"
	feFieldValidate      = "validate"
	feFieldCheck         = "check"
	feFieldMessage       = "message"
	feFieldPreset        = "preset"
	feFieldFeatures      = "features"
	feFieldEmit          = "emit"
	feFieldIdleExpiry    = "idle_expiry"
	feFieldResult        = "result"

	emitAlways  = "always"
	emitChanged = "changed"
)

// lintDuration refuses what package duration cannot read.
const lintDuration = `root = if !this.string().re_match("^[0-9]*[.]?[0-9]+[smhdw]$") {
  [ "not a duration: use a number and s, m, h, d or w, such as 90d" ]
}`

func extractSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		LintRule(lintFeatures).
		Summary("Turns events into features of customers, which are right with late, repeated and unordered events, too.").
		Description(`
Each message is an event of one customer. `+"`event`"+` maps it to flat columns, `+"`features`"+` says what to keep of them, and the customer's features, with this event counted, are attached to the message as an object of numbers and nulls at the path `+"`result`"+`.

Time is the time of the events: features are read as of the newest event of the customer. That instant becomes the metadata `+"`feature_as_of`"+`; `+"`feature_version`"+` is the number of events applied to this customer, and goes on 4,294,967,296 higher after each `+"`shoal store reset`"+`, so that models can tell what is newer. The state depends on which events there were, not on their order.

An event counts once. Messages with Kafka metadata (topic, partition, offset) are known by their position, others by the column `+"`id`"+`; where both exist, either suffices. Where a message was split, as by `+"`unarchive`"+`, and its parts come in one batch, each of them counts: a part is known by the position and its place among the parts, which has to be the same when the message is delivered again; of parts that are equal, one counts. Parts that come in different batches, as inside of `+"`try` and `for_each`, or to two processors in cases of a `switch`"+`, look alike, and only the first counts unless each has an `+"`id`"+`: then that decides, for as long as ids are remembered. So an id must not be made anew each time that an event is delivered. An event that comes again changes nothing and goes on with the customer's current features and the metadata `+"`feature_duplicate: true`"+`, with `+"`feature_first_version`"+`, the version that the customer had the first time, where an id tells. After a crash, the events of the last batch go on with the features that they had the first time, so that processors after this one miss nothing.

Messages of the input `+"`feature_refresh`"+` are no events: they pass unchanged.

A batch is one transaction. A message that cannot be read, or fails a check, is flagged with an error and passed on without features; it changes nothing, and the others of the batch are applied. When state cannot be written, the whole batch is flagged and has changed nothing; delivery again mends it.

Processors that name the same feature set must have the same features. These may change from one start to the next: a feature that is new begins with the events that come, one that is gone is dropped from a customer at the next event.

Columns that `+"`features`"+` name are read as numbers where an aggregate calculates with them, as text for mix, distinct, entropy and top, and as booleans for `+"`when`"+`. A number may be written in a string, with spaces around; it is finite, has a decimal point and no other separators. A column of the wrong type flags the message; null skips the aggregate for this event. A `+"`when`"+` that is not true is false, whatever it is; where a line of `+"`event`"+` such as `+"`root.deal = this.order.discount > 0`"+` errs, its column is null if features use it as `+"`when`"+` only, and the message is flagged otherwise.

The column `+"`at`"+` is a text in RFC 3339 (the zone may be missing, which is UTC, as may seconds, or the time of the day; a space may stand for the T), or an epoch in seconds, milliseconds, microseconds or nanoseconds, told by its size, as a number or in a string, with a fraction or without.

An event of a customer who was erased by `+"`segment_forget`"+`, and that is not newer than what was known of them, is refused: its message is flagged, and changes nothing. Newer events start afresh.

A feature is computed in this order: its aggregate or expression, then `+"`missing`"+`, `+"`clip`"+` and `+"`transform`"+`. Each aggregate counts events for ever, in a `+"`window`"+`, or with a `+"`half_life`"+`. A window falls when events leave it, from one event to the next by a little or by a lot: good to read; what fades has no such edges: good to compare customers by.

What is taken from all customers, for `+"`missing: median` and `clip: { quantiles: [ ... ] }`"+`, counts each of them once, whatever their number of events, with the value as of their newest event, before it is filled, clipped and transformed; so a recency is as of then, and a customer without a value does not count. It includes the event that it is told with, and is right to 1 part in 256. Whoever is erased or forgotten counts no more. The count is kept while a feature is only read in another way, or under another name; one that is new begins with the customers who come.

Predictions, `+"`p_alive`, `expected_orders` and `lifetime_value`"+`, are of customers who can leave without a word, and see nothing but the days, in UTC, on which a customer has events that the feature looks at: several events on a day are one order. As long as customers are there, they order by chance, each at a rate of their own, and after each order they may leave, each with a probability of their own. How these are distributed over the population is a model of four parameters (`+"`model`"+`: MBG/NBD, or BG/NBD of the literature), fitted to a sample of the customers in the background, as `+"`predictions`"+` says. `+"`lifetime_value`"+` takes the value of orders by the gamma-gamma model, of three parameters; an order of a day is worth the sum of `+"`of`"+`, the first day of a customer is left out, as a first order is often of another kind, and values are expected to be above 0. Until there are enough customers, the parameters are those that were published for the customers of a CD shop, CDNOW, in days and in dollars: take a lifetime value for what it is then. Customers who have not been away for long tell how often they order, and not how they leave: then nobody does, and `+"`p_alive`"+` is near 1, until it shows. A fit that fails leaves the parameters as they are, is logged, and counted, as is one that there are too few customers for; `+"`feature_snapshot`"+` says why. All that is computed with the parameters, also features of customers who are read later, takes those in force; a fit takes effect at a fixed event, so a replay gives the same features. Where there are predictions, batches of several threads are applied one after the other. Before the first order, predictions are null. A prediction that is added to a feature set that has customers already begins with the events from then on: the first order that it sees of an old customer is their first to it. Features with the same `+"`on`, `of`, `when` and `model`"+` share a model: give `+"`p_alive` and `expected_orders` the `of` of `lifetime_value`"+`, and one model does for the three.

The sample holds no keys. Who is erased leaves it, and a fit under way that they may be part of is dropped, begins again without them, and takes effect when it would have, so that erasures, however many, keep no fit from it; to begin again at the last moment holds the event until the fit is done. What parameters they have had a part in stay until then. Who is forgotten by `+"`idle_expiry`"+` stays in the sample, as numbers without a name: for each model the number of orders, the days from the first to the last and to the end, and the mean value, with no key, no hash of one, and no date. Without them a sample would be of those who stayed, and tell that nobody ever leaves. These numbers belong to nobody any more: who comes back is a new customer, and who is erased later leaves them there. There are never more than `+"`predictions.sample`"+` of them.

Metrics: `+"`feature_model_parameter`, by `feature` (the first that needs the model), `model` and `parameter`, `feature_model_log_likelihood`, `feature_model_customers` and, by `outcome`, `feature_model_fits`"+` show the models; outcomes are succeeded, failed, too_few for customers too few, and dropped for what began again as a customer in it was erased. `+"`feature_events`"+` counts by `+"`outcome`"+`: applied, late (and applied), unprotected (applied, and older than its id is remembered), duplicate, rejected, refused (the customer was erased by `+"`segment_forget`"+`), ignored, refreshed (by `+"`feature_refresh`"+`, and no event), failed (before it came here). `+"`feature_customers`"+` is the number of customers. `+"`feature_rejected`"+` counts the rejected by `+"`cause`"+`: json, mapping, key, column, time, future, old, id, check, and state for what the store does not take. `+"`feature_skipped`"+` counts by `+"`column`"+` the events that a feature leaves out because its column is null, or its `+"`when`"+` neither true nor false, `+"`feature_check_errors`"+` the checks that err, `+"`feature_damaged`"+` how often `+"`idle_expiry`"+` came by a customer whose record is damaged: they are left as they are, and looked at again a day later.`+describePresets()).
		Fields(
			service.NewStringField(feFieldStore).Description("Label of the `segment_store` that keeps the customers."),
			service.NewStringField(feFieldFeatureSet).Description("Name of the feature set in the store. Customers of different sets do not meet.").Default("default"),
			service.NewBloblangField(feFieldKey).
				Description("The customer: a mapping to a string that is not empty, or to an integer. Anything else flags the message.").
				Example("this.customer_id"),
			service.NewBloblangField(feFieldEvent).
				Description("A mapping of the message to flat columns, run once. `kind`, `at` and `id` have a meaning: the kind of event; the event time, now if it is null; what makes the event count once, the same however often it is delivered. All other names are yours. Where it gives deleted(), the event is ignored.").
				Example("root.kind = this.type\nroot.at = this.ts\nroot.id = this.event_id\nroot.amount = this.order.total"),
			service.NewStringField(feFieldEventIDWindow).
				Description("For how long an id is remembered, in event time; `0s`: for ever. Events that are older still count, without this protection.").
				Default("7d").LintRule(lintDuration),
			service.NewStringField(feFieldSource).
				Description("Names the cluster that Kafka positions come from. Set it where topics of several clusters meet in one feature set, and change it when a topic was deleted and made anew. Empty by default.").
				Default(""),
			service.NewStringField(feFieldMaxFuture).
				Description("An event that is further ahead of the clock is an error: it would make all others look old.").
				Default("5m").LintRule(lintDuration),
			service.NewStringField(feFieldEarliest).
				Description("An event before this time is an error: it would count as if it had been there all along. RFC 3339, a date or an epoch. With the default, all times from an epoch of 0 on are taken, and what stands for no time at all, such as the year 1, is refused; set it to a later time where an epoch of 0, a day of a spreadsheet or a date without separators, read as an epoch, means that something is wrong. Empty: none is too early.").
				Default("1970-01-01T00:00:00Z"),
			service.NewObjectListField(feFieldValidate,
				service.NewBloblangField(feFieldCheck).Description("A mapping of the columns, in which those that features calculate with are numbers even where the event has them as strings. Unless it gives true, the message is flagged and changes nothing; that includes errors, such as comparing null, which the flag tells from false."),
				service.NewStringField(feFieldMessage).Description("What the error says.").Default("the check is not true"),
			).Description("Checks that an event has to pass, in this order. None by default.").
				Default([]any{}).
				Example([]any{map[string]any{feFieldCheck: "this.amount == null || this.amount >= 0", feFieldMessage: "negative amount"}}),
			service.NewStringEnumField(feFieldPreset, presetNames()...).
				Description("A list of features that is ready to use, instead of `features` or before them; what each stands for is above. Features of the same names are refused. None unless set.").Optional(),
			service.NewObjectListField(feFieldFeatures, featureFields()...).
				Description("The features, at most 200 with those of a preset. Those that need the same numbers share them. None by default, which takes a preset.").
				Default([]any{}),
			predictionsField(),
			service.NewStringEnumField(feFieldEmit, emitAlways, emitChanged).
				Description("`always`, the default, passes every message on. `changed` drops those whose features equal what the customer had before, and ignored events; repeated events pass, as they may not have arrived the first time.").
				Default(emitAlways),
			service.NewStringField(feFieldIdleExpiry).
				Description("Forget customers without an event for this long, in event time: the profile is deleted, and who comes back starts afresh. Where there are predictions, a few numbers without a name stay of them, if they were in the sample: see above. It counts up to the newest event of the feature set, so a replay forgets whom the live stream forgot, and a pipeline that stood still nobody. `0s`, the default: never. It may be changed at any time.").
				Default("0s").LintRule(lintDuration),
			service.NewStringField(feFieldResult).Description("Dot path in the message that receives the features.").Default("features"),
		).
		Example("Recency, frequency and value", "Orders from a Kafka input: each message has a position and needs no id. `spend` halves with every 60 days that pass.", `
cache_resources:
  - label: customers
    segment_store:
      path: ./state

pipeline:
  processors:
    - feature_extract:
        store: customers
        key: this.customer_id
        event: |
          root.kind = this.type
          root.at = this.ts
          root.amount = this.order.total
        features:
          - { name: recency, agg: since_last, on: purchase, unit: days }
          - { name: orders, agg: count, on: purchase }
          - { name: spend, agg: sum, on: purchase, of: amount, half_life: 60d }
`).
		Example("A preset, and more", "The features of a preset come first, so expressions may use them.", `
cache_resources:
  - label: customers
    segment_store:
      path: ./state

pipeline:
  processors:
    - feature_extract:
        store: customers
        key: this.customer_id
        event: 'root = { "kind": this.type, "at": this.ts, "amount": this.total }'
        preset: rfm
        features:
          - { name: basket, expression: this.monetary / this.frequency }
`).
		Example("Behaviour in a shop", "Events with an id of their own from any input. Views are ignored; a purchase may not be negative; only messages that change a feature go on.", `
cache_resources:
  - label: customers
    segment_store:
      path: ./state

pipeline:
  processors:
    - feature_extract:
        store: customers
        feature_set: shop
        key: this.customer_id
        event: |
          root = if this.type == "view" { deleted() } else {
            { "kind": this.type, "at": this.ts, "id": this.event_id, "amount": this.total, "category": this.category }
          }
        event_id_window: 30d
        validate:
          - { check: this.kind != "purchase" || this.amount >= 0, message: negative amount }
        features:
          - { name: basket, agg: mean, on: purchase, of: amount, missing: 0, transform: log1p }
          - { name: contacts, agg: rate, on: [ support, chat ], half_life: 30d, per: day }
          - { name: returns, agg: ratio, on: return, to: purchase, half_life: 365d }
          - { name: taste, agg: mix, on: purchase, of: category, values: [ shoes, bags ] }
        emit: changed
        result: customer.features
`).
		Example("How customers sound", "The mood in the reviews and chats of a customer, where the newest weigh most, and how many of these there were. Who has not written yet is neutral.", `
cache_resources:
  - label: customers
    segment_store:
      path: ./state

pipeline:
  processors:
    - feature_extract:
        store: customers
        feature_set: mood
        key: this.customer_id
        event: |
          root.kind = this.type
          root.at = this.ts
          root.id = this.event_id
          root.review = this.text
        features:
          - { name: mood, agg: sentiment, on: [ review, chat ], of: review, half_life: 30d, missing: 0 }
          - { name: texts, agg: count, on: [ review, chat ], of: review }
`).
		Example("Who is leaving, and what they are worth", "The probability that a customer is still one, the orders to expect of them in the next quarter, and what those of a year are worth. All three look at the same events, purchases with an amount, and so share one model. A pipeline with `feature_refresh` shows those who fall silent, too.", `
cache_resources:
  - label: customers
    segment_store:
      path: ./state

pipeline:
  processors:
    - feature_extract:
        store: customers
        key: this.customer_id
        event: |
          root.kind = this.type
          root.at = this.ts
          root.amount = this.order.total
        features:
          - { name: alive, agg: p_alive, on: purchase, of: amount }
          - { name: orders_90d, agg: expected_orders, on: purchase, of: amount, horizon: 90d }
          - { name: value_1y, agg: lifetime_value, on: purchase, of: amount, horizon: 365d, discount: 0.1 }
        predictions: { fit_every: 20000, sample: 10000 }
`).
		Example("Rhythm, variety and the last quarter", "How regularly a customer buys and whether it is time again, what is unusual about the last order, and when in the day they come. A window that is empty keeps what it held last, and a single huge order is cut off at what 99 of 100 customers spend.", `
cache_resources:
  - label: customers
    segment_store:
      path: ./state

pipeline:
  processors:
    - feature_extract:
        store: customers
        feature_set: rhythm
        key: this.customer_id
        event: |
          root.kind = this.type
          root.at = this.ts
          root.id = this.event_id
          root.amount = this.order.total
          root.sku = this.order.sku
          root.deal = this.order.discount.or(0) > 0
        features:
          - { name: orders, agg: count, on: purchase }
          - { name: orders_90d, agg: count, on: purchase, window: 90d }
          - { name: spend, agg: sum, on: purchase, of: amount, clip: { quantiles: [ 0, 0.99 ] }, transform: log1p }
          - { name: basket_90d, agg: mean, on: purchase, of: amount, window: 90d, missing: last }
          - { name: deals, agg: share, on: purchase, when: deal, half_life: 180d, missing: median }
          - { name: interval, agg: interval, on: purchase, unit: days }
          - { name: regularity, agg: regularity, on: purchase }
          - { name: overdue, agg: overdue, on: purchase, clip: { max: 10 } }
          - { name: variety, agg: distinct, on: purchase, of: sku }
          - { name: p90_amount, agg: quantile, on: purchase, of: amount, q: 0.9 }
          - { name: unusual, agg: zscore, on: purchase, of: amount }
          - { name: hour, agg: circular, period: day, half_life: 90d }
          - { name: visits, agg: sessions, gap: 30m, unit: minutes }
          - { name: value_rank, expression: this.spend / this.orders }
`)
}

// Register adds the processors feature_extract and feature_snapshot and the input
// feature_refresh to an environment.
func Register(env *service.Environment) error {
	return errors.Join(
		env.RegisterBatchProcessor("feature_extract", extractSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
				return newExtractFromConfig(conf, res)
			}),
		env.RegisterBatchProcessor("feature_snapshot", snapshotSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
				return newSnapshotFromConfig(conf, res)
			}),
		env.RegisterBatchInput("feature_refresh", refreshSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchInput, error) {
				in, err := newRefreshFromConfig(conf, res)
				if err != nil {
					return nil, err
				}
				return service.AutoRetryNacksBatched(in), nil
			}),
	)
}

func newExtractFromConfig(conf *service.ParsedConfig, res *service.Resources) (_ *extract, err error) {
	x := &extract{failures: message.NewFailures(res.Logger()), logger: res.Logger()}
	if x.set, err = conf.FieldString(feFieldFeatureSet); err != nil {
		return nil, err
	}
	if err = x.parseEvent(conf); err != nil {
		return nil, err
	}
	if err = x.parseIdentity(conf); err != nil {
		return nil, err
	}
	if x.plan, err = compileFeatures(conf); err != nil {
		return nil, err
	}
	mapping, err := conf.FieldString(feFieldEvent)
	if err != nil {
		return nil, err
	}
	listed, err := conf.FieldObjectList(feFieldFeatures)
	if err != nil {
		return nil, err
	}
	if err = refuseUnassigned(mapping, x.plan.Specs(), len(listed)); err != nil {
		return nil, err
	}
	x.event = forgiveWhens(x.event, mapping, x.plan)
	emit, err := conf.FieldString(feFieldEmit)
	if err != nil {
		return nil, err
	}
	if emit != emitAlways && emit != emitChanged {
		return nil, fmt.Errorf("emit %q: use %s or %s", emit, emitAlways, emitChanged)
	}
	x.changedOnly = emit == emitChanged
	result, err := conf.FieldString(feFieldResult)
	if err != nil {
		return nil, err
	}
	if x.result, err = message.ParsePath(result); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	if x.predictions, err = parsePredictions(conf); err != nil {
		return nil, err
	}
	x.metrics = newEventMetrics(res.Metrics(), x.set)
	x.models = newModelMetrics(res.Metrics(), x.set, x.plan)
	x.skips = newSkips(res.Metrics(), x.set, x.plan)
	x.damage = newDamage(res, x.set)

	label, err := conf.FieldString(feFieldStore)
	if err != nil {
		return nil, err
	}
	if x.store, err = store.Use(res, label); err != nil {
		return nil, err
	}
	return x, x.store.Do(context.Background(), func(s *store.Store) error {
		bound, _, err := x.open(context.Background(), s)
		if err != nil {
			return err
		}
		census, err := censusOf(context.Background(), s, x.set)
		if err != nil {
			return err
		}
		census.watch(x.metrics)
		return x.prepareModels(context.Background(), s, bound)
	})
}

// prepareModels reads what is fitted, so that the first batch need not.
func (x *extract) prepareModels(ctx context.Context, s *store.Store, bound *binding) error {
	if !x.hasModels() {
		return nil
	}
	fitting, err := fittingOf(s, x.set)
	if err != nil {
		return err
	}
	return s.Update(ctx, []store.Lock{fitLock(x.set)}, func(*store.Tx) error {
		if err := fitting.prepare(ctx, s, x, bound.codec); err != nil {
			return err
		}
		fitting.mu.Lock()
		defer fitting.mu.Unlock()
		x.models.show(fitting.state.models)
		return nil
	})
}

func (x *extract) parseEvent(conf *service.ParsedConfig) (err error) {
	if x.key, err = conf.FieldBloblang(feFieldKey); err != nil {
		return err
	}
	if x.event, err = conf.FieldBloblang(feFieldEvent); err != nil {
		return err
	}
	if x.maxFuture, err = durationField(conf, feFieldMaxFuture); err != nil {
		return err
	}
	earliest, err := conf.FieldString(feFieldEarliest)
	if err != nil {
		return err
	}
	if earliest != "" {
		if x.earliest, err = message.Time(earliest); err != nil {
			return fmt.Errorf("earliest %q: use RFC 3339, a date such as 2010-01-01, or \"\" for none", earliest)
		}
	}
	checks, err := conf.FieldObjectList(feFieldValidate)
	if err != nil {
		return err
	}
	for i, each := range checks {
		c := check{}
		if c.mapping, err = each.FieldBloblang(feFieldCheck); err != nil {
			return fmt.Errorf("validate[%d].check: %w", i, err)
		}
		if c.message, err = each.FieldString(feFieldMessage); err != nil {
			return err
		}
		x.checks = append(x.checks, c)
	}
	return nil
}

// check is a rule that an event has to pass.
type check struct {
	mapping *bloblang.Executor
	message string
}

func (x *extract) parseIdentity(conf *service.ParsedConfig) (err error) {
	var options ledger.Options
	if options.Source, err = conf.FieldString(feFieldSource); err != nil {
		return err
	}
	if options.Window, err = durationField(conf, feFieldEventIDWindow); err != nil {
		return err
	}
	idle, err := durationField(conf, feFieldIdleExpiry)
	if err != nil {
		return err
	}
	if idle > 0 && idle < time.Second {
		return fmt.Errorf("%s %v: use a second or more, or 0s for never", feFieldIdleExpiry, idle)
	}
	x.idleExpiry = expiry(idle)
	x.once = ledger.New(LedgerOf(x.set), options)
	return nil
}

func durationField(conf *service.ParsedConfig, field string) (time.Duration, error) {
	text, err := conf.FieldString(field)
	if err != nil {
		return 0, err
	}
	d, err := duration.Parse(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", field, err)
	}
	return d, nil
}
