package plugin_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/store"
)

// consentPipeline works off requests first in each batch, as the documentation has it.
const consentPipeline = `
- switch:
    - check: this.forget != null
      processors:
        - segment_forget: { store: customers, key: this.forget, at: this.at }
    - processors:
        - feature_extract:
            store: customers
            key: this.customer
            event: 'root = { "at": this.at, "id": this.id }'
            event_id_window: 1h
            idle_expiry: 60m
            features: [ { name: orders, agg: count } ]
        - segment_assign: { store: customers, key: this.customer, warmup: 1, kmeans: { k: 1 } }
`

func forgetAt(customer string, minute int) string {
	return fmt.Sprintf(`{"forget":%q,"at":%q}`, customer, orderTime(minute))
}

// A request that has a time refuses what happened before it, though it comes before that, and
// lets in what happened after it.
func TestARequestBeforeItsEvents(t *testing.T) {
	t.Parallel()
	s := openPipeline(t, statePath(t), 1, consentPipeline)
	out := s.pass(purchase("new", 1, 1), forgetAt("new", 2), purchase("new", 3, 1))
	var refused, orders int
	for _, m := range out {
		content := decoded(t, m)
		switch {
		case m.GetError() != nil:
			require.ErrorContains(t, m.GetError(), store.ErrErased.Error())
			refused++
		case content["customer"] != nil:
			assert.InDelta(t, 1, content["features"].(map[string]any)["orders"], 0)
			orders++
		default:
			assert.Equal(t, false, content["erased"])
		}
	}
	assert.Equal(t, []int{1, 1}, []int{refused, orders})
	assert.Equal(t, plugin.Report{Profiles: map[string]int{"default": 1}, Models: map[string]int{"default": 1}, Erased: 1}, s.verify())
}

// Whoever was forgotten for being idle, and is erased then, does not come back when what they
// did is delivered again: not even after another start, nor when expiry was turned off since.
func TestWhoHasLeftIsErased(t *testing.T) {
	t.Parallel()
	path := statePath(t)
	s := openPipeline(t, path, 1, consentPipeline)
	for _, minute := range []int{1, 5, 9} {
		s.pass(purchase("canary", minute, 1))
	}
	assert.Equal(t, false, decoded(t, s.pass(`{"forget":"stranger"}`)[0])["erased"])
	assert.Zero(t, s.verify().Erased, "nobody has left")
	for minute := range 20 {
		s.pass(purchase("stays", 10*minute, 1))
	}
	require.Equal(t, 1, s.verify().Profiles["default"])
	s.stop()
	s = openPipeline(t, path, 1, consentPipeline)
	s.pass(`{"forget":"canary"}`)
	for range 2 {
		require.ErrorContains(t, s.pass(purchase("canary", 9, 1))[0].GetError(), store.ErrErased.Error())
		assert.Equal(t, plugin.Report{Profiles: map[string]int{"default": 1}, Models: map[string]int{"default": 1}, Erased: 1}, s.verify())
	}
	require.NoError(t, s.pass(purchase("canary", 10, 1))[0].GetError())
}
