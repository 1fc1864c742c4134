package tests

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const (
	throughputEvents    = 200_000
	throughputCustomers = 20_000
	throughputBatch     = 100
)

// BenchmarkThroughput compares, in one run and on the same events: Connect with a single
// mapping that parses and reshapes each; the same with the three processors; and Badger
// alone with as many read-modify-writes of 500 bytes, in the same batches, as the
// processors make: a profile and a contribution for each event.
//
//	go test -run '^$' -bench Throughput -benchtime 1x ./tests
func BenchmarkThroughput(b *testing.B) {
	var batches []service.MessageBatch
	for i, e := range throughputEventList() {
		if i%throughputBatch == 0 {
			batches = append(batches, nil)
		}
		text, err := json.Marshal(e)
		require.NoError(b, err)
		batches[len(batches)-1] = append(batches[len(batches)-1], service.NewMessage(text))
	}
	for b.Loop() {
		mapping := eventsPerSecond(b, batches, `
    - mapping: |
        root.customer = this.customer_id
        root.kind = this.type
        root.at = this.at
        root.amount = this.order.total
        root.category = this.order.category
        root.city = this.address.city
`, "")
		shoal := eventsPerSecond(b, batches, throughputProcessors, filepath.Join(b.TempDir(), "state"))
		alone := badgerPerSecond(b, filepath.Join(b.TempDir(), "alone"))
		b.ReportMetric(mapping, "mapping-events/s")
		b.ReportMetric(shoal, "shoal-events/s")
		b.ReportMetric(alone, "badger-events/s")
		b.ReportMetric(shoal/mapping, "shoal/mapping")
		b.ReportMetric(shoal/alone, "shoal/badger")
		b.ReportMetric(0, "ns/op")
	}
}

const throughputProcessors = `
    - privacy_mask:
        rules:
          - { path: customer_id, pseudonymize: { key: customer } }
          - { path: email, pseudonymize: { type: email, key: customer } }
          - { path: name, drop: {} }
          - { path: ip, truncate_ip: {} }
          - { path: card, mask: { keep_last: 4 } }
        keys:
          - { id: customer, secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }
    - feature_extract:
        store: customers
        key: this.customer_id
        event: |
          root.kind = this.type
          root.at = this.at
          root.id = this.id
          root.amount = this.order.total
          root.category = this.order.category
        features:
          - { name: orders, agg: count, on: purchase }
          - { name: recency, agg: since_last, on: purchase, unit: days }
          - { name: spend, agg: sum, on: purchase, of: amount }
          - { name: recent, agg: sum, on: purchase, of: amount, half_life: 30d }
          - { name: basket, agg: mean, on: purchase, of: amount, missing: 0 }
          - { name: contacts, agg: rate, on: support, half_life: 30d, per: day }
          - { name: trouble, agg: ratio, on: support, to: purchase, missing: 0 }
          - { name: taste, agg: mix, on: purchase, of: category, values: [ shoes ] }
    - segment_assign:
        store: customers
        key: this.customer_id
        transforms: { orders: log1p, spend: log1p, recent: log1p, basket: log1p }
        kmeans: { k: 8 }
`

type throughputEvent struct {
	event
	CustomerID string            `json:"customer_id"`
	Name       string            `json:"name"`
	IP         string            `json:"ip"`
	Card       string            `json:"card"`
	Order      map[string]any    `json:"order"`
	Address    map[string]string `json:"address"`
}

func throughputEventList() []throughputEvent {
	list := make([]throughputEvent, throughputEvents)
	for i, e := range shopEvents(throughputEvents, throughputCustomers, 7) {
		list[i] = throughputEvent{
			event: e, CustomerID: e.Customer, Name: "Jane Doe", IP: fmt.Sprintf("192.0.2.%d", i%256), Card: "4111111111111111",
			Order:   map[string]any{"total": e.Amount, "category": []string{"shoes", "bags", "hats"}[i%3], "items": 3, "currency": "GBP"},
			Address: map[string]string{"city": "London", "street": "1 Long Road", "postcode": "N1 9GU"},
		}
	}
	return list
}

// eventsPerSecond sends all batches through a stream, with as many producers as there are
// processors, and takes each message as bytes at its end.
func eventsPerSecond(b *testing.B, batches []service.MessageBatch, processors, path string) float64 {
	b.Helper()
	stream := service.NewStreamBuilder()
	config := "pipeline:\n  processors:" + processors + "output: { drop: {} }\nlogger: { level: none }\nhttp: { enabled: false }\n"
	if path != "" {
		config += fmt.Sprintf("cache_resources: [ { label: customers, segment_store: { path: %q } } ]\n", path)
	}
	require.NoError(b, stream.SetYAML(config))
	produce, err := stream.AddBatchProducerFunc()
	require.NoError(b, err)
	var out atomic.Int64
	require.NoError(b, stream.AddBatchConsumerFunc(func(_ context.Context, batch service.MessageBatch) error {
		for _, m := range batch {
			_, err := m.AsBytes()
			if err = errors.Join(err, m.GetError()); err != nil {
				return err
			}
		}
		out.Add(int64(len(batch)))
		return nil
	}))
	running, err := stream.Build()
	require.NoError(b, err)
	done := make(chan error, 1)
	go func() { done <- running.Run(context.Background()) }()

	begun := time.Now()
	next := make(chan service.MessageBatch)
	var producers sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		producers.Go(func() {
			for batch := range next {
				copies := make(service.MessageBatch, len(batch))
				for i, m := range batch {
					copies[i] = m.Copy()
				}
				if err := produce(context.Background(), copies); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, batch := range batches {
		next <- batch
	}
	close(next)
	producers.Wait()
	took := time.Since(begun)
	require.NoError(b, running.StopWithin(time.Minute))
	require.NoError(b, <-done)
	require.EqualValues(b, throughputEvents, out.Load())
	return throughputEvents / took.Seconds()
}

// badgerPerSecond is two read-modify-writes of 500 bytes for each event, on two threads.
func badgerPerSecond(b *testing.B, path string) float64 {
	b.Helper()
	db, err := badger.Open(badger.DefaultOptions(path).WithLogger(nil).WithDetectConflicts(false))
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	events := shopEvents(throughputEvents, throughputCustomers, 7)
	begun := time.Now()
	next := make(chan []event)
	var writers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		writers.Go(func() {
			for batch := range next {
				for _, kind := range []string{"p", "k"} { // each processor commits its own
					txn := db.NewTransaction(true)
					for _, e := range batch {
						if err := modify(txn, []byte(kind+e.Customer)); err != nil {
							b.Error(err)
						}
					}
					if err := txn.Commit(); err != nil {
						b.Error(err)
					}
				}
			}
		})
	}
	for from := 0; from < len(events); from += throughputBatch {
		next <- events[from : from+throughputBatch]
	}
	close(next)
	writers.Wait()
	return throughputEvents / time.Since(begun).Seconds()
}

func modify(txn *badger.Txn, key []byte) error {
	value := make([]byte, 500)
	item, err := txn.Get(key)
	switch {
	case err == nil:
		if err := item.Value(func(old []byte) error { copy(value, old); return nil }); err != nil {
			return err
		}
	case !errors.Is(err, badger.ErrKeyNotFound):
		return err
	}
	binary.BigEndian.PutUint64(value, binary.BigEndian.Uint64(value)+1)
	return txn.Set(key, value)
}
