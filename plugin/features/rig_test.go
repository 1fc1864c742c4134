package features

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store"
)

// rig is a store, and processors on it as the runtime builds them.
type rig struct {
	t         testing.TB
	env       *service.Environment
	resources *service.Resources
	counters  *counters
	log       *logbook
	close     func()
}

// openRig opens a store on disk at dir, or in memory if dir is empty.
func openRig(t testing.TB, dir string) *rig {
	t.Helper()
	r := &rig{t: t, env: service.NewEnvironment(), counters: &counters{values: map[string]int64{}, gauges: map[string]int64{}}, log: &logbook{}}
	require.NoError(t, store.Register(r.env))
	require.NoError(t, Register(r.env))
	require.NoError(t, r.env.RegisterMetricsExporter("counters", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Logger) (service.MetricsExporter, error) { return r.counters, nil }))

	builder := r.env.NewResourceBuilder()
	builder.SetLogger(slog.New(slog.NewTextHandler(r.log, nil)))
	require.NoError(t, builder.SetMetricsYAML("counters: {}"))
	require.NoError(t, builder.AddCacheYAML(fmt.Sprintf(
		`{ label: customers, segment_store: { path: %q, in_memory: %v, min_free: "0" } }`, dir, dir == "")))
	resources, stop, err := builder.BuildSuspended()
	require.NoError(t, err)
	r.resources = resources
	r.close = sync.OnceFunc(func() { require.NoError(t, stop(context.Background())) })
	t.Cleanup(r.close)
	return r
}

// build makes a processor; the store is added to its configuration.
func (r *rig) build(conf string) (*extract, error) {
	parsed, err := extractSpec().ParseYAML("store: customers\n"+conf, r.env)
	require.NoError(r.t, err)
	return newExtractFromConfig(parsed, r.resources)
}

func (r *rig) extract(conf string) *extract {
	r.t.Helper()
	x, err := r.build(conf)
	require.NoError(r.t, err)
	return x
}

// check proves the invariants of all that is stored.
func (r *rig) check() {
	r.t.Helper()
	label, err := store.Use(r.resources, "customers")
	require.NoError(r.t, err)
	require.NoError(r.t, label.Do(context.Background(), func(s *store.Store) error {
		return s.View(context.Background(), func(r store.Reader) error {
			_, err := Check(r)
			return err
		})
	}))
}

// run passes one batch of JSON messages through, and returns what comes out.
func (x *extract) run(t testing.TB, messages ...string) service.MessageBatch {
	t.Helper()
	batch := make(service.MessageBatch, len(messages))
	for i, text := range messages {
		batch[i] = service.NewMessage([]byte(text))
	}
	return x.pass(t, batch)
}

func (x *extract) pass(t testing.TB, batch service.MessageBatch) service.MessageBatch {
	t.Helper()
	batches, err := x.ProcessBatch(context.Background(), batch)
	require.NoError(t, err)
	return slices.Concat(batches...)
}

// featuresOf reads the features of a message as JSON has them.
func featuresOf(t testing.TB, m *service.Message) map[string]any {
	t.Helper()
	require.NoError(t, m.GetError())
	text, err := m.AsBytes()
	require.NoError(t, err)
	var content struct {
		Features map[string]any `json:"features"`
	}
	require.NoError(t, json.Unmarshal(text, &content))
	return content.Features
}

func meta(m *service.Message, key string) string {
	value, _ := m.MetaGet(key)
	return value
}

// logbook keeps what is logged.
type logbook struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// counters is a metrics exporter that tests can read.
type counters struct {
	mu     sync.Mutex // guards what follows
	values map[string]int64
	gauges map[string]int64 // that are set
}

func (c *counters) get(name string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.values[name]
}

func (c *counters) gauge(name string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gauges[name]
}

func (c *counters) NewCounterCtor(name string, _ ...string) service.MetricsExporterCounterCtor {
	return func(labels ...string) service.MetricsExporterCounter {
		return counter{c, strings.Join(append([]string{name}, labels...), " ")}
	}
}

func (c *counters) NewTimerCtor(string, ...string) service.MetricsExporterTimerCtor {
	return func(...string) service.MetricsExporterTimer { return timer{} }
}

func (c *counters) NewGaugeCtor(name string, _ ...string) service.MetricsExporterGaugeCtor {
	return func(labels ...string) service.MetricsExporterGauge {
		return gauge{c, strings.Join(append([]string{name}, labels...), " ")}
	}
}

func (c *counters) Close(context.Context) error { return nil }

type counter struct {
	of   *counters
	name string
}

func (c counter) Incr(n int64) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.of.values[c.name] += n
}

type timer struct{}

func (timer) Timing(int64) {}

type gauge struct {
	of   *counters
	name string
}

func (g gauge) Set(n int64) {
	g.of.mu.Lock()
	defer g.of.mu.Unlock()
	g.of.gauges[g.name] = n
}

var start = time.Date(2011, 6, 1, 10, 0, 0, 0, time.UTC)

func at(d time.Duration) string { return start.Add(d).Format(time.RFC3339Nano) }
