package features

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// anyOrder are features that do not depend on the order of events.
const anyOrder = `
key: this.customer
event: root = this
event_id_window: 0s
features:
  - { name: count, agg: count, on: purchase, window: 90d }
  - { name: spend, agg: sum, on: purchase, of: amount, clip: { quantiles: [ 0.1, 0.9 ] } }
  - { name: month, agg: sum, on: purchase, of: amount, window: 30d }
  - { name: basket, agg: mean, on: purchase, of: amount, missing: median }
  - { name: lately, agg: max, on: purchase, of: amount, window: 400d }
  - { name: min, agg: min, of: amount }
  - { name: first, agg: first, on: purchase, of: amount }
  - { name: last, agg: last, on: purchase, of: amount }
  - { name: recency, agg: since_last, on: purchase, unit: days }
  - { name: tenure, agg: since_first, unit: days }
  - { name: interval, agg: interval, on: purchase, unit: days }
  - { name: regularity, agg: regularity }
  - { name: overdue, agg: overdue, on: view }
  - { name: days, agg: active_days }
  - { name: days_90, agg: active_days, window: 90d }
  - { name: distinct, agg: distinct, of: sku }
  - { name: p90, agg: quantile, of: amount, q: 0.9 }
  - { name: deals, agg: share, on: purchase, when: deal }
  - { name: ratio, agg: ratio, on: view, to: purchase }
  - { name: taste, agg: mix, of: sku, values: [ "1", "2" ] }
  - { name: fading.sum, agg: sum, on: purchase, of: amount, half_life: 60d, transform: log1p }
  - { name: fading.rate, agg: rate, half_life: 30d }
  - { name: fading.deviation, agg: stddev, of: amount, half_life: 200d }
  - { name: fading.hour, agg: circular, period: day }
  - { name: fading.unusual, agg: zscore, of: amount }
  - { name: fading.variance, agg: variance, of: amount }
  - { name: per_order, expression: this.spend / this.count }
`

// deed is one event of anyOrder.
type deed struct {
	customer, id int
	kind         string
	second       int64
	amount, sku  int
	deal         bool
}

func (d deed) String() string {
	return fmt.Sprintf(`{"customer":%d,"id":%d,"kind":%q,"at":%d,"amount":%d.%02d,"sku":%d,"deal":%v}`,
		d.customer, d.id, d.kind, d.second, d.amount, d.sku, d.sku, d.deal)
}

// deeds are those of three years, in the order of time; some are at one instant.
func deeds(random *rand.Rand, n, customers int) []deed {
	list := make([]deed, n)
	for i := range list {
		list[i] = deed{
			customer: random.IntN(customers), id: i, kind: []string{"purchase", "purchase", "view"}[random.IntN(3)],
			second: 1306922400 + random.Int64N(1000*24*60)*60, amount: random.IntN(90), sku: random.IntN(40), deal: random.IntN(2) == 0,
		}
	}
	slices.SortFunc(list, func(a, b deed) int { return int(a.second - b.second) })
	return list
}

// end is what is known of all customers in the end.
func (r *rig) end(customers int) []*Customer {
	r.t.Helper()
	list := make([]*Customer, customers)
	for c := range list {
		list[c] = r.read(strconv.Itoa(c))
	}
	return list
}

// assertEnd proves that customers are the same: times, counts, tiles, sketches and quantiles
// of the population to the bit, and what fades or is a moment to 1e-9.
func assertEnd(t *testing.T, want, got []*Customer, how string) {
	t.Helper()
	for c := range want {
		assert.Equal(t, want[c].AsOf, got[c].AsOf, how)
		assert.Equal(t, want[c].Events, got[c].Events, how)
		for name, value := range want[c].Features {
			if value == nil || len(name) < 7 || name[:7] != "fading." {
				assert.Equal(t, value, got[c].Features[name], "%s of customer %d, %s", name, c, how)
				continue
			}
			assert.InDelta(t, value, got[c].Features[name], 1e-9*max(1, value.(float64)), "%s of customer %d, %s", name, c, how)
		}
	}
}

// The same events in any order, in any batches, on any number of threads, and some of them
// more than once, end with the same features.
func TestAnyOrderAnyBatchesAnyThreads(t *testing.T) {
	t.Parallel()
	const customers = 12
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 77))
		list := deeds(random, 700, customers)
		calm := openRig(t, "")
		calm.extract(anyOrder).pass(t, batchOf(list))
		want := calm.end(customers)

		sent := slices.Clone(list)
		for _, d := range list {
			if random.IntN(8) == 0 {
				sent = append(sent, d)
			}
		}
		random.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
		r := openRig(t, "")
		x := r.extract(anyOrder)
		batches := make(chan []deed, len(sent))
		for len(sent) > 0 {
			n := min(1+random.IntN(1+random.IntN(200)), len(sent))
			batches <- sent[:n]
			sent = sent[n:]
		}
		close(batches)
		threads := 1 + int(seed)%4
		var group sync.WaitGroup
		for range threads {
			group.Go(func() {
				for batch := range batches {
					if _, err := x.ProcessBatch(context.Background(), batchOf(batch)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		assertEnd(t, want, r.end(customers), fmt.Sprintf("on %d threads", threads))
		r.check()
		require.NoError(t, x.Close(t.Context()))
		r.check()
	}
}

// An event that is 1,000 days late counts as if it had been in time.
func TestLateByAThousandDays(t *testing.T) {
	t.Parallel()
	const customers = 6
	list := deeds(rand.New(rand.NewPCG(4, 4)), 400, customers)
	inTime := openRig(t, "")
	inTime.extract(anyOrder).pass(t, batchOf(list))

	r := openRig(t, "")
	x := r.extract(anyOrder)
	var late []deed
	for i := 0; i < len(list); i += 3 {
		late = append(late, list[i])
		list[i].id = -1
	}
	x.pass(t, batchOf(slices.DeleteFunc(list, func(d deed) bool { return d.id < 0 })))
	slices.Reverse(late)
	x.pass(t, batchOf(late))
	assertEnd(t, inTime.end(customers), r.end(customers), "late")
	assert.Greater(t, r.counters.get("feature_events default late"), int64(100))
}
