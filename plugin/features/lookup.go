package features

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/store"
)

// Customer is what a feature set knows of one customer. Times are event times in Unix
// nanoseconds.
type Customer struct {
	Features            map[string]any // a number, or nil for none
	AsOf                int64          // of the features
	FirstSeen, LastSeen int64
	Events              uint64 // that were counted
	Version             uint64 // of the last of them
}

// Profiles reads the customers of one feature set, without the configuration of the
// processor that wrote them. It is safe for concurrent use.
type Profiles struct {
	set string

	mu    sync.Mutex // guards what follows
	bound *reading
}

// reading is how the customers of a store are read.
type reading struct {
	specs    []byte // as stored, that plan is of
	layout   []byte // as stored, that codec is of
	models   []byte // as stored, that everyone is of
	plan     *aggregate.Plan
	codec    *aggregate.Codec
	people   *people
	everyone everyone
	life     life
}

// ProfilesOf reads the feature set of this name.
func ProfilesOf(set string) *Profiles { return &Profiles{set: set} }

func specsKey(set string) []byte { return store.Key(store.KindFeatureSet, set, []byte("specs")) }

// specsRecord is the stored form of what a feature set computes: JSON, as there is one and
// people may look at it.
type specsRecord struct {
	Version int              `json:"version"`
	Specs   []aggregate.Spec `json:"specs"`
}

const specsVersion = 3

func encodeSpecs(specs []aggregate.Spec) []byte {
	text, err := json.Marshal(specsRecord{specsVersion, specs})
	if err != nil {
		panic(err) // strings and finite numbers always encode
	}
	return text
}

// Read looks a customer up: nil when the feature set does not know them. Features are as
// of the given time, in Unix nanoseconds, and never from before the customer's newest
// event: 0 gives them as of that. What is taken from the population is as of now.
func (p *Profiles) Read(ctx context.Context, s *store.Store, r store.Reader, name string, at int64) (*Customer, error) {
	b, err := p.bind(ctx, s, r)
	if err != nil || b == nil {
		return nil, err
	}
	stored, err := r.Get(profileKey(p.set, name))
	if err != nil || stored == nil {
		return nil, err
	}
	var c customer
	if err := c.decode(b.codec, stored); err != nil {
		return nil, fmt.Errorf("feature set %q: %w", p.set, err)
	}
	return b.show(&c.profile, at), nil
}

// show shows a profile as of the given time, or of its newest event if that is later.
func (b *reading) show(profile *aggregate.Profile, at int64) *Customer {
	names := b.plan.Names()
	c := &Customer{
		AsOf: max(at, profile.Newest), FirstSeen: profile.Oldest, LastSeen: profile.Newest, Events: profile.Events, Version: b.life.version(profile.Events),
		Features: make(map[string]any, len(names)),
	}
	for i, value := range b.plan.Features(make([]float64, 0, len(names)), profile, c.AsOf, b.everyone) {
		c.Features[names[i]] = orNull(value)
	}
	return c
}

// bind compiles what the store says that the feature set is: nil when there is none.
func (p *Profiles) bind(ctx context.Context, s *store.Store, r store.Reader) (*reading, error) {
	b := &reading{}
	var err error
	if b.specs, err = r.Get(specsKey(p.set)); err != nil || b.specs == nil {
		return nil, err
	}
	if b.layout, err = r.Get(layoutKey(p.set)); err != nil {
		return nil, err
	}
	if b.models, err = r.Get(modelsKey(p.set)); err != nil {
		return nil, err
	}
	if b.people, err = peopleOf(ctx, s, p.set); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if o := p.bound; o != nil && o.people == b.people && bytes.Equal(o.specs, b.specs) && bytes.Equal(o.layout, b.layout) && bytes.Equal(o.models, b.models) {
		return o, nil
	}
	if err := b.compile(r); err != nil {
		return nil, fmt.Errorf("feature set %q: %w", p.set, err)
	}
	p.bound = b
	return b, nil
}

// compile makes sense of what is stored.
func (b *reading) compile(r store.Reader) (err error) {
	if b.plan, b.codec, err = compile(b.specs, b.layout); err != nil {
		return err
	}
	if b.life, err = readLife(r, b.people.set); err != nil {
		return err
	}
	slate, err := readSlate(r, b.people.set)
	if err != nil {
		return err
	}
	b.everyone.Poll = b.people.poll(slate, b.plan)
	b.everyone.models, err = readModels(r, b.people.set, b.plan)
	return err
}

func decodeSpecs(stored []byte) ([]aggregate.Spec, error) {
	var record specsRecord
	if err := json.Unmarshal(stored, &record); err != nil {
		return nil, fmt.Errorf("the record of its features is damaged: restore the newest backup to a new path: %w", err)
	}
	if record.Version != specsVersion {
		return nil, fmt.Errorf("the record of its features has version %d, and this program reads %d: use the program that wrote it, or begin with an empty store", record.Version, specsVersion)
	}
	return record.Specs, nil
}

func compile(specs, stored []byte) (*aggregate.Plan, *aggregate.Codec, error) {
	list, err := decodeSpecs(specs)
	if err != nil {
		return nil, nil, err
	}
	plan, err := aggregate.Compile(list, aggregate.WithExpressions(compileExpression))
	if err != nil {
		return nil, nil, err
	}
	layout, err := aggregate.DecodeLayout(stored)
	if err != nil {
		return nil, nil, err
	}
	codec, err := layout.Codec(plan)
	return plan, codec, err
}
