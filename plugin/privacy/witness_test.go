package privacy

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// witness writes down all that a runtime tells of a stream but its messages: what it logs at
// any level, its metrics and its traces.
type witness struct {
	mu       sync.Mutex
	told     strings.Builder
	counters map[string]int64 // by name and labels
}

func newWitness() *witness { return &witness{counters: map[string]int64{}} }

func (w *witness) note(parts ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintln(&w.told, parts...)
}

// Write takes what is logged.
func (w *witness) Write(line []byte) (int, error) {
	w.note(string(line))
	return len(line), nil
}

func (w *witness) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.told.String()
}

func (w *witness) count(name string) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counters[name]
}

// environment has the components of this package, and the witness as metrics and tracer.
func (w *witness) environment(t testing.TB) *service.Environment {
	t.Helper()
	env := service.NewEnvironment()
	require.NoError(t, Register(env))
	require.NoError(t, env.RegisterMetricsExporter("witness", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Logger) (service.MetricsExporter, error) { return w, nil }))
	require.NoError(t, env.RegisterOtelTracerProvider("witness", service.NewConfigSpec(),
		func(*service.ParsedConfig) (trace.TracerProvider, error) { return witnessTracer{witness: w}, nil }))
	return env
}

func (w *witness) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.Level(-100)}))
}

// witnessMetric is a metric with its labels.
type witnessMetric struct {
	*witness
	name string
}

func (w *witness) metric(name string, values []string) witnessMetric {
	name = strings.Join(append([]string{name}, values...), " ")
	w.note("metric", name)
	return witnessMetric{w, name}
}

func (m witnessMetric) Incr(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counters[m.name] += n
}
func (m witnessMetric) Timing(int64) {}
func (m witnessMetric) Set(int64)    {}

func (w *witness) NewCounterCtor(name string, _ ...string) service.MetricsExporterCounterCtor {
	return func(values ...string) service.MetricsExporterCounter {
		return w.metric(name, values)
	}
}

func (w *witness) NewTimerCtor(name string, _ ...string) service.MetricsExporterTimerCtor {
	return func(values ...string) service.MetricsExporterTimer { return w.metric(name, values) }
}

func (w *witness) NewGaugeCtor(name string, _ ...string) service.MetricsExporterGaugeCtor {
	return func(values ...string) service.MetricsExporterGauge { return w.metric(name, values) }
}

func (w *witness) Close(context.Context) error { return nil }

// witnessTracer makes spans that tell the witness what they are told.
type witnessTracer struct {
	noop.TracerProvider
	*witness
}

func (t witnessTracer) Tracer(string, ...trace.TracerOption) trace.Tracer {
	return witnessSpans{witness: t.witness}
}

type witnessSpans struct {
	noop.Tracer
	*witness
}

func (t witnessSpans) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	config := trace.NewSpanStartConfig(options...)
	t.note("span", name, config.Attributes())
	span := witnessSpan{witness: t.witness}
	return trace.ContextWithSpan(ctx, span), span
}

type witnessSpan struct {
	noop.Span
	*witness
}

func (s witnessSpan) IsRecording() bool { return true }
func (s witnessSpan) AddEvent(name string, options ...trace.EventOption) {
	config := trace.NewEventConfig(options...)
	s.note("event", name, config.Attributes())
}
func (s witnessSpan) RecordError(err error, _ ...trace.EventOption) { s.note("error", err) }
func (s witnessSpan) SetStatus(_ codes.Code, description string)    { s.note("status", description) }
func (s witnessSpan) SetName(name string)                           { s.note("name", name) }
func (s witnessSpan) SetAttributes(attributes ...attribute.KeyValue) {
	for _, a := range attributes {
		s.note("attribute", a.Key, a.Value.String())
	}
}
