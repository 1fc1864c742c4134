package features

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

const preset3 = "key: this.customer\nevent: root = this\npreset: "

func TestRFM(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(preset3 + "rfm\nfeatures: [ { name: basket, expression: this.monetary / this.frequency } ]\n")
	assert.Equal(t, []string{"recency", "frequency", "monetary", "basket"}, x.plan.Names())
	out := x.run(t,
		`{"customer":"c","kind":"purchase","at":"2011-06-01","amount":10}`,
		`{"customer":"c","kind":"purchase","at":"2011-06-03","amount":20}`,
		`{"customer":"c","kind":"view","at":"2011-06-06"}`,
		`{"customer":"new","kind":"view","at":"2011-06-06"}`)
	assert.Equal(t, map[string]any{"recency": 3.0, "frequency": 2.0, "monetary": 30.0, "basket": 15.0}, featuresOf(t, out[2]))
	assert.Equal(t, map[string]any{"recency": nil, "frequency": 0.0, "monetary": 0.0, "basket": nil}, featuresOf(t, out[3]))
}

func TestEcommerce(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(preset3 + "ecommerce\n")
	out := x.run(t,
		`{"customer":"c","kind":"view","at":"2011-06-01"}`,
		`{"customer":"c","kind":"purchase","at":"2011-06-01","amount":10,"product":"a"}`,
		`{"customer":"c","kind":"purchase","at":"2011-06-03","amount":30,"product":"b"}`,
		`{"customer":"c","kind":"purchase","at":"2011-06-05","amount":20,"product":"a"}`,
		`{"customer":"c","kind":"return","at":"2011-06-08"}`)
	got := featuresOf(t, out[4])
	for name, want := range map[string]float64{
		"recency": 3, "frequency": 3, "monetary": 60, "basket": 20, "interval": 2, "overdue": 1.5, "variety": 2, "returns": 1. / 3,
	} {
		assert.InDelta(t, want, got[name], 1e-12, name)
	}
	assert.InDelta(t, 57.9, got["recent_spend"], 0.1)
	assert.InDelta(t, 1, got["browsing"], 0.1, "one in the first week")
	assert.Len(t, got, 10)
}

func TestSaaS(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(preset3 + "saas\n")
	out := x.run(t,
		`{"customer":"c","kind":"signup","at":"2011-06-01","seats":5}`,
		`{"customer":"c","kind":"login","at":"2011-06-02"}`,
		`{"customer":"c","kind":"login","at":"2011-06-03"}`,
		`{"customer":"c","kind":"login","at":"2011-06-04"}`,
		`{"customer":"c","kind":"use","at":"2011-06-04","feature":"export"}`,
		`{"customer":"c","kind":"support","at":"2011-06-04"}`,
		`{"customer":"c","kind":"payment","at":"2011-06-05","amount":99,"seats":8}`,
		`{"customer":"new","kind":"signup","at":"2011-06-05"}`)
	got := featuresOf(t, out[6])
	for name, want := range map[string]float64{
		"tenure": 4, "recency": 1, "active_days": 3, "regularity": 1, "breadth": 1, "payment": 99, "seats": 8,
	} {
		assert.InDelta(t, want, got[name], 1e-12, name)
	}
	assert.InDelta(t, 3, got["logins"], 0.2, "in the first week")
	assert.InDelta(t, 1, got["contacts"], 0.1)
	assert.Len(t, got, 9)
	assert.Equal(t, map[string]any{
		"tenure": 0.0, "recency": nil, "logins": 0.0, "active_days": 0.0, "regularity": nil, "breadth": nil, "contacts": 0.0, "payment": nil, "seats": nil,
	}, featuresOf(t, out[7]))
}

// All that a preset looks at is in its description, which is part of the processor's.
func TestPresetsAreDescribed(t *testing.T) {
	t.Parallel()
	description := describePresets()
	for _, p := range presets {
		specs, err := parsePreset(p.name)
		require.NoError(t, err)
		plan, err := aggregate.Compile(specs)
		require.NoError(t, err)
		var looked []string
		for _, spec := range specs {
			looked = append(looked, slices.Concat(spec.On, spec.To)...)
		}
		for _, column := range plan.Columns() {
			looked = append(looked, column.Name)
		}
		for _, name := range looked {
			assert.Contains(t, p.expects, "`"+name+"`", p.name)
		}
		assert.Contains(t, description, p.features)
	}
	assert.Contains(t, documentation(t, environment(t)).Description, strings.TrimSpace(description))
}

func TestPresetsRefuse(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	for conf, want := range map[string]string{
		"rfm\nfeatures: [ { name: monetary, agg: mean, of: amount } ]": `features[0].name "monetary": the preset rfm has a feature of this name, which cannot be overridden: use another name`,
		"rfm\nfeatures: [ { name: x, agg: mean } ]":                    `features[0].of: mean needs it: name a column`,
		"rmf": `preset "rmf": use one of rfm, ecommerce, saas`,
	} {
		_, err := r.build(preset3 + conf + "\n")
		require.ErrorContains(t, err, want)
	}
}

// What most want first fits on a screen: segments by RFM, and how customers move.
func TestRFMIsShort(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "config-examples", "rfm.yaml"))
	require.NoError(t, err)
	lines := 0
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines++
		}
	}
	assert.LessOrEqual(t, lines, 25)
}
