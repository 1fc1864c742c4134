package segments

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store"
)

// Each example is a configuration without lints, and each field is described.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	env := service.NewEnvironment()
	require.NoError(t, store.Register(env))
	require.NoError(t, Register(env))
	documented := 0
	env.WalkProcessors(func(name string, view *service.ConfigView) {
		if name != "segment_assign" && name != "segment_snapshot" {
			return
		}
		documented++
		data, err := view.TemplateData()
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(data.Examples), 2, name)
		for _, example := range data.Examples {
			require.NoError(t, env.NewStreamBuilder().SetYAML(example.Config), "%s: %s", name, example.Title)
		}
		for _, field := range data.Fields {
			assert.NotEmpty(t, field.Description, field.FullName)
		}
	})
	assert.Equal(t, 2, documented)
}

func TestLint(t *testing.T) {
	t.Parallel()
	env := service.NewEnvironment()
	require.NoError(t, Register(env))
	linter := env.NewComponentConfigLinter()
	for conf, want := range map[string]string{
		`segment_assign: { store: s, kmeans: { k: 5 } }`:                            "",
		`segment_assign: { store: s, online_kmeans: { k: 5, centers: [ [ 1 ] ] } }`: "",
		`segment_assign: { store: s }`:                                              "",
		`segment_assign: { store: s, kmeans: { k: auto, k_min: 2, k_max: 8 } }`:     "",
		`segment_assign: { store: s, kmeans: { k: 5 }, online_kmeans: { k: 5 } }`:   "choose exactly one engine",
		`segment_assign: { store: s, kmeans: { k: 5 }, scaling: robust }`:           "",
		`segment_assign: { store: s, kmeans: { k: 5 }, scaling: minmax }`:           "value minmax is not a valid option",
		`segment_assign: { store: s, density: {} }`:                                 "",
		`segment_assign: { store: s, density: { radius: auto, fading: 10d } }`:      "",
		`segment_assign: { store: s, density: { radius: 0.5, fading: 0.01 } }`:      "",
		`segment_assign: { store: s, density: {}, kmeans: {} }`:                     "choose exactly one engine",
		`segment_assign: { store: s, density: { eps: 1 } }`:                         "field eps not recognised",
		`segment_assign: { kmeans: { k: 5 } }`:                                      "field store is required",
	} {
		lints, err := linter.LintProcessorYAML([]byte(conf))
		require.NoError(t, err)
		if want == "" {
			assert.Empty(t, lints, conf)
			continue
		}
		require.NotEmpty(t, lints, conf)
		assert.Contains(t, fmt.Sprint(lints), want, conf)
	}
}
