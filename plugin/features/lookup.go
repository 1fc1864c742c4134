package features

import (
	"bytes"
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
}

// Profiles reads the customers of one feature set, without the configuration of the
// processor that wrote them. It is safe for concurrent use.
type Profiles struct {
	set string

	mu     sync.Mutex // guards what follows
	specs  []byte     // as stored, that plan is of
	layout []byte     // as stored, that codec is of
	plan   *aggregate.Plan
	codec  *aggregate.Codec
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

const specsVersion = 2

func encodeSpecs(specs []aggregate.Spec) []byte {
	text, err := json.Marshal(specsRecord{specsVersion, specs})
	if err != nil {
		panic(err) // strings and finite numbers always encode
	}
	return text
}

// Read looks a customer up: nil when the feature set does not know them. Features are as
// of the given time, in Unix nanoseconds, and never from before the customer's newest
// event: 0 gives them as of that.
func (p *Profiles) Read(r store.Reader, customer string, at int64) (*Customer, error) {
	plan, codec, err := p.bind(r)
	if err != nil || plan == nil {
		return nil, err
	}
	stored, err := r.Get(profileKey(p.set, customer))
	if err != nil || stored == nil {
		return nil, err
	}
	var profile aggregate.Profile
	if _, err := decodeProfile(codec, stored, &profile); err != nil {
		return nil, fmt.Errorf("feature set %q: %w", p.set, err)
	}
	return customerOf(plan, &profile, at), nil
}

// customerOf shows a profile as of the given time, or of its newest event if that is later.
func customerOf(plan *aggregate.Plan, profile *aggregate.Profile, at int64) *Customer {
	c := &Customer{
		AsOf: max(at, profile.Newest), FirstSeen: profile.Oldest, LastSeen: profile.Newest, Events: profile.Events,
		Features: make(map[string]any, len(plan.Names())),
	}
	values := plan.Features(make([]float64, 0, len(plan.Names())), profile, c.AsOf, nil)
	for i, value := range values {
		c.Features[plan.Names()[i]] = orNull(value)
	}
	return c
}

// bind compiles what the store says that the feature set is: nil when there is none.
func (p *Profiles) bind(r store.Reader) (*aggregate.Plan, *aggregate.Codec, error) {
	specs, err := r.Get(specsKey(p.set))
	if err != nil || specs == nil {
		return nil, nil, err
	}
	layout, err := r.Get(layoutKey(p.set))
	if err != nil {
		return nil, nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.plan != nil && bytes.Equal(specs, p.specs) && bytes.Equal(layout, p.layout) {
		return p.plan, p.codec, nil
	}
	plan, codec, err := compile(specs, layout)
	if err != nil {
		return nil, nil, fmt.Errorf("feature set %q: %w", p.set, err)
	}
	p.specs, p.layout, p.plan, p.codec = specs, layout, plan, codec
	return plan, codec, nil
}

func decodeSpecs(stored []byte) ([]aggregate.Spec, error) {
	var record specsRecord
	if err := json.Unmarshal(stored, &record); err != nil {
		return nil, fmt.Errorf("the record of its features is damaged: restore the newest backup to a new path: %w", err)
	}
	if record.Version != specsVersion {
		return nil, fmt.Errorf("the record of its features has version %d, and this program reads %d: use a newer program", record.Version, specsVersion)
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
