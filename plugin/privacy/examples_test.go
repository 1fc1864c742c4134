package privacy

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// What the README and the descriptions show is accepted as it is.
func TestExamples(t *testing.T) {
	t.Parallel()
	env := service.NewEnvironment()
	require.NoError(t, Register(env))
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var shown []string
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(readme, -1) {
		shown = append(shown, string(block[1]))
	}
	require.Len(t, shown, 3)
	env.WalkProcessors(func(name string, view *service.ConfigView) {
		if name != "privacy_mask" && name != "privacy_reveal" {
			return
		}
		data, err := view.TemplateData()
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(data.Examples), 2)
		for _, example := range data.Examples {
			shown = append(shown, example.Config)
		}
	})
	require.GreaterOrEqual(t, len(shown), 3+4)
	for _, conf := range shown {
		builder := env.NewStreamBuilder()
		builder.SetEnvVarLookupFunc(func(name string) (string, bool) {
			return "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", name == "SHOAL_KEY"
		})
		assert.NoError(t, builder.SetYAML(conf), conf) // which lints
	}
}
