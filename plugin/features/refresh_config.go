package features

import "github.com/redpanda-data/benthos/v4/public/service"

const (
	frFieldEvery    = "every"
	frFieldClock    = "clock"
	frFieldKeyField = "key_field"

	clockWall  = "wall"
	clockEvent = "event"
)

func refreshSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Lets time pass for customers who do nothing: it goes round the customers of a feature set, and shows those who were silent as they are now.").
		Description(`
Who stops buying sends nothing, and so nothing would tell. This input shows every customer without an event for `+"`every`"+`, with features as of now, once in each period of that length, so that the same pipeline finds them the segment where they belong by now:

`+"```json"+`
{"customer_id":"c17","features":{"orders":12,"recency":41.2},"at":"2011-06-02T10:00:00Z"}
`+"```"+`

The metadata `+"`feature_as_of` and `feature_version`"+` are those of `+"`feature_extract`"+`. The messages carry a mark that no producer can send: `+"`privacy_mask` and `feature_extract`"+` let them pass as long as nobody has changed them, and are to come before a processor that does, and `+"`segment_assign`"+` takes the time from the mark and tells of moves with the cause silence. What is not to see them in your pipeline tells them by what they lack. A buffer that writes messages down loses the mark: leave it out.

The features are those that `+"`feature_extract`"+` computes; the store knows them. The customers are read in the order of their keys and evenly over the period, a few at a time: it neither holds up other messages nor comes in bursts. After a restart it goes on where messages were acknowledged; a few may come again, and none is left out. An input with a label goes on wherever it is moved to in the configuration, one without begins anew in another place. It never ends. A customer whose record is damaged is passed over, which the log says once and the metric `+"`feature_damaged`"+` counts.

A customer who has an event in between is not overwritten: `+"`segment_assign`"+` finds the refresh stale. One who is erased in between is not brought back.`).
		Fields(
			service.NewStringField(feFieldStore).Description("Label of the `segment_store` that keeps the customers."),
			service.NewStringField(feFieldFeatureSet).Description("Name of the feature set in the store.").Default("default"),
			service.NewStringField(frFieldEvery).
				Description("How long a customer has to be silent, and how often they are shown from then on.").
				Default("24h").LintRule(lintDuration),
			service.NewStringEnumField(frFieldClock, clockWall, clockEvent).
				Description("What now is. `wall`, the default: the clock on the wall, where events are of today. `event`: the newest event time that the feature set has seen, for backfills and replays; it goes on as events come, and stands still with them.").
				Default(clockWall),
			service.NewStringField(frFieldKeyField).
				Description("Dot path in the message that receives the key of the customer, as a string.").Default("customer_id"),
			service.NewStringField(feFieldResult).
				Description("Dot path in the message that receives the features.").Default("features"),
		).
		Example("Customers who stop buying", "The input is one more of a broker. Both kinds of messages go through the same processors.", `
input:
  broker:
    inputs:
      - http_server: { path: /orders }
      - feature_refresh: { store: customers, every: 24h }

pipeline:
  processors:
    - feature_extract:
        store: customers
        key: this.customer_id
        event: 'root = { "kind": this.type, "at": this.at, "amount": this.total }'
        features:
          - { name: recency, agg: since_last, on: order, unit: days }
          - { name: spend, agg: sum, on: order, of: amount, half_life: 60d }
    - segment_assign:
        store: customers
        key: this.customer_id
        kmeans: { k: 5 }

output:
  http_client: { url: "http://localhost:8080/segmented-orders", verb: POST }

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`).
		Example("A year of history, replayed", "Event time sets the pace: customers fall silent as they did then. When the file is read, time stands still, and the input ends for want of messages.", `
input:
  broker:
    inputs:
      - file: { paths: [ ./history.jsonl ] }
      - read_until:
          idle_timeout: 10s
          input:
            feature_refresh: { store: customers, every: 7d, clock: event }

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`)
}
