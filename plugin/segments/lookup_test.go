package segments

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

func (r *rig) lookup(conf string, key any) (profile map[string]any, m *service.Message) {
	r.t.Helper()
	parsed, err := lookupSpec().ParseYAML("store: customers\nkey: this.who\n"+conf, nil)
	require.NoError(r.t, err)
	l, err := newLookupFromConfig(parsed, r.resources)
	require.NoError(r.t, err)
	ask := service.NewMessage(nil)
	ask.SetStructured(map[string]any{"who": key})
	batches, err := l.ProcessBatch(r.t.Context(), service.MessageBatch{ask})
	require.NoError(r.t, err)
	out := slices.Concat(batches...)
	require.Len(r.t, out, 1)
	profile, _ = structured(r.t, out[0])["profile"].(map[string]any)
	return profile, out[0]
}

func TestLookup(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	_, m := r.lookup("", "c1")
	found, _ := m.MetaGet("segment_found")
	assert.Equal(t, "false", found, "there is no model yet")

	a := r.assign(keyed)
	twoGroups(t, a, 40)
	a.tell(t, "c0", near(0), "feature_as_of", day(1), "feature_version", 100)
	moved := a.tell(t, "c0", near(1), "feature_as_of", day(2), "feature_version", 101)
	before := r.snapshot("")
	profile, m := r.lookup("", "c0")
	found, _ = m.MetaGet("segment_found")
	assert.Equal(t, "true", found)
	assert.Equal(t, "c0", profile["key"])
	segment := profile["segment"].(map[string]any)
	assert.Equal(t, *moved.ID, segment["id"])
	assert.Equal(t, *moved.Label, segment["label"])
	assert.Equal(t, "assigned", segment["status"])
	assert.InDelta(t, *moved.Distance, segment["distance"], 1e-12)
	assert.Equal(t, *moved.Previous, segment["previous"])
	assert.Equal(t, "behaviour", segment["cause"])
	assert.Equal(t, day(2), segment["since"])
	assert.NotEmpty(t, segment["reasons"])
	history := profile["history"].([]any)
	require.Len(t, history, 2)
	assert.Equal(t, map[string]any{"at": day(2), "from": *moved.Previous, "to": *moved.ID, "cause": "behaviour"}, history[1])
	assert.Nil(t, profile["features"], "there is no feature set")

	profile, m = r.lookup("", "nobody")
	assert.Nil(t, profile)
	assert.Contains(t, structured(t, m), "profile", "it is null")
	found, _ = m.MetaGet("segment_found")
	assert.Equal(t, "false", found)
	assert.Equal(t, before, r.snapshot(""), "nothing was learned")
	_, m = r.lookup("", nil)
	require.ErrorContains(t, m.GetError(), "segment_lookup: key is null")
}

func (r *rig) events(conf string) *eventsInput {
	r.t.Helper()
	parsed, err := eventsSpec().ParseYAML("store: customers\n"+conf, nil)
	require.NoError(r.t, err)
	in, err := newEventsFromConfig(parsed, r.resources)
	require.NoError(r.t, err)
	require.NoError(r.t, in.Connect(r.t.Context()))
	return in
}

// read takes what is there now.
func (in *eventsInput) drain(t *testing.T, acknowledge bool) (list []map[string]any) {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		batch, ack, err := in.ReadBatch(ctx)
		cancel()
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			return list
		}
		for _, m := range batch {
			list = append(list, structured(t, m))
		}
		if acknowledge {
			require.NoError(t, ack(t.Context(), nil))
		}
	}
}

func TestEventsInput(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	all, births := r.events(""), r.events("kinds: [ birth ]\nconsumer: crm")
	twoGroups(t, a, 40)
	list := all.drain(t, true)
	require.NotEmpty(t, list)
	for i, e := range list {
		assert.InDelta(t, i+1, e["seq"], 0, "in order, without gaps")
		assert.Equal(t, "default", e["model"])
	}
	moves := 0
	for _, e := range list {
		if e["kind"] == "move" {
			moves++
			details := e["details"].(map[string]any)
			assert.Contains(t, details, "key")
			assert.Contains(t, details, "from")
			assert.Equal(t, e["segment"], details["to"])
			assert.Contains(t, []any{"behaviour", "remodel"}, details["cause"])
		}
	}
	assert.NotZero(t, moves)
	born := births.drain(t, false)
	require.Len(t, born, 2)
	assert.Equal(t, "birth", born[0]["kind"])
	assert.Equal(t, []any{}, born[0]["parents"])
	assert.Equal(t, born, r.events("kinds: [ birth ]\nconsumer: crm").drain(t, true), "it was not acknowledged")
	assert.Empty(t, r.events("kinds: [ birth ]\nconsumer: crm").drain(t, true), "it was")
	assert.Equal(t, list, r.events("").drain(t, true), "who has no name reads all")

	a.tell(t, "c0", near(0), "feature_as_of", day(1), "feature_version", 100)
	moved := a.tell(t, "c0", near(1), "feature_as_of", day(2), "feature_version", 101)
	after := all.drain(t, true)
	require.NotEmpty(t, after)
	last := after[len(after)-1]
	assert.Equal(t, "move", last["kind"])
	assert.Equal(t, map[string]any{"key": "c0", "from": *moved.Previous, "to": *moved.ID, "cause": "behaviour"}, last["details"])

	parsed, err := eventsSpec().ParseYAML("store: customers\nkinds: [ wedding ]", nil)
	require.NoError(t, err)
	_, err = newEventsFromConfig(parsed, r.resources)
	require.ErrorContains(t, err, `kinds[0] "wedding": use one of birth, death`)
}

// What a consumer has acknowledged is what came before the first that it has not.
func TestEventsAreAcknowledgedInOrder(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign(keyed)
	twoGroups(t, a, 40)
	in := r.events("consumer: crm")
	first, ackFirst, err := in.ReadBatch(t.Context())
	require.NoError(t, err)
	a.tell(t, "c0", near(1), "feature_as_of", day(2), "feature_version", 101)
	_, ackSecond, err := in.ReadBatch(t.Context())
	require.NoError(t, err)
	require.NoError(t, ackSecond(t.Context(), nil))
	again := r.events("consumer: crm").drain(t, false)
	assert.Greater(t, len(again), len(first))
	require.NoError(t, ackFirst(t.Context(), nil))
	assert.Empty(t, r.events("consumer: crm").drain(t, false))
}

func (r *rig) members(conf string) map[string]map[string]any {
	r.t.Helper()
	parsed, err := membersSpec().ParseYAML("store: customers\n"+conf, nil)
	require.NoError(r.t, err)
	in, err := newMembersFromConfig(parsed, r.resources)
	require.NoError(r.t, err)
	list := map[string]map[string]any{}
	for {
		batch, ack, err := in.ReadBatch(r.t.Context())
		if err != nil {
			require.ErrorIs(r.t, err, service.ErrEndOfInput)
			return list
		}
		for _, m := range batch {
			member := structured(r.t, m)
			require.NotContains(r.t, list, member["key"], "each once")
			list[member["key"].(string)] = member
		}
		require.NoError(r.t, ack(r.t.Context(), nil))
	}
}

func TestMembersInput(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	assert.Empty(t, r.members(""), "there is no model")
	a := r.assign(keyed)
	for i := range 1500 { // three pages
		a.tell(t, "c"+strconv.Itoa(i), near(i%2), "feature_as_of", date(i/100), "feature_version", i+1)
	}
	all := r.members("")
	require.Len(t, all, 1500)
	sizes := map[any]float64{}
	for _, member := range all {
		sizes[member["segment"]]++
	}
	for _, s := range r.snapshot("")[0]["segments"].([]any) {
		s := s.(map[string]any)
		assert.InDelta(t, s["size"], sizes[s["id"]], 0)
		assert.Len(t, r.members(fmt.Sprintf("segment: %v", s["id"])), int(s["size"].(float64)))
	}
	profile, _ := r.lookup("", "c3")
	assert.Equal(t, profile["segment"].(map[string]any)["since"], all["c3"]["since"])
	recent := r.members("changed_since: " + date(10))
	assert.Len(t, recent, 500)
	assert.Empty(t, r.members("segment: s99"))
	for conf, want := range map[string]string{"segment: three": `segment "three": use the id of a segment`, "changed_since: yesterday": `changed_since "yesterday": use RFC 3339`} {
		parsed, err := membersSpec().ParseYAML("store: customers\n"+conf, nil)
		require.NoError(t, err)
		_, err = newMembersFromConfig(parsed, r.resources)
		require.ErrorContains(t, err, want)
	}
}
