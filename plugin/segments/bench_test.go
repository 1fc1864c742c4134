package segments

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// A million customers of 8 features: how long a model takes to open and a customer to be
// looked up, what it takes on disk, and how long a batch of one takes then.
func BenchmarkMillionCustomers(b *testing.B) {
	const customers = 1_000_000
	for range b.N {
		path := filepath.Join(b.TempDir(), "state")
		const conf = "key: this.customer\nkmeans: { k: 8 }\n"
		r := openRig(b, path)
		a := r.assign(conf)
		random := rand.New(rand.NewPCG(1, 0))
		features := func(group int) map[string]any {
			f := map[string]any{}
			for j := range 8 {
				f["feature"+strconv.Itoa(j)] = math.Exp(random.NormFloat64()/4) * float64(1+(group>>(j%3))%5)
			}
			return f
		}
		begun := time.Now()
		batch := make(service.MessageBatch, 0, 1000)
		for i := range customers {
			batch = append(batch, pointOf("customer-"+strconv.Itoa(i), features(i%8), "feature_as_of", "2026-01-01T00:00:00Z", "feature_version", i+1))
			if len(batch) == cap(batch) {
				_, err := a.ProcessBatch(b.Context(), batch)
				require.NoError(b, err)
				batch = batch[:0]
			}
		}
		b.ReportMetric(customers/time.Since(begun).Seconds(), "customers/s")
		r.close()
		bytes := int64(0)
		require.NoError(b, filepath.WalkDir(path, func(_ string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				info, _ := entry.Info()
				bytes += info.Size()
			}
			return err
		}))
		b.ReportMetric(float64(bytes)/(1<<20), "MiB-on-disk")

		begun = time.Now()
		r = openRig(b, path)
		a = r.assign(conf)
		profile, _ := r.lookup("", "customer-77")
		b.ReportMetric(time.Since(begun).Seconds(), "s-to-open")
		require.NotNil(b, profile)
		took := make([]time.Duration, 5000)
		for i := range took {
			customer := random.IntN(customers)
			m := pointOf("customer-"+strconv.Itoa(customer), features(customer%8), "feature_as_of", "2026-01-02T00:00:00Z", "feature_version", customers+i)
			begun := time.Now()
			_, err := a.ProcessBatch(b.Context(), service.MessageBatch{m})
			took[i] = time.Since(begun)
			require.NoError(b, err)
		}
		slices.Sort(took)
		for _, p := range []int{50, 99} {
			b.ReportMetric(float64(took[len(took)*p/100].Microseconds()), fmt.Sprintf("us-p%d", p))
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-heap")
		r.close()
	}
}

// Customers of 8 features who come again, with the state on disk: how many in batches of 100,
// and how long a batch of one takes.
func BenchmarkAssign(b *testing.B) {
	for name, engine := range eachEngine {
		for _, size := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s, batches of %d", name, size), func(b *testing.B) {
				a := openRig(b, filepath.Join(b.TempDir(), "state")).assign("key: this.customer\n" + engine)
				random, told := rand.New(rand.NewPCG(1, 0)), 0
				next := func() service.MessageBatch {
					batch := make(service.MessageBatch, size)
					for i := range batch {
						told++
						customer, features := random.IntN(20_000), map[string]any{}
						for j := range 8 {
							features["feature"+strconv.Itoa(j)] = float64((customer%5*(j+3))%7)*4 + random.NormFloat64()
						}
						batch[i] = pointOf("customer-"+strconv.Itoa(customer), features, "feature_as_of", "2026-01-01T00:00:00Z", "feature_version", told)
					}
					return batch
				}
				for told < 20_000 {
					a.pass(b, next()...)
				}
				var took []time.Duration
				b.ResetTimer()
				for b.Loop() {
					batch := next()
					begun := time.Now()
					a.pass(b, batch...)
					took = append(took, time.Since(begun))
				}
				slices.Sort(took)
				total := time.Duration(0)
				for _, d := range took {
					total += d
				}
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
				b.ReportMetric(float64(b.N*size)/total.Seconds(), "events/s")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
