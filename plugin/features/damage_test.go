package features

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

// write changes what is stored by hand.
func (r *rig) write(fn func(tx *store.Tx) error) {
	r.t.Helper()
	r.do(func(s *store.Store) error {
		return s.Update(r.t.Context(), nil, func(tx *store.Tx) error {
			return tx.Step(func() error { return fn(tx) })
		})
	})
}

// spoil damages a customer: all of the record, or what is behind their place.
func (r *rig) spoil(customer string, all bool) {
	r.t.Helper()
	r.write(func(tx *store.Tx) error {
		c := customerOf(r, customer)
		spoilt := []byte{0xff} // a number that does not end
		if !all {
			stored, err := tx.Get(c.key)
			if err != nil {
				return err
			}
			aggregates, err := c.split(stored)
			if err != nil {
				return err
			}
			spoilt = append(stored[:len(stored)-len(aggregates):len(stored)-len(aggregates)], 200)
		}
		tx.Set(c.key, spoilt)
		return nil
	})
}

func customerOf(r *rig, name string) *customer {
	r.t.Helper()
	return &customer{key: profileKey("default", name)}
}

// A customer whose record is damaged has had their turn, and the others get theirs.
func TestRefreshPassesDamageOver(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	r.extract(twoFeatures).run(t, dayEvent("a", 1, 0), dayEvent("b", 2, 0), dayEvent("c", 3, 0), dayEvent("z", 4, 10))
	r.spoil("a", true)
	r.spoil("b", false)
	assert.Equal(t, []string{"c"}, r.refresh("clock: event\nevery: 7d").all(t))
	assert.Equal(t, int64(2), r.counters.get("feature_damaged default"))
	assert.Equal(t, 1, strings.Count(r.log.String(), "a customer is passed over"), "it is logged once")
}

// Damaged customers at the front of the index hold up neither the others who are idle, nor
// the events that look after them.
func TestDamagedCustomersHoldNobodyUp(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{true, false} {
		r := openRig(t, "")
		x := r.extract(forgetful)
		for i := range 3 * lookedAfter {
			x.run(t, dayEvent(fmt.Sprintf("a%02d", i), i, 0))
		}
		x.run(t, dayEvent("idle", 100, 1), dayEvent("z", 101, 2))
		for i := range 3 * lookedAfter {
			r.spoil(fmt.Sprintf("a%02d", i), all)
		}
		for i := range 4 {
			require.NoError(t, x.run(t, dayEvent("z", 200+i, 40))[0].GetError())
		}
		assert.False(t, r.knows("idle"), "their turn came")
		assert.True(t, r.knows("a00"), "what is damaged is left for a backup to mend")
		assert.Equal(t, int64(3*lookedAfter), r.counters.get("feature_damaged default"))
		assert.Equal(t, 1, strings.Count(r.log.String(), "a customer is passed over"), "it is logged once")
		assert.NotContains(t, r.log.String(), "a00")
		x.run(t, dayEvent("z", 300, 42))
		assert.Equal(t, int64(4*lookedAfter), r.counters.get("feature_damaged default"), "a day later they are looked at again")
	}
}

// A customer whose votes cannot be taken back is put off, and no event is rejected for it.
func TestIdleWithDamagedVotes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	r.extract(amongOthers).run(t, citizen{1, 1, 10, 0}.String(), citizen{2, 2, -1, 1}.String())
	r.write(func(tx *store.Tx) error {
		for key := range r.votes() {
			if key != string(slateKey("default")) {
				tx.Delete([]byte(key))
			}
		}
		return nil
	})
	r.close()
	r = openRig(t, path)
	out := r.extract(amongOthers+"idle_expiry: 900h\n").run(t, citizen{3, 3, 20, 950}.String(), citizen{3, 4, 20, 951}.String())
	for _, m := range out {
		require.NoError(t, m.GetError())
	}
	assert.True(t, r.knows("1"))
	assert.False(t, r.knows("2"), "who comes after them")
	assert.Equal(t, int64(1), r.counters.get("feature_damaged default"))
}
