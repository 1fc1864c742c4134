package segments

import (
	"context"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// gauges is an exporter that keeps what gauges show, by their name and the labels after the
// model: "segment_size s1".
type gauges struct {
	mu    sync.Mutex // guards what follows
	shown map[string]float64
}

func newGauges(t testing.TB, env *service.Environment) *gauges {
	g := &gauges{shown: map[string]float64{}}
	require.NoError(t, env.RegisterMetricsExporter("gauges", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Logger) (service.MetricsExporter, error) { return g, nil }))
	return g
}

// now is what they show now.
func (g *gauges) now() map[string]float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.shown)
}

func (g *gauges) NewGaugeCtor(name string, labels ...string) service.MetricsExporterGaugeCtor {
	return func(values ...string) service.MetricsExporterGauge {
		return gauge{g, strings.Join(append([]string{name}, values[slices.Index(labels, "model")+1:]...), " ")}
	}
}

func (*gauges) NewCounterCtor(string, ...string) service.MetricsExporterCounterCtor {
	return func(...string) service.MetricsExporterCounter { return ignored{} }
}

func (*gauges) NewTimerCtor(string, ...string) service.MetricsExporterTimerCtor {
	return func(...string) service.MetricsExporterTimer { return ignored{} }
}

func (*gauges) HandlerFunc() http.HandlerFunc { return nil }
func (*gauges) Close(context.Context) error   { return nil }

type gauge struct {
	of   *gauges
	name string
}

func (g gauge) Set(value int64) { g.SetFloat64(float64(value)) }

func (g gauge) SetFloat64(value float64) {
	g.of.mu.Lock()
	defer g.of.mu.Unlock()
	g.of.shown[g.name] = value
}

type ignored struct{}

func (ignored) Incr(int64)   {}
func (ignored) Timing(int64) {}

// agree tells that gauges show what a snapshot shows.
func (r *rig) agree() bool {
	r.t.Helper()
	got, shown := r.gauges.now(), r.snapshot("")[0]
	same := func(name string, want any) bool {
		value, shown := got[name]
		if want == nil {
			return !shown || value == -1
		}
		return shown && math.Abs(value-want.(float64)) <= 1e-9*math.Abs(value)
	}
	ok := same("segment_customers", shown["customers"]) && same("segment_count", shown["k"]) &&
		same("segment_outliers", shown["outliers"]) && same("segment_refinements", shown["version"])
	for index, value := range shown["quality"].(map[string]any) {
		ok = ok && same("segment_quality "+index, value)
	}
	for _, s := range shown["segments"].([]any) {
		segment := s.(map[string]any)
		for _, name := range []string{"size", "share", "inertia", "silhouette", "churn"} {
			ok = ok && same("segment_"+name+" "+segment["id"].(string), segment[name])
		}
	}
	return ok
}

// Gauges show the first segments at once, and the model as it stands soon after the stream has
// paused, in the names of the snapshot.
func TestGaugesOfAPausedStream(t *testing.T) {
	t.Parallel()
	for name, engine := range eachEngine {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := openRig(t, "")
			a := r.assign("key: this.customer\nwarmup: 100\nrefresh: { points: 500 }\n" + engine)
			c := newCrowd(0, 12)
			c.come(t, a, 300)
			assert.Positive(t, r.gauges.now()["segment_count"], "at once")
			assert.Positive(t, r.gauges.now()["segment_size s1"], "at once")
			c.come(t, a, 1750)
			require.Eventually(t, r.agree, 20*time.Second, 50*time.Millisecond)
			shown, indices := r.gauges.now(), 0
			for name := range shown {
				if strings.HasPrefix(name, "segment_quality ") {
					indices++
				}
			}
			assert.Len(t, r.snapshot("")[0]["quality"], indices)
		})
	}
}

// A stream that ends at once is told of as it is closed; and a model with a past, before
// anything happens to it. Closing twice is as good as once.
func TestGaugesOfAStreamThatEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := openRig(t, dir)
	a := r.assign("key: this.customer\nwarmup: 100\n")
	newCrowd(0, 12).come(t, a, 850)
	require.NoError(t, a.Close(t.Context()))
	assert.True(t, r.agree())
	require.NoError(t, a.Close(t.Context()))
	r.close()

	r = openRig(t, dir)
	r.assign("key: this.customer\nwarmup: 100\n")
	require.Eventually(t, r.agree, 20*time.Second, 50*time.Millisecond)
}

// What is not defined is not shown; what no longer is shows what it never was, and a segment
// that is no more has no size, also where another processor has told of it.
func TestGaugesOfWhatIsNotDefined(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign("key: this.customer\nwarmup: 100\nkmeans: { k: 2 }\n")
	c := newCrowd(0, 12)
	c.come(t, a, 50)
	a.report(t.Context())
	shown := r.gauges.now()
	assert.InDelta(t, 0, shown["segment_count"], 0)
	for _, index := range indices {
		if index != "outlier_share" {
			assert.NotContains(t, shown, "segment_quality "+index)
		}
	}
	c.come(t, a, 500)
	require.NoError(t, a.Close(t.Context()))
	assert.Positive(t, r.gauges.now()["segment_quality davies_bouldin"])

	one := r.assign("key: this.customer\nwarmup: 100\nkmeans: { k: 1 }\n")
	c.come(t, one, 100)
	require.NoError(t, one.Close(t.Context()))
	assert.True(t, r.agree())
	shown = r.gauges.now()
	assert.InDelta(t, -1, shown["segment_quality davies_bouldin"], 0)
	assert.InDelta(t, -1, shown["segment_quality silhouette"], 0)
	assert.Positive(t, shown["segment_quality inertia"])
	assert.InDelta(t, shown["segment_customers"], shown["segment_size s1"]+shown["segment_size s2"], 0)
	assert.InDelta(t, 0, min(shown["segment_size s1"], shown["segment_size s2"]), 0)
	assert.InDelta(t, -1, min(shown["segment_inertia s1"], shown["segment_inertia s2"]), 0)
}

// Batches, reports and the end of the processors do not get in each other's way, and nothing
// is told once the store is closed.
func TestReportsBesideBatches(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	conf := "key: this.customer\nwarmup: 100\nrefresh: { points: 50 }\n"
	var all sync.WaitGroup
	for worker := range 3 {
		a := r.assign(conf)
		all.Go(func() {
			c := newCrowd(0, 12)
			c.event = worker * 1_000_000
			for range 10 {
				c.come(t, a, 100)
				a.reporter.run()
			}
		})
	}
	all.Wait()
	require.Eventually(t, r.agree, 20*time.Second, 50*time.Millisecond)
	last := r.assigns[2]
	r.close()
	before := r.gauges.now()
	last.reporter.soon()
	last.reporter.run()
	last.report(t.Context())
	assert.Equal(t, before, r.gauges.now())
}
