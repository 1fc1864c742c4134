package segments

import (
	"context"
	"fmt"
	"time"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features"
	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store"
)

const (
	slFieldFeatureSet = "feature_set"
	slFieldKey        = "key"
	slFieldClock      = "clock"
	slFieldResult     = "result"

	clockWall  = "wall"
	clockEvent = "event"

	metaFound = "segment_found"
)

func lookupSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Adds what is known of a customer to a message: their segment and why, their features, their moves. It never learns.").
		Description(`
The profile is an object at the path `+"`result`"+`, or null when nobody knows the key; metadata `+"`segment_found`"+` says which.

`+"```json"+`
{"key":"c17","segment":{"id":"s3","label":"high spend, recent","status":"assigned","distance":0.8,"confidence":0.7,
  "since":"2011-06-02T10:00:00Z","previous":"s1","cause":"behaviour","reasons":[]},
 "features":{"orders":12},"as_of":"2011-12-09T12:50:00Z","first_seen":"2011-01-04T10:00:00Z","last_seen":"2011-12-09T12:50:00Z","events":12,
 "history":[{"at":"2011-06-02T10:00:00Z","from":"s1","to":"s3","cause":"behaviour"}]}
`+"```"+`

`+"`segment`"+` is null for a customer who is not in the model, as after `+"`inactive_after`"+`; `+"`features`"+` and the times are null where there is no such feature set.`).
		Fields(targetFields()...).
		Fields(
			service.NewStringField(slFieldFeatureSet).Description("Name of the feature set in the store.").Default("default"),
			service.NewBloblangField(slFieldKey).
				Description("The customer: a mapping to a string that is not empty, or to an integer.").Example("this.customer_id"),
			service.NewStringEnumField(slFieldClock, clockWall, clockEvent).
				Description("The instant of the features: `wall`, the default, is now; `event` is the customer's newest event.").Default(clockWall),
			service.NewStringField(slFieldResult).Description("Dot path in the message that receives the profile.").Default("profile"),
		).
		Example("A personalisation API", "GET /customer?key=c17 answers with the profile, or with 404.", `
input:
  http_server:
    path: /customer
    allowed_verbs: [ GET ]
    sync_response:
      status: '${! if @segment_found { 200 } else { 404 } }'

pipeline:
  processors:
    - mapping: root.key = @key
    - segment_lookup: { store: customers, key: this.key }
    - mapping: root = this.profile

output:
  sync_response: {}

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`).
		Example("Enrichment of another stream", "Tickets get the segment of who wrote them.", `
pipeline:
  processors:
    - segment_lookup: { store: customers, key: this.author, result: customer, clock: event }

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`)
}

// lookup is the processor segment_lookup.
type lookup struct {
	target
	profiles *features.Profiles
	key      *bloblang.Executor
	now      bool // features are as of now
	result   message.Path
	failures *message.Failures
}

func newLookupFromConfig(conf *service.ParsedConfig, res *service.Resources) (_ *lookup, err error) {
	l := &lookup{failures: message.NewFailures(res.Logger())}
	set, err := conf.FieldString(slFieldFeatureSet)
	if err != nil {
		return nil, err
	}
	l.profiles = features.ProfilesOf(set)
	if l.key, err = conf.FieldBloblang(slFieldKey); err != nil {
		return nil, err
	}
	clock, err := conf.FieldString(slFieldClock)
	if err != nil {
		return nil, err
	}
	l.now = clock == clockWall
	result, err := conf.FieldString(slFieldResult)
	if err != nil {
		return nil, err
	}
	if l.result, err = message.ParsePath(result); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	l.target, err = parseTarget(conf, res)
	return l, err
}

// ProcessBatch looks the customers of the batch up. A message without a key is flagged,
// and one that failed before goes on as it is.
func (l *lookup) ProcessBatch(ctx context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	keys, problems := make([]string, len(batch)), make([]error, len(batch))
	for i, m := range batch {
		if problems[i] = m.GetError(); problems[i] != nil {
			continue
		}
		value, _, err := message.Query(slFieldKey, l.key, m)
		if err == nil {
			keys[i], err = message.Key(value)
		}
		problems[i] = err
	}
	profiles := make([]map[string]any, len(batch))
	err := l.store.Do(ctx, func(s *store.Store) error {
		return l.readAll(ctx, s, keys, problems, profiles)
	})
	if err != nil {
		l.failures.Log(err)
		return nil, err
	}

	return message.Emit("segment_lookup", batch, problems, func(i int, m *service.Message) error {
		m.MetaSetMut(metaFound, profiles[i] != nil)
		if profiles[i] == nil {
			return l.result.Set(m, nil)
		}
		return l.result.Set(m, profiles[i])
	}), nil
}

// readAll reads all customers of a batch as they are at one instant.
func (l *lookup) readAll(ctx context.Context, s *store.Store, keys []string, problems []error, profiles []map[string]any) error {
	m, err := attachModel(s, l.model)
	if err != nil {
		return err
	}
	read := func(r store.Reader, st *state) error {
		for i, key := range keys {
			if problems[i] != nil {
				continue
			}
			if profiles[i], err = l.read(ctx, s, r, m, st, key); err != nil {
				return err
			}
		}
		return nil
	}
	return m.viewIfDefined(ctx, s, read)
}

// read is the profile of one customer: nil when nobody knows them. There may be no model.
func (l *lookup) read(ctx context.Context, s *store.Store, r store.Reader, m *model, st *state, key string) (map[string]any, error) {
	at := int64(0)
	if l.now {
		at = time.Now().UnixNano()
	}
	customer, err := l.profiles.Read(ctx, s, r, key, at)
	if err != nil {
		return nil, err
	}
	var segment map[string]any
	if st != nil {
		if segment, err = m.membershipOf(r, st, key); err != nil {
			return nil, err
		}
	}
	if customer == nil && segment == nil {
		return nil, nil
	}
	history, err := m.readHistory(r, key)
	if err != nil {
		return nil, err
	}
	profile := map[string]any{
		"key": key, "segment": nil, "features": nil, "as_of": nil, "first_seen": nil, "last_seen": nil, "events": nil,
		"history": history.show(),
	}
	if segment != nil {
		profile["segment"] = segment
	}
	if customer != nil {
		profile["features"] = customer.Features
		profile["as_of"], profile["first_seen"] = instant(customer.AsOf), instant(customer.FirstSeen)
		profile["last_seen"], profile["events"] = instant(customer.LastSeen), int64(customer.Events)
	}
	return profile, nil
}

// membershipOf shows how a customer belongs to their segment: nil when the model does not
// have them.
func (m *model) membershipOf(r store.Reader, s *state, customer string) (map[string]any, error) {
	record, err := r.Get(m.contributionKey(customer))
	if err != nil || record == nil {
		return nil, err
	}
	c, err := decodeContribution(record)
	if err != nil {
		return nil, err
	}
	c.settleIn(s.engine.Home(c.Micro))
	return s.membership(*c, statusAssigned), nil
}

// show lists moves as users see them, the oldest first.
func (list moves) show() []any {
	shown := make([]any, 0, len(list))
	for _, v := range list {
		shown = append(shown, map[string]any{
			"at": instant(v.since), "from": segmentName(v.from), "to": segmentName(v.to), "cause": causeNames[v.cause],
		})
	}
	return shown
}

// Close has nothing to do.
func (l *lookup) Close(context.Context) error { return nil }
