package plugin_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/store"
)

// A blank import is enough for the global environment; others are registered once.
func TestRegister(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]*service.Environment{
		"global":         service.GlobalEnvironment(),
		"copy of global": service.NewEnvironment(),
		"empty":          service.NewEmptyEnvironment(),
	} {
		require.NoError(t, plugin.Register(env), name)
		require.NoError(t, plugin.Register(env), name)
		_, found := env.GetCacheConfig("segment_store")
		assert.True(t, found, name)
		for _, processor := range []string{
			"privacy_mask", "privacy_reveal", "feature_extract", "feature_snapshot",
			"segment_assign", "segment_lookup", "segment_snapshot", "segment_forget", "segment_backup",
		} {
			_, found := env.GetProcessorConfig(processor)
			assert.True(t, found, "%s: %s", name, processor)
		}
		for _, input := range []string{"feature_refresh", "segment_events", "segment_members"} {
			_, found := env.GetInputConfig(input)
			assert.True(t, found, "%s: %s", name, input)
		}
	}
}

// Mappings have the method by the blank import, and where it is added to Bloblang of one's
// own.
func TestMethodInMappings(t *testing.T) {
	t.Parallel()
	own := bloblang.NewEmptyEnvironment()
	require.NoError(t, plugin.RegisterMethods(own))
	chosen := service.NewEmptyEnvironment()
	require.NoError(t, plugin.Register(chosen))
	chosen.UseBloblangEnvironment(own)
	for name, env := range map[string]*service.Environment{"global": service.GlobalEnvironment(), "copy of global": service.NewEnvironment(), "chosen": chosen} {
		parsed, err := service.NewConfigSpec().Field(service.NewBloblangField("mapping")).ParseYAML("mapping: root = this.review.vader_sentiment()", env)
		require.NoError(t, err, name)
		mapping, err := parsed.FieldBloblang("mapping")
		require.NoError(t, err, name)
		compound, err := mapping.Query(map[string]any{"review": "Not bad at all"})
		require.NoError(t, err, name)
		assert.InDelta(t, 0.431, compound, 1e-9, name)
	}
}

// Each example of segment_forget, which has other components beside it, is a configuration
// without lints, and each field is described.
func TestForgetDocumentation(t *testing.T) {
	t.Setenv("CUSTOMER_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	env := service.NewEnvironment()
	require.NoError(t, plugin.Register(env))
	view, found := env.GetProcessorConfig("segment_forget")
	require.True(t, found)
	data, err := view.TemplateData()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(data.Examples), 2)
	for _, example := range data.Examples {
		require.NoError(t, env.NewStreamBuilder().SetYAML(example.Config), example.Title)
	}
	for _, field := range data.Fields {
		assert.NotEmpty(t, field.Description, field.FullName)
	}
}

// Records that contradict each other, or that cannot be read, are found.
func TestVerifyFindsDamage(t *testing.T) {
	t.Parallel()
	for want, key := range map[string][]byte{
		`ledger "features/default"`:                             store.Key(store.KindLedger, "features/default", []byte("x")),
		`feature set "shop"`:                                    store.Key(store.KindFeatureSet, "shop", []byte("layout")),
		`feature set "models"`:                                  store.Key(store.KindFeatureSet, "models", []byte("models")),
		`feature set "fits"`:                                    store.Key(store.KindFeatureSet, "fits", []byte("fit")),
		`model "m": there are records of it, and no definition`: store.Key(store.KindModel, "m", []byte("e")),
	} {
		s, err := store.Open(store.Options{Path: filepath.Join(t.TempDir(), "state"), MemoryBudget: store.MinMemoryBudget})
		require.NoError(t, err)
		_, err = plugin.Verify(t.Context(), s)
		require.NoError(t, err)
		require.NoError(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
			return tx.Step(func() error {
				tx.Set(key, []byte("damaged"))
				return nil
			})
		}))
		_, err = plugin.Verify(t.Context(), s)
		require.ErrorContains(t, err, want)
		require.NoError(t, s.Close())
	}
}

func ExampleReport() {
	fmt.Print(plugin.Report{
		Profiles: map[string]int{"default": 879},
		Models:   map[string]int{"default": 879},
	})
	// Output:
	// feature set "default": 879 profiles
	// model "default": 879 customers
	// all invariants hold
}
