package privacy

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// While batches are under way, a processor with a new key takes over from one with the old,
// as when a configuration is loaded again. Each message comes out once, masked once, and
// whatever was stored under the old pseudonyms joins with what comes under the new.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	const (
		rules = `
rules:
  - { path: id, pseudonymize: { key: customer } }
  - { path: email, pseudonymize: { type: email, emit_previous: true } }
  - { path: iban, encrypt: {} }
`
		pinned    = "  - { id: customer, secret: MjEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }\n"
		customers = 50
		batches   = 400
	)
	before, during := newMask(t, rules+"keys:\n"+pinned+"  - { id: old, secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }\n"), newMask(t, rules+newKeys+pinned)
	var current atomic.Pointer[mask]
	current.Store(before)
	type masked struct{ id, email, previous, iban string }
	var (
		mu   sync.Mutex
		seen = map[int][]masked{}
		sent atomic.Int64
		all  sync.WaitGroup
	)
	for worker := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 3))
			for range batches / 4 {
				if sent.Add(1) == batches/2 {
					current.Store(during)
				}
				var batch service.MessageBatch
				var who []int
				for range 10 {
					who = append(who, random.IntN(customers))
					batch = append(batch, service.NewMessage(fmt.Appendf(nil, `{"id":"c%[1]d","email":"c%[1]d@example.org","iban":"DE%[1]d"}`, who[len(who)-1])))
				}
				out := pass(t, current.Load(), batch...)
				mu.Lock()
				for i, m := range out {
					content, err := m.AsStructured()
					if err != nil || m.GetError() != nil {
						t.Errorf("message failed: %v", m.GetError())
						break
					}
					fields := content.(map[string]any)
					previous, _ := fields["email_previous"].(string)
					seen[who[i]] = append(seen[who[i]], masked{fields["id"].(string), fields["email"].(string), previous, fields["iban"].(string)})
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	total, fresh := 0, 0
	reveal := newReveal(t, "rules: [ { path: iban, encrypt: {} } ]"+newKeys)
	for who, outcomes := range seen {
		total += len(outcomes)
		n := strconv.Itoa(who)
		old := textThrough(t, before, `{"email":"c`+n+`@example.org"}`)
		for _, m := range outcomes {
			assert.Equal(t, outcomes[0].id, m.id, "the customer stays")
			if m.previous == "" {
				m.previous = m.email // masked before the rotation
			} else {
				fresh++
			}
			require.JSONEq(t, old, `{"email":"`+m.previous+`"}`, "all join by the old pseudonym")
			require.JSONEq(t, `{"iban":"DE`+n+`"}`, textThrough(t, reveal, `{"iban":"`+m.iban+`"}`), "encrypted once")
		}
	}
	assert.Equal(t, batches*10, total, "none is lost, none comes twice")
	assert.Positive(t, fresh)
	assert.Less(t, fresh, total)
}
