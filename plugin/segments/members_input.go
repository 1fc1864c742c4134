package segments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/store"
)

const (
	mbFieldSegment      = "segment"
	mbFieldChangedSince = "changed_since"
)

func membersSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Reads the members of the segments of a model, each once, and ends: to bring audiences elsewhere up to date, while the model goes on.").
		Description(`
`+"```json"+`
{"key":"c17","segment":"s3","since":"2011-06-02T10:00:00Z"}
`+"```"+`

`+"`since`"+` is when the customer came to the segment. A refinement moves members without an event of theirs: it is then the event time of that. Customers who come or move while the members are read are told of as they are when it is their turn.`).
		Fields(targetFields()...).
		Fields(
			service.NewStringField(mbFieldSegment).
				Description("The segment to read, such as s3. For one that has merged into another, that one is read. Empty, the default: all.").Default(""),
			service.NewStringField(mbFieldChangedSince).
				Description("Only members who came to their segment at this instant or later, in event time and as RFC 3339. Empty, the default: all.").Default("").
				Example("2011-06-01T00:00:00Z"),
		).
		Example("An audience as a file", "", `
input:
  segment_members: { store: customers, segment: s3 }

output:
  file: { path: audience.jsonl, codec: lines }

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`).
		Example("Who changed since yesterday", "The instant comes from the environment.", `
input:
  segment_members: { store: customers, changed_since: "${SINCE:2011-12-08T00:00:00Z}" }

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`)
}

// membersInput is the input segment_members.
type membersInput struct {
	target
	segment clustering.SegmentID // 0: all
	since   time.Time            // the zero time: all
	from    []byte               // the key to read on from; nil: the first
	ended   bool
}

func newMembersFromConfig(conf *service.ParsedConfig, res *service.Resources) (_ *membersInput, err error) {
	in := &membersInput{}
	segment, err := conf.FieldString(mbFieldSegment)
	if err != nil {
		return nil, err
	}
	if segment != "" {
		number, err := strconv.ParseUint(strings.TrimPrefix(segment, "s"), 10, 64)
		if err != nil || number == 0 || !strings.HasPrefix(segment, "s") {
			return nil, fmt.Errorf("segment %q: use the id of a segment, such as s3", segment)
		}
		in.segment = clustering.SegmentID(number)
	}
	since, err := conf.FieldString(mbFieldChangedSince)
	if err != nil {
		return nil, err
	}
	if since != "" {
		if in.since, err = time.Parse(time.RFC3339, since); err != nil {
			return nil, fmt.Errorf("changed_since %q: use RFC 3339, such as 2011-06-01T00:00:00Z", since)
		}
	}
	in.target, err = parseTarget(conf, res)
	return in, err
}

// Connect has nothing to do: the store is open.
func (in *membersInput) Connect(context.Context) error { return nil }

// ReadBatch reads the members of the next page that has any.
func (in *membersInput) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	for !in.ended {
		batch, err := in.readPage(ctx)
		if err != nil {
			return nil, nil, err
		}
		if len(batch) > 0 {
			return batch, func(context.Context, error) error { return nil }, nil
		}
	}
	return nil, nil, service.ErrEndOfInput
}

func (in *membersInput) readPage(ctx context.Context) (batch service.MessageBatch, err error) {
	err = in.store.Do(ctx, func(s *store.Store) error {
		m, err := attachModel(s, in.model)
		if err != nil {
			return err
		}
		err = m.view(ctx, s, func(r store.Reader, st *state) (err error) {
			batch, err = in.scan(r, m, st)
			return err
		})
		if errors.Is(err, errNotDefined) {
			in.ended = true
			return nil
		}
		return err
	})
	return batch, err
}

func (in *membersInput) scan(r store.Reader, m *model, s *state) (batch service.MessageBatch, err error) {
	prefix := store.Prefix(store.KindContribution, m.name)
	wanted, read := s.engine.Current(in.segment), 0
	from := in.from
	err = r.ScanFrom(prefix, from, func(key, record []byte) error {
		if read == page {
			return errEnough
		}
		read++
		from = append(slices.Clip(key), 0)
		c, err := decodeContribution(record)
		if err != nil {
			return err
		}
		c.settleIn(s.engine.Home(c.Micro))
		if c.Segment == 0 || in.segment != 0 && c.Segment != wanted || !in.since.IsZero() && time.Unix(0, c.Since).Before(in.since) {
			return nil
		}
		member := service.NewMessage(nil)
		member.SetStructured(map[string]any{
			"key": string(key[len(prefix):]), "segment": segmentName(c.Segment), "since": instantOrNull(c.Since),
		})
		batch = append(batch, member)
		return nil
	})
	if errors.Is(err, errEnough) {
		in.from = from
		return batch, nil
	}
	in.ended = err == nil
	return batch, err
}

// Close has nothing to do.
func (in *membersInput) Close(context.Context) error { return nil }
