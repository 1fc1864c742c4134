package features

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

// Each life has its versions above those of the one before, also those that an id remembers.
func TestLives(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	for _, want := range [][2]string{{"1", "2"}, {"4294967297", "4294967298"}, {"8589934593", "8589934594"}} {
		r := openRig(t, path)
		x := r.extract(twoFeatures)
		out := x.run(t, dayEvent("c", 1, 0), dayEvent("c", 2, 1), dayEvent("c", 1, 0))
		assert.Equal(t, want[0], meta(out[0], "feature_version"))
		assert.Equal(t, want[1], meta(out[1], "feature_version"))
		assert.Equal(t, want[0], meta(out[2], "feature_first_version"))
		r.check()
		r.close()
		s, err := store.Open(store.Options{Path: path, MemoryBudget: store.MinMemoryBudget})
		require.NoError(t, err)
		require.NoError(t, BeginLife(t.Context(), s, "default"))
		require.NoError(t, BeginLife(t.Context(), s, "nothing"))
		require.NoError(t, s.View(t.Context(), func(r store.Reader) error {
			l, err := readLife(r, "nothing")
			assert.Zero(t, l)
			return err
		}))
		require.NoError(t, s.Close())
		_, err = store.Reset(t.Context(), store.Options{Path: path, MemoryBudget: store.MinMemoryBudget}, nil, func(kind store.Kind, namespace string) bool {
			return Owns("default", kind, namespace)
		})
		require.NoError(t, err)
	}
}

func TestADamagedLife(t *testing.T) {
	t.Parallel()
	for name, stored := range map[string][]byte{"more than it": {1, 1}, "cut off": {200}, "too many": {255, 255, 255, 255, 255, 1}} {
		r := openRig(t, "")
		label, err := store.Use(r.resources, "customers")
		require.NoError(t, err)
		require.NoError(t, label.Do(t.Context(), func(s *store.Store) error {
			return s.Update(t.Context(), nil, func(tx *store.Tx) error {
				return tx.Step(func() error { tx.Set(lifeKey("default"), stored); return nil })
			})
		}))
		x, err := r.build(twoFeatures)
		if err == nil {
			_, err = x.ProcessBatch(t.Context(), nil)
		}
		require.ErrorContains(t, err, `feature set "default": the record of how often it was reset is damaged`, name)
	}
}
