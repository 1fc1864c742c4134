package plugin_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/store"
)

// spendPipeline has a model of what customers spend, in units of some size.
const spendPipeline = `
- switch:
    - check: this.show != null
      processors:
        - segment_snapshot: { store: customers }
    - processors:
        - feature_extract:
            store: customers
            key: this.customer
            event: 'root = { "at": this.at, "id": this.id, "amount": this.amount * %d }'
            features: [ { name: spend, agg: sum, of: amount } ]
        - segment_assign: { store: customers, key: this.customer, warmup: 1, kmeans: { k: 1 } }
`

// A feature set that was reset, and is told everything again, has its models at the vectors that
// it gives now: however often, and though they are as of the same times as those before.
func TestAModelFollowsAReset(t *testing.T) {
	t.Parallel()
	path := statePath(t)
	var history []string
	for minute := range 40 {
		history = append(history, fmt.Sprintf(`{"customer":"c%d","id":%d,"at":%q,"amount":1}`,
			minute%4, minute, orderTime(minute/8))) // of each, two at one time
	}
	for _, unit := range []int{1, 100, 1, 7} {
		s := openPipeline(t, path, 1, fmt.Sprintf(spendPipeline, unit))
		for range 2 { // also when it comes again
			s.pass(history[:25]...)
			s.pass(history[25:]...)
			shown := decoded(t, s.pass(`{"show":true}`)[0])["segments"].([]any)
			require.Len(t, shown, 1)
			assert.InDelta(t, 10*unit, shown[0].(map[string]any)["centroid"].(map[string]any)["spend"], 1e-9)
			assert.Equal(t, map[string]int{"default": 4}, s.verify().Models)
		}
		s.stop()
		dropped, err := plugin.Reset(context.Background(), store.Options{Path: path, MemoryBudget: store.MinMemoryBudget}, plugin.Part{FeatureSet: "default"}, nil)
		require.NoError(t, err)
		assert.Positive(t, dropped.Dropped)
		assert.Equal(t, plugin.Report{Profiles: map[string]int{}, Models: map[string]int{"default": 4}}, s.verify())
	}
}
