package plugin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/features"
	"github.com/shoal-stream/shoal/plugin/segments"
	"github.com/shoal-stream/shoal/plugin/store"
)

var shopOpens = time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)

func purchase(customer string, minute int, amount float64) string {
	return fmt.Sprintf(`{"customer":%q,"id":"%s/%d","at":%q,"amount":%v,"sku":"sku-%d"}`,
		customer, customer, minute, orderTime(minute), amount, minute%7)
}

func orderTime(minute int) string {
	return shopOpens.Add(time.Duration(minute) * time.Minute).Format(time.RFC3339)
}

func decoded(t testing.TB, m *service.Message) (content map[string]any) {
	t.Helper()
	text, err := m.AsBytes()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &content))
	return content
}

// The whole way: a customer is known to a feature set and two models, is erased from all of
// them, and a replay of everything brings nothing back.
func TestForgetAndReplay(t *testing.T) {
	t.Parallel()
	s := openShop(t, statePath(t), 1, "kmeans: { k: 3 }", "density: {}")
	random := rand.New(rand.NewPCG(1, 0))
	var history []string
	for minute := range 400 {
		history = append(history, purchase(fmt.Sprintf("c%d", random.IntN(60)), minute, 100*random.Float64()))
	}
	for i := 0; i < len(history); i += 20 {
		s.pass(history[i : i+20]...)
	}
	before := s.verify()
	require.Equal(t, 60, before.Profiles["default"])
	require.Equal(t, map[string]int{"default": 60, "other": 60}, before.Models)

	receipt := decoded(t, s.pass(`{"forget":"c17","mail":"c17@example.org"}`)[0])
	assert.Equal(t, true, receipt["erased"])
	assert.InDelta(t, 1, receipt["profiles"], 0)
	assert.InDelta(t, 2, receipt["contributions"], 0)
	assert.Greater(t, receipt["moves"], 1.0)
	assert.Len(t, receipt, 5)
	gone := plugin.Report{Profiles: map[string]int{"default": 59}, Models: map[string]int{"default": 59, "other": 59}, Erased: 1}
	assert.Equal(t, gone, s.verify())

	refused := 0
	for _, text := range history {
		m := s.pass(text)[0]
		if err := m.GetError(); err != nil {
			require.ErrorContains(t, err, "refused: the customer was erased")
			require.NotContains(t, err.Error(), "c17")
			assert.Equal(t, "c17", decoded(t, m)["customer"])
			refused++
		}
	}
	assert.Positive(t, refused)
	assert.Equal(t, gone, s.verify())

	fresh := decoded(t, s.pass(purchase("c17", 1000, 5))[0])
	assert.InDelta(t, 1, fresh["features"].(map[string]any)["orders"], 0, "they start afresh")
	assert.Equal(t, 60, s.verify().Models["default"])
}

// Random histories with erasures in the middle, in batches, with redelivery of anything that was
// sent: at the end, everybody has the orders that they made after they were erased last.
func TestNobodyIsResurrected(t *testing.T) {
	t.Parallel()
	for _, threads := range []int{1, 3} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("threads=%d,seed=%d", threads, seed), func(t *testing.T) {
				t.Parallel()
				resurrections(t, threads, rand.New(rand.NewPCG(seed, 1)))
			})
		}
	}
}

func resurrections(t *testing.T, threads int, random *rand.Rand) {
	t.Helper()
	path := statePath(t)
	open := func() *shop { return openShop(t, path, threads, "kmeans: { k: auto }", "online_kmeans: { k: 2 }") }
	s := open()
	orders, blocked := map[string]int{}, map[string]bool{}
	var sent []string
	minute := 0
	for round := range 60 {
		var batch []string
		for range 1 + random.IntN(15) {
			minute++
			customer := fmt.Sprintf("c%d", random.IntN(25))
			text := purchase(customer, minute, float64(random.IntN(100)))
			batch, sent = append(batch, text), append(sent, text)
			if !blocked[customer] {
				orders[customer]++
			}
		}
		again := make([]string, 0, 10)
		for range random.IntN(10) {
			again = append(again, sent[random.IntN(len(sent))])
		}
		// Several senders are in the pipeline at once; the events of one batch stay together.
		var group sync.WaitGroup
		for _, part := range [][]string{batch, again} {
			group.Go(func() { s.deliver(part) })
		}
		group.Wait()
		s.deliver(batch) // else one that came after its own repetition was told first: no matter

		customer := fmt.Sprintf("c%d", random.IntN(25))
		switch random.IntN(4) {
		case 0:
			s.deliver([]string{fmt.Sprintf(`{"forget":%q}`, customer)})
			delete(orders, customer)
			delete(blocked, customer)
		case 1:
			if round%3 == 0 {
				s.deliver([]string{fmt.Sprintf(`{"block":%q}`, customer)})
				delete(orders, customer)
				blocked[customer] = true
			}
		case 2: // an erasure that is rolled back erases nobody
			refuse := errors.New("refused")
			s.do(func(st *store.Store) error {
				err := st.Update(context.Background(), []store.Lock{store.TombstoneLock()}, func(tx *store.Tx) error {
					err := tx.Step(func() error {
						return st.Tombstones().Lay(tx, customer, store.Tombstone{At: shopOpens, Block: true})
					})
					return errors.Join(err, refuse)
				})
				if !errors.Is(err, refuse) {
					return err
				}
				return nil
			})
		case 3:
			if round%10 == 0 {
				s.stop()
				s = open()
			}
		}
	}
	for i := 0; i < len(sent); i += 50 {
		s.deliver(sent[i:min(i+50, len(sent))])
	}
	report := s.verify()
	assert.Equal(t, len(orders), report.Profiles["default"])
	assert.Equal(t, len(orders), report.Models["default"])
	assert.Equal(t, len(orders), report.Models["other"])
	profiles := features.ProfilesOf("default")
	s.do(func(st *store.Store) error {
		return st.View(context.Background(), func(r store.Reader) error {
			for customer, want := range orders {
				profile, err := profiles.Read(context.Background(), st, r, customer, 0)
				require.NoError(t, err)
				assert.Equal(t, uint64(want), profile.Events, customer)
			}
			return nil
		})
	})
}

// deliver sends a batch, and waits until it is acknowledged.
func (s *shop) deliver(messages []string) {
	batch := make(service.MessageBatch, len(messages))
	for i, text := range messages {
		batch[i] = service.NewMessage([]byte(text))
	}
	if len(batch) > 0 {
		assert.NoError(s.t, s.send(context.Background(), batch))
	}
}

// Erasures beside threads that bring new events of the same customers all the time: what is
// left has no contradictions, and who was erased last of all is gone.
func TestForgetBesideTheStream(t *testing.T) {
	t.Parallel()
	s := openShop(t, statePath(t), 3, "kmeans: { k: 3 }", "density: {}")
	var group sync.WaitGroup
	for sender := range 3 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(sender), 2))
			for round := range 60 {
				var batch []string
				for i := range 10 {
					batch = append(batch, purchase(fmt.Sprintf("c%d", random.IntN(40)), 100*round+10*sender+i, random.Float64()))
				}
				s.deliver(batch)
			}
		})
	}
	s.do(func(st *store.Store) error {
		for i := range 120 {
			_, problems := segments.Forget(context.Background(), st, []segments.Erasure{
				{Customer: fmt.Sprintf("c%d", i%40)}, {Customer: fmt.Sprintf("c%d", (i+7)%40)},
			})
			if err := errors.Join(problems...); err != nil {
				return err
			}
		}
		return nil
	})
	group.Wait()
	s.verify()
	for i := range 40 {
		s.deliver([]string{fmt.Sprintf(`{"forget":"c%d"}`, i)})
	}
	report := s.verify()
	assert.Equal(t, map[string]int{"default": 0}, report.Profiles)
	assert.Equal(t, map[string]int{"default": 0, "other": 0}, report.Models)
	assert.Equal(t, 40, report.Erased)
}
