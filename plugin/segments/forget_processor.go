package segments

import (
	"context"
	"fmt"
	"time"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store"
)

const (
	sfFieldKey    = "key"
	sfFieldBlock  = "block"
	sfFieldAt     = "at"
	sfFieldSource = "source"
)

func forgetSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Erases a customer from a store: their profiles, their part in every model, their history. What they did before cannot come back.").
		Description(`
The customer goes from all feature sets and all models of the store, in one transaction: profile and votes, the vector that is in each model, exactly, moves, and the entries of the log that name them. Reads show it at once. Then the message is replaced by a receipt, which says nothing of whom:

`+"```json"+`
{"erased":true,"profiles":1,"contributions":1,"moves":4,"at":"2026-11-02T10:00:00Z"}
`+"```"+`

Of the metadata, the receipt keeps where the message came from: kafka_topic, kafka_partition, kafka_offset and kafka_timestamp_ms. A message that cannot be served is flagged and keeps its content, so that it can be tried again: handle such messages as what they are, the names of customers who want to be forgotten.

What stays is a tombstone: a keyed hash of the key, with the time of the newest event that was known of the customer, or `+"`at`"+` if that is later. `+"`feature_extract` and `segment_assign`"+` refuse all that is not newer, so a replay of history brings nothing back; newer events start afresh. With `+"`block`"+` these are refused as well, until the customer is erased with `+"`block: false`"+`: the last call counts. What is newer than all that has come into the store by then starts afresh, also if it was refused before.

To ask again changes nothing. A message that is delivered again, which its position and timestamp in Kafka tell, takes nothing away that has come since, and is answered with the receipt of the last erasure; one message may name several customers, if it is split, as by `+"`unarchive`"+`. A message without a position asks anew each time. For a customer who is not there, the receipt says `+"`erased: false`"+` with zeros, and as `+"`at`"+` when they were erased, if they were.

A customer whom the store does not know may be one who has left for being idle (`+"`idle_expiry`"+`) or inactive (`+"`inactive_after`"+`). So their tombstone is of the newest event of all who have: none of them did anything later. In a store that nobody has left, a customer who is not known leaves a tombstone only with `+"`block` or `at`"+`: nothing of theirs was seen, so nothing of it can come back.

From disk, what was erased goes as the database compacts its files; `+"`shoal store compact`"+` leaves nothing behind.`).
		Fields(
			service.NewStringField(tgFieldStore).Description("Label of the `segment_store` to erase from."),
			service.NewBloblangField(sfFieldKey).
				Description("The customer, as `key` of `feature_extract` and `segment_assign` gives them: if that is a pseudonym of `privacy_mask`, so is this. A mapping to a string that is not empty, or to an integer.").
				Example("this.customer_id"),
			service.NewBoolField(sfFieldBlock).
				Description("Also refuse what the customer does from now on. By default, newer events start afresh.").
				Default(false),
			service.NewStringField(sfFieldAt).
				Description("When the customer has asked: a mapping to RFC 3339 or an epoch number. What they did up to then is refused, also what comes only after this request, as in one batch where a `switch` works off requests first. A time ahead of the clock is taken as now, and null as none. Empty, the default: only what the store has seen is refused.").
				Default("").
				Example("this.requested_at"),
			service.NewStringField(sfFieldSource).
				Description("Names the cluster that Kafka positions come from, where requests from topics of several clusters meet in one store. Empty by default.").
				Default(""),
		).
		Example("Requests over HTTP", `POST /forget with {"customer_id": "c17"} answers with the receipt, which is kept for the auditors, too. A request that fails is answered with an error.`, `
input:
  http_server:
    path: /forget
    allowed_verbs: [ POST ]

pipeline:
  processors:
    - segment_forget: { store: customers, key: this.customer_id }

output:
  reject_errored:
    broker:
      pattern: fan_out
      outputs:
        - file: { path: erasures.jsonl, codec: lines }
        - sync_response: {}

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`).
		Example("Withdrawal of consent", "Who withdraws is erased and blocked, as of the time of that message, before the other messages of its batch; all others go on to their features. Keys are pseudonyms under a key of their own, which outlives rotations, the same on both ways.", `
pipeline:
  processors:
    - privacy_mask:
        rules:
          - { path: customer_id, pseudonymize: { key: customer } }
          - { path: consent.analytics, keep: {} }
          - { path: type, keep: {} }
          - { path: ts, keep: {} }
        unlisted: drop
        keys:
          - { id: customer, secret: "${CUSTOMER_KEY}" }
    - switch:
        - check: this.consent.analytics == false
          processors:
            - segment_forget: { store: customers, key: this.customer_id, block: true, at: this.ts }
        - processors:
            - feature_extract:
                store: customers
                key: this.customer_id
                event: 'root = { "kind": this.type, "at": this.ts }'
                features: [ { name: events, agg: count } ]

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`)
}

// forgetProcessor is the processor segment_forget.
type forgetProcessor struct {
	store    *store.Label
	key      *bloblang.Executor
	block    bool
	at       *bloblang.Executor // nil: a request has no time
	source   string
	failures *message.Failures
}

func newForgetFromConfig(conf *service.ParsedConfig, res *service.Resources) (_ *forgetProcessor, err error) {
	f := &forgetProcessor{failures: message.NewFailures(res.Logger())}
	if f.key, err = conf.FieldBloblang(sfFieldKey); err != nil {
		return nil, err
	}
	if f.block, err = conf.FieldBool(sfFieldBlock); err != nil {
		return nil, err
	}
	if f.at, err = optionalMapping(conf, sfFieldAt); err != nil {
		return nil, err
	}
	if f.source, err = conf.FieldString(sfFieldSource); err != nil {
		return nil, err
	}
	label, err := conf.FieldString(tgFieldStore)
	if err != nil {
		return nil, err
	}
	f.store, err = store.Use(res, label)
	return f, err
}

// ProcessBatch erases the customers of the batch, and replaces each message by its receipt. One
// that cannot be read is flagged and goes on, as does one that failed before; neither drags
// another down.
func (f *forgetProcessor) ProcessBatch(ctx context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	problems := make([]error, len(batch))
	var list []Erasure
	var of []int // messages
	for i, m := range batch {
		if problems[i] = m.GetError(); problems[i] != nil {
			continue
		}
		e, err := f.read(m)
		if problems[i] = err; err == nil {
			list, of = append(list, e), append(of, i)
		}
	}
	receipts := make([]Receipt, len(batch))
	err := f.store.Do(ctx, func(s *store.Store) error {
		said, wrong := Forget(ctx, s, list)
		for n, i := range of {
			receipts[i], problems[i] = said[n], wrong[n]
			if wrong[n] != nil {
				f.failures.Log(wrong[n])
			}
		}
		return nil
	})
	if err != nil {
		f.failures.Log(err)
		return nil, err
	}
	return message.Emit("segment_forget", batch, problems, func(i int, m *service.Message) error {
		receipts[i].replace(m)
		return nil
	}), nil
}

func (f *forgetProcessor) read(m *service.Message) (e Erasure, err error) {
	value, _, err := message.Query(sfFieldKey, f.key, m)
	if err != nil {
		return e, err
	}
	e = Erasure{Block: f.block, Position: message.Position(m), Source: f.source}
	if e.Customer, err = message.Key(value); err != nil {
		return e, err
	}
	e.At, err = f.askedAt(m)
	return e, err
}

// askedAt is when the customer has asked, zero where the message does not say. One ahead of the
// clock would refuse what is still to come.
func (f *forgetProcessor) askedAt(m *service.Message) (at time.Time, err error) {
	if f.at == nil {
		return at, nil
	}
	value, _, err := message.Query(sfFieldAt, f.at, m)
	if err != nil || value == nil {
		return at, err
	}
	if at, err = message.Time(value); err == nil {
		_, err = message.Nanoseconds(at)
	}
	if err != nil {
		return at, fmt.Errorf("%s: %w", sfFieldAt, err)
	}
	if now := time.Now(); at.After(now) {
		at = now
	}
	return at, nil
}

// positions are the metadata of a receipt: they lead back to the message, and name nobody.
var positions = map[string]struct{}{"kafka_topic": {}, "kafka_partition": {}, "kafka_offset": {}, "kafka_timestamp_ms": {}}

// replace makes a message the receipt.
func (r Receipt) replace(m *service.Message) {
	var others []string
	_ = m.MetaWalkMut(func(name string, _ any) error { // errs only when this does
		if _, kept := positions[name]; !kept {
			others = append(others, name)
		}
		return nil
	})
	for _, name := range others {
		m.MetaDelete(name)
	}
	m.SetStructuredMut(r.Show())
}

// Show is a receipt as users see it.
func (r Receipt) Show() map[string]any {
	return map[string]any{
		"erased": r.Erased, "profiles": int64(r.Profiles), "contributions": int64(r.Contributions), "moves": int64(r.Moves),
		"at": r.At.Format(time.RFC3339Nano),
	}
}

// Close has nothing to do.
func (f *forgetProcessor) Close(context.Context) error { return nil }
