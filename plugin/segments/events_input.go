package segments

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/Jeffail/checkpoint"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/store"
)

const (
	evFieldKinds    = "kinds"
	evFieldConsumer = "consumer"
)

// eventKinds are the names that users give to kinds.
var eventKinds = map[string]clustering.Kind{
	"birth": clustering.Birth, "death": clustering.Death, "split": clustering.Split, "merge": clustering.Merge,
	"revival": clustering.Revival, "relabel": clustering.Relabel, "move": kindMove,
	"drift": kindDrift,
}

func eventsSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Reads what happens to the segments of a model, and to its customers: births, deaths, splits, merges, revivals, relabellings, drifts and moves.").
		Description(`
Events come in the order in which they happened, from a log that the store keeps for as long as its `+"`retention`"+` says; when all are read, the input waits for more. Delivery is at least once. A number that is missing was the move of a customer who was erased since, or is beyond what is retained.

`+"```json"+`
{"seq":17,"at":"2011-06-02T10:00:00Z","model":"default","kind":"split","segment":"s3","parents":["s1"],"children":[],"size":120,"details":{}}
`+"```"+`

| kind | what happened | details |
|---|---|---|
| birth | customers who were in no segment make up a new one | |
| death | its customers have left; `+"`children`"+` are where to. The segment may revive | |
| split | most of the new segment was part of `+"`parents`"+` | |
| merge | most of `+"`parents`"+` is one segment now | |
| revival | customers are back where the segment was before | shift, in standard deviations |
| relabel | a refinement moved customers | from, to, customers, cause |
| drift | what comes is not what it was: the distances to the segments (signal quantisation_error), or the share of outliers (outlier_share), or that of one `+"`segment`"+` (segment_share) | detector, signal, before, after |
| move | a customer was told of another segment | key, from, to, cause |`).
		Fields(targetFields()...).
		Fields(
			service.NewStringListField(evFieldKinds).Description("Kinds to read. Empty, the default: all.").Default([]any{}).
				Example([]any{"birth", "death", "split", "merge"}),
			service.NewStringField(evFieldConsumer).
				Description("Names who reads: it goes on after the last event that was acknowledged, also after a restart. Empty, the default: each start reads the whole log.").Default(""),
		).
		Example("Campaigns learn what became of their segments", "", `
input:
  segment_events:
    store: customers
    kinds: [ birth, death, split, merge, revival ]
    consumer: campaigns

output:
  http_client: { url: http://localhost:8080/segments, verb: POST }

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`).
		Example("Somebody is told when segments stop to mean what they did", "", `
input:
  segment_events: { store: customers, kinds: [ drift ], consumer: alerts }

pipeline:
  processors:
    - mapping: |
        root.text = "drift of %s: %v became %v".format(this.details.signal, this.details.before, this.details.after)

output:
  http_client: { url: "${ALERTS_URL:http://localhost:8080/alerts}", verb: POST }

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`).
		Example("Every move beside the main stream", "The input is one more of a broker.", `
input:
  broker:
    inputs:
      - stdin: {}
      - segment_events: { store: customers, kinds: [ move ], consumer: crm }

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`)
}

// eventsInput is the input segment_events.
type eventsInput struct {
	target
	kinds    []clustering.Kind // none: all
	consumer string

	mu      sync.Mutex // guards what follows
	read    uint64     // sequence number of the last entry that was read
	pending *checkpoint.Uncapped[uint64]
}

func newEventsFromConfig(conf *service.ParsedConfig, res *service.Resources) (_ *eventsInput, err error) {
	in := &eventsInput{}
	kinds, err := conf.FieldStringList(evFieldKinds)
	if err != nil {
		return nil, err
	}
	for i, name := range kinds {
		kind, known := eventKinds[name]
		if !known {
			return nil, fmt.Errorf("kinds[%d] %q: use one of %s", i, name, sortedNames(eventKinds))
		}
		in.kinds = append(in.kinds, kind)
	}
	if in.consumer, err = conf.FieldString(evFieldConsumer); err != nil {
		return nil, err
	}
	in.target, err = parseTarget(conf, res)
	return in, err
}

func (in *eventsInput) cursorKey() []byte {
	return store.Key(store.KindConsumer, in.model, []byte(in.consumer))
}

// Connect finds where the consumer went on to.
func (in *eventsInput) Connect(ctx context.Context) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.read, in.pending = 0, checkpoint.NewUncapped[uint64]()
	if in.consumer == "" {
		return nil
	}
	return in.store.Do(ctx, func(s *store.Store) error {
		return s.View(ctx, func(r store.Reader) error {
			stored, err := r.Get(in.cursorKey())
			if len(stored) == 8 {
				in.read = binary.BigEndian.Uint64(stored)
			}
			return err
		})
	})
}

const (
	eventsAtOnce = 100
	eventsPause  = 200 * time.Millisecond // between looks for more
)

// ReadBatch waits for events that come after those that were read.
func (in *eventsInput) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	for {
		batch, ack, err := in.readMore(ctx)
		if err != nil || len(batch) > 0 {
			return batch, ack, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(eventsPause):
		}
	}
}

func (in *eventsInput) readMore(ctx context.Context) (batch service.MessageBatch, ack service.AckFunc, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	err = in.store.Do(ctx, func(s *store.Store) error {
		return s.View(ctx, func(r store.Reader) (err error) {
			batch, err = in.scan(r)
			return err
		})
	})
	if err != nil || len(batch) == 0 {
		return nil, nil, err
	}
	resolve := in.pending.Track(in.read, int64(len(batch)))
	return batch, func(ctx context.Context, err error) error {
		if err != nil {
			return nil // it is delivered again
		}
		return in.acknowledge(ctx, resolve)
	}, nil
}

func (in *eventsInput) scan(r store.Reader) (batch service.MessageBatch, err error) {
	m := &model{name: in.model}
	prefix := store.Prefix(store.KindEvent, in.model)
	err = r.ScanFrom(prefix, m.logKey(in.read+1), func(key, value []byte) error {
		e, err := decodeEntry(value)
		if err != nil || len(key) != len(prefix)+8 {
			return errEntry
		}
		in.read = binary.BigEndian.Uint64(key[len(prefix):])
		wanted := len(in.kinds) == 0 || slices.Contains(in.kinds, e.Kind)
		if wanted && e.Kind == kindMove {
			customer, err := r.Get(m.nameKey(e.name))
			if err != nil {
				return err
			}
			e.customer, wanted = string(customer), customer != nil // else they were erased
		}
		if wanted {
			shown := service.NewMessage(nil)
			shown.SetStructured(e.show(in.model, in.read))
			batch = append(batch, shown)
		}
		if len(batch) == eventsAtOnce {
			return errEnough
		}
		return nil
	})
	return batch, ended(err)
}

// acknowledge keeps how far all events were acknowledged.
func (in *eventsInput) acknowledge(ctx context.Context, resolve func() *uint64) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	done := resolve()
	if done == nil || in.consumer == "" {
		return nil
	}
	key := in.cursorKey()
	return in.store.Do(ctx, func(s *store.Store) error {
		return s.Update(ctx, []store.Lock{store.LockOf(key)}, func(tx *store.Tx) error {
			return tx.Step(func() error {
				tx.Set(key, binary.BigEndian.AppendUint64(nil, *done))
				return nil
			})
		})
	})
}

// Close has nothing to do.
func (in *eventsInput) Close(context.Context) error { return nil }
