package features

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What needs new state begins, and what is read from the same goes on.
func TestCompareSpecs(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	specs := func(features string) *extract {
		x, err := r.build("feature_set: " + strconv.Itoa(len(features)) + "\nkey: this.c\nevent: root = this\nfeatures:\n" + features)
		require.NoError(t, err)
		return x
	}
	const orders, spend = "  - { name: orders, agg: count, on: purchase }\n", "  - { name: spend, agg: sum, of: amount }\n"
	for name, test := range map[string]struct {
		old, now    string
		begun, gone []string
	}{
		"the same":            {orders + spend, spend + orders, nil, nil},
		"one more":            {orders, orders + spend, []string{"spend"}, nil},
		"one less":            {orders + spend, orders, nil, []string{"spend"}},
		"another name":        {orders, "  - { name: purchases, agg: count, on: purchase }\n", nil, []string{"orders"}},
		"another reading":     {spend, "  - { name: spend, agg: sum, of: amount, transform: log1p, missing: 3 }\n", nil, nil},
		"another half-life":   {spend, "  - { name: spend, agg: sum, of: amount, half_life: 3d }\n", []string{"spend"}, nil},
		"another of the same": {spend, spend + "  - { name: basket, agg: mean, of: amount }\n", nil, nil},
		"all others":          {orders, spend, []string{"spend"}, []string{"orders"}},
	} {
		begun, gone := compareSpecs(specs(test.old).plan.Specs(), specs(test.now).plan.Specs())
		assert.Equal(t, test.begun, begun, name)
		assert.Equal(t, test.gone, gone, name)
	}
}

// A change of the features is told once, by name, and nothing else is.
func TestChangeIsLogged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	const header = "key: this.customer\nevent: root = this\nfeatures:\n"
	const orders, spend, views = "  - { name: orders, agg: count, on: purchase }\n", "  - { name: spend, agg: sum, of: amount }\n", "  - { name: views, agg: count, on: view }\n"
	for _, step := range []struct{ features, want string }{
		{orders + spend, ""},
		{orders + spend, ""},
		{views + orders, `feature set \"default\" is defined anew (new, begun with the events that come: views; no longer kept: spend); all others go on`},
		{views + orders, ""},
	} {
		r := openRig(t, path)
		x := r.extract(header + step.features)
		x.run(t, dayEvent("c", 1, 0))
		x.run(t, dayEvent("c", 2, 0))
		logged := r.log.String()
		r.close()
		if step.want == "" {
			assert.Empty(t, logged)
			continue
		}
		assert.Equal(t, 1, strings.Count(logged, "\n"), logged)
		assert.Contains(t, logged, "level=INFO")
		assert.Contains(t, logged, step.want)
	}
}
