package privacy

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// typical are 12 rules without text, on an event of 500 bytes.
const (
	typical = `
rules:
  - { path: customer.id, pseudonymize: { key: customer } }
  - { path: customer.email, pseudonymize: { type: email } }
  - { path: customer.device, pseudonymize: {} }
  - { path: customer.name, drop: {} }
  - { path: customer.age, bucket: { size: 10 } }
  - { path: payment.card, mask: { keep_last: 4 } }
  - { path: client.ip, truncate_ip: {} }
  - { path: client.agent, drop: {} }
  - { path: items.*.note, mask: {} }
  - { path: account.iban, encrypt: {} }
  - { path: geo.*, round: { decimals: 1 } }
  - { path: "**.password", drop: {} }
` + keys
	event = `{"id":"e-000123","type":"purchase","at":"2026-11-25T13:45:31Z","customer":{"id":17850,"email":"jane@example.org","device":"f3a9c1d2","name":"Jane Doe","age":37},` +
		`"payment":{"card":"4111111111111111","currency":"EUR"},"client":{"ip":"192.0.2.77","agent":"Mozilla/5.0"},"account":{"iban":"DE89370400440532013000"},` +
		`"geo":{"lat":51.5074,"lon":-0.1278},"items":[{"sku":"85123A","price":2.55,"quantity":6,"note":"gift"},{"sku":"71053","price":3.39,"quantity":6}],"total":35.64}`
)

// searched are 12 rules that mask three values by HMAC and one by AES-SIV, and look for
// personal data in all else, on an event of 1 KB.
const searched = `
rules:
  - { path: customer.id, pseudonymize: { key: customer } }
  - { path: customer.email, pseudonymize: { type: email } }
  - { path: customer.device, pseudonymize: {} }
  - { path: customer.name, drop: {} }
  - { path: customer.age, bucket: { size: 10 } }
  - { path: payment.card, mask: { keep_last: 4 } }
  - { path: client.ip, truncate_ip: {} }
  - { path: client.agent, drop: {} }
  - { path: account.iban, encrypt: {} }
  - { path: geo, drop: {} }
  - { path: "**.password", drop: {} }
  - { path: "**", scan: {} }
` + keys

func longEvent() string {
	item := `{"sku":"85123A","price":2.55,"quantity":6,"name":"White hanging heart holder"},`
	return strings.Replace(event, `"items":[`, `"items":[`+strings.Repeat(item, 6), 1)
}

func BenchmarkMask(b *testing.B) {
	for name, c := range map[string]struct{ conf, content string }{
		"typical 500 B": {typical, event},
		"searched 1 KB": {searched, longEvent()},
		"design 1 KB":   {design, visitor},
	} {
		m := newMask(b, c.conf)
		b.Run(name, func(b *testing.B) { // parses, masks and encodes, in batches
			const messages = 50
			b.SetBytes(int64(messages * len(c.content)))
			b.ReportAllocs()
			for b.Loop() {
				batch := make(service.MessageBatch, messages)
				for i := range batch {
					batch[i] = service.NewMessage([]byte(c.content))
				}
				for _, out := range pass(b, m, batch...) {
					if out.GetError() != nil {
						b.Fatal(out.GetError())
					}
					if _, err := out.AsBytes(); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(messages*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
		b.Run(name+" parsing alone", func(b *testing.B) {
			b.SetBytes(int64(len(c.content)))
			b.ReportAllocs()
			defer func() { b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s") }()
			for b.Loop() {
				m := service.NewMessage([]byte(c.content))
				content, err := m.AsStructuredMut()
				if err != nil {
					b.Fatal(err)
				}
				m.SetStructuredMut(content)
				if _, err := m.AsBytes(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+" without parsing", func(b *testing.B) {
			var documents []any
			for range 64 {
				decoder := json.NewDecoder(strings.NewReader(c.content))
				decoder.UseNumber()
				var document any
				require.NoError(b, decoder.Decode(&document))
				documents = append(documents, document)
			}
			w := newWalk(m.policy)
			fresh, left := make([]any, len(documents)), 0
			b.ReportAllocs()
			for b.Loop() {
				if left == 0 {
					b.StopTimer()
					for i, document := range documents {
						fresh[i] = cloneOf(document)
					}
					left = len(fresh)
					b.StartTimer()
				}
				left--
				w.ask(fresh[left], nil)
				if _, _, d := w.document(fresh[left]); d != nil {
					b.Fatal(d)
				}
			}
		})
	}
}

func cloneOf(v any) any {
	switch v := v.(type) {
	case map[string]any:
		clone := make(map[string]any, len(v))
		for name, child := range v {
			clone[name] = cloneOf(child)
		}
		return clone
	case []any:
		clone := make([]any, len(v))
		for i, child := range v {
			clone[i] = cloneOf(child)
		}
		return clone
	default:
		return v
	}
}
