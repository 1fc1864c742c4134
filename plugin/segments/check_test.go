package segments

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

// change writes to the store behind the model's back.
func (r *rig) change(write func(tx *store.Tx)) {
	r.t.Helper()
	label, err := store.Use(r.resources, "customers")
	require.NoError(r.t, err)
	require.NoError(r.t, label.Do(r.t.Context(), func(s *store.Store) error {
		return s.Update(r.t.Context(), nil, func(tx *store.Tx) error {
			write(tx)
			return nil
		})
	}))
}

// alter changes the contribution of a customer.
func (r *rig) alter(customer string, change func(c *contribution)) {
	r.t.Helper()
	key := (&model{name: "default"}).contributionKey(customer)
	r.change(func(tx *store.Tx) {
		stored, err := tx.Get(key)
		require.NoError(r.t, err)
		c, err := decodeContribution(stored)
		require.NoError(r.t, err)
		change(c)
		tx.Set(key, c.append(nil))
	})
}

// The check notices a contribution that is not what the model has learned, be its customer in
// a segment or an outlier.
func TestCheckNoticesContributions(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	a := r.assign("key: this.customer\nwarmup: 100\nrefresh: { points: 200 }\ndensity: {}\n")
	newCrowd(0, 20).come(t, a, 2000)
	for i, stray := range []string{"stray", "another"} {
		told := a.tell(t, stray, map[string]any{"visits": 10, "spend": -30 + 20*i}, "feature_as_of", instant(int64(3000+i)*1e9))
		require.Equal(t, "outlier", told.Status)
	}
	r.verify()
	for customer, where := range map[string]string{"c1": "of segment s", "stray": "in no segment"} {
		var kept float64
		r.alter(customer, func(c *contribution) { kept, c.Vector[0] = c.Vector[0], c.Vector[0]+1 })
		_, err := r.check()
		require.ErrorContains(t, err, "the members "+where)
		r.alter(customer, func(c *contribution) { c.Vector[0] = kept })
		r.verify()
	}
}
