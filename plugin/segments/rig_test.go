package segments

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store"
)

// rig is a store, and processors on it as the runtime builds them.
type rig struct {
	t         testing.TB
	resources *service.Resources
	gauges    *gauges
	assigns   []*assign
	close     func()
}

// openRig opens a store on disk at dir, or in memory if dir is empty.
func openRig(t testing.TB, dir string) *rig {
	t.Helper()
	env := service.NewEnvironment()
	require.NoError(t, store.Register(env))
	r := &rig{t: t, gauges: newGauges(t, env)}
	builder := env.NewResourceBuilder()
	require.NoError(t, builder.SetMetricsYAML("gauges: {}"))
	builder.SetLogger(slog.New(slog.DiscardHandler))
	require.NoError(t, builder.AddCacheYAML(fmt.Sprintf(
		`{ label: customers, segment_store: { path: %q, in_memory: %v, min_free: "0" } }`, dir, dir == "")))
	resources, stop, err := builder.BuildSuspended()
	require.NoError(t, err)
	r.resources = resources
	closed := false
	r.close = func() {
		if !closed {
			closed = true
			for _, a := range r.assigns {
				require.NoError(t, a.Close(context.Background()))
			}
			require.NoError(t, stop(context.Background()))
		}
	}
	t.Cleanup(r.close)
	return r
}

func (r *rig) build(conf string) (*assign, error) {
	parsed, err := assignSpec().ParseYAML("store: customers\n"+conf, nil)
	require.NoError(r.t, err)
	a, err := newAssignFromConfig(parsed, r.resources)
	if err == nil {
		r.assigns = append(r.assigns, a)
	}
	return a, err
}

func (r *rig) assign(conf string) *assign {
	r.t.Helper()
	a, err := r.build(conf)
	require.NoError(r.t, err)
	return a
}

// verify proves the invariants, and counts the customers of each model.
func (r *rig) verify() (customers map[string]int) {
	r.t.Helper()
	customers, err := r.check()
	require.NoError(r.t, err)
	return customers
}

// check is what the check of invariants says.
func (r *rig) check() (customers map[string]int, err error) {
	r.t.Helper()
	label, err := store.Use(r.resources, "customers")
	require.NoError(r.t, err)
	err = label.Do(r.t.Context(), func(s *store.Store) error {
		return s.View(r.t.Context(), func(read store.Reader) (err error) {
			customers, err = Check(read)
			return err
		})
	})
	return customers, err
}

// records are all that is stored of models, their customers and their log.
func (r *rig) records() map[string]string {
	r.t.Helper()
	list := map[string]string{}
	label, err := store.Use(r.resources, "customers")
	require.NoError(r.t, err)
	require.NoError(r.t, label.Do(r.t.Context(), func(s *store.Store) error {
		return s.View(r.t.Context(), func(read store.Reader) error {
			for _, kind := range []store.Kind{store.KindModel, store.KindContribution, store.KindMoves, store.KindEvent, store.KindName} {
				err := read.Scan(store.Prefix(kind, "default"), func(key, value []byte) error {
					list[string(key)] = string(value)
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}))
	return list
}

// requireSame names the records that differ.
func requireSame(t testing.TB, want, got map[string]string) {
	t.Helper()
	for key := range want {
		require.Equal(t, want[key], got[key], "%q", key)
	}
	require.Len(t, got, len(want))
}

// moves are those that the model keeps of a customer.
func (r *rig) moves(customer string) (list moves) {
	r.t.Helper()
	label, err := store.Use(r.resources, "customers")
	require.NoError(r.t, err)
	require.NoError(r.t, label.Do(r.t.Context(), func(s *store.Store) error {
		return s.View(r.t.Context(), func(read store.Reader) error {
			h, err := (&model{name: "default"}).readHistory(read, customer)
			list = h.moves
			return err
		})
	}))
	return list
}

// snapshot is the model as users see it.
func (r *rig) snapshot(conf string) []map[string]any {
	r.t.Helper()
	parsed, err := snapshotSpec().ParseYAML("store: customers\n"+conf, nil)
	require.NoError(r.t, err)
	p, err := newSnapshotFromConfig(parsed, r.resources)
	require.NoError(r.t, err)
	out, err := p.ProcessBatch(r.t.Context(), service.MessageBatch{service.NewMessage(nil)})
	require.NoError(r.t, err)
	var shown []map[string]any
	for _, m := range slices.Concat(out...) {
		shown = append(shown, structured(r.t, m))
	}
	return shown
}

func structured(t testing.TB, m *service.Message) map[string]any {
	t.Helper()
	text, err := m.AsBytes()
	require.NoError(t, err)
	var content map[string]any
	require.NoError(t, json.Unmarshal(text, &content))
	return content
}

// pass runs one batch through.
func (a *assign) pass(t testing.TB, batch ...*service.Message) service.MessageBatch {
	t.Helper()
	out, err := a.ProcessBatch(t.Context(), batch)
	require.NoError(t, err)
	return slices.Concat(out...)
}

// result is what segment_assign says of a message.
type result struct {
	ID           *string  `json:"id"`
	Label        *string  `json:"label"`
	Status       string   `json:"status"`
	Distance     *float64 `json:"distance"`
	Confidence   *float64 `json:"confidence"`
	Outlier      bool     `json:"outlier"`
	Previous     *string  `json:"previous"`
	Changed      bool     `json:"changed"`
	Cause        *string  `json:"cause"`
	Since        *string  `json:"since"`
	ModelVersion int64    `json:"model_version"`
	Problem      string   `json:"problem"`
	Reasons      []struct {
		Feature                   string
		Value, Typical, Deviation float64
	} `json:"reasons"`
}

func resultOf(t testing.TB, m *service.Message) result {
	t.Helper()
	require.NoError(t, m.GetError())
	text, err := m.AsBytes()
	require.NoError(t, err)
	var content struct{ Segment result }
	require.NoError(t, json.Unmarshal(text, &content))
	return content.Segment
}

// tell assigns one customer.
func (a *assign) tell(t testing.TB, customer string, features map[string]any, meta ...any) result {
	t.Helper()
	out := a.pass(t, pointOf(customer, features, meta...))
	require.Len(t, out, 1)
	return resultOf(t, out[0])
}

// pointOf makes a message, with metadata given as names and values.
func pointOf(customer string, features map[string]any, meta ...any) *service.Message {
	m := service.NewMessage(nil)
	m.SetStructured(map[string]any{"customer": customer, "features": features})
	for i := 0; i < len(meta); i += 2 {
		m.MetaSetMut(meta[i].(string), meta[i+1])
	}
	return m
}
