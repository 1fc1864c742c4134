package features

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store"
)

// benchFeatures are those of the benchmarks, of which the first so many are taken: kinds
// that are usual together.
var benchFeatures = []string{
	"{ name: recency, agg: since_last, on: purchase, unit: days }",
	"{ name: orders, agg: count, on: purchase }",
	"{ name: spend, agg: sum, on: purchase, of: amount, half_life: 60d }",
	"{ name: basket, agg: mean, on: purchase, of: amount, missing: 0 }",
	"{ name: contacts, agg: rate, on: [ support, chat ], half_life: 30d }",
	"{ name: returns, agg: ratio, on: return, to: purchase, half_life: 365d }",
	"{ name: orders_90d, agg: count, on: purchase, window: 90d }",
	"{ name: variety, agg: distinct, on: purchase, of: category }",
	"{ name: spend_90d, agg: sum, on: purchase, of: amount, window: 90d }",
	"{ name: interval, agg: interval, on: purchase, unit: days }",
	"{ name: regularity, agg: regularity, on: purchase }",
	"{ name: overdue, agg: overdue, on: purchase }",
	"{ name: largest, agg: max, on: purchase, of: amount }",
	"{ name: swing, agg: stddev, on: purchase, of: amount }",
	"{ name: p90, agg: quantile, on: purchase, of: amount, q: 0.9 }",
	"{ name: taste, agg: mix, on: purchase, of: category, values: [ shoes, bags, hats ] }",
	"{ name: days, agg: active_days }",
	"{ name: hour, agg: circular, on: purchase, period: day }",
	"{ name: visits, agg: sessions }",
	"{ name: unusual, agg: zscore, on: purchase, of: amount }",
}

func benchConfig(features int) string {
	return "key: this.customer\nevent: 'root = this.without(\"customer\")'\nfeatures:\n  - " + strings.Join(benchFeatures[:features], "\n  - ") + "\n"
}

// benchEvent is the i-th event of a crowd that is a year old by and by.
func benchEvent(random *rand.Rand, customer, i int) []byte {
	kind := []string{"purchase", "purchase", "purchase", "view", "support", "return"}[random.IntN(6)]
	category := []string{"shoes", "bags", "hats", "coats"}[random.IntN(4)]
	return fmt.Appendf(nil, `{"customer":"customer-%07d","kind":%q,"at":%d,"amount":%d.99,"category":%q}`,
		customer, kind, 1306922400+i, random.IntN(100), category)
}

// zipf picks customers, of whom few come often.
func zipf(random *rand.Rand, customers int) func() int {
	z := rand.NewZipf(random, 1.1, 10, uint64(customers-1))
	return func() int { return int(z.Uint64()) }
}

// benchCrowd gives each customer one event, in batches of 1000.
func benchCrowd(b *testing.B, x *extract, customers int) {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	for from := 0; from < customers; from += 1000 {
		batch := make(service.MessageBatch, min(1000, customers-from))
		for i := range batch {
			batch[i] = service.NewMessage(benchEvent(random, from+i, from+i))
		}
		_, err := x.ProcessBatch(b.Context(), batch)
		require.NoError(b, err)
	}
}

// Events through the processor on one thread, from JSON to features, with state on disk; and
// as part of that, what Badger alone does: as many read-modify-writes of 500 bytes, in the
// same batches, of the same customers. The customers are 1k and 100k, and as many as
// SHOAL_BENCH_CUSTOMERS says.
//
//	go test -run '^$' -bench Extract -benchtime 20000x ./plugin/features
func BenchmarkExtract(b *testing.B) {
	crowds := []int{1000, 100_000}
	if os.Getenv("SHOAL_BENCH_CUSTOMERS") != "" {
		crowds = []int{crowd()}
	}
	for _, customers := range crowds {
		alone := benchBadger(b, customers)
		for _, features := range []int{4, 8, 20} {
			x := openRig(b, filepath.Join(b.TempDir(), "state")).extract(benchConfig(features))
			benchCrowd(b, x, customers)
			at := customers
			for _, size := range []int{1, 100, 1000} {
				b.Run(fmt.Sprintf("%d features, %d customers, batches of %d", features, customers, size), func(b *testing.B) {
					badger := alone(b, size)
					random := rand.New(rand.NewPCG(2, 2))
					pick := zipf(random, customers)
					b.ReportAllocs()
					for done := 0; b.Loop(); done++ {
						if done%size != 0 { // an operation is an event
							continue
						}
						b.StopTimer()
						batch := make(service.MessageBatch, size)
						for i := range batch {
							batch[i] = service.NewMessage(benchEvent(random, pick(), at))
							at++
						}
						b.StartTimer()
						_, err := x.ProcessBatch(b.Context(), batch)
						require.NoError(b, err)
					}
					perSecond := float64((b.N+size-1)/size*size) / b.Elapsed().Seconds()
					b.ReportMetric(perSecond, "events/s")
					b.ReportMetric(perSecond/badger, "of-badger")
				})
			}
		}
	}
}

// The same with 8 features and, beside them, predictions, with fits on the way.
func BenchmarkPredictions(b *testing.B) {
	const customers, size = 100_000, 100
	predictions := []string{
		"{ name: alive, agg: p_alive, on: purchase }",
		"{ name: expected, agg: expected_orders, on: purchase }",
		"{ name: worth, agg: lifetime_value, on: purchase, of: amount }",
	}
	for n := range len(predictions) + 1 {
		b.Run(fmt.Sprintf("%d predictions", n), func(b *testing.B) {
			conf := benchConfig(8) + strings.Join(append([]string{""}, predictions[:n]...), "\n  - ") + "\n"
			x := openRig(b, filepath.Join(b.TempDir(), "state")).extract(conf)
			benchCrowd(b, x, customers)
			random := rand.New(rand.NewPCG(2, 2))
			pick := zipf(random, customers)
			at := customers
			b.ReportAllocs()
			for done := 0; b.Loop(); done++ {
				if done%size != 0 { // an operation is an event
					continue
				}
				b.StopTimer()
				batch := make(service.MessageBatch, size)
				for i := range batch {
					at += 60 // a year of half a million events
					batch[i] = service.NewMessage(benchEvent(random, pick(), at))
				}
				b.StartTimer()
				_, err := x.ProcessBatch(b.Context(), batch)
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkSampleIsRead is what a process that begins, and the batch after one that was not
// committed, take to know the sample: of so many customers, few or all of whom buy.
func BenchmarkSampleIsRead(b *testing.B) {
	const customers = 100_000
	for name, every := range map[string]int{"one in 1,000 buys": 1000, "all buy": 1} {
		b.Run(name, func(b *testing.B) {
			r := openRig(b, filepath.Join(b.TempDir(), "state"))
			x := r.extract(predicted[:strings.Index(predicted, "predictions:")])
			for from := 0; from < customers; from += 1000 {
				list := make([]deed, 1000)
				for i := range list {
					list[i] = deed{customer: from + i, id: from + i, kind: "view", second: 852076800 + int64(from+i), amount: 5}
					if i%every == 0 {
						list[i].kind = "purchase"
					}
				}
				x.pass(b, batchOf(list))
			}
			for b.Loop() {
				state := &fitState{}
				r.view(func(read store.Reader) error { return state.read(read, x, x.bound.Load().codec) })
			}
		})
	}
}

// benchBadger fills a database, and returns a function that measures read-modify-writes a
// second.
func benchBadger(b *testing.B, customers int) func(b *testing.B, size int) float64 {
	b.Helper()
	db, err := badger.Open(badger.DefaultOptions(filepath.Join(b.TempDir(), "alone")).WithLogger(nil).WithDetectConflicts(false))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	update := func(b *testing.B, picked []int) {
		b.Helper()
		txn := db.NewTransaction(true)
		for _, customer := range picked {
			key := fmt.Appendf(nil, "customer-%07d", customer)
			value := make([]byte, 500)
			item, err := txn.Get(key)
			if err == nil {
				err = item.Value(func(old []byte) error { copy(value, old); return nil })
			}
			if !errors.Is(err, badger.ErrKeyNotFound) {
				require.NoError(b, err)
			}
			binary.BigEndian.PutUint64(value, binary.BigEndian.Uint64(value)+1)
			require.NoError(b, txn.Set(key, value))
		}
		require.NoError(b, txn.Commit())
	}
	all := make([]int, 0, 1000)
	for customer := range customers {
		if all = append(all, customer); len(all) == cap(all) {
			update(b, all)
			all = all[:0]
		}
	}
	return func(b *testing.B, size int) float64 {
		b.Helper()
		pick := zipf(rand.New(rand.NewPCG(2, 2)), customers)
		picked := make([]int, size)
		n := 0
		begun := time.Now()
		for n < 20_000 {
			for i := range picked {
				picked[i] = pick()
			}
			update(b, picked)
			n += size
		}
		return float64(n) / time.Since(begun).Seconds()
	}
}

// A million customers with eight features: disk, memory, and the time to open.
//
//	go test -run '^$' -bench MillionCustomers -benchtime 1x ./plugin/features
func BenchmarkMillionCustomers(b *testing.B) {
	const customers = 1_000_000
	for range b.N {
		path := filepath.Join(b.TempDir(), "state")
		r := openRig(b, path)
		x := r.extract(benchConfig(8))
		begun := time.Now()
		benchCrowd(b, x, customers)
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
		x = r.extract(benchConfig(8))
		b.ReportMetric(time.Since(begun).Seconds(), "s-to-open")
		random := rand.New(rand.NewPCG(2, 2))
		took := make([]float64, 5000)
		for i := range took {
			batch := service.MessageBatch{service.NewMessage(benchEvent(random, random.IntN(customers), customers+i))}
			begun := time.Now()
			_, err := x.ProcessBatch(b.Context(), batch)
			took[i] = float64(time.Since(begun).Microseconds())
			require.NoError(b, err)
		}
		b.ReportMetric(quantile(took, 0.99), "us-p99")
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-heap")
		b.ReportMetric(residentMiB(), "MiB-rss")
		r.close()
	}
}

// residentMiB is what the process holds in memory, where /proc tells; NaN elsewhere.
func residentMiB() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return math.NaN()
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kilobytes); err == nil {
			return kilobytes / 1024
		}
	}
	return math.NaN()
}
