package segments

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store"
)

const (
	snFieldSplit          = "split"
	snFieldMicroClusters  = "micro_clusters"
	snFieldQuartiles      = "quartiles"
	snFieldMinSegmentSize = "min_segment_size"
)

func snapshotSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Replaces a message by the model as it stands: its segments with size, share, centroid and what sets them apart.").
		Description(`
The message only says when: send one from a `+"`generate`"+` input, for example. Centroids and spreads are in the units of the features, transformed back. `+"`quality`"+` holds, of the customers as they are, inertia (mean squared scaled distance), silhouette (simplified, over the micro-clusters), davies_bouldin (RMS spread over plain distance), calinski_harabasz, xie_beni and outlier_share; and of those who came lately, each judged before the model learned from it and counting half after a thousand others, recent_inertia, recent_silhouette and churn, the share of those who had left the segment that they were last told. What is not defined is null, such as an index that needs two segments. Each segment has its own inertia, silhouette and churn. `+"`aliases`"+` says which segment the customers of one are in that has merged into it.

`+"```json"+`
{"model":"default","version":17,"as_of":"2011-12-09T12:50:00Z","customers":4338,"warming_up":0,"outliers":0,"engine":"kmeans","k":5,
 "quality":{"inertia":1.2,"silhouette":0.41,"davies_bouldin":0.9,"calinski_harabasz":812.0,"xie_beni":0.3,"outlier_share":0,
   "recent_inertia":1.3,"recent_silhouette":0.4,"churn":0.02},
 "segments":[{"id":"s1","label":"high spend, recent","size":812,"share":0.187,"inertia":0.9,"silhouette":0.45,"churn":0.01,
   "centroid":{"spend":12.5},"spread":{"spend":3.1},
   "distinguishing":[{"feature":"spend","value":12.5,"overall":4.0,"deviation":1.9}],"born":"2011-06-02T10:00:00Z","parents":[]}],
 "aliases":{"s4":"s1"}}
`+"```"+`

## Small segments

With `+"`min_segment_size`"+`, each segment and micro-cluster that is shown has that many customers or more (k-anonymity), a feature that fewer of them have is null, and what is left out cannot be found as the difference between the whole and what is shown: while it is fewer customers than that, those in no segment included, or fewer of it have some feature, `+"`quality`"+` and, of segments, inertia, silhouette and the overall and deviation of `+"`distinguishing`"+` are null, and of the micro-clusters of a segment some larger ones are left out, too. A segment that was left out comes back when it has a fifth more customers than this, rounded up, so that one who comes and goes does not make it come and go. The store remembers which, also over a restart, for all who show the model with the same `+"`min_segment_size`"+`. The counts `+"`customers`, `outliers`, `warming_up`"+` and `+"`k`"+` are of all.

This is no protection against somebody who compares snapshots. Numbers are exact, neither rounded nor blurred: where one customer came, went or moved between two snapshots, and nothing else happened, the difference of sizes and centroids is that customer. Show snapshots seldom enough for many to change in between, and only what is needed. Nor does it help where all of a segment are alike, as who is in it is then known to be so; and `+"`quartiles`"+` may be the values of a single customer. And it is about this processor only: `+"`segment_members`, `segment_events`, `segment_lookup`"+` and the metrics show segments of any size.`).
		Fields(targetFields()...).
		Fields(
			service.NewBoolField(snFieldSplit).
				Description("`true`: a message for each segment, with the fields of the model beside its own. By default the model is one message.").
				Default(false),
			service.NewBoolField(snFieldMicroClusters).
				Description("`true` adds the micro-clusters: centre, weight and segment of each. By default they are left out.").
				Default(false),
			service.NewBoolField(snFieldQuartiles).
				Description("`true` adds `quartiles` to each segment: the lower, the median and the upper of each feature, from the vectors of all customers, which are read for it. By default they are left out.").
				Default(false),
			service.NewIntField(snFieldMinSegmentSize).
				Description("Segments with fewer customers are left out, and so are micro-clusters with fewer. One that was left out comes back when it has a fifth more than this. 1, the default, shows all. What this gives, and what it does not, is said above.").
				Default(1),
		).
		Example("A table of the segments every minute", "", `
input:
  generate:
    interval: 60s
    mapping: root = {}
  processors:
    - segment_snapshot: { store: customers, split: true }

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`).
		Example("The segments as a web service", "", `
input:
  http_server:
    path: /segments
    allowed_verbs: [ GET ]

pipeline:
  processors:
    - segment_snapshot: { store: customers, min_segment_size: 20 }

output:
  sync_response: {}

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`)
}

// snapshot is the processor segment_snapshot.
type snapshot struct {
	target
	split bool
	options
}

func newSnapshotFromConfig(conf *service.ParsedConfig, res *service.Resources) (_ *snapshot, err error) {
	p := &snapshot{}
	if p.split, err = conf.FieldBool(snFieldSplit); err != nil {
		return nil, err
	}
	if p.microClusters, err = conf.FieldBool(snFieldMicroClusters); err != nil {
		return nil, err
	}
	if p.quartiles, err = conf.FieldBool(snFieldQuartiles); err != nil {
		return nil, err
	}
	if p.minSize, err = conf.FieldInt(snFieldMinSegmentSize); err != nil {
		return nil, err
	}
	if p.minSize < 1 {
		return nil, fmt.Errorf("min_segment_size %d: use 1 or more", p.minSize)
	}
	p.target, err = parseTarget(conf, res)
	return p, err
}

// ProcessBatch replaces each message by the model.
func (p *snapshot) ProcessBatch(ctx context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	var shown map[string]any
	err := p.store.Do(ctx, func(s *store.Store) (err error) {
		shown, err = p.look(ctx, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out service.MessageBatch
	for _, trigger := range batch {
		for _, content := range p.messages(shown) {
			m := trigger.Copy()
			m.SetStructured(content)
			out = append(out, m)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return []service.MessageBatch{out}, nil
}

// look shows the model, and remembers which segments it did not show before anybody is told.
// The lock keeps others with the same bound from coming in between.
func (p *snapshot) look(ctx context.Context, s *store.Store) (shown map[string]any, err error) {
	if p.minSize == 1 {
		err = s.View(ctx, func(r store.Reader) (err error) {
			shown, _, err = describe(r, p.model, p.options, nil)
			return err
		})
		return shown, err
	}
	key := veilKey(p.model, p.minSize)
	err = s.Update(ctx, []store.Lock{store.LockOf(key)}, func(tx *store.Tx) error {
		var last, now veiledSegments
		// Of a transaction that writes, single reads and scans may see different commits.
		err := s.View(ctx, func(r store.Reader) (err error) {
			if last, err = readVeiled(r, p.model, p.minSize); err != nil {
				return fmt.Errorf("model %q: %w", p.model, err)
			}
			shown, now, err = describe(r, p.model, p.options, last)
			return err
		})
		if err != nil || slices.Equal(last, now) {
			return err
		}
		return tx.Step(func() error {
			tx.Set(key, now.encode())
			return nil
		})
	})
	return shown, err
}

// messages is the model as one message, or as one for each segment.
func (p *snapshot) messages(shown map[string]any) []any {
	if !p.split {
		return []any{shown}
	}
	var messages []any
	for _, segment := range shown["segments"].([]any) {
		content := map[string]any{}
		for name, value := range shown {
			if name != "segments" {
				content[name] = value
			}
		}
		maps.Copy(content, segment.(map[string]any))
		messages = append(messages, content)
	}
	return messages
}

// Close has nothing to do.
func (p *snapshot) Close(context.Context) error { return nil }
