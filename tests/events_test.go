package tests

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// event is one of a shop that does not exist.
type event struct {
	ID       int     `json:"id"`
	Customer string  `json:"customer"`
	Email    string  `json:"email"`
	Type     string  `json:"type"`
	At       string  `json:"at"`
	Amount   float64 `json:"amount"`
}

// shopEvents are n events of so many customers, of five habits, in the order of time.
func shopEvents(n, customers int, seed uint64) []event {
	random := rand.New(rand.NewPCG(seed, 0))
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	events := make([]event, n)
	for i := range events {
		customer := int(float64(customers) * math.Pow(random.Float64(), 2)) // some come often
		habit := customer % 5
		at = at.Add(time.Duration(random.IntN(120)) * time.Second)
		kind := "purchase"
		if random.IntN(10) < habit {
			kind = "support"
		}
		events[i] = event{
			ID:       i,
			Customer: fmt.Sprintf("customer-%d", customer),
			Email:    fmt.Sprintf("person.%d@example.org", customer),
			Type:     kind,
			At:       at.Format(time.RFC3339),
			Amount:   math.Round(100*math.Exp(float64(habit)+random.NormFloat64())) / 100,
		}
	}
	return events
}

// stretch makes the time of events so many times longer.
func stretch(t *testing.T, events []event, times time.Duration) {
	t.Helper()
	first, err := time.Parse(time.RFC3339, events[0].At)
	require.NoError(t, err)
	for i := range events {
		at, err := time.Parse(time.RFC3339, events[i].At)
		require.NoError(t, err)
		events[i].At = first.Add(times * at.Sub(first)).Format(time.RFC3339)
	}
}

// writeEvents writes a file with an event on each line.
func writeEvents(t *testing.T, dir string, events []event) {
	t.Helper()
	write(t, dir, "events.jsonl", jsonLines(t, events))
}

// processors are the three, as a user chains them.
const processors = `
    - privacy_mask:
        rules:
          - { path: customer, pseudonymize: { key: customer } }
          - { path: email, pseudonymize: { type: email, key: customer } }
        keys:
          - { id: customer, secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }
    - feature_extract:
        store: customers
        key: this.customer
        event: |
          root.kind = this.type
          root.at = this.at
          root.id = this.id
          root.amount = this.amount
        event_id_window: 0s # for ever: the file is read again from its beginning
        features:
          - { name: orders, agg: count, on: purchase }
          - { name: spend, agg: sum, on: purchase, of: amount, half_life: 30d }
          - { name: basket, agg: mean, on: purchase, of: amount, missing: 0 }
          - { name: contacts, agg: rate, on: support, per: day }
    - segment_assign:
        store: customers
        key: this.customer
        transforms: { orders: log1p, spend: log1p, basket: log1p }
        %s
        warmup: 100
        refresh: { points: 500 }
`
